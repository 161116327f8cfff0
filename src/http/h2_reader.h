// SPDX-License-Identifier: Apache-2.0
// HTTP/2 field lists to message heads (RFC 9113 section 8), and everything refused in them that would become another
// message in HTTP/1.1. Pure: HPACK is undone, one field comes after another.
//
//   H2RequestReader reader(arena, limits, head);
//   for each field: reader.field(name, value);   // texts may go afterwards
//   Fault fault = reader.finish(end_stream);      // the first fault of all; the head is whole when there is none
//
// A head that was read says the same as one of HTTP/1.1: Host stands among the fields, cookie crumbs are one field
// (section 8.2.3), names that we know have their usual spelling. A WebSocket by extended CONNECT (RFC 8441) becomes the
// GET with Upgrade that it is in HTTP/1.1, but for Sec-WebSocket-Key, which is the caller's to add.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/fault.h"
#include "http/head.h"
#include "http/limits.h"
#include "http/text_arena.h"

namespace cardea::http {

// What all lists have in common: names, values, sizes.
class H2FieldReader {
 public:
  H2FieldReader(TextArena& arena, const Limits& limits, Fields& fields) : arena_(arena), limits_(limits), fields_(fields) {}

  Fault fault() const { return fault_; }
  // Bytes of the list as RFC 9113 section 6.5.2 counts them, also behind a fault.
  std::size_t list_bytes() const { return list_bytes_; }

 protected:
  // False: nothing more is looked at.
  bool begin(std::string_view name, std::string_view value, std::size_t max_list_bytes);
  void regular(std::string_view name, std::string_view value);
  // A pseudo field's value, kept; a fault when it is there already, or too late.
  void pseudo(std::string_view& place, std::string_view value);
  void fail(Fault fault) {
    if (fault_ == Fault::None) fault_ = fault;
  }

  TextArena& arena_;
  const Limits& limits_;
  Fields& fields_;
  std::size_t list_bytes_ = 0;
  bool regular_seen_ = false;
  Fault fault_ = Fault::None;
};

class H2RequestReader : public H2FieldReader {
 public:
  H2RequestReader(TextArena& arena, const Limits& limits, RequestHead& head);
  void field(std::string_view name, std::string_view value);
  Fault finish(bool end_stream);
  // The head came by extended CONNECT.
  bool is_websocket() const { return websocket_; }

 private:
  Fault finish_connect();
  Fault finish_websocket();
  Fault finish_target();
  void join_cookies();

  RequestHead& head_;
  std::string_view scheme_;
  std::string_view path_;
  std::string_view protocol_;
  bool websocket_ = false;
};

class H2ResponseReader : public H2FieldReader {
 public:
  H2ResponseReader(TextArena& arena, const Limits& limits, ResponseHead& head);
  void field(std::string_view name, std::string_view value);
  // `request_method`: of the request that this answers.
  Fault finish(bool end_stream, Method request_method);

 private:
  ResponseHead& head_;
  std::string_view status_;
};

class H2TrailerReader : public H2FieldReader {
 public:
  using H2FieldReader::H2FieldReader;
  void field(std::string_view name, std::string_view value);
};

}  // namespace cardea::http
