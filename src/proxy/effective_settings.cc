// SPDX-License-Identifier: Apache-2.0
#include "proxy/effective_settings.h"

#include <algorithm>
#include <array>
#include <string>
#include <variant>

#include "base/clock.h"
#include "base/ip.h"
#include "base/strings.h"
#include "plan/setting.h"

namespace cardea::proxy {
namespace {

using Milliseconds = std::chrono::milliseconds;
using Setter = void (*)(Settings& settings, std::string_view value);
using Member = std::variant<Setter, std::uint32_t Settings::*, std::uint64_t Settings::*, bool Settings::*, Milliseconds Settings::*,
                            std::string Settings::*, LoadBalancing Settings::*, HashOn Settings::*>;

// The texts of a list as OpenSSL separates them.
std::string with_colons(std::string_view list) {
  std::string text(list);
  std::ranges::replace(text, ',', ':');
  return text;
}

void set_trusted_proxies(Settings& settings, std::string_view value) {
  settings.trusted_proxies.clear();
  for (const std::string_view item : plan::setting_items(value)) {
    if (const auto range = base::parse_ip_range(item)) settings.trusted_proxies.push_back(*range);
  }
}
void set_tls_version(Settings& settings, std::string_view value) {
  settings.tls.min_version = value == "1.3" ? net::TlsVersion::Tls13 : net::TlsVersion::Tls12;
}
void set_ciphers(Settings& settings, std::string_view value) { settings.tls.ciphers = with_colons(value); }
void set_cipher_suites(Settings& settings, std::string_view value) { settings.tls.cipher_suites = with_colons(value); }

struct Place {
  std::string_view setting;
  Member member;
};
constexpr std::array kPlaces{
    Place{"accessLog", &Settings::access_log},
    Place{"limits.backendHttp2MaxStreams", &Settings::backend_http2_max_streams},
    Place{"limits.backendHttp2WindowBytes", &Settings::backend_http2_window_bytes},
    Place{"limits.connectAttempts", &Settings::connect_attempts},
    Place{"limits.maxChunkExtensionBytes", &Settings::max_chunk_extension_bytes},
    Place{"limits.maxChunkLineBytes", &Settings::max_chunk_line_bytes},
    Place{"limits.maxConnections", &Settings::max_connections},
    Place{"limits.maxFields", &Settings::max_fields},
    Place{"limits.maxHeadBytes", &Settings::max_head_bytes},
    Place{"limits.maxIdlePerEndpoint", &Settings::max_idle_per_endpoint},
    Place{"limits.maxMirrorBytes", &Settings::max_mirror_bytes},
    Place{"limits.maxMirrors", &Settings::max_mirrors},
    Place{"limits.maxReplayBytes", &Settings::max_replay_bytes},
    Place{"limits.maxRequestBodyBytes", &Settings::max_request_body_bytes},
    Place{"limits.maxRequestLineBytes", &Settings::max_request_line_bytes},
    Place{"limits.maxRequestsPerConnection", &Settings::max_requests_per_connection},
    Place{"limits.maxResponseHeadBytes", &Settings::max_response_head_bytes},
    Place{"limits.maxTrailerBytes", &Settings::max_trailer_bytes},
    Place{"loadBalancing.hashName", &Settings::hash_name},
    Place{"loadBalancing.hashOn", &Settings::hash_on},
    Place{"loadBalancing.policy", &Settings::load_balancing},
    Place{"timeouts.backendIdle", &Settings::backend_idle_timeout},
    Place{"timeouts.backendRequest", &Settings::backend_request_timeout},
    Place{"timeouts.bodyIdle", &Settings::body_idle_timeout},
    Place{"timeouts.connect", &Settings::connect_timeout},
    Place{"timeouts.idle", &Settings::idle_timeout},
    Place{"timeouts.mirror", &Settings::mirror_timeout},
    Place{"timeouts.request", &Settings::request_timeout},
    Place{"timeouts.requestHead", &Settings::request_head_timeout},
    Place{"timeouts.retryBackoff", &Settings::retry_backoff},
    Place{"timeouts.tlsHandshake", &Settings::tls_handshake_timeout},
    Place{"tls.cipherSuites", set_cipher_suites},
    Place{"tls.ciphers", set_ciphers},
    Place{"tls.minVersion", set_tls_version},
    Place{"trustedProxies", set_trusted_proxies},
};

const Place* find_place(std::string_view setting) {
  const auto found = std::ranges::find(kPlaces, setting, &Place::setting);
  return found == kPlaces.end() ? nullptr : found;
}

// A choice's place among the catalogue's words is its enumerator.
template <class Enum>
Enum choice(std::string_view setting, std::string_view value) {
  const auto choices = plan::find_setting(setting)->choices;
  return static_cast<Enum>(std::ranges::find(choices, value) - choices.begin());
}

// `value` is canonical: whoever made the plan, or read it, has checked it.
struct Set {
  Settings& settings;
  const plan::Setting& setting;

  void operator()(Setter setter) const { setter(settings, setting.value); }
  void operator()(std::uint32_t Settings::* member) const { settings.*member = base::parse_uint<std::uint32_t>(setting.value).value_or(0); }
  void operator()(std::uint64_t Settings::* member) const { settings.*member = base::parse_uint<std::uint64_t>(setting.value).value_or(0); }
  void operator()(bool Settings::* member) const { settings.*member = setting.value == "true"; }
  void operator()(Milliseconds Settings::* member) const { settings.*member = base::parse_duration(setting.value).value_or(Milliseconds(0)); }
  void operator()(std::string Settings::* member) const { settings.*member = setting.value; }
  template <class Enum>
  void operator()(Enum Settings::* member) const {
    settings.*member = choice<Enum>(setting.name, setting.value);
  }
};

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
  options.session.stream_window_bytes = settings.backend_http2_window_bytes;
  options.session.max_header_list_bytes = static_cast<std::uint32_t>(settings.max_response_head_bytes);
  // How long a backend may take nothing is the time-outs' business.
  options.session.stall_timeout_ms = 0;
  return options;
}

conn::H2ServerOptions http2_options(const Settings& settings) {
  const auto milliseconds = [](Milliseconds duration) { return static_cast<std::uint64_t>(duration.count()); };
  conn::H2ServerOptions options;
  options.session.max_concurrent_streams = settings.http2_max_streams;
  options.session.stream_window_bytes = settings.http2_stream_window_bytes;
  options.session.max_header_list_bytes = static_cast<std::uint32_t>(settings.max_head_bytes);
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
    if (const Place* place = find_place(setting.name)) std::visit(Set{made.settings, setting}, place->member);
  }
  made.request_limits = request_limits(made.settings);
  made.response_limits = made.request_limits;
  made.response_limits.max_head_bytes = made.settings.max_response_head_bytes;
  made.response_limits.max_field_line_bytes = made.settings.max_response_head_bytes;
  made.http2_client = http2_client_options(made.settings);
  made.http2 = http2_options(made.settings);
  return made;
}

bool has_member(std::string_view setting) { return find_place(setting) != nullptr; }

const EffectiveSettings& SettingsTable::of(const plan::Plan& plan) {
  if (!plan.settings || plan.settings->values.empty()) return process_;
  const auto [entry, added] = of_plans_.try_emplace(plan.settings->values);
  if (added) entry->second = effective_settings(process_.settings, *plan.settings);
  return entry->second;
}

}  // namespace cardea::proxy
