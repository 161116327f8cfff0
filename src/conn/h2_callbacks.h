// SPDX-License-Identifier: Apache-2.0
// What libnghttp2 calls while an H2Session reads and writes: a peer's frames to its streams, streams' bodies to frames.
// Only for h2_session.cc, h2_session_streams.cc and h2_library.cc. The user pointer of a library session is its H2Session.
#pragma once

#include <nghttp2/nghttp2.h>

namespace cardea::conn {

// Made once, for all sessions of both roles.
nghttp2_session_callbacks* h2_callbacks();
// Takes a body's frames from the stream's H2BodyWriter, in place.
nghttp2_data_provider h2_body_provider();

}  // namespace cardea::conn
