// SPDX-License-Identifier: Apache-2.0
// The request target in its four forms (RFC 9112 section 3.2), and :path (RFC 9113 section 8.3.1). Private to the parsers.
#pragma once

#include "http/h1_reader.h"
#include "http/head.h"
#include "http/text_arena.h"

namespace cardea::http {

// Reads up to the space behind the target and sets form, target, scheme, path, has_query, query; for the absolute and
// authority forms also `authority`, not yet checked. `method` must be set.
Read read_request_target(HeadReader& reader, const Limits& limits, TextArena& arena, RequestHead& head);

// As read_request_target() for the whole text of :path, which has the origin or asterisk form; sets target too.
Fault read_path(std::string_view text, const Limits& limits, TextArena& arena, RequestHead& head);

// Checks Host and the target's authority, and that they agree; sets authority, host and port. After the fields.
Fault read_authority(TextArena& arena, RequestHead& head);

}  // namespace cardea::http
