// SPDX-License-Identifier: Apache-2.0
// IP addresses as values: IPv4 in dotted decimal (four parts, no leading zeros), IPv6 after RFC 4291 and printed after
// RFC 5952. No zones, no names, no lookups.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cardea::base {

struct IpAddress {
  enum class Family : std::uint8_t { V4, V6 };

  Family family = Family::V4;
  std::array<std::uint8_t, 16> bytes{};  // network order; IPv4 uses the first four, the rest is zero

  auto operator<=>(const IpAddress&) const = default;
  bool is_v4() const { return family == Family::V4; }
  bool is_v6() const { return family == Family::V6; }
  bool is_unspecified() const;
  bool is_loopback() const;
  bool is_link_local() const;
};

// Whether it can be another machine's, beyond the link: not unspecified, loopback, link-local or multicast, also as an
// IPv4-mapped address. What Kubernetes accepts as an endpoint's.
bool is_routable(const IpAddress& address);

// The address that `text` writes, without brackets; nothing when it is none.
std::optional<IpAddress> parse_ip(std::string_view text);
std::string to_string(const IpAddress& address);

// The IPv4 address inside of an IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2); any other address as it is.
IpAddress unmapped(const IpAddress& address);

// All addresses that begin with the same bits.
struct IpRange {
  IpAddress address;
  unsigned length = 0;  // bits
  auto operator<=>(const IpRange&) const = default;
  // An IPv4-mapped address is its IPv4 address here.
  bool contains(const IpAddress& other) const;
};

// "10.0.0.0/8", or an address, which is the whole of its length.
Result<IpRange> parse_ip_range(std::string_view text);
std::string to_string(const IpRange& range);

struct IpPort {
  IpAddress address;
  std::uint16_t port = 0;
  auto operator<=>(const IpPort&) const = default;
};

// "192.0.2.1:80" or "[2001:db8::1]:80".
Result<IpPort> parse_ip_port(std::string_view text);
std::string to_string(const IpPort& endpoint);

}  // namespace cardea::base
