// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>

namespace cardea::base {
namespace {

namespace fs = std::filesystem;

class File : public testing::Test {
 protected:
  File() {
    std::string pattern = (fs::temp_directory_path() / "cardea-file-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~File() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST_F(File, ReadsWhatItWrote) {
  const fs::path path = folder_ / "a";
  const std::string content("x\0y\n", 4);
  ASSERT_TRUE(write_file_atomically(path, content));
  EXPECT_EQ(read_file(path), content);
  ASSERT_TRUE(write_file_atomically(path, ""));
  EXPECT_EQ(read_file(path), "");
  const std::string large(3 << 20, 'z');
  ASSERT_TRUE(write_file_atomically(path, large));
  EXPECT_EQ(read_file(path), large);
}

TEST_F(File, LeavesNothingBesideTheFile) {
  ASSERT_TRUE(write_file_atomically(folder_ / "a", "1", 0600));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
  struct stat status{};
  ASSERT_EQ(::stat((folder_ / "a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);

  fs::create_directory(folder_ / "taken");
  EXPECT_FALSE(write_file_atomically(folder_ / "taken", "1"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 2);
}

TEST_F(File, AReaderKeepsTheOldContent) {
  const fs::path path = folder_ / "a";
  ASSERT_TRUE(write_file_atomically(path, "old"));
  fs::create_hard_link(path, folder_ / "old");
  ASSERT_TRUE(write_file_atomically(path, "new"));
  EXPECT_EQ(read_file(folder_ / "old"), "old");
  EXPECT_EQ(read_file(path), "new");
}

TEST_F(File, SaysWhatIsWrong) {
  const auto missing = read_file(folder_ / "missing");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find((folder_ / "missing").string()), std::string::npos);
  EXPECT_NE(missing.error().message.find("No such file"), std::string::npos);
  EXPECT_FALSE(read_file(folder_));
  ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
  EXPECT_FALSE(read_file(folder_ / "fifo"));
  EXPECT_FALSE(write_file_atomically(folder_ / "missing" / "a", "1"));
}

TEST_F(File, BoundsTheSize) {
  ASSERT_TRUE(write_file_atomically(folder_ / "a", "12345"));
  EXPECT_TRUE(read_file(folder_ / "a", 5));
  EXPECT_FALSE(read_file(folder_ / "a", 4));
}

TEST_F(File, FollowsSymbolicLinks) {
  ASSERT_TRUE(write_file_atomically(folder_ / "a", "1"));
  fs::create_symlink("a", folder_ / "link");
  EXPECT_EQ(read_file(folder_ / "link"), "1");
}

}  // namespace
}  // namespace cardea::base
