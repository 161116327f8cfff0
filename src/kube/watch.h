// SPDX-License-Identifier: Apache-2.0
// Watch: the answer to a watch request, which streams (Kubernetes API Concepts, "Efficient detection of changes"): one JSON
// object a line, {"type": "ADDED", "object": {...}}. Holds a connection of its own, which ends with it. One loop's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "async/stop.h"
#include "async/task.h"
#include "base/line_splitter.h"
#include "base/value.h"
#include "kube/client.h"
#include "kube/connection.h"

namespace cardea::kube {

struct WatchEvent {
  enum class Type : std::uint8_t { Put, Deleted, Bookmark };  // Put: added or modified
  Type type = Type::Put;
  base::Value object;
  std::string resource_version;  // of the object: where to resume
};

// One line. An ERROR event is an ApiError with the status in it (410: gone).
Answer<WatchEvent> parse_watch_event(std::string_view line);

class Watch {
 public:
  Watch(async::Loop& loop, std::unique_ptr<Connection> connection, std::size_t max_line_bytes, std::string what);

  // The next event; nothing when the server ended the answer properly. After anything but an event the watch is over.
  // Ended when `stop` or `also` is requested. TimedOut: nothing came, not even a bookmark.
  async::Task<Answer<std::optional<WatchEvent>>> next(async::Deadline deadline, async::StopToken stop, async::StopToken also);
  async::Task<Answer<std::optional<WatchEvent>>> next(async::Deadline deadline, async::StopToken stop) {
    return next(deadline, stop, stop);
  }
  // Lets what arrives within `time` come together: it wakes nobody before. At once back when one of both is requested.
  async::Task<void> rest(std::chrono::milliseconds time, async::StopToken stop, async::StopToken also);
  // An event is here already: next() will not wait.
  bool has_line() const { return lines_.has_line(); }

 private:
  async::Loop& loop_;
  std::unique_ptr<Connection> connection_;
  base::LineSplitter lines_;
  std::string what_;
};

}  // namespace cardea::kube
