// SPDX-License-Identifier: Apache-2.0
// The tables in testdata/, each row whole, cut in two at every place, and a byte at a time; then limits and views.
#include "http/h1_parser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "http/case_table.h"

namespace cardea::http {
namespace {

std::string or_dash(std::string_view text) { return text.empty() ? "-" : std::string(text); }

std::string body_text(const DeclaredBody& body) {
  if (body.chunked) return "chunked";
  return body.has_length ? std::to_string(body.length) : "none";
}

struct RequestRole {
  static constexpr std::string_view kTable = "h1_requests.txt";

  ParseResult feed(std::string_view bytes, const Limits& limits = {}) {
    return parse_request_head({bytes.data(), bytes.size()}, limits, arena, progress, head);
  }
  std::string verdict(const ParseResult& result) const {
    if (result.incomplete()) return "more";
    if (result.malformed())
      return std::to_string(fault_status(result.fault)) + " " + std::string(fault_name(result.fault));
    const std::string query = head.has_query && head.query.empty() ? "?" : or_dash(head.query);
    return "ok " + std::string(head.method_text) + " " + or_dash(head.authority) + " " + or_dash(head.path) + " " +
           query + " " + body_text(head.body);
  }

  TextArena arena;
  ParseProgress progress;
  RequestHead head;
};

struct ResponseRole {
  static constexpr std::string_view kTable = "h1_responses.txt";

  ParseResult feed(std::string_view bytes, const Limits& limits = {}) {
    return parse_response_head({bytes.data(), bytes.size()}, limits, progress, head);
  }
  std::string verdict(const ParseResult& result) const {
    if (result.incomplete()) return "more";
    if (result.malformed()) return std::string(fault_name(result.fault));
    std::string reason = or_dash(head.reason);
    std::replace(reason.begin(), reason.end(), ' ', '_');
    return "ok " + std::to_string(head.status) + " " + reason + " " + body_text(head.body);
  }

  ParseProgress progress;
  ResponseHead head;
};

template <class Role>
class H1Table : public testing::Test {};
using Roles = testing::Types<RequestRole, ResponseRole>;
TYPED_TEST_SUITE(H1Table, Roles);

std::string expected(const RawCase& raw) { return unescape(raw.verdict); }

TYPED_TEST(H1Table, Whole) {
  for (const RawCase& raw : read_case_table(TypeParam::kTable)) {
    TypeParam role;
    EXPECT_EQ(role.verdict(role.feed(raw.bytes)), expected(raw))
        << TypeParam::kTable << ":" << raw.line << " " << raw.title;
  }
}

// The first part lies elsewhere than the whole, as it does when a buffer grows: nothing may point into it any more.
TYPED_TEST(H1Table, EverySplitPoint) {
  for (const RawCase& raw : read_case_table(TypeParam::kTable)) {
    TypeParam whole_role;
    const ParseResult whole = whole_role.feed(raw.bytes);
    for (std::size_t cut = 0; cut < raw.bytes.size(); ++cut) {
      TypeParam role;
      ParseResult result;
      {
        const std::string first = raw.bytes.substr(0, cut);
        result = role.feed(first);
        if (whole.complete() && cut < whole.consumed) {
          EXPECT_TRUE(result.incomplete()) << raw.title << " cut at " << cut;
        }
        if (result.complete()) continue;
      }
      if (result.incomplete()) result = role.feed(raw.bytes);
      if (result.incomplete()) result = role.feed(raw.bytes + raw.bytes);  // a late verdict, but one
      if (expected(raw) == "more") continue;
      EXPECT_EQ(role.verdict(result), expected(raw)) << raw.title << " cut at " << cut;
    }
  }
}

TYPED_TEST(H1Table, ByteByByte) {
  for (const RawCase& raw : read_case_table(TypeParam::kTable)) {
    if (expected(raw) == "more") continue;
    TypeParam role;
    ParseResult result;
    const std::string bytes = raw.bytes + "\r\n\r\n";
    for (std::size_t size = 0; size <= bytes.size() && result.incomplete(); ++size)
      result = role.feed(bytes.substr(0, size));
    // The text that views pointed into is gone: compare what does not need it.
    const std::string text = raw.verdict.substr(0, 3) == "ok " ? "complete" : expected(raw);
    EXPECT_EQ(result.complete() ? "complete" : role.verdict(result), text) << raw.title;
  }
}

std::string request_with(std::string_view target, std::string_view fields) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

Fault fault_of(std::string_view bytes, const Limits& limits) {
  RequestRole role;
  return role.feed(bytes, limits).fault;
}

TEST(H1Limits, TargetOfExactlyTheLimitPasses) {
  const Limits limits{.max_target_bytes = 100};
  EXPECT_EQ(fault_of(request_with("/" + std::string(99, 'a'), ""), limits), Fault::None);
  EXPECT_EQ(fault_of(request_with("/" + std::string(100, 'a'), ""), limits), Fault::TargetTooLong);
  EXPECT_EQ(fault_of(request_with("/?" + std::string(99, 'a'), ""), limits), Fault::TargetTooLong);
  EXPECT_EQ(fault_of("GET /" + std::string(100, 'a'), limits), Fault::TargetTooLong) << "before its end is seen";
  EXPECT_EQ(fault_status(Fault::TargetTooLong), 414);
}

TEST(H1Limits, FieldLineOfExactlyTheLimitPasses) {
  const Limits limits{.max_field_line_bytes = 100};
  EXPECT_EQ(fault_of(request_with("/", "X: " + std::string(97, 'a') + "\r\n"), limits), Fault::None);
  EXPECT_EQ(fault_of(request_with("/", "X: " + std::string(98, 'a') + "\r\n"), limits), Fault::FieldLineTooLong);
  EXPECT_EQ(fault_of("GET / HTTP/1.1\r\n" + std::string(200, 'a'), limits), Fault::FieldLineTooLong);
  EXPECT_EQ(fault_status(Fault::FieldLineTooLong), 431);
}

TEST(H1Limits, NumberOfFields) {
  const Limits limits{.max_fields = 60};
  std::string fields;
  for (int i = 0; i < 59; ++i) fields += "X: " + std::to_string(i) + "\r\n";
  RequestRole role;
  const std::string bytes = request_with("/", fields);
  ASSERT_TRUE(role.feed(bytes, limits).complete());
  ASSERT_EQ(role.head.fields.size(), 60u) << "more than fit inline";
  EXPECT_EQ(role.head.fields[59].value, "58");
  EXPECT_EQ(fault_of(request_with("/", fields + "X: y\r\n"), limits), Fault::TooManyFields);
  EXPECT_EQ(fault_status(Fault::TooManyFields), 431);
}

TEST(H1Limits, WholeHead) {
  const std::string bytes = request_with("/", "X: " + std::string(500, 'a') + "\r\n");
  EXPECT_EQ(fault_of(bytes, {.max_head_bytes = bytes.size()}), Fault::None);
  EXPECT_EQ(fault_of(bytes, {.max_head_bytes = bytes.size() - 1}), Fault::HeadTooLarge);
  EXPECT_EQ(fault_of(bytes.substr(0, 400), {.max_head_bytes = 400}), Fault::HeadTooLarge) << "cannot become shorter";
  EXPECT_EQ(fault_status(Fault::HeadTooLarge), 431);
}

TEST(H1Limits, WholeHeadInPieces) {
  RequestRole role;
  const Limits limits{.max_head_bytes = 1000};
  const std::string bytes = request_with("/", "X: " + std::string(2000, 'a') + "\r\n");
  ParseResult result;
  std::size_t size = 0;
  while (result.incomplete() && size < bytes.size())
    result = role.feed(std::string_view(bytes).substr(0, ++size), limits);
  EXPECT_EQ(result.fault, Fault::HeadTooLarge);
  EXPECT_EQ(size, 1000u);
}

TEST(H1Parser, KeepsEncodedSeparatorsWhenTold) {
  RequestRole role;
  ASSERT_TRUE(role.feed(request_with("/a%2fb", ""), {.encoded_separators = EncodedSeparators::Keep}).complete());
  EXPECT_EQ(role.head.path, "/a%2Fb");
  EXPECT_EQ(fault_of(request_with("/a%2f..%2fb", ""), {.encoded_separators = EncodedSeparators::Keep}),
            Fault::HiddenDotSegment);
}

TEST(H1Parser, FillsTheHead) {
  RequestRole role;
  const std::string bytes =
      "PUT HTTPS://Shop.Example.com.:443/x HTTP/1.1\r\nhost: SHOP.example.com.\r\nX-Thing:  some \r\nCookie: "
      "a=b\r\n\r\nrest";
  const ParseResult result = role.feed(bytes);
  ASSERT_TRUE(result.complete());
  EXPECT_EQ(result.consumed, bytes.size() - 4);
  const RequestHead& head = role.head;
  EXPECT_EQ(head.method, Method::Put);
  EXPECT_EQ(head.form, TargetForm::Absolute);
  EXPECT_EQ(head.scheme, "https");
  EXPECT_EQ(head.host, "shop.example.com");
  EXPECT_EQ(head.port, 443);
  EXPECT_EQ(head.target, "HTTPS://Shop.Example.com.:443/x");
  ASSERT_EQ(head.fields.size(), 3u);
  EXPECT_EQ(head.fields[1].name, "X-Thing");
  EXPECT_EQ(head.fields[1].value, "some");
  EXPECT_FALSE(head.fields[1].as_received);
  EXPECT_TRUE(head.fields[2].as_received);
  EXPECT_EQ(head.fields.get(HeaderId::Cookie), "a=b");
  EXPECT_GE(head.path.data(), bytes.data()) << "a normal path is not copied";
  EXPECT_LT(head.path.data(), bytes.data() + bytes.size());
}

TEST(H1Parser, RelocatedHeadDoesNotNeedTheOldBytes) {
  RequestRole role;
  auto bytes = std::make_unique<std::string>(request_with("/a/../b?c", "Cookie: x\r\nX: y\r\n"));
  const ParseResult result = role.feed(*bytes);
  ASSERT_TRUE(result.complete());
  const std::string copy = bytes->substr(0, result.consumed);
  relocate(role.head, bytes->data(), result.consumed, copy.data());
  bytes->assign(bytes->size(), '#');
  bytes.reset();
  EXPECT_EQ(role.head.method_text, "GET");
  EXPECT_EQ(role.head.path, "/b");
  EXPECT_EQ(role.head.query, "c");
  EXPECT_EQ(role.head.authority, "a");
  EXPECT_EQ(role.head.fields.get(HeaderId::Cookie), "x");
  EXPECT_EQ(role.head.fields[2].name, "X");
}

TEST(H1Parser, SameHeadAgainAfterAnother) {
  RequestRole role;
  ASSERT_TRUE(role.feed(request_with("/?a", "Transfer-Encoding: chunked\r\n")).complete());
  const std::string second = "GET /b HTTP/1.0\r\n\r\n";
  role.progress = {};
  ASSERT_TRUE(role.feed(second).complete());
  EXPECT_EQ(role.verdict(ParseResult{ParseStatus::Complete, Fault::None, 0}), "ok GET - /b - none");
}

}  // namespace
}  // namespace cardea::http
