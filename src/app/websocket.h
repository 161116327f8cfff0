// SPDX-License-Identifier: Apache-2.0
// WebSocket frames (RFC 6455 section 5), the server's side, for `cardea echo`. Pure: bytes in, frames out. The gateway
// itself relays WebSocket connections without looking into them.
//
//   byte 0: FIN RSV1-3 opcode(4)   byte 1: MASK length(7)   length(16 or 64)   masking key(32)   payload
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cardea::app {

enum class Opcode : std::uint8_t { Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10 };

// An unmasked frame, as servers send them.
void append_frame(std::string& out, Opcode opcode, bool fin, std::string_view payload);

// Answers what a client sends: messages come back frame by frame as they were, a ping with a pong, a close with a close.
class WebSocketEcho {
 public:
  static constexpr std::uint64_t kMaxFrame = 16 * 1024 * 1024;

  // Takes any piece of the connection's bytes; appends what is to be sent.
  void receive(std::string_view bytes, std::string& out);
  // The closing handshake is done, or the client broke the protocol and was told so: nothing more is to be read.
  bool closed() const { return closed_; }

 private:
  struct Header {
    std::size_t size = 0;  // 0: not complete yet
    bool fin = false;
    Opcode opcode = Opcode::Continuation;
    std::uint64_t length = 0;
    std::uint16_t error = 0;  // the status code to close with
  };
  static Header parse(std::string_view bytes);
  void answer(const Header& header, std::string payload, std::string& out);
  void close(std::uint16_t code, std::string& out);

  std::string pending_;
  bool in_message_ = false;  // between the first frame of a message and its last
  bool closed_ = false;
};

}  // namespace cardea::app
