// SPDX-License-Identifier: Apache-2.0
#include "proxy/effective_settings.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>

#include "plan/setting.h"
#include "proxy/setting_members.h"

namespace cardea::proxy {
namespace {

// SETTINGS_MAX_HEADER_LIST_SIZE has 32 bits (RFC 9113 section 6.5.2).
std::uint32_t header_list_bytes(std::size_t head_bytes) {
  return static_cast<std::uint32_t>(std::min<std::size_t>(head_bytes, std::numeric_limits<std::uint32_t>::max()));
}

http::Limits request_limits(const Settings& settings) {
  http::Limits limits;
  limits.max_head_bytes = settings.max_head_bytes;
  limits.max_fields = settings.max_fields;
  limits.max_target_bytes = settings.max_request_line_bytes;
  limits.max_field_line_bytes = settings.max_head_bytes;
  limits.max_trailer_bytes = settings.max_trailer_bytes;
  limits.max_chunk_line_bytes = settings.max_chunk_line_bytes;
  limits.max_chunk_extension_bytes = settings.max_chunk_extension_bytes;
  return limits;
}

conn::H2ClientOptions http2_client_options(const Settings& settings) {
  conn::H2ClientOptions options;
  options.max_streams = settings.backend_http2_max_streams;
  options.idle_timeout_ms = static_cast<std::uint64_t>(settings.backend_idle_timeout.count());
  options.liveness.interval_ms = static_cast<std::uint64_t>(settings.backend_http2_ping_interval.count());
  options.liveness.timeout_ms = static_cast<std::uint64_t>(settings.backend_http2_ping_timeout.count());
  options.session.stream_window_bytes = settings.backend_http2_window_bytes;
  options.session.max_header_list_bytes = header_list_bytes(settings.max_response_head_bytes);
  // How long a backend may take nothing is the time-outs' business.
  options.session.stall_timeout_ms = 0;
  return options;
}

conn::H2ServerOptions http2_options(const Settings& settings) {
  const auto milliseconds = [](std::chrono::milliseconds duration) { return static_cast<std::uint64_t>(duration.count()); };
  conn::H2ServerOptions options;
  options.session.max_concurrent_streams = settings.http2_max_streams;
  options.session.stream_window_bytes = settings.http2_stream_window_bytes;
  options.session.max_header_list_bytes = header_list_bytes(settings.max_head_bytes);
  options.session.max_backlog_bytes = settings.http2_backlog_bytes;
  options.session.stall_timeout_ms = milliseconds(settings.http2_stall_timeout);
  options.session.connect_protocol = true;
  options.session.floods = settings.http2_floods;
  options.head_timeout_ms = milliseconds(settings.request_head_timeout);
  options.idle_timeout_ms = milliseconds(settings.idle_timeout);
  options.max_requests = settings.max_requests_per_connection;
  return options;
}

}  // namespace

EffectiveSettings effective_settings(const Settings& process, const plan::Settings& own) {
  EffectiveSettings made{process, {}, {}, {}, {}};
  for (const plan::Setting& setting : own.values) {
    const plan::SettingRule* rule = plan::find_setting(setting.name);
    if (rule && !rule->of_process) set_member(made.settings, setting);
  }
  made.request_limits = request_limits(made.settings);
  made.response_limits = made.request_limits;
  made.response_limits.max_head_bytes = made.settings.max_response_head_bytes;
  made.response_limits.max_field_line_bytes = made.settings.max_response_head_bytes;
  made.http2_client = http2_client_options(made.settings);
  made.http2 = http2_options(made.settings);
  return made;
}

const EffectiveSettings& SettingsTable::of(const plan::Plan& plan) {
  if (!plan.settings || plan.settings->values.empty()) return process_;
  const auto [entry, added] = of_plans_.try_emplace(plan.settings->values);
  if (added) entry->second = effective_settings(process_.settings, *plan.settings);
  return entry->second;
}

}  // namespace cardea::proxy
