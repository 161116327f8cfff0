// SPDX-License-Identifier: Apache-2.0
// What all Route kinds have in common, and what HTTPRoute and GRPCRoute share (Gateway API v1.6.1, both channels).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/gateway.h"
#include "api/references.h"

namespace cardea::api {

struct CommonRouteSpec {
  std::vector<ParentReference> parent_refs;
  Enum<DefaultScope> use_default_gateways;  // experimental; absent is None

  bool operator==(const CommonRouteSpec&) const = default;
};

enum class MatchType : std::uint8_t { Exact, RegularExpression, Unknown };
template <>
struct EnumText<MatchType> {
  static constexpr std::array<std::string_view, 2> kNames{"Exact", "RegularExpression"};
};

// A header or query parameter match. Header names are compared without case; query parameter names are not.
struct NamedMatch {
  Enum<MatchType> type = MatchType::Exact;
  std::string name;
  std::string value;

  bool operator==(const NamedMatch&) const = default;
};

enum class SessionPersistenceType : std::uint8_t { Cookie, Header, Unknown };
template <>
struct EnumText<SessionPersistenceType> {
  static constexpr std::array<std::string_view, 2> kNames{"Cookie", "Header"};
};
enum class CookieLifetimeType : std::uint8_t { Session, Permanent, Unknown };
template <>
struct EnumText<CookieLifetimeType> {
  static constexpr std::array<std::string_view, 2> kNames{"Session", "Permanent"};
};

// Experimental (GEP-1619).
struct SessionPersistence {
  std::string session_name;
  std::optional<std::chrono::milliseconds> absolute_timeout;
  Enum<SessionPersistenceType> type = SessionPersistenceType::Cookie;
  Enum<CookieLifetimeType> cookie_lifetime = CookieLifetimeType::Session;  // cookieConfig.lifetimeType

  bool operator==(const SessionPersistence&) const = default;
};

}  // namespace cardea::api
