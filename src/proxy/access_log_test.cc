// SPDX-License-Identifier: Apache-2.0
#include "proxy/access_log.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "base/json.h"
#include "base/strings.h"

namespace cardea::proxy {
namespace {

struct Log {
  base::Counter lines, dropped;
  AccessLog log;

  explicit Log(std::size_t capacity = 0) : log(capacity, lines, dropped) {}

  std::string drain() {
    std::string all;
    log.drain([&](std::string_view text) { all += text; });
    return all;
  }
  std::string line_for(const AccessLogEntry& entry) {
    log.write(entry);
    return drain();
  }
};

TEST(AccessLog, ALineSaysEverything) {
  const plan::ObjectName gateway{"infra", "shop"};
  plan::Listener listener;
  listener.name = "https";
  listener.from_listener_set = true;
  listener.owner = {"team", "extra"};
  plan::Rule rule;
  rule.route = {"team", "cart"};
  rule.index = 2;
  rule.name = "canary";
  AccessLogEntry entry;
  entry.time = base::WallTime(std::chrono::microseconds(1'769'903'999'007'999));
  entry.request_id = "id-1";
  entry.client = "192.0.2.1:40112";
  entry.gateway = &gateway;
  entry.listener = &listener;
  entry.rule = &rule;
  entry.backend = "team/cart:80";
  entry.endpoint = "10.0.0.7:8080";
  entry.method = "GET";
  entry.host = "shop.test";
  entry.path = "/cart?item=1";
  entry.protocol = "HTTP/1.1";
  entry.user_agent = "probe \"x\"\\";
  entry.status = 502;
  entry.backend_status = 200;
  entry.failure = {Reason::BackendTruncated, "closed within a chunk"};
  entry.duration = std::chrono::microseconds(12'345);
  entry.backend_duration = std::chrono::microseconds(7);
  entry.bytes_in = 10;
  entry.bytes_out = 20;
  entry.tries = 2;
  Log log;
  EXPECT_EQ(
      log.line_for(entry),
      R"({"time":"2026-01-31T23:59:59.007Z","request_id":"id-1","client":"192.0.2.1:40112","gateway":"infra/shop",)"
      R"("listener_set":"team/extra","listener":"https","route_kind":"HTTPRoute","route":"team/cart","rule":2,)"
      R"("rule_name":"canary","backend":"team/cart:80","endpoint":"10.0.0.7:8080","method":"GET",)"
      R"("host":"shop.test","path":"/cart?item=1","protocol":"HTTP/1.1","user_agent":"probe \"x\"\\","status":502,)"
      R"("status_by":"gateway","backend_status":200,"reason":"backend_truncated","side":"backend",)"
      R"("detail":"closed within a chunk","duration_ms":12.345,"backend_ms":0.007,"bytes_in":10,"bytes_out":20,)"
      R"("tries":2})"
      "\n");
  EXPECT_EQ(log.lines.value(), 1u);
}

TEST(AccessLog, WhatIsAbsentIsLeftOut) {
  AccessLogEntry entry;
  entry.status = 200;
  entry.status_by_backend = true;
  Log log;
  EXPECT_EQ(log.line_for(entry),
            R"({"time":"1970-01-01T00:00:00.000Z","status":200,"status_by":"backend","duration_ms":0.000,)"
            R"("bytes_in":0,"bytes_out":0,"tries":0})"
            "\n");
}

TEST(AccessLog, AnyBytesMakeValidJsonOnOneLine) {
  Log log;
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  AccessLogEntry entry;
  entry.path = all;
  entry.user_agent = "gr\xc3\xbc\xc3\x9f";
  const std::string line = log.line_for(entry);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_NE(line.find("gr\xc3\xbc\xc3\x9f"), std::string::npos);
  const auto value = base::parse_json(line);
  ASSERT_TRUE(value) << value.error().message;
  std::string expected;
  for (int c = 0; c < 256; ++c) {
    if (c < 0x80) {
      expected += static_cast<char>(c);
    } else {
      expected += {static_cast<char>(0xc0 | (c >> 6)), static_cast<char>(0x80 | (c & 0x3f))};
    }
  }
  const auto* path = value->find("path");
  ASSERT_NE(path, nullptr);
  EXPECT_EQ(path->as_string(), expected);
}

TEST(AccessLog, LongTextsAreCut) {
  Log log;
  const std::string longest(100'000, '\x01');
  AccessLogEntry entry;
  entry.path = entry.host = entry.method = entry.protocol = entry.user_agent = entry.request_id = entry.client =
      entry.backend = entry.endpoint = longest;
  entry.failure = {Reason::Internal, longest};
  const plan::ObjectName name{longest, longest};
  plan::Listener listener;
  listener.from_listener_set = true;
  listener.owner = name;
  listener.name = longest;
  plan::Rule rule;
  rule.route = name;
  rule.name = longest;
  entry.gateway = &name;
  entry.listener = &listener;
  entry.rule = &rule;
  const std::string line = log.line_for(entry);
  EXPECT_LT(line.size(), 64u * 1024);
  ASSERT_TRUE(base::parse_json(line));
  EXPECT_NE(line.find("...\""), std::string::npos);
}

TEST(AccessLog, WhatDoesNotFitIsDroppedAndCounted) {
  Log log;
  AccessLogEntry entry;
  const std::string path(2000, 'p');
  entry.path = path;
  for (int i = 0; i < 1000; ++i) log.log.write(entry);
  EXPECT_GT(log.dropped.value(), 0u);
  EXPECT_EQ(log.lines.value() + log.dropped.value(), 1000u);
  const std::string text = log.drain();
  EXPECT_EQ(static_cast<std::uint64_t>(std::ranges::count(text, '\n')), log.lines.value());
  // There is room again.
  const auto lines = log.lines.value();
  log.log.write(entry);
  EXPECT_EQ(log.lines.value(), lines + 1);
}

TEST(AccessLog, LinesStayWholeAndInOrderBetweenThreads) {
  Log log;
  constexpr std::uint64_t kEntries = 20'000;
  std::thread writer([&] {
    for (std::uint64_t i = 0; i < kEntries; ++i) {
      AccessLogEntry entry;
      const std::string path(i % 700, 'x');
      entry.path = path;
      entry.bytes_in = i;
      log.log.write(entry);
    }
  });
  std::uint64_t seen = 0;
  std::int64_t last = -1;
  const auto take = [&](std::string_view lines) {
    ASSERT_FALSE(lines.empty());
    ASSERT_EQ(lines.back(), '\n');
    lines.remove_suffix(1);
    for (const auto line : base::split(lines, '\n')) {
      const std::string_view key = "\"bytes_in\":";
      const std::size_t at = line.find(key);
      ASSERT_TRUE(line.starts_with("{\"time\"") && line.ends_with("}") && at != line.npos) << line;
      const std::string_view rest = line.substr(at + key.size());
      const auto number = base::parse_uint<std::uint64_t>(rest.substr(0, rest.find(',')));
      ASSERT_TRUE(number);
      ASSERT_GT(static_cast<std::int64_t>(*number), last);
      last = static_cast<std::int64_t>(*number);
      ++seen;
    }
  };
  while (log.lines.value() + log.dropped.value() < kEntries && !testing::Test::HasFatalFailure()) log.log.drain(take);
  writer.join();
  log.log.drain(take);
  EXPECT_EQ(seen, log.lines.value());
}

}  // namespace
}  // namespace cardea::proxy
