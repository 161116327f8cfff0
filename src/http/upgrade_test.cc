// SPDX-License-Identifier: Apache-2.0
#include "http/upgrade.h"

#include <gtest/gtest.h>

#include "http/hop_by_hop.h"

namespace cardea::http {
namespace {

RequestHead handshake(std::string_view protocol, std::string_view connection = "Upgrade") {
  RequestHead head;
  head.method = Method::Get;
  head.fields.append("Host", "a");
  head.fields.append("Upgrade", protocol);
  head.fields.append("Connection", connection);
  head.fields.append("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
  head.fields.append("Sec-WebSocket-Version", "13");
  return head;
}

ResponseHead switching(std::string_view protocol, std::string_view connection = "upgrade") {
  ResponseHead head;
  head.status = 101;
  head.fields.append("Upgrade", protocol);
  head.fields.append("Connection", connection);
  return head;
}

TEST(Upgrade, Kinds) {
  EXPECT_EQ(upgrade_kind(RequestHead()), UpgradeKind::None);
  EXPECT_EQ(upgrade_kind(handshake("websocket")), UpgradeKind::WebSocket);
  EXPECT_EQ(upgrade_kind(handshake("WebSocket", "keep-alive, Upgrade")), UpgradeKind::WebSocket);
  EXPECT_EQ(upgrade_kind(handshake("websocket", "keep-alive")), UpgradeKind::None) << "not nominated";
  EXPECT_EQ(upgrade_kind(handshake("SPDY/3.1")), UpgradeKind::Other);
  EXPECT_EQ(upgrade_kind(handshake("h2c")), UpgradeKind::Refused);
  EXPECT_EQ(upgrade_kind(handshake("HTTP/2.0")), UpgradeKind::Refused);
  EXPECT_EQ(upgrade_kind(handshake("TLS/1.2")), UpgradeKind::Refused);
  EXPECT_EQ(upgrade_kind(handshake("websocket, h2c")), UpgradeKind::Refused);
  EXPECT_EQ(upgrade_kind(handshake("")), UpgradeKind::Refused);
  EXPECT_EQ(upgrade_kind(handshake("we bsocket")), UpgradeKind::Refused);
}

TEST(Upgrade, IsIgnoredInHttp10) {
  RequestHead head = handshake("websocket");
  head.version = Version::Http10;
  EXPECT_EQ(upgrade_kind(head), UpgradeKind::None);
}

TEST(Upgrade, WebSocketNeedsGetAndItsFields) {
  RequestHead head = handshake("websocket");
  head.method = Method::Post;
  EXPECT_EQ(upgrade_kind(head), UpgradeKind::Malformed);
  head = handshake("websocket");
  head.fields.remove(HeaderId::SecWebSocketKey);
  EXPECT_EQ(upgrade_kind(head), UpgradeKind::Malformed);
  head = handshake("websocket");
  head.fields.append("Sec-WebSocket-Version", "8");
  EXPECT_EQ(upgrade_kind(head), UpgradeKind::Malformed);
}

TEST(Upgrade, TwoUpgradeFieldsAreSeveralProtocols) {
  RequestHead head = handshake("websocket");
  head.fields.append("Upgrade", "h2c");
  EXPECT_EQ(upgrade_kind(head), UpgradeKind::Refused);
}

TEST(Upgrade, AcceptedOnlyByItsOwnProtocol) {
  RequestHead request = handshake("websocket");
  ASSERT_EQ(strip_hop_by_hop(request.fields, true), Fault::None);
  EXPECT_TRUE(accepts_upgrade(request, switching("WebSocket")));
  EXPECT_FALSE(accepts_upgrade(request, switching("h2c")));
  EXPECT_FALSE(accepts_upgrade(request, switching("websocket", "close")));
  EXPECT_FALSE(accepts_upgrade(request, switching("websocket, h2c")));
  ResponseHead ok = switching("websocket");
  ok.status = 200;
  EXPECT_FALSE(accepts_upgrade(request, ok));
  EXPECT_FALSE(accepts_upgrade(RequestHead(), switching(""))) << "nobody asked";
}

TEST(Upgrade, TheKeyThatWeMadeMustBeAnswered) {
  EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  RequestHead request = handshake("websocket");
  request.version = Version::Http2;
  EXPECT_EQ(upgrade_kind(request), UpgradeKind::WebSocket);
  ResponseHead response = switching("websocket");
  EXPECT_FALSE(accepts_upgrade(request, response));
  response.fields.append("Sec-WebSocket-Accept", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
  EXPECT_FALSE(accepts_upgrade(request, response));
  response.fields.set("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_TRUE(accepts_upgrade(request, response));
}

}  // namespace
}  // namespace cardea::http
