// SPDX-License-Identifier: Apache-2.0
#include "proxy/filter/request_redirect.h"

#include <array>
#include <charconv>

#include "http/uri.h"
#include "proxy/filter/path_modifier.h"

namespace cardea::proxy {

namespace {

constexpr std::uint16_t well_known_port(std::string_view scheme) { return scheme == "https" ? 443 : 80; }

// A port of the filter wins; a scheme of the filter means that scheme's own; else it is the listener's, and never the
// one in the Host field.
std::uint16_t redirect_port(const plan::RequestRedirect& filter, const RedirectOrigin& origin) {
  if (filter.port) return *filter.port;
  if (filter.scheme) return well_known_port(*filter.scheme);
  return origin.advertised_port;
}

}  // namespace

std::string_view redirect_location(const plan::RequestRedirect& filter, const http::RequestHead& head,
                                   const RedirectOrigin& origin, http::TextArena& arena) {
  const std::string_view path = modified_path(filter.path, head.path, arena);
  const std::string_view mark = head.has_query ? "?" : "";
  const std::string_view host = filter.hostname ? std::string_view(*filter.hostname) : head.host;
  if (host.empty()) return arena.concat({path, mark, head.query});

  const std::string_view scheme = filter.scheme ? std::string_view(*filter.scheme) : origin.scheme;
  const std::uint16_t port = redirect_port(filter, origin);
  if (port == well_known_port(scheme)) return arena.concat({scheme, "://", host, path, mark, head.query});
  std::array<char, 6> digits = {':'};
  const auto end = std::to_chars(digits.data() + 1, digits.data() + digits.size(), port).ptr;
  return arena.concat({scheme, "://", host, std::string_view(digits.data(), end), path, mark, head.query});
}

base::Result<> check_request_redirect(const plan::RequestRedirect& filter) {
  if (filter.scheme && *filter.scheme != "http" && *filter.scheme != "https") {
    return base::fail("the scheme \"" + *filter.scheme + "\" is neither http nor https");
  }
  if (filter.hostname && !http::parse_authority(*filter.hostname)) {
    return base::fail("the hostname \"" + *filter.hostname + "\" cannot be used");
  }
  if (filter.status_code < 300 || filter.status_code > 399) return base::fail("a redirect needs a status of 3xx");
  return check_path_modifier(filter.path);
}

}  // namespace cardea::proxy
