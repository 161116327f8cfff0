// SPDX-License-Identifier: Apache-2.0
#include "conn/line_channel.h"

#include <span>
#include <utility>

namespace cardea::conn {

LineChannel::Received LineChannel::receive() {
  for (std::size_t taken = 0; taken < kShare;) {
    std::span<const char> data;
    switch (in_.peek(data)) {
      case ReadStatus::WouldBlock:
        return Received::Waiting;
      case ReadStatus::End:
        return Received::Ended;
      case ReadStatus::Failed:
        return Received::Broken;
      case ReadStatus::Data:
        break;
    }
    const bool fits = lines_.append({data.data(), data.size()});
    taken += data.size();
    in_.consume(data.size());
    if (!fits) return Received::TooLong;
  }
  return Received::More;
}

void LineChannel::say(std::string text) {
  if (sent_ == text_.size()) {
    text_ = std::move(text);
    sent_ = 0;
  } else {
    text_ += text;
  }
}

LineChannel::Sent LineChannel::send() {
  while (sent_ < text_.size()) {
    flushed_ = false;
    const auto written = out_.try_write(std::span<const char>(text_).subspan(sent_));
    sent_ += written.bytes;
    if (written.status == WriteStatus::Failed) return Sent::Failed;
    if (written.status == WriteStatus::WouldBlock) return Sent::Waiting;
  }
  switch (out_.flush()) {
    case WriteStatus::Failed:
      return Sent::Failed;
    case WriteStatus::WouldBlock:
      flushed_ = false;
      return Sent::Waiting;
    case WriteStatus::Ok:
      break;
  }
  flushed_ = true;
  return Sent::All;
}

}  // namespace cardea::conn
