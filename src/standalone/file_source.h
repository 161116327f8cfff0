// SPDX-License-Identifier: Apache-2.0
// FileSource: a ResourceSource over files and folders of manifests that are watched and may change at any time.
//
// Nothing is lost by chance. Events are let settle before files are read, and a file that is being written is read when its
// writer closes it. An object that becomes invalid keeps its last good version; a file that cannot be read or parsed keeps
// all objects that it had. An object goes when its document is gone from a file that reads well, or when its file is gone.
// Of an object that stands in two places the first counts, in the order of manifest_tree.h.
//
// Plain events, for whatever loop its owner runs: wait until fd() is readable or due() has come, then call on_events() or
// settle(). Control thread only.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/hash.h"
#include "control/resource_source.h"
#include "standalone/file_watch.h"
#include "standalone/manifest_file.h"
#include "standalone/manifest_tree.h"

namespace cardea::standalone {

class FileSource final : public control::ResourceSource {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // What is read together was written together: the watch is quiet for kQuiet, or has been busy for kPatience.
  static constexpr std::chrono::milliseconds kQuiet{20};
  static constexpr std::chrono::milliseconds kPatience{500};
  // A writer that neither writes nor closes for this long is not waited for.
  static constexpr std::chrono::milliseconds kWriterPatience{2000};

  // A path that does not exist is an error now; later it may go and come back.
  // `ignored`: folders that this program writes itself; they may lie inside `paths`.
  static base::Result<std::unique_ptr<FileSource>> open(std::vector<std::string> paths,
                                                        const std::vector<std::string>& ignored = {});

  // Reads everything; the inbox is synced when this returns.
  base::Result<> start(control::Inbox& inbox) override;

  int fd() const { return watch_.fd(); }
  void on_events(Time now);
  std::optional<Time> due() const;
  void settle(Time now);
  void reread_all(Time now);  // whether or not the watch saw a change

  // What is wrong now, in the order of paths and lines. Never cleared by being read.
  const std::vector<std::string>& problems() const { return problems_; }
  // What a person should hear once.
  std::vector<std::string> take_notes() { return std::exchange(notes_, {}); }

 private:
  struct File {
    std::filesystem::path real;
    std::string signature;  // what stat(2) says: another one means another content
    base::Hash128 content;
    ManifestFile manifests;
    std::set<api::ObjectId> held;  // the ids in it; while it is incomplete, also those that it had before
  };
  struct Served {
    api::Object object;
    std::int64_t generation = 1;
  };

  FileSource(std::vector<std::string> paths, std::set<std::filesystem::path> ignored, FileWatch watch);
  void read_files(Time now);
  void read_file(File& file, const ManifestPath& path);
  bool is_being_written(const std::filesystem::path& real, Time now);
  std::map<api::ObjectId, api::Object> wanted();
  void send_changes(std::map<api::ObjectId, api::Object> wanted);

  std::vector<std::string> paths_;
  std::set<std::filesystem::path> ignored_;
  FileWatch watch_;
  control::Inbox* inbox_ = nullptr;

  ManifestTree tree_;
  std::map<std::string, File> files_;  // by ManifestPath::shown
  std::map<api::ObjectId, Served> served_;

  std::optional<Time> first_event_, last_event_;  // since the last settle()
  std::set<std::filesystem::path> touched_;       // to be read again whatever stat(2) says
  std::map<std::filesystem::path, Time> writing_;  // since when nothing was heard of the writer
  bool all_touched_ = false;

  std::vector<std::string> problems_;
  std::vector<std::string> notes_;
  std::set<std::string> ignored_kinds_;  // that were noted
};

}  // namespace cardea::standalone
