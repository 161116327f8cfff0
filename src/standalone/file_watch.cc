// SPDX-License-Identifier: Apache-2.0
#include "standalone/file_watch.h"

#include <fmt/core.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <system_error>
#include <utility>

namespace cardea::standalone {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxLinks = 40;  // as many as the kernel follows
constexpr std::uint32_t kNames =
    IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
// IN_ATTRIB: a file that becomes readable.
constexpr std::uint32_t kContents = IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB;

// A new file has a writer who will close it; a new link to an old file has none.
bool has_writer(const fs::path& path) {
  struct stat info;
  return lstat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && info.st_nlink == 1;
}

FileWatch::Event::Kind kind_of(std::uint32_t mask, const fs::path& path) {
  if ((mask & IN_MODIFY) || ((mask & IN_CREATE) && has_writer(path))) return FileWatch::Event::Kind::Writing;
  return mask & IN_ATTRIB ? FileWatch::Event::Kind::Touched : FileWatch::Event::Kind::Changed;
}

void push_front(std::deque<fs::path>& rest, const fs::path& parts) {
  rest.insert(rest.begin(), parts.begin(), parts.end());
}

}  // namespace

base::Result<FileWatch> FileWatch::open() {
  const int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd < 0) return base::fail(fmt::format("cannot watch files: inotify_init1: {}", std::strerror(errno)));
  return FileWatch(fd);
}

FileWatch::FileWatch(FileWatch&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), places_(std::move(other.places_)) {}

FileWatch::~FileWatch() {
  if (fd_ >= 0) close(fd_);
}

void FileWatch::begin() {
  for (auto& [wd, place] : places_) {
    place.every_entry = place.named = false;
    place.entries.clear();
  }
}

FileWatch::Place* FileWatch::place(const fs::path& real_folder, std::uint32_t mask) {
  // IN_MASK_ADD: a folder on the way of one path may hold the files of another.
  const int wd = inotify_add_watch(fd_, real_folder.c_str(), mask | IN_MASK_ADD);
  if (wd < 0) return nullptr;  // not a folder, or not ours to read: its changes are seen when something else changes
  Place& place = places_[wd];
  place.folder = real_folder;
  place.named = true;
  return &place;
}

fs::path FileWatch::follow(const fs::path& path) {
  std::deque<fs::path> rest;
  std::error_code error;
  push_front(rest, fs::absolute(path, error));
  fs::path real = "/";
  for (int links = 0; !rest.empty();) {
    const fs::path part = std::exchange(rest.front(), {});
    rest.pop_front();
    if (part.empty() || part == "." || part == "/") continue;
    if (part == "..") {
      real = real.parent_path();
      continue;
    }
    // Only the last part can be a file whose content matters.
    Place* const here = place(real, rest.empty() ? kNames | kContents : kNames);
    if (here) here->entries.insert(part.string());
    const fs::path target = fs::read_symlink(real / part, error);
    if (error || ++links > kMaxLinks) {
      real /= part;
    } else {
      push_front(rest, target);
      if (target.is_absolute()) real = "/";
    }
  }
  return real;
}

void FileWatch::folder(const fs::path& real_path) {
  if (Place* const here = place(real_path, kNames | kContents)) here->every_entry = true;
}

void FileWatch::end() {
  std::erase_if(places_, [this](const auto& entry) {
    if (entry.second.named) return false;
    inotify_rm_watch(fd_, entry.first);
    return true;
  });
}

std::vector<FileWatch::Event> FileWatch::read() {
  std::vector<Event> events;
  alignas(inotify_event) char buffer[16 * 1024];
  while (true) {
    const ssize_t size = ::read(fd_, buffer, sizeof buffer);
    if (size <= 0) return events;
    for (const char* at = buffer; at < buffer + size;) {
      const auto& event = *reinterpret_cast<const inotify_event*>(at);
      at += sizeof event + event.len;
      if (event.mask & IN_Q_OVERFLOW) {
        events.push_back({Event::Kind::Everything, {}});
        continue;
      }
      const auto found = places_.find(event.wd);
      if (found == places_.end()) continue;
      const Place& place = found->second;
      if (event.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)) {
        events.push_back({Event::Kind::Changed, place.folder});
        if (event.mask & IN_MOVE_SELF) inotify_rm_watch(fd_, event.wd);  // it follows the folder, we follow the name
        if (event.mask & (IN_IGNORED | IN_MOVE_SELF)) places_.erase(found);
        continue;
      }
      if (event.len == 0) continue;
      const std::string_view name = event.name;
      if (!place.every_entry && !place.entries.contains(name)) continue;
      fs::path path = place.folder / name;
      events.push_back({kind_of(event.mask, path), std::move(path)});
    }
  }
}

}  // namespace cardea::standalone
