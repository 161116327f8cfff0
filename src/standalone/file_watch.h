// SPDX-License-Identifier: Apache-2.0
// FileWatch: inotify (inotify(7)) over the places that decide what a path names: the folders on its way, every symbolic
// link among them, and what those lead to. It says that something may have changed and which files are being written; it
// reads no file and decides nothing.
//
// Owned by FileSource, used on the control thread. The places are named anew after every event (begin, follow, folder,
// end), so a folder that appears later, or a link that leads elsewhere, is watched as soon as it is seen.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"

namespace cardea::standalone {

class FileWatch {
 public:
  struct Event {
    enum class Kind : std::uint8_t {
      Changed,     // appeared, vanished, was renamed or written and closed
      Writing,     // somebody writes it and has not closed it yet
      Touched,     // its owner or mode changed, or its times; whether somebody writes it is not said
      Everything,  // events were lost: look at all places again
    };
    Kind kind = Kind::Changed;
    std::filesystem::path path;  // real (no symbolic links in its folder); empty for Everything
  };

  static base::Result<FileWatch> open();
  FileWatch(FileWatch&& other) noexcept;
  FileWatch& operator=(FileWatch&&) = delete;
  ~FileWatch();

  int fd() const { return fd_; }  // readable: call read()

  void begin();
  // `path` need not exist: what is there of its way is watched. Returns the real path as far as it goes.
  std::filesystem::path follow(const std::filesystem::path& path);
  // Every entry of a real folder.
  void folder(const std::filesystem::path& real_path);
  void end();  // forgets the places that were not named since begin()

  // What is queued, without waiting; only events at places that were named.
  std::vector<Event> read();

 private:
  struct Place {
    std::filesystem::path folder;
    bool every_entry = false;
    std::set<std::string, std::less<>> entries;
    bool named = false;
  };

  explicit FileWatch(int fd) : fd_(fd) {}
  Place* place(const std::filesystem::path& real_folder, std::uint32_t mask);

  int fd_;
  std::map<int, Place> places_;  // by watch descriptor: one per real folder
};

}  // namespace cardea::standalone
