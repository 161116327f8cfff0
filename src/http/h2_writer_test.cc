// SPDX-License-Identifier: Apache-2.0
#include "http/h2_writer.h"

#include <gtest/gtest.h>

#include <string>

namespace cardea::http {
namespace {

std::string text(const H2FieldList& list) {
  std::string out;
  for (const auto& [name, value, never_indexed] : list) out += std::string(name) + (never_indexed ? "!=" : "=") + std::string(value) + "|";
  return out;
}

TEST(H2Writer, ARequest) {
  RequestHead head;
  head.method = Method::Post;
  head.method_text = "POST";
  head.authority = "a.test";
  head.path = "/x";
  head.query = "y=1";
  head.has_query = true;
  head.body.has_length = true;
  head.body.length = 7;
  head.fields.append("Host", "other");
  head.fields.append("User-Agent", "curl");
  head.fields.append("X-Of-Mine", "Kept As It Is");
  head.fields.append("Content-Length", "99");
  for (const char* name : {"Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade", "HTTP2-Settings"}) head.fields.append(name, "x");
  head.fields.append("TE", "trailers");
  for (const char* name : {"X-Request-ID", "traceparent", "tracestate"}) head.fields.append(name, "1");
  TextArena texts;
  H2FieldList list;
  write_h2_request(head, "https", texts, list);
  EXPECT_EQ(text(list), ":method=POST|:scheme=https|:authority=a.test|:path=/x?y=1|user-agent=curl|x-of-mine=Kept As It Is|te=trailers|x-request-id!=1|traceparent!=1|tracestate!=1|content-length=7|");
  head.body = {.chunked = true};
  write_h2_request(head, "https", texts, list);
  EXPECT_EQ(text(list).find("content-length"), std::string::npos);
}

TEST(H2Writer, AResponse) {
  ResponseHead head;
  head.status = 404;
  head.reason = "Nowhere";
  head.fields.append("Set-Cookie", "a=1");
  head.fields.append("Set-Cookie", "b=2");
  head.fields.append("Transfer-Encoding", "chunked");
  TextArena texts;
  H2FieldList list;
  write_h2_response(head, Method::Get, texts, list);
  EXPECT_EQ(text(list), ":status=404|set-cookie=a=1|set-cookie=b=2|");
  head.body.has_length = true;
  head.body.length = 5;
  write_h2_response(head, Method::Head, texts, list);
  EXPECT_EQ(text(list), ":status=404|set-cookie=a=1|set-cookie=b=2|content-length=5|");
}

TEST(H2Writer, SwitchingProtocolsAcceptsAnExtendedConnect) {
  ResponseHead head;
  head.status = 101;
  head.fields.append("Upgrade", "websocket");
  head.fields.append("Connection", "Upgrade");
  head.fields.append("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  head.fields.append("Sec-WebSocket-Protocol", "chat");
  TextArena texts;
  H2FieldList list;
  write_h2_response(head, Method::Get, texts, list);
  EXPECT_EQ(text(list), ":status=200|sec-websocket-protocol=chat|");
}

TEST(H2Writer, Trailers) {
  Fields trailers;
  trailers.append("Grpc-Status", "0");
  trailers.append("X-Sum", "1");
  TextArena texts;
  H2FieldList list;
  write_h2_trailers(trailers, texts, list);
  EXPECT_EQ(text(list), "grpc-status=0|x-sum=1|");
}

}  // namespace
}  // namespace cardea::http
