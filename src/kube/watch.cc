// SPDX-License-Identifier: Apache-2.0
#include "kube/watch.h"

#include <fmt/core.h>

#include <utility>

#include "base/json.h"
#include "kube/status.h"

namespace cardea::kube {
namespace {

std::unexpected<ApiError> malformed(std::string message) {
  return std::unexpected(ApiError{.kind = ApiError::Kind::Malformed, .message = std::move(message)});
}

}  // namespace

Answer<WatchEvent> parse_watch_event(std::string_view line) {
  auto parsed = base::parse_json(line);
  if (!parsed) return malformed(fmt::format("an event of a watch is not JSON: {}", parsed.error().message));
  const std::string_view type = text_at(*parsed, {"type"});
  const base::Value* const object = value_at(*parsed, {"object"});
  if (!object || !object->is_object()) return malformed("an event of a watch has no object");
  if (type == "ERROR") return std::unexpected(error_of_status(*object, 0));
  WatchEvent event;
  if (type == "DELETED") {
    event.type = WatchEvent::Type::Deleted;
  } else if (type == "BOOKMARK") {
    event.type = WatchEvent::Type::Bookmark;
  } else if (type != "ADDED" && type != "MODIFIED") {
    return malformed(fmt::format("an event of a watch has an unknown type \"{}\"", type));
  }
  event.object = std::move(const_cast<base::Value&>(*object));  // out of `parsed`, which is ours
  event.resource_version = text_at(event.object, {"metadata", "resourceVersion"});
  return event;
}

Watch::Watch(async::Loop& loop, std::unique_ptr<Connection> connection, std::size_t max_line_bytes, std::string what)
    : loop_(loop), connection_(std::move(connection)), lines_(max_line_bytes), what_(std::move(what)) {}

async::Task<void> Watch::rest(std::chrono::milliseconds time, async::StopToken stop, async::StopToken also) {
  connection_->set_quiet(true);
  co_await async::wait_any(loop_, loop_.after(static_cast<std::uint64_t>(time.count())), stop.signal(), also.signal());
  connection_->set_quiet(false);
}

async::Task<Answer<std::optional<WatchEvent>>> Watch::next(async::Deadline deadline, async::StopToken stop, async::StopToken also) {
  const auto fail = [this](ApiError::Kind kind, std::string_view why) {
    return std::unexpected(ApiError{.kind = kind, .message = fmt::format("{}: {}", what_, why)});
  };
  std::string piece;
  while (!lines_.has_line()) {
    piece.clear();
    switch (co_await connection_->read(piece, deadline, &stop, &also)) {
      case Connection::Read::Bytes:
        if (!lines_.append(piece)) co_return fail(ApiError::Kind::TooLarge, "an event is larger than allowed");
        break;
      case Connection::Read::End:
        if (lines_.rest() > 0) co_return fail(ApiError::Kind::Malformed, "the answer ended within an event");
        co_return std::nullopt;
      case Connection::Read::Failed:
        co_return fail(ApiError::Kind::Unreachable, "the answer broke off");
      case Connection::Read::TimedOut:
        co_return fail(ApiError::Kind::TimedOut, "nothing was heard for too long");
      case Connection::Read::Ended:
        co_return fail(ApiError::Kind::Ended, "not wanted any more");
    }
  }
  const auto line = lines_.next();
  if (!line) co_return fail(ApiError::Kind::TooLarge, "an event is larger than allowed");
  auto event = parse_watch_event(*line);
  if (!event) {
    event.error().message = fmt::format("{}: {}", what_, event.error().message);
    co_return std::unexpected(std::move(event).error());
  }
  co_return std::optional<WatchEvent>(*std::move(event));
}

}  // namespace cardea::kube
