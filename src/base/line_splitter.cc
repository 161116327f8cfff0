// SPDX-License-Identifier: Apache-2.0
#include "base/line_splitter.h"

namespace cardea::base {

bool LineSplitter::append(std::string_view bytes) {
  // What was given out is not needed any more once somebody appends.
  buffer_.erase(0, begin_);
  if (line_end_ != std::string::npos) line_end_ -= begin_;
  begin_ = 0;
  const std::size_t searched = buffer_.size();
  buffer_ += bytes;
  if (line_end_ == std::string::npos) find_line_end(searched);
  const std::size_t length = line_end_ == std::string::npos ? buffer_.size() : line_end_;
  return length <= max_;
}

std::optional<std::string_view> LineSplitter::next() {
  if (line_end_ == std::string::npos || line_end_ - begin_ > max_) return std::nullopt;
  std::string_view line(buffer_.data() + begin_, line_end_ - begin_);
  begin_ = line_end_ + 1;
  find_line_end(begin_);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace cardea::base
