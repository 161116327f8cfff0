// SPDX-License-Identifier: Apache-2.0
#include "proxy/setting_members.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <type_traits>
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
                            std::string Settings::*, LoadBalancing Settings::*, HashOn Settings::*, std::uint32_t conn::H2FloodLimits::*>;

// The texts of a list as OpenSSL separates them.
std::string with_colons(std::string_view list) {
  std::string text(list);
  std::ranges::replace(text, ',', ':');
  return text;
}

template <net::TlsRules Settings::* rules>
void set_tls_version(Settings& settings, std::string_view value) {
  (settings.*rules).min_version = value == "1.3" ? net::TlsVersion::Tls13 : net::TlsVersion::Tls12;
}
template <net::TlsRules Settings::* rules>
void set_ciphers(Settings& settings, std::string_view value) {
  (settings.*rules).ciphers = with_colons(value);
}
template <net::TlsRules Settings::* rules>
void set_cipher_suites(Settings& settings, std::string_view value) {
  (settings.*rules).cipher_suites = with_colons(value);
}

void set_trusted_proxies(Settings& settings, std::string_view value) {
  settings.trusted_proxies.clear();
  for (const std::string_view item : plan::setting_items(value)) {
    if (const auto range = base::parse_ip_range(item)) settings.trusted_proxies.push_back(*range);
  }
}

void set_via(Settings& settings, std::string_view value) { settings.via = value == "off" ? "" : value; }

struct Place {
  std::string_view setting;
  Member member;
};
constexpr std::array kPlaces{
    Place{"accessLog", &Settings::access_log},
    Place{"backendTls.cipherSuites", set_cipher_suites<&Settings::backend_tls>},
    Place{"backendTls.ciphers", set_ciphers<&Settings::backend_tls>},
    Place{"backendTls.minVersion", set_tls_version<&Settings::backend_tls>},
    Place{"limits.accessLogBufferBytes", &Settings::access_log_buffer_bytes},
    Place{"limits.backendHttp2MaxStreams", &Settings::backend_http2_max_streams},
    Place{"limits.backendHttp2WindowBytes", &Settings::backend_http2_window_bytes},
    Place{"limits.connectAttempts", &Settings::connect_attempts},
    Place{"limits.http2BacklogBytes", &Settings::http2_backlog_bytes},
    Place{"limits.http2MaxContinuations", &conn::H2FloodLimits::max_continuations},
    Place{"limits.http2MaxEmptyData", &conn::H2FloodLimits::max_empty_data},
    Place{"limits.http2MaxOtherFrames", &conn::H2FloodLimits::max_other_frames},
    Place{"limits.http2MaxPings", &conn::H2FloodLimits::max_pings},
    Place{"limits.http2MaxResets", &conn::H2FloodLimits::max_resets},
    Place{"limits.http2MaxSettings", &conn::H2FloodLimits::max_settings},
    Place{"limits.http2MaxSmallWindows", &conn::H2FloodLimits::max_small_windows},
    Place{"limits.http2MaxStreams", &Settings::http2_max_streams},
    Place{"limits.http2MaxWindowUpdates", &conn::H2FloodLimits::max_window_updates},
    Place{"limits.http2StreamWindowBytes", &Settings::http2_stream_window_bytes},
    Place{"limits.maxAuthAnswerBytes", &Settings::max_auth_answer_bytes},
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
    Place{"timeouts.backendHttp2Ping", &Settings::backend_http2_ping_timeout},
    Place{"timeouts.backendHttp2PingInterval", &Settings::backend_http2_ping_interval},
    Place{"timeouts.backendIdle", &Settings::backend_idle_timeout},
    Place{"timeouts.backendRequest", &Settings::backend_request_timeout},
    Place{"timeouts.bodyIdle", &Settings::body_idle_timeout},
    Place{"timeouts.connect", &Settings::connect_timeout},
    Place{"timeouts.externalAuth", &Settings::external_auth_timeout},
    Place{"timeouts.http2Stall", &Settings::http2_stall_timeout},
    Place{"timeouts.idle", &Settings::idle_timeout},
    Place{"timeouts.mirror", &Settings::mirror_timeout},
    Place{"timeouts.request", &Settings::request_timeout},
    Place{"timeouts.requestHead", &Settings::request_head_timeout},
    Place{"timeouts.retryBackoff", &Settings::retry_backoff},
    Place{"timeouts.tlsHandshake", &Settings::tls_handshake_timeout},
    Place{"tls.cipherSuites", set_cipher_suites<&Settings::tls>},
    Place{"tls.ciphers", set_ciphers<&Settings::tls>},
    Place{"tls.minVersion", set_tls_version<&Settings::tls>},
    Place{"traceSampling", &Settings::trace_sampling_percent},
    Place{"trustedProxies", set_trusted_proxies},
    Place{"via", set_via},
    Place{"workers", &Settings::workers},
};
static_assert(std::ranges::is_sorted(kPlaces, {}, &Place::setting));

const Place* find_place(std::string_view setting) {
  const auto found = std::ranges::lower_bound(kPlaces, setting, {}, &Place::setting);
  return found != kPlaces.end() && found->setting == setting ? found : nullptr;
}

// A choice's place among the catalogue's words is its enumerator.
template <class Enum>
Enum choice(std::string_view setting, std::string_view value) {
  const auto choices = plan::find_setting(setting)->choices;
  return static_cast<Enum>(std::ranges::find(choices, value) - choices.begin());
}

struct Set {
  Settings& settings;
  const plan::Setting& setting;

  void operator()(Setter setter) const { setter(settings, setting.value); }
  void operator()(std::uint32_t conn::H2FloodLimits::* member) const { put(settings.http2_floods.*member); }
  template <class T>
  void operator()(T Settings::* member) const {
    put(settings.*member);
  }

 private:
  template <std::unsigned_integral T>
  void put(T& value) const {
    value = base::parse_uint<T>(setting.value).value_or(0);
  }
  void put(bool& value) const { value = setting.value == "true"; }
  void put(Milliseconds& value) const { value = base::parse_duration(setting.value).value_or(Milliseconds(0)); }
  void put(std::string& value) const { value = setting.value; }
  template <class Enum>
    requires std::is_enum_v<Enum>
  void put(Enum& value) const {
    value = choice<Enum>(setting.name, setting.value);
  }
};

struct Get {
  const Settings& settings;
  std::string_view setting;

  std::string operator()(Setter) const { return {}; }
  std::string operator()(std::uint32_t conn::H2FloodLimits::* member) const { return text(settings.http2_floods.*member); }
  template <class T>
  std::string operator()(T Settings::* member) const {
    return text(settings.*member);
  }

 private:
  template <std::unsigned_integral T>
  std::string text(T value) const {
    return std::to_string(value);
  }
  std::string text(bool value) const { return value ? "true" : "false"; }
  std::string text(Milliseconds value) const { return base::format_duration(value); }
  std::string text(const std::string& value) const { return value; }
  template <class Enum>
    requires std::is_enum_v<Enum>
  std::string text(Enum value) const {
    return std::string(plan::find_setting(setting)->choices[static_cast<std::size_t>(value)]);
  }
};

}  // namespace

void set_member(Settings& settings, const plan::Setting& setting) {
  if (const Place* place = find_place(setting.name)) std::visit(Set{settings, setting}, place->member);
}

std::string member_text(const Settings& settings, std::string_view setting) {
  const Place* place = find_place(setting);
  return place ? std::visit(Get{settings, setting}, place->member) : std::string();
}

bool has_member(std::string_view setting) { return find_place(setting) != nullptr; }

}  // namespace cardea::proxy
