// SPDX-License-Identifier: Apache-2.0
// The request target in its four forms (RFC 9112 section 3.2). Private to the HTTP/1 parser.
#pragma once

#include "http/h1_reader.h"
#include "http/head.h"
#include "http/text_arena.h"

namespace cardea::http {

// Reads up to the space behind the target and sets form, target, scheme, path, has_query, query; for the absolute and
// authority forms also `authority`, not yet checked. `method` must be set.
Read read_request_target(HeadReader& reader, const Limits& limits, TextArena& arena, RequestHead& head);

// Checks Host and the target's authority, and that they agree; sets authority, host and port. After the fields.
Fault read_authority(TextArena& arena, RequestHead& head);

}  // namespace cardea::http
