// SPDX-License-Identifier: Apache-2.0
// LineSplitter: bytes in pieces as they arrive, lines out; a line has at most so many bytes. Pure; one thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace cardea::base {

class LineSplitter {
 public:
  explicit LineSplitter(std::size_t max_line_bytes) : max_(max_line_bytes) {}

  // False: a line is longer than allowed; nothing more comes out.
  bool append(std::string_view bytes);
  bool has_line() const { return line_end_ != std::string::npos; }
  // The next whole line without its end (LF or CRLF). Valid until the next call here.
  std::optional<std::string_view> next();
  // Bytes of a line that has not ended.
  std::size_t rest() const { return buffer_.size() - begin_; }

 private:
  void find_line_end(std::size_t from) { line_end_ = buffer_.find('\n', from); }

  std::size_t max_;
  std::string buffer_;
  std::size_t begin_ = 0;  // of the next line
  std::size_t line_end_ = std::string::npos;
};

}  // namespace cardea::base
