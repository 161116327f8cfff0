// SPDX-License-Identifier: Apache-2.0
#include "base/ip.h"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <algorithm>

#include "base/strings.h"

namespace cardea::base {

bool IpAddress::is_unspecified() const {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes[0] == 127;
  return bytes[15] == 1 && std::all_of(bytes.begin(), bytes.end() - 1, [](std::uint8_t byte) { return byte == 0; });
}

bool IpAddress::is_link_local() const {
  if (is_v4()) return bytes[0] == 169 && bytes[1] == 254;
  return bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

bool is_routable(const IpAddress& address) {
  const IpAddress plain = unmapped(address);
  const bool multicast = plain.is_v4() ? (plain.bytes[0] & 0xf0) == 0xe0 : plain.bytes[0] == 0xff;
  return !plain.is_unspecified() && !plain.is_loopback() && !plain.is_link_local() && !multicast;
}

std::optional<IpAddress> parse_ip(std::string_view text) {
  if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string terminated(text);
  IpAddress address;
  if (inet_pton(AF_INET, terminated.c_str(), address.bytes.data()) == 1) return address;
  address.bytes.fill(0);
  address.family = IpAddress::Family::V6;
  if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::string to_string(const IpAddress& address) {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(address.is_v4() ? AF_INET : AF_INET6, address.bytes.data(), text, sizeof text);
  return text;
}

IpAddress unmapped(const IpAddress& address) {
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (address.is_v4() || !std::equal(kMapped.begin(), kMapped.end(), address.bytes.begin())) return address;
  IpAddress inside;
  std::copy(address.bytes.begin() + kMapped.size(), address.bytes.end(), inside.bytes.begin());
  return inside;
}

bool IpRange::contains(const IpAddress& other) const {
  const IpAddress asked = unmapped(other);
  if (asked.family != address.family) return false;
  const std::size_t whole = length / 8;
  if (!std::equal(asked.bytes.begin(), asked.bytes.begin() + whole, address.bytes.begin())) return false;
  const unsigned rest = length % 8;
  return rest == 0 || (asked.bytes[whole] ^ address.bytes[whole]) >> (8 - rest) == 0;
}

Result<IpRange> parse_ip_range(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_ip(text.substr(0, slash));
  const unsigned bits = address && address->is_v4() ? 32 : 128;
  const auto length = slash == std::string_view::npos ? std::optional(bits) : parse_uint<unsigned>(text.substr(slash + 1), bits);
  if (!address || !length) return fail(fmt::format("\"{}\" is not a range of addresses, such as 10.0.0.0/8 or ::1", text));
  return IpRange{*address, *length};
}

std::string to_string(const IpRange& range) { return fmt::format("{}/{}", to_string(range.address), range.length); }

Result<IpPort> parse_ip_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return fail(fmt::format("\"{}\" has no port: write ADDRESS:PORT, an IPv6 address in brackets", text));
  }
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto address = parse_ip(host);
  if (!address || address->is_v6() != bracketed) {
    return fail(fmt::format("\"{}\" is not an IP address with a port, such as 127.0.0.1:80 or [::1]:80", text));
  }
  const auto port = parse_uint<std::uint16_t>(text.substr(colon + 1));
  if (!port) return fail(fmt::format("\"{}\" has no valid port: it must be a number from 0 to 65535", text));
  return IpPort{*address, *port};
}

std::string to_string(const IpPort& endpoint) {
  const char* const form = endpoint.address.is_v4() ? "{}:{}" : "[{}]:{}";
  return fmt::format(fmt::runtime(form), to_string(endpoint.address), endpoint.port);
}

}  // namespace cardea::base
