// SPDX-License-Identifier: Apache-2.0
// Message heads to HTTP/2 field lists (RFC 9113 section 8), before HPACK. As in h1_writer.h, what frames a message or
// belongs to one connection is written from the head's own members or not at all, whatever `fields` holds of it: Host,
// Content-Length, Transfer-Encoding, Connection, Keep-Alive, Proxy-Connection, Upgrade. Names come out in lower case.
//
// The list holds views: into the head, into static text, into `texts`, which lives as long as the list is used.
#pragma once

#include <string_view>
#include <vector>

#include "http/head.h"
#include "http/text_arena.h"

namespace cardea::http {

struct H2Field {
  std::string_view name;
  std::string_view value;
  // It is another value each time: HPACK's table would only lose what comes again (RFC 7541 section 6.2.3).
  bool never_indexed = false;
};
using H2FieldList = std::vector<H2Field>;

// Each fills `out`, which is emptied first. `scheme`: how the next hop is asked, "http" or "https".
void write_h2_request(const RequestHead& head, std::string_view scheme, TextArena& texts, H2FieldList& out);
// A 101 becomes the 200 that accepts an extended CONNECT (RFC 8441 section 5).
void write_h2_response(const ResponseHead& head, Method request_method, TextArena& texts, H2FieldList& out);
void write_h2_trailers(const Fields& trailers, TextArena& texts, H2FieldList& out);

}  // namespace cardea::http
