// SPDX-License-Identifier: Apache-2.0
// The catalogue of settings: what a GatewayParameters object may set, by the path of its field in `spec`, and how a value
// is written in a plan. Pure. Who uses a setting has its default; here stands only what may be said.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"

namespace cardea::plan {

enum class SettingKind : std::uint8_t {
  Duration,  // GEP-2257: "1m30s"; "0s" is none
  Count,     // a whole number
  Bytes,     // the same, of bytes; flags take it as 64k, too
  Bool,      // "true", "false"
  Choice,    // one of `choices`
  CidrList,  // "10.0.0.0/8,::1/128"; an address alone is the whole of its length
  NameList,  // of `choices`, as in "TLS_AES_128_GCM_SHA256,TLS_AES_256_GCM_SHA384"
  Token,     // as RFC 9110 section 5.6.2 has it, 1 to 256 characters
};

struct SettingRule {
  std::string_view name;  // "limits.maxHeadBytes"
  SettingKind kind = SettingKind::Count;
  std::uint64_t min = 0;  // Count, Bytes
  std::uint64_t max = std::numeric_limits<std::uint32_t>::max();
  std::span<const std::string_view> choices{};
  // Of the process, not of one Gateway: where several Gateways share a process, see process_setting().
  bool of_process = false;
};

std::span<const SettingRule> setting_rules();  // sorted by name
const SettingRule* find_setting(std::string_view name);

// The value as a plan has it, or what it would have to be ("must be ...").
base::Result<std::string> canonical_setting(const SettingRule& rule, std::string_view text);

// The value of a setting of the process: of the first plan that has it. Null: none has.
const std::string* process_setting(const PlanSet& plans, std::string_view name);

// What stands in a list's text.
std::vector<std::string_view> setting_items(std::string_view text);

}  // namespace cardea::plan
