// SPDX-License-Identifier: Apache-2.0
#include "conn/h2_library.h"

#include <array>
#include <cstdlib>

#include "conn/h2_callbacks.h"
#include "conn/h2_session.h"

namespace cardea::conn {
namespace {

// The connection's own window. Its bytes are given back as they come: only a stream that is not read is held back.
constexpr std::int32_t kConnectionWindow = 1024 * 1024;

}  // namespace

std::vector<nghttp2_nv>& name_values(const http::H2FieldList& fields, std::uint8_t flags) {
  thread_local std::vector<nghttp2_nv> values;
  values.clear();
  for (const auto& [name, value] : fields) values.push_back({bytes_of(name), bytes_of(value), name.size(), value.size(), flags});
  return values;
}

nghttp2_session* make_library_session(const H2Options& options, H2Session* user) {
  nghttp2_option* option = nullptr;
  if (nghttp2_option_new(&option) != 0) std::abort();
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_no_closed_streams(option, 1);
  constexpr int kFirstUnknownType = 0xa;
  for (int type = kFirstUnknownType; type <= 0xff; ++type) nghttp2_option_set_user_recv_extension_type(option, static_cast<std::uint8_t>(type));
  // The guard counts first and says why; these stand behind it.
  nghttp2_option_set_stream_reset_rate_limit(option, ~0u, ~0u);
  nghttp2_option_set_max_continuations(option, options.floods.max_continuations ? options.floods.max_continuations + 1 : ~0u);
  // The guard and the backlog bound what is acknowledged.
  nghttp2_option_set_max_outbound_ack(option, 10'000);
  nghttp2_option_set_max_send_header_block_length(option, 1024 * 1024);
  nghttp2_session* session = nullptr;
  const int made = options.role == H2Role::Server
                       ? nghttp2_session_server_new2(&session, h2_callbacks(), user, option)
                       : nghttp2_session_client_new2(&session, h2_callbacks(), user, option);
  if (made != 0) std::abort();
  nghttp2_option_del(option);
  return session;
}

void submit_settings(nghttp2_session* session, const H2Options& options) {
  std::array<nghttp2_settings_entry, 6> entries;
  std::size_t count = 0;
  const auto add = [&](std::int32_t id, std::uint32_t value) { entries[count++] = {id, value}; };
  add(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options.stream_window_bytes);
  add(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, options.max_header_list_bytes);
  if (options.role == H2Role::Server) {
    if (options.connect_protocol) add(NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1);
  } else {
    add(NGHTTP2_SETTINGS_ENABLE_PUSH, 0);
  }
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, entries.data(), count);
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
}

std::string with_stream_limit(std::string_view frame, std::uint32_t limit) {
  std::string out(frame);
  out[2] = static_cast<char>(out[2] + 6);
  out += std::string_view("\0\x03", 2);
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(limit >> shift & 0xff);
  return out;
}

}  // namespace cardea::conn
