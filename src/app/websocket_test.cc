// SPDX-License-Identifier: Apache-2.0
#include "app/websocket.h"

#include <gtest/gtest.h>

namespace cardea::app {
namespace {

// A client's frame, masked.
std::string frame(unsigned first_byte, std::string_view payload) {
  std::string plain;
  append_frame(plain, Opcode::Text, true, payload);
  plain[0] = static_cast<char>(first_byte);
  const std::size_t header = plain.size() - payload.size();
  plain[1] = static_cast<char>(static_cast<unsigned char>(plain[1]) | 0x80);
  const std::string key = "\x01\x02\x03\x04";
  for (std::size_t i = 0; i < payload.size(); ++i) plain[header + i] = static_cast<char>(plain[header + i] ^ key[i % 4]);
  plain.insert(header, key);
  return plain;
}

std::string server_frame(Opcode opcode, bool fin, std::string_view payload) {
  std::string out;
  append_frame(out, opcode, fin, payload);
  return out;
}

std::string echo(WebSocketEcho& websocket, std::string_view bytes) {
  std::string out;
  websocket.receive(bytes, out);
  return out;
}

std::string closing(std::string_view code) { return server_frame(Opcode::Close, true, code); }
constexpr std::string_view kNormal("\x03\xe8", 2);
constexpr std::string_view kProtocolError("\x03\xea", 2);
constexpr std::string_view kTooLarge("\x03\xf1", 2);

TEST(WebSocket, MessagesOfAllSizesComeBack) {
  for (const std::size_t size : {0u, 1u, 125u, 126u, 65535u, 65536u, 200000u}) {
    WebSocketEcho websocket;
    const std::string payload(size, 'x');
    EXPECT_EQ(echo(websocket, frame(0x81, payload)), server_frame(Opcode::Text, true, payload)) << size;
    EXPECT_EQ(echo(websocket, frame(0x82, payload)), server_frame(Opcode::Binary, true, payload)) << size;
  }
}

TEST(WebSocket, BytesMayComeInAnyPieces) {
  const std::string input = frame(0x81, "hello") + frame(0x89, "?") + frame(0x82, std::string(300, 'y')) + frame(0x88, kNormal);
  const std::string expected = server_frame(Opcode::Text, true, "hello") + server_frame(Opcode::Pong, true, "?") +
                               server_frame(Opcode::Binary, true, std::string(300, 'y')) + closing(kNormal);
  for (std::size_t split = 0; split <= input.size(); ++split) {
    WebSocketEcho websocket;
    std::string out = echo(websocket, std::string_view(input).substr(0, split));
    out += echo(websocket, std::string_view(input).substr(split));
    EXPECT_EQ(out, expected) << split;
    EXPECT_TRUE(websocket.closed());
  }
}

TEST(WebSocket, FragmentsComeBackAsTheyWere) {
  WebSocketEcho websocket;
  EXPECT_EQ(echo(websocket, frame(0x01, "a") + frame(0x89, "ping") + frame(0x00, "b") + frame(0x80, "c")),
            server_frame(Opcode::Text, false, "a") + server_frame(Opcode::Pong, true, "ping") +
                server_frame(Opcode::Continuation, false, "b") + server_frame(Opcode::Continuation, true, "c"));
  EXPECT_EQ(echo(websocket, frame(0x81, "next")), server_frame(Opcode::Text, true, "next"));
}

TEST(WebSocket, WhatBreaksTheProtocolClosesTheConnection) {
  std::string unmasked = server_frame(Opcode::Text, true, "x");
  const std::string huge = "\x82\xff" + std::string("\x00\x00\x00\x01\x00\x00\x00\x00", 8) + "\x01\x02\x03\x04";
  const std::vector<std::pair<std::string, std::string_view>> cases{
      {unmasked, kProtocolError},
      {frame(0xc1, "rsv"), kProtocolError},
      {frame(0x83, "opcode"), kProtocolError},
      {frame(0x09, "fragmented ping"), kProtocolError},
      {frame(0x89, std::string(126, 'x')), kProtocolError},
      {frame(0x80, "continues nothing"), kProtocolError},
      {frame(0x01, "a") + frame(0x81, "b"), kProtocolError},
      {frame(0x88, "x"), kProtocolError},
      {huge, kTooLarge},
  };
  for (const auto& [input, code] : cases) {
    WebSocketEcho websocket;
    const std::string out = echo(websocket, input);
    EXPECT_TRUE(websocket.closed());
    EXPECT_TRUE(out.ends_with(closing(code))) << input;
    EXPECT_EQ(echo(websocket, frame(0x81, "more")), "");
  }
}

TEST(WebSocket, ACloseIsAnsweredWithItsCode) {
  WebSocketEcho websocket;
  EXPECT_EQ(echo(websocket, frame(0x88, std::string("\x0f\xa0", 2) + "bye")), closing("\x0f\xa0"));
  WebSocketEcho without_code;
  EXPECT_EQ(echo(without_code, frame(0x88, "")), closing(kNormal));
}

}  // namespace
}  // namespace cardea::app
