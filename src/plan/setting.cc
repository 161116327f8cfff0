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

constexpr std::array kLoadBalancing{"LeastOfTwo"sv, "RoundRobin"sv, "Random"sv, "Hash"sv};
constexpr std::array kHashOn{"SourceAddress"sv, "Header"sv, "Cookie"sv};
constexpr std::array kLogLevels{"debug"sv, "info"sv, "warn"sv, "error"sv, "off"sv};
constexpr std::array kTlsVersions{"1.2"sv, "1.3"sv};

constexpr std::array kRules{
    SettingRule{.name = "accessLog", .kind = Bool},
    SettingRule{.name = "limits.backendHttp2MaxStreams", .min = 1},
    SettingRule{.name = "limits.backendHttp2WindowBytes", .min = 1024, .max = (std::uint64_t{1} << 31) - 1},
    SettingRule{.name = "limits.connectAttempts", .min = 1, .max = 100},
    SettingRule{.name = "limits.maxChunkExtensionBytes", .max = kBytes},
    SettingRule{.name = "limits.maxChunkLineBytes", .min = 16, .max = kBytes},
    SettingRule{.name = "limits.maxConnections"},
    SettingRule{.name = "limits.maxFields", .min = 1},
    SettingRule{.name = "limits.maxHeadBytes", .min = 256, .max = kBytes},
    SettingRule{.name = "limits.maxIdlePerEndpoint"},
    SettingRule{.name = "limits.maxMirrorBytes", .max = kBytes},
    SettingRule{.name = "limits.maxMirrors"},
    SettingRule{.name = "limits.maxReplayBytes", .max = kBytes},
    SettingRule{.name = "limits.maxRequestBodyBytes", .max = std::uint64_t{1} << 62},
    SettingRule{.name = "limits.maxRequestLineBytes", .min = 64, .max = kBytes},
    SettingRule{.name = "limits.maxRequestsPerConnection"},
    SettingRule{.name = "limits.maxResponseHeadBytes", .min = 256, .max = kBytes},
    SettingRule{.name = "limits.maxTrailerBytes", .max = kBytes},
    SettingRule{.name = "loadBalancing.hashName", .kind = Text},
    SettingRule{.name = "loadBalancing.hashOn", .kind = Choice, .choices = kHashOn},
    SettingRule{.name = "loadBalancing.policy", .kind = Choice, .choices = kLoadBalancing},
    SettingRule{.name = "logLevel", .kind = Choice, .choices = kLogLevels, .of_process = true},
    SettingRule{.name = "timeouts.backendIdle", .kind = Duration},
    SettingRule{.name = "timeouts.backendRequest", .kind = Duration},
    SettingRule{.name = "timeouts.bodyIdle", .kind = Duration},
    SettingRule{.name = "timeouts.connect", .kind = Duration},
    SettingRule{.name = "timeouts.idle", .kind = Duration},
    SettingRule{.name = "timeouts.mirror", .kind = Duration},
    SettingRule{.name = "timeouts.request", .kind = Duration},
    SettingRule{.name = "timeouts.requestHead", .kind = Duration},
    SettingRule{.name = "timeouts.retryBackoff", .kind = Duration},
    SettingRule{.name = "timeouts.tlsHandshake", .kind = Duration},
    SettingRule{.name = "tls.cipherSuites", .kind = NameList},
    SettingRule{.name = "tls.ciphers", .kind = NameList},
    SettingRule{.name = "tls.minVersion", .kind = Choice, .choices = kTlsVersions},
    SettingRule{.name = "trustedProxies", .kind = CidrList},
    SettingRule{.name = "workers", .max = 1024, .of_process = true},
};
static_assert(std::ranges::is_sorted(kRules, {}, &SettingRule::name));

std::optional<std::string> canonical_cidr(std::string_view text) {
  const auto range = base::parse_ip_range(text);
  return range ? std::optional(base::to_string(*range)) : std::nullopt;
}

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 256 && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f && c != ','; });
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

std::optional<std::string> word(std::string_view text) {
  return is_word(text) ? std::optional(std::string(text)) : std::nullopt;
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
      if (const auto value = base::parse_uint64(text, rule.max); value && *value >= rule.min) return std::to_string(*value);
      return base::fail(fmt::format("must be a whole number from {} to {}", rule.min, rule.max));
    case Bool:
      if (text == "true" || text == "false") return std::string(text);
      return base::fail("must be true or false");
    case Choice:
      if (std::ranges::find(rule.choices, text) != rule.choices.end()) return std::string(text);
      return base::fail(fmt::format("must be one of {}", fmt::join(rule.choices, ", ")));
    case CidrList:
      if (auto list = canonical_list(text, canonical_cidr)) return std::move(*list);
      return base::fail("must hold addresses and ranges such as 192.0.2.1 or 10.0.0.0/8");
    case NameList:
      if (auto list = canonical_list(text, word)) return std::move(*list);
      return base::fail("must hold names without spaces");
    case Text:
      if (is_word(text)) return std::string(text);
      return base::fail("must be 1 to 256 visible characters without space or comma");
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
