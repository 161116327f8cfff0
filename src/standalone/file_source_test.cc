// SPDX-License-Identifier: Apache-2.0
#include "standalone/file_source.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <optional>

#include "base/file.h"
#include "standalone/temp_folder.h"

namespace cardea::standalone {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

std::string service(std::string_view name, int port = 80, std::string_view namespace_ = "default") {
  return fmt::format("apiVersion: v1\nkind: Service\nmetadata: {{name: {}, namespace: {}}}\nspec: {{ports: [{{port: {}}}]}}\n",
                     name, namespace_, port);
}

// A source over a folder, with a clock of its own: whatever the watch reports is settled at once, so nothing depends on
// speed.
class FileSourceTest : public testing::Test {
 protected:
  void start(std::vector<std::string> paths = {}, const std::vector<std::string>& ignored = {}) {
    if (paths.empty()) paths.push_back(folder_.path().string());
    auto opened = FileSource::open(std::move(paths), ignored);
    ASSERT_TRUE(opened) << opened.error().message;
    source_ = *std::move(opened);
    ASSERT_TRUE(source_->start(inbox_));
    EXPECT_TRUE(inbox_.synced());
    take();
  }

  // Lets what happened settle: all that the kernel has queued is here already when the writer's call has returned.
  void settle(std::chrono::milliseconds later = FileSource::kQuiet) {
    source_->on_events(now_);
    now_ += later;
    if (const auto due = source_->due(); due && *due <= now_) {
      source_->settle(now_);
      ++settled_;
    }
    take();
  }

  void take() {
    changes_ = inbox_.take();
    for (const auto& [id, object] : changes_) {
      if (object) {
        objects_.insert_or_assign(id.key.name, *object);
      } else {
        objects_.erase(id.key.name);
      }
    }
  }

  std::string names() const {
    std::string names;
    for (const auto& [name, object] : objects_) names += (names.empty() ? "" : " ") + name;
    return names;
  }
  int port_of(const std::string& name) const {
    const auto found = objects_.find(name);
    if (found == objects_.end()) return -1;
    return std::get<api::Ref<api::Service>>(found->second)->spec.ports.at(0).port;
  }
  std::int64_t generation_of(const std::string& name) const { return api::metadata_of(objects_.at(name)).generation; }
  bool has_problem(std::string_view text) const {
    return std::ranges::any_of(source_->problems(), [text](const auto& problem) { return problem.contains(text); });
  }

  TempFolder folder_;
  std::unique_ptr<FileSource> source_;
  control::Inbox inbox_;
  FileSource::Time now_{};
  int settled_ = 0;
  control::Batch changes_;
  std::map<std::string, api::Object> objects_;
};

TEST_F(FileSourceTest, ReadsFoldersWithSubFoldersInManyForms) {
  folder_.write("a.yaml", service("a1") + "---\n" + service("a2") + "---\n");
  folder_.write("b.yml", "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: b}, spec: "
                         "{ports: [{port: 1}]}}\n");
  folder_.write("c.json", R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"c"},"spec":{"ports":[{"port":1}]}})");
  folder_.write("sub/deep/d.yaml", service("d"));
  folder_.write("notes.txt", service("no1"));
  folder_.write(".hidden.yaml", service("no2"));
  folder_.write(".hidden/e.yaml", service("no3"));
  folder_.write("f.yaml~", service("no4"));
  folder_.write("f.yaml.swp", service("no5"));
  start();
  EXPECT_EQ(names(), "a1 a2 b c d");
  EXPECT_TRUE(source_->problems().empty());
  EXPECT_EQ(generation_of("a1"), 1);
}

TEST_F(FileSourceTest, AFileThatIsNamedIsReadWhateverItsName) {
  const auto file = folder_.write(".config", service("a"));
  folder_.write("other.yaml", service("b"));
  start({file.string()});
  EXPECT_EQ(names(), "a");
}

TEST_F(FileSourceTest, APathThatDoesNotExistIsAnErrorAtTheStart) {
  const auto opened = FileSource::open({(folder_ / "missing").string()});
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("missing"), std::string::npos);
}

TEST_F(FileSourceTest, FollowsEditsInPlaceAtomicReplacementsAndRemovals) {
  folder_.write("a.yaml", service("a", 1));
  start();
  folder_.write("a.yaml", service("a", 2));
  settle();
  EXPECT_EQ(port_of("a"), 2);

  folder_.write(".a.tmp", service("a", 3));
  fs::rename(folder_ / ".a.tmp", folder_ / "a.yaml");
  settle();
  EXPECT_EQ(port_of("a"), 3);

  fs::remove(folder_ / "a.yaml");
  settle();
  EXPECT_EQ(names(), "");
}

TEST_F(FileSourceTest, AnObjectMayMoveBetweenFiles) {
  folder_.write("a.yaml", service("a", 1));
  start();
  fs::rename(folder_ / "a.yaml", folder_ / "b.yaml");
  settle();
  EXPECT_EQ(names(), "a");
  EXPECT_TRUE(changes_.empty()) << "nothing that anybody needs to know";
}

TEST_F(FileSourceTest, FoldersThatAppearLaterAreWatched) {
  folder_.write("a.yaml", service("a"));
  start();
  fs::create_directories(folder_ / "new/deeper");
  settle();
  folder_.write("new/deeper/b.yaml", service("b", 1));
  settle();
  EXPECT_EQ(port_of("b"), 1);
  folder_.write("new/deeper/b.yaml", service("b", 2));
  settle();
  EXPECT_EQ(port_of("b"), 2);
  fs::remove_all(folder_ / "new");
  settle();
  EXPECT_EQ(names(), "a");
}

TEST_F(FileSourceTest, ThePathItselfMayVanishAndComeBack) {
  folder_.write("served/a.yaml", service("a", 1));
  start({(folder_ / "served").string()});
  EXPECT_EQ(port_of("a"), 1);
  fs::rename(folder_ / "served", folder_ / "aside");
  settle();
  EXPECT_EQ(names(), "");
  EXPECT_TRUE(has_problem("no such file or folder"));
  folder_.write("aside/a.yaml", service("a", 7));
  settle();
  EXPECT_EQ(names(), "") << "the folder that was renamed is not ours any more";
  folder_.write("served/a.yaml", service("a", 2));
  settle();
  EXPECT_EQ(port_of("a"), 2);
  EXPECT_TRUE(source_->problems().empty());
}

TEST_F(FileSourceTest, TheSymlinkSwapOfAMountedConfigMap) {
  const auto publish = [this](int version, std::string_view text) {
    const std::string fresh = fmt::format("mount/..{}", version);
    folder_.write(fresh + "/a.yaml", text);
    fs::create_directory_symlink(fmt::format("..{}", version), folder_ / "mount/..data_tmp");
    fs::rename(folder_ / "mount/..data_tmp", folder_ / "mount/..data");
    if (version > 1) fs::remove_all(folder_ / fmt::format("mount/..{}", version - 1));
  };
  publish(1, service("a", 1));
  fs::create_symlink("..data/a.yaml", folder_ / "mount/a.yaml");
  start({(folder_ / "mount").string()});
  EXPECT_EQ(port_of("a"), 1);
  for (int version = 2; version < 6; ++version) {
    publish(version, service("a", version));
    settle();
    EXPECT_EQ(port_of("a"), version);
  }
  EXPECT_EQ(generation_of("a"), 5);
  EXPECT_TRUE(source_->problems().empty());
}

TEST_F(FileSourceTest, AFileBehindALinkIsWatchedWhereItIs) {
  folder_.write("elsewhere/real.yaml", service("a", 1));
  fs::create_directory(folder_ / "served");
  fs::create_symlink("../elsewhere/real.yaml", folder_ / "served/link.yaml");
  start({(folder_ / "served").string()});
  EXPECT_EQ(port_of("a"), 1);
  folder_.write("elsewhere/real.yaml", service("a", 2));
  settle();
  EXPECT_EQ(port_of("a"), 2);
  folder_.write("elsewhere/unrelated.yaml", service("b"));
  const int before = settled_;
  settle();
  EXPECT_EQ(settled_, before) << "a neighbour of the real file is nobody's business";
}

TEST_F(FileSourceTest, LoopsOfLinksAndFilesReachedTwiceDoNoHarm) {
  folder_.write("a/x.yaml", service("x"));
  fs::create_directory_symlink("..", folder_ / "a/loop");
  fs::create_directory_symlink("a", folder_ / "b");
  start({folder_.path().string(), (folder_ / "a/x.yaml").string(), folder_.path().string()});
  EXPECT_EQ(names(), "x");
  EXPECT_TRUE(source_->problems().empty());
}

TEST_F(FileSourceTest, AnInvalidObjectKeepsItsLastGoodVersionAndOthersGoOn) {
  folder_.write("a.yaml", service("a", 1) + "---\n" + service("b", 1));
  start();
  folder_.write("a.yaml", service("a", 99999) + "---\n" + service("b", 2));
  settle();
  EXPECT_EQ(port_of("a"), 1);
  EXPECT_EQ(port_of("b"), 2);
  ASSERT_TRUE(has_problem("a.yaml:4:")) << "the line of the port";
  EXPECT_TRUE(has_problem("spec.ports[0].port"));

  folder_.write("a.yaml", service("a", 3) + "---\n" + service("b", 2));
  settle();
  EXPECT_EQ(port_of("a"), 3);
  EXPECT_TRUE(source_->problems().empty());
  EXPECT_EQ(generation_of("a"), 2);
}

TEST_F(FileSourceTest, AnInvalidObjectIsAbsentAtTheStart) {
  folder_.write("a.yaml", service("a", 99999));
  start();
  EXPECT_EQ(names(), "");
  EXPECT_EQ(source_->problems().size(), 1u);
}

TEST_F(FileSourceTest, AFileThatDoesNotParseKeepsAllOfItsObjects) {
  folder_.write("a.yaml", service("a") + "---\n" + service("b"));
  start();
  for (const std::string_view broken : {"this: is: not: yaml: [", "kind: [Service", "\t{"}) {
    folder_.write("a.yaml", broken);
    settle();
    EXPECT_EQ(names(), "a b") << broken;
    EXPECT_TRUE(has_problem("a.yaml")) << broken;
  }
  folder_.write("a.yaml", service("b"));
  settle();
  EXPECT_EQ(names(), "b");
}

TEST_F(FileSourceTest, ADocumentWithoutANameMayBeAnyOfThoseThatAreMissing) {
  folder_.write("a.yaml", service("a"));
  start();
  folder_.write("a.yaml", "apiVersion: v1\nkind: Service\nspec: {ports: [{port: 1}]}\n");
  settle();
  EXPECT_EQ(names(), "a");
  folder_.write("a.yaml", service("b"));
  settle();
  EXPECT_EQ(names(), "b");
}

TEST_F(FileSourceTest, AnEmptyFileHasNoObjects) {
  folder_.write("a.yaml", service("a"));
  start();
  folder_.write("a.yaml", "# nothing\n");
  settle();
  EXPECT_EQ(names(), "");
}

TEST_F(FileSourceTest, AFileThatIsBeingWrittenIsReadWhenItIsClosed) {
  folder_.write("a.yaml", service("a", 1) + "---\n" + service("b", 1));
  start();
  const int file = ::open((folder_ / "a.yaml").c_str(), O_WRONLY | O_TRUNC);
  const std::string half = service("a", 2) + "---\n";
  ASSERT_EQ(::write(file, half.data(), half.size()), static_cast<ssize_t>(half.size()));
  folder_.write("c.yaml", service("c", 1));
  settle();
  EXPECT_EQ(names(), "a b c") << "others need not wait";
  EXPECT_EQ(port_of("a"), 1);
  const std::string rest = service("b", 2);
  ASSERT_EQ(::write(file, rest.data(), rest.size()), static_cast<ssize_t>(rest.size()));
  settle();
  EXPECT_EQ(port_of("a"), 1);
  ::close(file);
  settle();
  EXPECT_EQ(port_of("a"), 2);
  EXPECT_EQ(port_of("b"), 2);
}

TEST_F(FileSourceTest, AWriterThatNeverClosesIsNotWaitedForForEver) {
  folder_.write("a.yaml", service("a", 1));
  start();
  const int file = ::open((folder_ / "a.yaml").c_str(), O_WRONLY | O_TRUNC);
  const std::string text = service("a", 2);
  ASSERT_EQ(::write(file, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  settle();
  EXPECT_EQ(port_of("a"), 1);
  settle(FileSource::kWriterPatience);
  EXPECT_EQ(port_of("a"), 2);
  ::close(file);
}

TEST_F(FileSourceTest, EventsSettleFirstButNotForEver) {
  folder_.write("a.yaml", service("a", 1));
  start();
  folder_.write("a.yaml", service("a", 2));
  settle(FileSource::kQuiet - 1ms);
  EXPECT_EQ(port_of("a"), 1);
  const int before = settled_;
  for (int i = 0; settled_ == before && i < 1000; ++i) {
    folder_.write("b.yaml", service("b", i + 1));
    settle(FileSource::kQuiet - 1ms);
  }
  EXPECT_EQ(port_of("a"), 2);
}

TEST_F(FileSourceTest, TheSameObjectInTwoPlacesIsAnErrorThatNamesBothAndTheFirstCounts) {
  folder_.write("a.yaml", service("x", 1));
  folder_.write("b.yaml", "# a comment\n" + service("x", 2));
  start();
  EXPECT_EQ(port_of("x"), 1);
  ASSERT_EQ(source_->problems().size(), 1u);
  EXPECT_TRUE(has_problem("a.yaml:1"));
  EXPECT_TRUE(has_problem("b.yaml:2"));
  fs::remove(folder_ / "a.yaml");
  settle();
  EXPECT_EQ(port_of("x"), 2);
  EXPECT_TRUE(source_->problems().empty());
}

TEST_F(FileSourceTest, GenerationRisesWithTheSpecAlone) {
  folder_.write("a.yaml", service("a", 1));
  start();
  EXPECT_EQ(generation_of("a"), 1);
  folder_.write("a.yaml", service("a", 2));
  settle();
  EXPECT_EQ(generation_of("a"), 2);
  folder_.write("a.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: a, labels: {x: z}, generation: 9}\nspec: {ports: "
                          "[{port: 2}]}\n");
  settle();
  EXPECT_EQ(generation_of("a"), 2);
  EXPECT_EQ(changes_.size(), 1u);
  folder_.write("a.yaml", "# the same\napiVersion: v1\nkind: Service\nmetadata: {name: a, labels: {x: z}}\nspec:\n  ports: "
                          "[{port: 2}]\n");
  settle();
  EXPECT_TRUE(changes_.empty());
}

TEST_F(FileSourceTest, KindsThatAreNotOursAreNotedOnce) {
  const std::string deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n";
  folder_.write("a.yaml", deployment + "---\n" + deployment + "---\n" + service("a"));
  folder_.write("b.yaml", deployment);
  start();
  EXPECT_EQ(names(), "a");
  const auto notes = source_->take_notes();
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_NE(notes[0].find("apps/v1 Deployment"), std::string::npos);
  folder_.write("b.yaml", deployment + "---\n" + deployment);
  settle();
  EXPECT_TRUE(source_->take_notes().empty());
}

TEST_F(FileSourceTest, FoldersThatWeWriteOurselvesAreNotRead) {
  folder_.write("a.yaml", service("a"));
  folder_.write("status/Service.default.b.yaml", service("b"));
  start({}, {(folder_ / "status").string()});
  EXPECT_EQ(names(), "a");
}

TEST_F(FileSourceTest, AFileThatCannotBeReadKeepsItsObjects) {
  folder_.write("a.yaml", service("a", 1));
  start();
  fs::resize_file(folder_ / "a.yaml", base::kMaxFileSize + 1);
  settle(FileSource::kWriterPatience);
  EXPECT_EQ(names(), "a");
  EXPECT_TRUE(has_problem("a.yaml"));
  folder_.write("a.yaml", service("a", 2));
  settle();
  EXPECT_EQ(port_of("a"), 2);
  EXPECT_TRUE(source_->problems().empty());
}

TEST_F(FileSourceTest, RereadingEverythingFindsWhatTheWatchCannotSee) {
  folder_.write("a.yaml", service("a", 1));
  start();
  folder_.write("a.yaml", service("a", 2));
  source_->reread_all(now_);
  take();
  EXPECT_EQ(port_of("a"), 2);
}

TEST_F(FileSourceTest, TheWatchWakesWhoeverPolls) {
  folder_.write("a.yaml", service("a", 1));
  start();
  pollfd wait{source_->fd(), POLLIN, 0};
  EXPECT_EQ(poll(&wait, 1, 0), 0);
  folder_.write("a.yaml", service("a", 2));
  EXPECT_EQ(poll(&wait, 1, 60'000), 1);
}

}  // namespace
}  // namespace cardea::standalone
