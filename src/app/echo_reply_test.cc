// SPDX-License-Identifier: Apache-2.0
#include "app/echo_reply.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace cardea::app {
namespace {

using namespace std::chrono_literals;

http::RequestHead request(std::string_view path, std::string_view query = {}) {
  http::RequestHead head;
  head.method = http::Method::Get;
  head.method_text = "GET";
  head.target = path;
  head.path = path;
  head.query = query;
  head.has_query = !query.empty();
  head.authority = "shop.test:8080";
  return head;
}

TEST(EchoWish, IsReadFromPathQueryAndFields) {
  EXPECT_EQ(wish_of(request("/")).status, 200);
  EXPECT_EQ(wish_of(request("/status/503")).status, 503);
  EXPECT_EQ(wish_of(request("/a/status/404")).status, 404);
  const EchoWish wish = wish_of(request("/x", "a=b&delay=1m30s&bytes=64k"));
  EXPECT_EQ(wish.delay, 90s);
  EXPECT_EQ(wish.bytes, 65536u);
}

TEST(EchoWish, PassesOverWhatCannotBeUnderstood) {
  for (const char* const path : {"/status/", "/status/100", "/status/600", "/status/2000", "/status/abc", "/status/200/x"}) {
    EXPECT_EQ(wish_of(request(path)).status, 200) << path;
  }
  const EchoWish wish = wish_of(request("/", "delay=soon&bytes=many"));
  EXPECT_EQ(wish.delay, 0s);
  EXPECT_FALSE(wish.bytes);
}

TEST(EchoWish, FieldsAreSetAsAsked) {
  auto head = request("/");
  head.fields.append("X-Echo-Set-Header", "X-One: 1");
  head.fields.append("x-echo-set-header", "X-Two:with: colon ");
  head.fields.append("X-Echo-Set-Header", "no colon");
  head.fields.append("X-Echo-Set-Header", "bad name: x");
  const EchoWish wish = wish_of(head);
  ASSERT_EQ(wish.fields.size(), 2u);
  EXPECT_EQ(wish.fields[0].first, "X-One");
  EXPECT_EQ(wish.fields[0].second, "1");
  EXPECT_EQ(wish.fields[1].second, "with: colon");
}

TEST(EchoReply, TellsWhatWasReceived) {
  auto head = request("/a?b=\"c\"");
  head.fields.append("Accept", "text/plain");
  head.fields.append("X-Odd", "caf\xe9 \"quoted\"\\");
  head.fields.append("accept", "*/*");
  std::string out = "left over";
  write_echo(out, {"cart-v1", "127.0.0.1:4000", 12, {}}, head);
  const auto parsed = base::parse_json(out);
  ASSERT_TRUE(parsed) << parsed.error().message << out;
  EXPECT_EQ(parsed->find("name")->as_string(), "cart-v1");
  EXPECT_EQ(parsed->find("method")->as_string(), "GET");
  EXPECT_EQ(parsed->find("path")->as_string(), "/a?b=\"c\"");
  EXPECT_EQ(parsed->find("host")->as_string(), "shop.test:8080");
  EXPECT_EQ(parsed->find("proto")->as_string(), "HTTP/1.1");
  EXPECT_EQ(parsed->find("body_bytes")->as_int(), 12);
  EXPECT_EQ(parsed->find("client")->as_string(), "127.0.0.1:4000");
  const base::Value& headers = *parsed->find("headers");
  EXPECT_EQ(headers.as_object().size(), 2u);
  ASSERT_EQ(headers.find("accept")->as_array().size(), 2u);
  EXPECT_EQ(headers.find("accept")->as_array()[1].as_string(), "*/*");
  EXPECT_EQ(headers.find("x-odd")->as_array()[0].as_string(), "caf\xc3\xa9 \"quoted\"\\");
}

}  // namespace
}  // namespace cardea::app
