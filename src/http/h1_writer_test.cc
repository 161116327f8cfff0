// SPDX-License-Identifier: Apache-2.0
// What the writer writes, and that our own parser reads it back as the same head and as exactly one.
#include "http/h1_writer.h"

#include <gtest/gtest.h>

#include <string>

#include "http/case_table.h"
#include "http/h1_parser.h"
#include "http/hop_by_hop.h"

namespace cardea::http {
namespace {

struct Parsed {
  explicit Parsed(std::string text) : bytes(std::move(text)) {
    ParseProgress progress;
    result = parse_request_head({bytes.data(), bytes.size()}, Limits(), arena, progress, head);
  }
  std::string bytes;
  TextArena arena;
  RequestHead head;
  ParseResult result;
};

std::string forward(Parsed& parsed) {
  EXPECT_TRUE(parsed.result.complete()) << parsed.bytes;
  EXPECT_EQ(strip_hop_by_hop(parsed.head.fields, false), Fault::None);
  std::string out;
  append_head(out, parsed.head, {.framing = announced_framing(parsed.head)});
  return out;
}

TEST(H1Writer, RequestWithoutChange) {
  Parsed parsed("GET /a?b HTTP/1.1\r\nHost: x\r\nAccept: */*\r\nUser-Agent: curl\r\n\r\n");
  EXPECT_EQ(forward(parsed), parsed.bytes);
}

TEST(H1Writer, FramingAndConnectionAreOurs) {
  Parsed parsed(
      "POST http://x/a/../b HTTP/1.1\r\nAccept: a\r\nConnection: X-Mine\r\nHost: x\r\nX-Mine: 1\r\n"
      "TRANSFER-ENCODING: Chunked\r\nVia:  b  \r\nKeep-Alive: 3\r\nTe: gzip, trailers\r\n\r\n");
  EXPECT_EQ(forward(parsed),
            "POST /b HTTP/1.1\r\nHost: x\r\nAccept: a\r\nVia: b\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n"
            "Connection: TE\r\n\r\n");
}

TEST(H1Writer, SkipsFramingFieldsThatSomebodySet) {
  Parsed parsed("GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n");
  parsed.head.fields.set("Content-Length", "5");
  parsed.head.fields.set("Transfer-Encoding", "chunked");
  parsed.head.fields.set("Connection", "close");
  parsed.head.fields.set("Upgrade", "h2c");
  EXPECT_EQ(forward(parsed), "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n");
}

TEST(H1Writer, ChangedFieldsAmongReceivedOnes) {
  Parsed parsed("GET / HTTP/1.1\r\nHost: x\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n");
  parsed.head.fields.set("b", "changed");
  parsed.head.fields.remove("d");
  parsed.head.fields.append("E", "5");
  EXPECT_EQ(forward(parsed), "GET / HTTP/1.1\r\nHost: x\r\nA: 1\r\nb: changed\r\nC: 3\r\nE: 5\r\n\r\n");
}

TEST(H1Writer, HostComesFromTheAuthority) {
  Parsed parsed("GET / HTTP/1.0\r\nA: 1\r\n\r\n");
  parsed.head.authority = "backend.example:81";
  EXPECT_EQ(forward(parsed), "GET / HTTP/1.1\r\nHost: backend.example:81\r\nA: 1\r\n\r\n");
}

TEST(H1Writer, Response) {
  ResponseHead head;
  head.status = 200;
  head.fields.append("Content-Type", "text/plain");
  head.fields.append("Content-Length", "99");
  std::string out = "before";
  append_head(out, head, {.framing = Framing::of_length(5), .close = true, .keep_alive = true});
  EXPECT_EQ(out, "beforeHTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nConnection: close\r\n\r\n");
}

TEST(H1Writer, ResponseThatUpgrades) {
  ResponseHead head;
  head.status = 101;
  head.reason = "Go on";
  head.fields.append("Upgrade", "websocket");
  std::string out;
  append_head(out, head, {.framing = Framing::tunnel(), .upgrade = true});
  EXPECT_EQ(out, "HTTP/1.1 101 Go on\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n");
}

TEST(H1Writer, UnknownStatusHasAnEmptyReason) {
  ResponseHead head;
  head.status = 299;
  std::string out;
  append_head(out, head, {.keep_alive = true});
  EXPECT_EQ(out, "HTTP/1.1 299 \r\nConnection: keep-alive\r\n\r\n");
}

// Every row of the request table that is accepted and forwardable.
TEST(H1Writer, WhatWeForwardIsTheSameHeadAndExactlyOne) {
  int forwarded = 0;
  for (const RawCase& raw : read_case_table("h1_requests.txt")) {
    if (!raw.verdict.starts_with("ok ") || raw.verdict.starts_with("ok CONNECT")) continue;
    Parsed first(raw.bytes);
    if (first.head.authority.empty()) continue;
    Parsed second(forward(first));
    ASSERT_TRUE(second.result.complete()) << raw.title << "\n" << second.bytes;
    EXPECT_EQ(second.result.consumed, second.bytes.size()) << raw.title;
    EXPECT_EQ(second.head.method_text, first.head.method_text) << raw.title;
    EXPECT_EQ(second.head.path, first.head.path) << raw.title;
    EXPECT_EQ(second.head.has_query, first.head.has_query) << raw.title;
    EXPECT_EQ(second.head.query, first.head.query) << raw.title;
    EXPECT_EQ(second.head.authority, first.head.authority) << raw.title;
    EXPECT_EQ(body_framing(second.head).has_body(), body_framing(first.head).has_body()) << raw.title;
    EXPECT_EQ(body_framing(second.head).kind == Framing::Kind::Chunked, first.head.body.chunked) << raw.title;
    EXPECT_EQ(second.head.body.length, first.head.body.length) << raw.title;
    ++forwarded;
  }
  EXPECT_GT(forwarded, 20);
}

}  // namespace
}  // namespace cardea::http
