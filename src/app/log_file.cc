// SPDX-License-Identifier: Apache-2.0
#include "app/log_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

namespace cardea::app {
namespace {

bool is_regular(int descriptor) {
  struct stat info;
  return fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode);
}

bool writable_now(int descriptor) {
  pollfd wait{descriptor, POLLOUT, 0};
  return poll(&wait, 1, 0) == 1;
}

int open_file(const std::string& name) { return ::open(name.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644); }

}  // namespace

base::Result<LogFile> LogFile::open(const std::string& name) {
  const int descriptor = name == "-" ? STDOUT_FILENO : open_file(name);
  if (descriptor < 0) return base::fail(fmt::format("cannot open {}: {}", name, std::strerror(errno)));
  return LogFile(name, descriptor);
}

LogFile::LogFile(std::string name, int descriptor)
    : name_(std::move(name)), descriptor_(descriptor), may_block_(!is_regular(descriptor)) {}

LogFile::LogFile(LogFile&& other) noexcept
    : name_(std::move(other.name_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      may_block_(other.may_block_),
      pending_(std::move(other.pending_)),
      dropped_(other.dropped_) {}

LogFile::~LogFile() {
  if (descriptor_ < 0) return;
  flush();
  if (name_ != "-") close(descriptor_);
}

base::Result<> LogFile::reopen() {
  if (name_ == "-") return {};
  const int descriptor = open_file(name_);
  if (descriptor < 0) return base::fail(fmt::format("cannot open {}: {}", name_, std::strerror(errno)));
  flush();
  close(std::exchange(descriptor_, descriptor));
  may_block_ = !is_regular(descriptor);
  return {};
}

void LogFile::write(std::string_view lines) {
  if (pending_.size() + lines.size() > kMaxPending) flush();
  if (pending_.size() + lines.size() > kMaxPending) {
    dropped_ += static_cast<std::uint64_t>(std::ranges::count(lines, '\n'));
    return;
  }
  pending_ += lines;
  flush();
}

void LogFile::flush() {
  std::size_t at = 0;
  while (at < pending_.size()) {
    // A pipe that poll calls writable takes PIPE_BUF bytes without waiting (pipe(7)).
    if (may_block_ && !writable_now(descriptor_)) break;
    const std::size_t size = may_block_ ? std::min<std::size_t>(pending_.size() - at, PIPE_BUF) : pending_.size() - at;
    const ssize_t written = ::write(descriptor_, pending_.data() + at, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;  // a full disk, a reader that is gone: tried again with the next lines
    at += static_cast<std::size_t>(written);
  }
  pending_.erase(0, at);
}

}  // namespace cardea::app
