// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 message heads to bytes (RFC 9112). Framing and connection fields are written from the options alone:
// whatever `fields` holds of Host, Content-Length, Transfer-Encoding, Connection, Keep-Alive and Proxy-Connection is
// skipped, so what comes out is exactly one message however the head came about. Upgrade and TE are written with their
// connection option or not at all.
//
// Field names and values are not checked again here: they were parsed, or come from a plan that was checked when it was
// compiled (syntax.h: is_token, is_field_value).
#pragma once

#include <cstddef>
#include <string>

#include "http/framing.h"
#include "http/head.h"

namespace cardea::http {

struct WriteOptions {
  Framing framing = {};     // announced_framing()
  bool close = false;       // "Connection: close"
  bool keep_alive = false;  // "Connection: keep-alive": for a peer of HTTP/1.0 that asked for it
  bool upgrade = false;     // `fields` has an Upgrade that is meant: "Connection: upgrade"
};

// The most bytes that the head can take, and a little slack that the writer may scribble on.
std::size_t max_head_size(const RequestHead& head);
std::size_t max_head_size(const ResponseHead& head);

// Writes to `out`, which has at least max_head_size() bytes; the end of what was written. The request target is
// path[?query], or "*"; Host is `authority`, which must not be empty. CONNECT is not forwarded and must not come here.
char* write_head(char* out, const RequestHead& head, const WriteOptions& options);
char* write_head(char* out, const ResponseHead& head, const WriteOptions& options);

void append_head(std::string& out, const RequestHead& head, const WriteOptions& options);
void append_head(std::string& out, const ResponseHead& head, const WriteOptions& options);

}  // namespace cardea::http
