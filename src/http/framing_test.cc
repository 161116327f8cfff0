// SPDX-License-Identifier: Apache-2.0
// RFC 9112 sections 6.3 and 9.3 as tables.
#include "http/framing.h"

#include <gtest/gtest.h>

#include <string>

namespace cardea::http {
namespace {

using Kind = Framing::Kind;

constexpr DeclaredBody kNothing{};
constexpr DeclaredBody kFive{.has_length = true, .length = 5};
constexpr DeclaredBody kChunks{.chunked = true};

ResponseHead response(std::uint16_t status, DeclaredBody body) {
  ResponseHead head;
  head.status = status;
  head.body = body;
  return head;
}

TEST(BodyFraming, OfResponses) {
  struct Row {
    Method method;
    std::uint16_t status;
    DeclaredBody body;
    Framing framing;
    Framing announced;
  };
  const Framing none = Framing::none();
  const Framing five = Framing::of_length(5);
  const Row rows[] = {
      {Method::Get, 200, kFive, five, five},
      {Method::Get, 200, kChunks, Framing::chunked(), Framing::chunked()},
      {Method::Get, 200, kNothing, Framing::until_close(), Framing::until_close()},
      {Method::Get, 500, kNothing, Framing::until_close(), Framing::until_close()},
      {Method::Head, 200, kFive, none, five},
      {Method::Head, 200, kChunks, none, none},
      {Method::Head, 200, kNothing, none, none},
      {Method::Get, 304, kFive, none, five},
      {Method::Get, 304, kNothing, none, none},
      {Method::Get, 204, kNothing, none, none},
      {Method::Get, 204, {.has_length = true}, none, none},
      {Method::Get, 100, kNothing, none, none},
      {Method::Get, 103, kNothing, none, none},
      {Method::Get, 101, kNothing, Framing::tunnel(), Framing::tunnel()},
      {Method::Connect, 200, kFive, Framing::tunnel(), Framing::tunnel()},
      {Method::Connect, 403, kFive, five, five},
  };
  for (const Row& row : rows) {
    const ResponseHead head = response(row.status, row.body);
    EXPECT_EQ(body_framing(head, row.method), row.framing) << row.status << " to " << static_cast<int>(row.method);
    EXPECT_EQ(announced_framing(head, row.method), row.announced)
        << row.status << " to " << static_cast<int>(row.method);
  }
}

TEST(BodyFraming, OfRequests) {
  RequestHead head;
  head.method = Method::Get;
  EXPECT_EQ(body_framing(head), Framing::none()) << "never until close";
  EXPECT_EQ(announced_framing(head), Framing::none());
  head.method = Method::Post;
  EXPECT_EQ(body_framing(head), Framing::none());
  EXPECT_EQ(announced_framing(head), Framing::of_length(0));
  head.body = kFive;
  EXPECT_EQ(body_framing(head), Framing::of_length(5));
  head.body = kChunks;
  EXPECT_EQ(body_framing(head), Framing::chunked());
}

TEST(BodyFraming, ChunksForTheTrailersOfHttp2) {
  RequestHead request;
  request.method = Method::Get;
  ResponseHead answer;
  answer.version = Version::Http2;
  answer.status = 200;
  answer.body = kFive;
  EXPECT_FALSE(needs_chunks(answer, request)) << "nobody wants them";
  request.fields.append("TE", "trailers");
  EXPECT_TRUE(needs_chunks(answer, request));
  request.method = Method::Head;
  EXPECT_FALSE(needs_chunks(answer, request)) << "nothing follows";
  request.method = Method::Get;
  answer.version = Version::Http11;
  EXPECT_FALSE(needs_chunks(answer, request)) << "it has none when it has a length";
  request.fields.clear();
  answer.version = Version::Http2;
  answer.fields.append("content-type", "application/grpc");
  EXPECT_TRUE(needs_chunks(answer, request));

  request.version = Version::Http2;
  request.body = kFive;
  EXPECT_FALSE(needs_chunks(request));
  request.fields.append("trailer", "x-sum");
  EXPECT_TRUE(needs_chunks(request));
  request.version = Version::Http11;
  EXPECT_FALSE(needs_chunks(request));
}

TEST(BodyFraming, HasBody) {
  EXPECT_FALSE(Framing::none().has_body());
  EXPECT_FALSE(Framing::of_length(0).has_body());
  EXPECT_TRUE(Framing::of_length(1).has_body());
  EXPECT_TRUE(Framing::chunked().has_body());
  EXPECT_TRUE(Framing::until_close().has_body());
  EXPECT_FALSE(Framing::tunnel().has_body());
}

TEST(KeepAlive, ByVersionAndConnection) {
  struct Row {
    Version version;
    const char* connection;  // nullptr: absent
    bool keeps;
  };
  const Row rows[] = {
      {Version::Http11, nullptr, true},        {Version::Http11, "close", false},
      {Version::Http11, "x, CLOSE ,y", false}, {Version::Http11, "keep-alive", true},
      {Version::Http11, "closed", true},       {Version::Http11, "keep-alive, close", false},
      {Version::Http10, nullptr, false},       {Version::Http10, "Keep-Alive", true},
      {Version::Http10, "upgrade", false},     {Version::Http10, "close, keep-alive", false},
  };
  for (const Row& row : rows) {
    RequestHead request;
    ResponseHead answer;
    request.version = answer.version = row.version;
    if (row.connection) {
      request.fields.append("Connection", row.connection);
      answer.fields.append("connection", row.connection);
    }
    const std::string connection = row.connection ? row.connection : "(none)";
    EXPECT_EQ(wants_keep_alive(request), row.keeps) << connection;
    EXPECT_EQ(wants_keep_alive(answer), row.keeps) << connection;
  }
}

TEST(KeepAlive, CloseInASecondLineCounts) {
  RequestHead head;
  head.fields.append("Connection", "keep-alive");
  head.fields.append("Connection", "close");
  EXPECT_FALSE(wants_keep_alive(head));
}

TEST(Expectation, OnlyContinueIsKnown) {
  RequestHead head;
  EXPECT_EQ(expectation(head), Expectation::None);
  head.fields.append("Expect", "100-Continue");
  EXPECT_EQ(expectation(head), Expectation::Continue);
  head.version = Version::Http10;
  EXPECT_EQ(expectation(head), Expectation::None) << "ignored in HTTP/1.0";
  head.version = Version::Http11;
  head.fields.append("Expect", "tea");
  EXPECT_EQ(expectation(head), Expectation::Unknown);
}

}  // namespace
}  // namespace cardea::http
