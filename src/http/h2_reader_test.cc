// SPDX-License-Identifier: Apache-2.0
// The table in testdata/h2_requests.txt; then what the heads hold, responses, trailers and limits.
#include "http/h2_reader.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "http/case_table.h"
#include "http/upgrade.h"

namespace cardea::http {
namespace {

using List = std::vector<std::pair<std::string, std::string>>;

std::string or_dash(std::string_view text) { return text.empty() ? "-" : std::string(text); }

std::string body_text(const DeclaredBody& body) {
  if (body.chunked) return "chunked";
  return body.has_length ? std::to_string(body.length) : "none";
}

struct Request {
  // Every text is gone after its field was read.
  Fault read(const List& list, bool end_stream, const Limits& limits = {}) {
    H2RequestReader reader(arena, limits, head);
    for (const auto& field : list) {
      const auto copy = std::make_unique<std::pair<std::string, std::string>>(field);
      reader.field(copy->first, copy->second);
    }
    return reader.finish(end_stream);
  }

  TextArena arena;
  RequestHead head;
};

List with(List more) {
  List list = {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}};
  for (auto& field : more) list.push_back(std::move(field));
  return list;
}

TEST(H2Reader, Table) {
  for (const RawCase& raw : read_case_table("h2_requests.txt")) {
    List list;
    bool end_stream = false;
    for (const std::string& line : split_words(raw.bytes, '\n')) {
      const std::size_t space = line.find(' ');
      if (line == "END_STREAM") end_stream = true;
      else list.emplace_back(line.substr(0, space), space == std::string::npos ? "" : line.substr(space + 1));
    }
    Request request;
    const Fault fault = request.read(list, end_stream);
    const RequestHead& head = request.head;
    const std::string verdict =
        fault != Fault::None
            ? std::to_string(fault_status(fault)) + " " + std::string(fault_name(fault))
            : "ok " + std::string(head.method_text) + " " + or_dash(head.authority) + " " + or_dash(head.path) + " " + or_dash(head.query) + " " + body_text(head.body);
    EXPECT_EQ(verdict, raw.verdict) << "h2_requests.txt:" << raw.line << " " << raw.title;
  }
}

TEST(H2Reader, AHeadSaysTheSameAsInHttp1) {
  Request request;
  ASSERT_EQ(request.read(with({{"cookie", "a=1"}, {"x-b", "2"}, {"cookie", "c=3"}, {"cookie", ""}, {"accept", "*/*"}}), true), Fault::None);
  const Fields& fields = request.head.fields;
  EXPECT_EQ(request.head.version, Version::Http2);
  EXPECT_EQ(request.head.host, "a");
  EXPECT_EQ(fields.get(HeaderId::Host), "a");
  EXPECT_EQ(fields.count(HeaderId::Cookie), 1u);
  EXPECT_EQ(fields.get(HeaderId::Cookie), "a=1; c=3; ");
  EXPECT_EQ(fields.find("X-B")->value, "2");
  EXPECT_EQ(fields.find(HeaderId::Accept)->name, "Accept");
}

TEST(H2Reader, AWebSocketIsTheHandshakeOfHttp1) {
  Request request;
  const List list = {{":method", "CONNECT"}, {":protocol", "websocket"}, {":scheme", "https"}, {":authority", "a"},
                     {":path", "/chat"},     {"sec-websocket-version", "13"}, {"sec-websocket-key", "from somewhere"}};
  const Limits limits;
  H2RequestReader reader(request.arena, limits, request.head);
  for (const auto& [name, value] : list) reader.field(name, value);
  ASSERT_EQ(reader.finish(false), Fault::None);
  EXPECT_TRUE(reader.is_websocket());
  EXPECT_EQ(request.head.method, Method::Get);
  EXPECT_EQ(upgrade_kind(request.head), UpgradeKind::Malformed) << "the key is the caller's";
  request.head.fields.append(HeaderId::SecWebSocketKey, "dGhlIHNhbXBsZSBub25jZQ==");
  EXPECT_EQ(upgrade_kind(request.head), UpgradeKind::WebSocket);
}

TEST(H2Reader, Limits) {
  Limits limits;
  limits.max_head_bytes = 400;
  limits.max_fields = 4;
  limits.max_target_bytes = 20;
  limits.max_field_line_bytes = 100;
  const auto verdict = [&](const List& list) { return Request().read(list, true, limits); };
  EXPECT_EQ(verdict(with({{"x", std::string(99, 'a')}})), Fault::None);
  EXPECT_EQ(verdict(with({{"x", std::string(100, 'a')}})), Fault::FieldLineTooLong);
  EXPECT_EQ(verdict(with({{"x", std::string(90, 'a')}, {"y", std::string(90, 'a')}})), Fault::HeadTooLarge);
  EXPECT_EQ(verdict(with({{"a", ""}, {"b", ""}, {"c", ""}, {"d", ""}})), Fault::None);
  EXPECT_EQ(verdict(with({{"a", ""}, {"b", ""}, {"c", ""}, {"d", ""}, {"e", ""}})), Fault::TooManyFields);
  EXPECT_EQ(verdict(with({{"cookie", "a"}, {"cookie", "b"}, {"cookie", "c"}, {"cookie", "d"}, {"cookie", "e"}})), Fault::None) << "crumbs are one field";
  EXPECT_EQ(verdict({{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/" + std::string(20, 'a')}}), Fault::TargetTooLong);
}

struct Response {
  Fault read(const List& list, bool end_stream, Method method = Method::Get) {
    const Limits limits;
    H2ResponseReader reader(arena, limits, head);
    for (const auto& [name, value] : list) reader.field(name, value);
    return reader.finish(end_stream, method);
  }
  TextArena arena;
  ResponseHead head;
};

TEST(H2Reader, Responses) {
  Response response;
  EXPECT_EQ(response.read({{":status", "200"}, {"content-type", "text/plain"}}, false), Fault::None);
  EXPECT_EQ(response.head.status, 200);
  EXPECT_FALSE(response.head.body.has_length);
  EXPECT_EQ(response.read({{":status", "200"}}, true), Fault::None);
  EXPECT_TRUE(response.head.body.has_length) << "an empty body";
  EXPECT_EQ(response.read({{":status", "200"}, {"content-length", "5"}}, true, Method::Head), Fault::None);
  EXPECT_EQ(response.head.body.length, 5u);
  EXPECT_EQ(response.read({{":status", "200"}, {"content-length", "5"}}, true), Fault::LengthMismatch);
  EXPECT_EQ(response.read({{":status", "103"}}, false), Fault::None);
  EXPECT_EQ(response.read({{":status", "103"}}, true), Fault::BadStatus);
  EXPECT_EQ(response.read({{":status", "101"}}, false), Fault::BadStatus);
  EXPECT_EQ(response.read({{":status", "20"}}, false), Fault::BadStatus);
  EXPECT_EQ(response.read({{":status", "2000"}}, false), Fault::BadStatus);
  EXPECT_EQ(response.read({{":status", "600"}}, false), Fault::BadStatus);
  EXPECT_EQ(response.read({}, false), Fault::MissingPseudoField);
  EXPECT_EQ(response.read({{":status", "200"}, {":status", "200"}}, false), Fault::RepeatedPseudoField);
  EXPECT_EQ(response.read({{":status", "200"}, {":path", "/"}}, false), Fault::UnknownPseudoField);
  EXPECT_EQ(response.read({{"x", "1"}, {":status", "200"}}, false), Fault::LatePseudoField);
  EXPECT_EQ(response.read({{":status", "200"}, {"connection", "close"}}, false), Fault::ConnectionField);
  EXPECT_EQ(response.read({{":status", "200"}, {"transfer-encoding", "chunked"}}, false), Fault::ConnectionField);
  EXPECT_EQ(response.read({{":status", "204"}, {"content-length", "5"}}, true), Fault::BodyNotAllowed);
}

TEST(H2Reader, Trailers) {
  const auto verdict = [](const List& list) {
    TextArena arena;
    Limits limits;
    limits.max_trailer_bytes = 100;
    Fields fields;
    H2TrailerReader reader(arena, limits, fields);
    for (const auto& [name, value] : list) reader.field(name, value);
    return reader.fault();
  };
  EXPECT_EQ(verdict({{"grpc-status", "0"}, {"x", "1"}}), Fault::None);
  EXPECT_EQ(verdict({{":path", "/"}}), Fault::LatePseudoField);
  EXPECT_EQ(verdict({{"content-length", "1"}}), Fault::ForbiddenTrailer);
  EXPECT_EQ(verdict({{"host", "a"}}), Fault::ForbiddenTrailer);
  EXPECT_EQ(verdict({{"transfer-encoding", "chunked"}}), Fault::ConnectionField);
  EXPECT_EQ(verdict({{"X", "1"}}), Fault::UppercaseFieldName);
  EXPECT_EQ(verdict({{"x", std::string(100, 'a')}}), Fault::TrailersTooLarge);
}

}  // namespace
}  // namespace cardea::http
