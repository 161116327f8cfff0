// SPDX-License-Identifier: Apache-2.0
#include "proxy/filter/forwarded.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace cardea::proxy {
namespace {

using http::HeaderId;
using Lines = std::vector<std::pair<std::string, std::string>>;

// What comes of a request with those fields over a connection from `peer`; 10.0.0.0/8 and fd00::/8 are trusted.
struct Outcome {
  http::TextArena arena;
  http::Fields fields;
  DecidedClient client;
  Lines lines;  // keeps the texts

  Outcome(std::string_view peer, Lines given, bool trust = true) : lines(std::move(given)) {
    std::vector<base::IpRange> trusted;
    if (trust) trusted = {*base::parse_ip_range("10.0.0.0/8"), *base::parse_ip_range("fd00::/8")};
    for (const auto& [name, value] : lines) fields.append(name, value);
    client = decide_client(peer, fields, trusted, arena);
    tell_forwarded(client, {.peer = peer, .scheme = "http", .host = "shop.example.com:8080", .port = 8080}, fields, arena);
  }
  std::string operator[](HeaderId id) const { return std::string(fields.get(id)); }
};

TEST(Forwarded, NobodyIsBelievedWhoIsNotTrusted) {
  const Lines lies = {{"X-Forwarded-For", "1.2.3.4"}, {"X-Forwarded-For", "5.6.7.8"}, {"X-Forwarded-Proto", "https"},
                      {"X-Forwarded-Host", "evil"},   {"X-Forwarded-Port", "443"},    {"X-Real-IP", "1.2.3.4"},
                      {"Forwarded", "for=1.2.3.4;host=evil;proto=https"}};
  for (const bool trust : {false, true}) {
    const Outcome outcome("192.0.2.1", lies, trust);
    EXPECT_EQ(outcome.client.ip, "192.0.2.1");
    EXPECT_EQ(outcome[HeaderId::XForwardedFor], "192.0.2.1");
    EXPECT_EQ(outcome[HeaderId::XForwardedProto], "http");
    EXPECT_EQ(outcome[HeaderId::XForwardedHost], "shop.example.com:8080");
    EXPECT_EQ(outcome[HeaderId::XForwardedPort], "8080");
    EXPECT_EQ(outcome[HeaderId::XRealIp], "192.0.2.1");
    EXPECT_EQ(outcome[HeaderId::Forwarded], "for=192.0.2.1;host=\"shop.example.com:8080\";proto=http");
    EXPECT_EQ(outcome.fields.count(HeaderId::XForwardedFor), 1u);
  }
}

TEST(Forwarded, TheClientIsTheRightmostThatIsNotTrusted) {
  struct Row {
    const char* list;
    const char* client;
  };
  for (const Row& row : {Row{"203.0.113.9", "203.0.113.9"},
                         {"1.2.3.4, 203.0.113.9", "203.0.113.9"},
                         {"1.2.3.4, 203.0.113.9, 10.1.1.1,10.2.2.2", "203.0.113.9"},
                         {"10.3.3.3, 10.1.1.1", "10.3.3.3"},
                         {"203.0.113.9:4711", "203.0.113.9"},
                         {"[2001:db8::7]:80, fd00::1", "2001:db8::7"},
                         {"2001:DB8::7", "2001:db8::7"},
                         {"1.2.3.4, unknown", "10.0.0.1"},
                         {"1.2.3.4, unknown, 10.1.1.1", "10.1.1.1"},
                         {" , 203.0.113.9 ,", "203.0.113.9"},
                         {"::ffff:203.0.113.9", "203.0.113.9"}}) {
    const Outcome outcome("10.0.0.1", {{"X-Forwarded-For", row.list}});
    EXPECT_EQ(outcome.client.ip, row.client) << row.list;
    EXPECT_EQ(outcome[HeaderId::XForwardedFor], std::string(row.list) + ", 10.0.0.1");
    EXPECT_EQ(outcome[HeaderId::XRealIp], row.client);
  }
  const Outcome lines("10.0.0.1", {{"X-Forwarded-For", "1.2.3.4"}, {"X-Forwarded-For", "203.0.113.9"}});
  EXPECT_EQ(lines.client.ip, "203.0.113.9");
  EXPECT_EQ(lines[HeaderId::XForwardedFor], "1.2.3.4, 203.0.113.9, 10.0.0.1");
}

TEST(Forwarded, ATrustedProxyIsHeardInWhateverFieldItUses) {
  const Outcome x("10.0.0.1", {{"X-Forwarded-For", "203.0.113.9"}, {"X-Forwarded-Proto", "https"}, {"X-Forwarded-Host", "shop.example.com"}});
  EXPECT_EQ(x[HeaderId::XForwardedProto], "https");
  EXPECT_EQ(x[HeaderId::XForwardedHost], "shop.example.com");
  EXPECT_EQ(x[HeaderId::XForwardedPort], "443");
  EXPECT_EQ(x[HeaderId::Forwarded],
            "for=203.0.113.9;host=shop.example.com;proto=https, for=10.0.0.1;host=\"shop.example.com:8080\";proto=http");

  const Outcome forwarded("10.0.0.1", {{"Forwarded", "for=1.2.3.4;proto=http, for=\"[2001:db8::7]:99\";host=a;proto=https, for=10.9.9.9;proto=http"}});
  EXPECT_EQ(forwarded.client.ip, "2001:db8::7");
  EXPECT_EQ(forwarded[HeaderId::XForwardedFor], "2001:db8::7, 10.0.0.1");
  EXPECT_EQ(forwarded[HeaderId::XForwardedProto], "https");
  EXPECT_EQ(forwarded[HeaderId::XForwardedHost], "a");
  EXPECT_EQ(forwarded[HeaderId::Forwarded],
            "for=1.2.3.4;proto=http, for=\"[2001:db8::7]:99\";host=a;proto=https, for=10.9.9.9;proto=http, "
            "for=10.0.0.1;host=\"shop.example.com:8080\";proto=http");

  const Outcome silent("10.0.0.1", {});
  EXPECT_EQ(silent.client.ip, "10.0.0.1");
  EXPECT_EQ(silent[HeaderId::XForwardedFor], "10.0.0.1");
}

TEST(Forwarded, FieldsThatContradictEachOtherAreNotBelieved) {
  for (const char* forwarded : {"for=1.2.3.4", "for=1.2.3.4, for=10.1.1.1", "for=203.0.113.9, garbage", "for=unknown"}) {
    const Outcome outcome("10.0.0.1", {{"X-Forwarded-For", "203.0.113.9"}, {"Forwarded", forwarded}, {"X-Forwarded-Proto", "https"}});
    EXPECT_EQ(outcome.client.ip, "10.0.0.1") << forwarded;
    EXPECT_EQ(outcome[HeaderId::XForwardedFor], "10.0.0.1");
    EXPECT_EQ(outcome[HeaderId::XForwardedProto], "http");
    EXPECT_EQ(outcome[HeaderId::Forwarded], "for=10.0.0.1;host=\"shop.example.com:8080\";proto=http");
  }
  const Outcome same("10.0.0.1", {{"X-Forwarded-For", "203.0.113.9"}, {"Forwarded", "for=\"203.0.113.9:80\""}});
  EXPECT_EQ(same.client.ip, "203.0.113.9");
}

TEST(Forwarded, OddWordsOfATrustedProxyArePassedOver) {
  const Outcome outcome("10.0.0.1", {{"X-Forwarded-For", "203.0.113.9"}, {"X-Forwarded-Proto", "gopher"}, {"X-Forwarded-Port", "99999"}});
  EXPECT_EQ(outcome[HeaderId::XForwardedProto], "http");
  EXPECT_EQ(outcome[HeaderId::XForwardedPort], "8080");
}

TEST(Forwarded, ManyElementsAreLookedThroughFromTheEnd) {
  std::string value = "for=1.2.3.4";
  for (int i = 0; i < 100; ++i) value += ", for=10.0.0." + std::to_string(i);
  EXPECT_EQ(Outcome("10.0.0.1", {{"Forwarded", value}}).client.ip, "10.0.0.36");
}

TEST(Forwarded, ViaGrowsAndIsCounted) {
  http::TextArena arena;
  http::Fields fields;
  EXPECT_EQ(count_in_via(fields, "cardea"), 0u);
  fields.append("Via", "1.0 fred, 1.1 cardea (a comment), 2.0 cardea:80");
  add_via(http::Version::Http11, "cardea", fields, arena);
  add_via(http::Version::Http2, "cardea", fields, arena);
  EXPECT_EQ(fields.joined("via", arena), "1.0 fred, 1.1 cardea (a comment), 2.0 cardea:80, 1.1 cardea, 2.0 cardea");
  EXPECT_EQ(count_in_via(fields, "cardea"), 3u);
  EXPECT_EQ(count_in_via(fields, "fred"), 1u);
}

TEST(Forwarded, MaxForwardsCountsDown) {
  const auto after = [](std::string_view method, std::string_view value) {
    http::TextArena arena;
    http::RequestHead head;
    head.method = http::method_from(method);
    head.fields.append(HeaderId::MaxForwards, value);
    return take_max_forwards(head, arena) ? std::string(head.fields.get(HeaderId::MaxForwards)) : "here";
  };
  EXPECT_EQ(after("TRACE", "10"), "9");
  EXPECT_EQ(after("OPTIONS", "1"), "0");
  EXPECT_EQ(after("OPTIONS", "0"), "here");
  EXPECT_EQ(after("TRACE", "0"), "here");
  EXPECT_EQ(after("GET", "0"), "0");
  EXPECT_EQ(after("TRACE", "x"), "x");
  EXPECT_EQ(after("TRACE", "-1"), "-1");
  EXPECT_EQ(after("TRACE", "99999999999999999999"), "99999999999999999999");
}

TEST(Forwarded, ATraceShowsTheRequestWithoutSecrets) {
  http::TextArena arena;
  http::RequestHead head;
  head.method_text = "TRACE";
  head.target = "/a?b";
  head.fields.append("Host", "a.example");
  head.fields.append("Cookie", "secret");
  head.fields.append("Authorization", "secret");
  head.fields.append("X-Id", "1");
  EXPECT_EQ(traced_request(head, arena), "TRACE /a?b HTTP/1.1\r\nHost: a.example\r\nX-Id: 1\r\n");
}

}  // namespace
}  // namespace cardea::proxy
