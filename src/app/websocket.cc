// SPDX-License-Identifier: Apache-2.0
#include "app/websocket.h"

#include <array>
#include <utility>

#include "base/strings.h"

namespace cardea::app {
namespace {

// Close codes (section 7.4.1).
constexpr std::uint16_t kNormal = 1000;
constexpr std::uint16_t kProtocolError = 1002;
constexpr std::uint16_t kTooLarge = 1009;

bool is_control(Opcode opcode) { return static_cast<unsigned>(opcode) >= 8; }

bool is_known(unsigned opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

// `bytes` bytes of `text` from `at`, in network order.
std::uint64_t number(std::string_view text, std::size_t at, std::size_t bytes) {
  std::uint64_t value = 0;
  for (const char c : text.substr(at, bytes)) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

void append_number(std::string& out, std::uint64_t value, unsigned bytes) {
  for (unsigned i = bytes; i-- > 0;) out += static_cast<char>(value >> (8 * i));
}

}  // namespace

void append_frame(std::string& out, Opcode opcode, bool fin, std::string_view payload) {
  out += static_cast<char>((fin ? 0x80u : 0u) | static_cast<unsigned>(opcode));
  if (payload.size() < 126) {
    out += static_cast<char>(payload.size());
  } else if (payload.size() <= 0xffff) {
    out += '\x7e';
    append_number(out, payload.size(), 2);
  } else {
    out += '\x7f';
    append_number(out, payload.size(), 8);
  }
  out += payload;
}

WebSocketEcho::Header WebSocketEcho::parse(std::string_view bytes) {
  if (bytes.size() < 2) return {};
  const auto first = static_cast<unsigned char>(bytes[0]);
  const auto second = static_cast<unsigned char>(bytes[1]);
  Header header;
  header.fin = first & 0x80;
  header.opcode = static_cast<Opcode>(first & 0x0f);
  header.length = second & 0x7f;
  const bool masked = second & 0x80;
  const std::size_t extra = header.length == 126 ? 2 : header.length == 127 ? 8 : 0;
  const bool bad_control = is_control(header.opcode) && (!header.fin || extra > 0);
  if ((first & 0x70) || !is_known(first & 0x0f) || !masked || bad_control) {
    header.error = kProtocolError;
    return header;
  }
  if (bytes.size() < 2 + extra + 4) return {};
  if (extra > 0) header.length = number(bytes, 2, extra);
  if (header.length > kMaxFrame) header.error = kTooLarge;
  header.size = 2 + extra + 4;
  return header;
}

void WebSocketEcho::receive(std::string_view bytes, std::string& out) {
  pending_ += bytes;
  std::size_t at = 0;
  while (!closed_) {
    const std::string_view rest = std::string_view(pending_).substr(at);
    const Header header = parse(rest);
    if (header.error) return close(header.error, out);
    if (header.size == 0 || rest.size() - header.size < header.length) break;
    std::string payload(rest.substr(header.size, header.length));
    const std::string_view key = rest.substr(header.size - 4, 4);
    for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(payload[i] ^ key[i % 4]);
    at += header.size + header.length;
    answer(header, std::move(payload), out);
  }
  pending_.erase(0, at);
}

void WebSocketEcho::answer(const Header& header, std::string payload, std::string& out) {
  switch (header.opcode) {
    case Opcode::Close: {
      if (payload.size() == 1) return close(kProtocolError, out);
      return close(payload.empty() ? kNormal : static_cast<std::uint16_t>(number(payload, 0, 2)), out);
    }
    case Opcode::Ping: return append_frame(out, Opcode::Pong, true, payload);
    case Opcode::Pong: return;
    default: break;
  }
  const bool continues = header.opcode == Opcode::Continuation;
  if (continues != in_message_) return close(kProtocolError, out);
  in_message_ = !header.fin;
  append_frame(out, header.opcode, header.fin, payload);
}

void WebSocketEcho::close(std::uint16_t code, std::string& out) {
  std::string payload;
  append_number(payload, code, 2);
  append_frame(out, Opcode::Close, true, payload);
  closed_ = true;
}

}  // namespace cardea::app
