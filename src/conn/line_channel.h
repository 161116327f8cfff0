// SPDX-License-Identifier: Apache-2.0
// LineChannel: lines both ways over the two bodies of one exchange, which stream. Nothing blocks, and nothing queues: what
// is to be sent next is asked for when the last of it has left.
//
// Belongs to whoever runs the exchange, on its loop's thread; the bodies outlive it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "async/wait.h"
#include "base/line_splitter.h"
#include "conn/body.h"

namespace cardea::conn {

class LineChannel {
 public:
  LineChannel(BodyReader& in, BodyWriter& out, std::size_t max_line_bytes) : in_(in), out_(out), lines_(max_line_bytes) {}

  enum class Received : std::uint8_t {
    Waiting,  // nothing more now: readable() tells
    More,     // take the lines that are here, then ask again
    Ended,    // the peer has said all
    Broken,   // cut, or malformed
    TooLong,  // a line is longer than allowed
  };
  Received receive();
  std::optional<std::string_view> next_line() { return lines_.next(); }  // valid until receive()

  // Everything said so far has left: there is room for more.
  bool sent_all() const { return sent_ == text_.size() && flushed_; }
  void say(std::string text);
  enum class Sent : std::uint8_t { All, Waiting, Failed };
  Sent send();
  // The last was said: stages the end of the body, once sent_all().
  bool finish() { return out_.finish({}); }

  async::Signal& readable() { return in_.ready(); }
  async::Signal& writable() { return out_.ready(); }

 private:
  static constexpr std::size_t kShare = 256 * 1024;  // what is received before lines are looked at

  BodyReader& in_;
  BodyWriter& out_;
  base::LineSplitter lines_;
  std::string text_;
  std::size_t sent_ = 0;
  bool flushed_ = true;
};

}  // namespace cardea::conn
