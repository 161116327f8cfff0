// SPDX-License-Identifier: Apache-2.0
#include "plan/setting.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/clock.h"
#include "base/ip.h"
#include "base/strings.h"

namespace cardea::plan {
namespace {

using enum SettingKind;
using namespace std::string_view_literals;

constexpr std::uint64_t kBytes = std::uint64_t{1} << 40;
constexpr std::uint64_t kInt31 = (std::uint64_t{1} << 31) - 1;  // the largest window, and number of streams (RFC 9113)

constexpr std::array kLoadBalancing{"LeastOfTwo"sv, "RoundRobin"sv, "Random"sv, "Hash"sv};
constexpr std::array kHashOn{"SourceAddress"sv, "Header"sv, "Cookie"sv};
constexpr std::array kLogLevels{"debug"sv, "info"sv, "warn"sv, "error"sv, "off"sv};
constexpr std::array kTlsVersions{"1.2"sv, "1.3"sv};
// By OpenSSL's names. Of TLS 1.2 those with forward secrecy alone; the last ones are for clients that are old.
constexpr std::array kCiphers{
    "ECDHE-ECDSA-AES128-GCM-SHA256"sv, "ECDHE-ECDSA-AES256-GCM-SHA384"sv, "ECDHE-ECDSA-CHACHA20-POLY1305"sv,
    "ECDHE-RSA-AES128-GCM-SHA256"sv,   "ECDHE-RSA-AES256-GCM-SHA384"sv,   "ECDHE-RSA-CHACHA20-POLY1305"sv,
    "ECDHE-ECDSA-AES128-SHA256"sv,     "ECDHE-ECDSA-AES256-SHA384"sv,     "ECDHE-RSA-AES128-SHA256"sv,
    "ECDHE-RSA-AES256-SHA384"sv,       "ECDHE-ECDSA-AES128-SHA"sv,        "ECDHE-ECDSA-AES256-SHA"sv,
    "ECDHE-RSA-AES128-SHA"sv,          "ECDHE-RSA-AES256-SHA"sv};
constexpr std::array kCipherSuites{"TLS_AES_128_GCM_SHA256"sv, "TLS_AES_256_GCM_SHA384"sv, "TLS_CHACHA20_POLY1305_SHA256"sv,
                                   "TLS_AES_128_CCM_SHA256"sv, "TLS_AES_128_CCM_8_SHA256"sv};

constexpr std::array kRules{
    SettingRule{.name = "accessLog", .kind = Bool},
    SettingRule{.name = "backendTls.cipherSuites", .kind = NameList, .choices = kCipherSuites},
    SettingRule{.name = "backendTls.ciphers", .kind = NameList, .choices = kCiphers},
    SettingRule{.name = "backendTls.minVersion", .kind = Choice, .choices = kTlsVersions},
    SettingRule{.name = "limits.accessLogBufferBytes", .kind = Bytes, .min = 4096, .max = kInt31, .of_process = true},
    SettingRule{.name = "limits.backendHttp2MaxStreams", .min = 1, .max = kInt31},
    SettingRule{.name = "limits.backendHttp2WindowBytes", .kind = Bytes, .min = 1024, .max = kInt31},
    SettingRule{.name = "limits.connectAttempts", .min = 1, .max = 100},
    SettingRule{.name = "limits.http2BacklogBytes", .kind = Bytes, .min = 16 * 1024, .max = kBytes},
    SettingRule{.name = "limits.http2MaxContinuations"},
    SettingRule{.name = "limits.http2MaxEmptyData"},
    SettingRule{.name = "limits.http2MaxOtherFrames"},
    SettingRule{.name = "limits.http2MaxPings"},
    SettingRule{.name = "limits.http2MaxResets"},
    SettingRule{.name = "limits.http2MaxSettings"},
    SettingRule{.name = "limits.http2MaxSmallWindows"},
    SettingRule{.name = "limits.http2MaxStreams", .min = 1, .max = kInt31},
    SettingRule{.name = "limits.http2MaxWindowUpdates"},
    SettingRule{.name = "limits.http2StreamWindowBytes", .kind = Bytes, .min = 1, .max = kInt31},
    SettingRule{.name = "limits.maxAuthAnswerBytes", .kind = Bytes, .min = 256, .max = kBytes},
    SettingRule{.name = "limits.maxChunkExtensionBytes", .kind = Bytes, .max = kBytes},
    SettingRule{.name = "limits.maxChunkLineBytes", .kind = Bytes, .min = 16, .max = kBytes},
    SettingRule{.name = "limits.maxConnections"},
    SettingRule{.name = "limits.maxFields", .min = 1},
    SettingRule{.name = "limits.maxHeadBytes", .kind = Bytes, .min = 256, .max = kBytes},
    SettingRule{.name = "limits.maxIdlePerEndpoint"},
    SettingRule{.name = "limits.maxMirrorBytes", .kind = Bytes, .max = kBytes},
    SettingRule{.name = "limits.maxMirrors"},
    SettingRule{.name = "limits.maxReplayBytes", .kind = Bytes, .max = kBytes},
    SettingRule{.name = "limits.maxRequestBodyBytes", .kind = Bytes, .max = std::uint64_t{1} << 62},
    SettingRule{.name = "limits.maxRequestLineBytes", .kind = Bytes, .min = 64, .max = kBytes},
    SettingRule{.name = "limits.maxRequestsPerConnection"},
    SettingRule{.name = "limits.maxResponseHeadBytes", .kind = Bytes, .min = 256, .max = kBytes},
    SettingRule{.name = "limits.maxTrailerBytes", .kind = Bytes, .max = kBytes},
    SettingRule{.name = "loadBalancing.hashName", .kind = Token},
    SettingRule{.name = "loadBalancing.hashOn", .kind = Choice, .choices = kHashOn},
    SettingRule{.name = "loadBalancing.policy", .kind = Choice, .choices = kLoadBalancing},
    SettingRule{.name = "logLevel", .kind = Choice, .choices = kLogLevels, .of_process = true},
    SettingRule{.name = "timeouts.backendHttp2Ping", .kind = Duration},
    SettingRule{.name = "timeouts.backendHttp2PingInterval", .kind = Duration},
    SettingRule{.name = "timeouts.backendIdle", .kind = Duration},
    SettingRule{.name = "timeouts.backendRequest", .kind = Duration},
    SettingRule{.name = "timeouts.bodyIdle", .kind = Duration},
    SettingRule{.name = "timeouts.connect", .kind = Duration},
    SettingRule{.name = "timeouts.externalAuth", .kind = Duration},
    SettingRule{.name = "timeouts.http2Stall", .kind = Duration},
    SettingRule{.name = "timeouts.idle", .kind = Duration},
    SettingRule{.name = "timeouts.mirror", .kind = Duration},
    SettingRule{.name = "timeouts.request", .kind = Duration},
    SettingRule{.name = "timeouts.requestHead", .kind = Duration},
    SettingRule{.name = "timeouts.retryBackoff", .kind = Duration},
    SettingRule{.name = "timeouts.tlsHandshake", .kind = Duration},
    SettingRule{.name = "tls.cipherSuites", .kind = NameList, .choices = kCipherSuites},
    SettingRule{.name = "tls.ciphers", .kind = NameList, .choices = kCiphers},
    SettingRule{.name = "tls.minVersion", .kind = Choice, .choices = kTlsVersions},
    SettingRule{.name = "traceSampling", .max = 100},
    SettingRule{.name = "trustedProxies", .kind = CidrList},
    SettingRule{.name = "via", .kind = Token},
    SettingRule{.name = "workers", .max = 1024, .of_process = true},
};
static_assert(std::ranges::is_sorted(kRules, {}, &SettingRule::name));

std::optional<std::string> canonical_cidr(std::string_view text) {
  const auto range = base::parse_ip_range(text);
  return range ? std::optional(base::to_string(*range)) : std::nullopt;
}

bool is_token(std::string_view text) {
  const auto tchar = [](char c) { return base::is_digit(c) || base::is_alpha(c) || std::string_view("!#$%&'*+-.^_`|~").contains(c); };
  return !text.empty() && text.size() <= 256 && std::ranges::all_of(text, tchar);
}

// Every item by `convert`; nothing when one of them is wrong.
template <class Convert>
std::optional<std::string> canonical_list(std::string_view text, Convert convert) {
  std::vector<std::string> items;
  for (const std::string_view item : setting_items(text)) {
    auto converted = convert(item);
    if (!converted) return std::nullopt;
    items.push_back(std::move(*converted));
  }
  return base::join(items, ",");
}

std::string not_in(std::span<const std::string_view> choices, std::string_view what) {
  return fmt::format("must {} {}", what, fmt::join(choices, ", "));
}

}  // namespace

std::span<const SettingRule> setting_rules() { return kRules; }

const SettingRule* find_setting(std::string_view name) {
  const auto found = std::ranges::lower_bound(kRules, name, {}, &SettingRule::name);
  return found != kRules.end() && found->name == name ? found : nullptr;
}

base::Result<std::string> canonical_setting(const SettingRule& rule, std::string_view text) {
  switch (rule.kind) {
    case Duration:
      if (const auto value = base::parse_duration(text)) return base::format_duration(*value);
      return base::fail("must be a duration such as 500ms, 15s or 1m30s");
    case Count:
    case Bytes:
      if (const auto value = base::parse_uint64(text, rule.max); value && *value >= rule.min) return std::to_string(*value);
      return base::fail(fmt::format("must be a whole number from {} to {}", rule.min, rule.max));
    case Bool:
      if (text == "true" || text == "false") return std::string(text);
      return base::fail("must be true or false");
    case Choice:
      if (std::ranges::find(rule.choices, text) != rule.choices.end()) return std::string(text);
      return base::fail(not_in(rule.choices, "be one of"));
    case CidrList:
      if (auto list = canonical_list(text, canonical_cidr)) return std::move(*list);
      return base::fail("must hold addresses and ranges such as 192.0.2.1 or 10.0.0.0/8");
    case NameList: {
      const auto known = [&rule](std::string_view item) {
        return std::ranges::find(rule.choices, item) != rule.choices.end() ? std::optional(std::string(item)) : std::nullopt;
      };
      if (auto list = canonical_list(text, known)) return std::move(*list);
      return base::fail(not_in(rule.choices, "hold only names of"));
    }
    case Token:
      if (is_token(text)) return std::string(text);
      return base::fail("must be a token of HTTP: 1 to 256 letters, digits and !#$%&'*+-.^_`|~");
  }
  return base::fail("is no setting");
}

const std::string* process_setting(const PlanSet& plans, std::string_view name) {
  for (const auto& plan : plans) {
    if (!plan->settings) continue;
    const auto& values = plan->settings->values;
    const auto found = std::ranges::find(values, name, &Setting::name);
    if (found != values.end()) return &found->value;
  }
  return nullptr;
}

std::vector<std::string_view> setting_items(std::string_view text) {
  return text.empty() ? std::vector<std::string_view>() : base::split(text, ',');
}

}  // namespace cardea::plan
