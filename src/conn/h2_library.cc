// SPDX-License-Identifier: Apache-2.0
#include "conn/h2_library.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>

#include "base/memory_pool.h"
#include "conn/h2_callbacks.h"
#include "conn/h2_session.h"

namespace cardea::conn {
namespace {

// The connection's own window. Its bytes are given back as they come: only a stream that is not read is held back.
constexpr std::int32_t kConnectionWindow = 1024 * 1024;

// What the library allocates, most of it for each stream and each field, from the thread's pool. It frees without saying
// how much: that stands before what it was given.
struct alignas(std::max_align_t) Allocated {
  std::size_t bytes;
};

void free_memory(void* place, void*) {
  if (!place) return;
  auto* const allocated = static_cast<Allocated*>(place) - 1;
  base::free_pooled(allocated, allocated->bytes);
}

void* allocate_memory(std::size_t bytes, void*) {
  bytes += sizeof(Allocated);
  return new (base::allocate_pooled(bytes)) Allocated{bytes} + 1;
}

void* allocate_zeroed_memory(std::size_t count, std::size_t bytes, void*) {
  return std::memset(allocate_memory(count * bytes, nullptr), 0, count * bytes);
}

void* reallocate_memory(void* place, std::size_t bytes, void*) {
  void* const moved = allocate_memory(bytes, nullptr);
  if (!place) return moved;
  const std::size_t had = (static_cast<Allocated*>(place) - 1)->bytes - sizeof(Allocated);
  std::memcpy(moved, place, std::min(had, bytes));
  free_memory(place, nullptr);
  return moved;
}

nghttp2_mem pooled_memory = {nullptr, allocate_memory, free_memory, allocate_zeroed_memory, reallocate_memory};

}  // namespace

std::vector<nghttp2_nv>& name_values(const http::H2FieldList& fields, std::uint8_t flags) {
  thread_local std::vector<nghttp2_nv> values;
  values.resize(fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto& [name, value, never_indexed] = fields[i];
    const auto indexing = static_cast<std::uint8_t>(never_indexed ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE);
    values[i] = {bytes_of(name), bytes_of(value), name.size(), value.size(), static_cast<std::uint8_t>(flags | indexing)};
  }
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
                       ? nghttp2_session_server_new3(&session, h2_callbacks(), user, option, &pooled_memory)
                       : nghttp2_session_client_new3(&session, h2_callbacks(), user, option, &pooled_memory);
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
