// SPDX-License-Identifier: Apache-2.0
#include "proxy/filter/header_modifier.h"

#include <gtest/gtest.h>

#include <string>

namespace cardea::proxy {
namespace {

std::string lines(const http::Fields& fields) {
  std::string text;
  for (const auto& field : fields) text += std::string(field.name) + ": " + std::string(field.value) + "\n";
  return text;
}

TEST(HeaderModifier, SetAddRemove) {
  http::RequestHead head;
  head.fields.append("X-Set", "old");
  head.fields.append("x-set", "older");
  head.fields.append("X-Add", "orig");
  head.fields.append("X-Remove", "1");
  head.fields.append("x-remove", "2");
  head.fields.append("Accept", "*/*");
  plan::HeaderModifier filter;
  filter.set = {{"x-SET", "new"}, {"X-Fresh", "a, b"}};
  filter.add = {{"X-add", "more"}, {"X-New", "1"}};
  filter.remove = {"X-REMOVE", "X-Absent"};
  apply_request_header_modifier(filter, head);
  EXPECT_EQ(lines(head.fields), "x-SET: new\nX-Add: orig\nAccept: */*\nX-Fresh: a, b\nX-add: more\nX-New: 1\n");
}

TEST(HeaderModifier, AddedValuesComeAfterTheClients) {
  http::RequestHead head;
  head.fields.append("X-Add", "orig");
  plan::HeaderModifier filter;
  filter.add = {{"X-Add", "new"}};
  apply_request_header_modifier(filter, head);
  http::TextArena arena;
  EXPECT_EQ(head.fields.joined("x-add", arena), "orig, new");
}

TEST(HeaderModifier, FramingAndConnectionAreNotItsBusiness) {
  http::ResponseHead head;
  head.fields.append("Content-Length", "5");
  head.fields.append("Connection", "close");
  plan::HeaderModifier filter;
  filter.set = {{"Content-Length", "0"}, {"Transfer-Encoding", "chunked"}};
  filter.add = {{"Connection", "x-secret"}, {"Upgrade", "h2c"}, {"TE", "trailers"}};
  filter.remove = {"content-length", "connection"};
  apply_response_header_modifier(filter, head);
  EXPECT_EQ(lines(head.fields), "Content-Length: 5\nConnection: close\n");
}

TEST(HeaderModifier, SettingHostChangesTheAuthority) {
  http::RequestHead head;
  head.authority = "shop.test";
  head.fields.append("Host", "shop.test");
  plan::HeaderModifier filter;
  filter.set = {{"host", "inner.test:81"}};
  filter.add = {{"Host", "second.test"}};
  filter.remove = {"Host"};
  apply_request_header_modifier(filter, head);
  EXPECT_EQ(head.authority, "inner.test:81");
  EXPECT_EQ(head.fields.count(http::HeaderId::Host), 1u);
}

TEST(HeaderModifier, ChecksThatEachIsOneFieldLine) {
  const auto with_value = [](std::string name, std::string value) {
    plan::HeaderModifier filter;
    filter.set = {{std::move(name), std::move(value)}};
    return check_header_modifier(filter).has_value();
  };
  EXPECT_TRUE(with_value("X-A", "a, b; c=\"d\""));
  EXPECT_TRUE(with_value("Host", "inner.test:81"));
  EXPECT_FALSE(with_value("X-A", "a\r\nX-B: b"));
  EXPECT_FALSE(with_value("X-A", std::string("a\0b", 3)));
  EXPECT_FALSE(with_value("X A", "a"));
  EXPECT_FALSE(with_value("", "a"));
  EXPECT_FALSE(with_value("X-A:", "a"));
  EXPECT_FALSE(with_value("Host", "user@inner.test"));
  plan::HeaderModifier filter;
  filter.remove = {"X A"};
  EXPECT_FALSE(check_header_modifier(filter));
}

}  // namespace
}  // namespace cardea::proxy
