// SPDX-License-Identifier: Apache-2.0
// libnghttp2 as an H2Session uses it: its types in ours, its options, and the SETTINGS that we open a connection with. Only
// for the files of H2Session: nothing else knows the library.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/h2_writer.h"

namespace cardea::conn {

class H2Session;
struct H2Options;

inline std::uint8_t* bytes_of(std::string_view text) { return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data())); }
inline std::string_view text_of(const std::uint8_t* data, std::size_t size) { return {reinterpret_cast<const char*>(data), size}; }

// The list as the library wants it; valid until the next call on the thread.
std::vector<nghttp2_nv>& name_values(const http::H2FieldList& fields, std::uint8_t flags);
// For lists that are serialised before the call returns.
inline constexpr std::uint8_t kInPlace = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;

// The caller's, to nghttp2_session_del().
nghttp2_session* make_library_session(const H2Options& options, H2Session* user);
void submit_settings(nghttp2_session* session, const H2Options& options);
// Our first frame, which is SETTINGS, with SETTINGS_MAX_CONCURRENT_STREAMS beside what is in it: the library ends the
// connection for one stream too many, where RFC 9113 section 5.1.2 asks for an error of that stream. So it is not told of
// the limit, which the session's owner keeps, and the peer is told here.
std::string with_stream_limit(std::string_view frame, std::uint32_t limit);

}  // namespace cardea::conn
