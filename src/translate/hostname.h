// SPDX-License-Identifier: Apache-2.0
// Hostnames of listeners and routes (facts, 6.8): "" means every host, "*.example.com" every name with at least one
// label before ".example.com", anything else itself. Lower case on both sides.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::translate {

bool is_wildcard(std::string_view hostname);

// Whether every host that `inner` stands for is one of those that `outer` stands for.
bool covers(std::string_view outer, std::string_view inner);

// The hosts that both stand for, again as one hostname; nothing when there is none.
std::optional<std::string> intersect(std::string_view a, std::string_view b);

// What a route with `route_hostnames` serves on a listener: the intersections, each once, most specific first. No
// hostnames on the route stand for every host. Empty: nothing intersects, the route does not attach.
std::vector<std::string> effective_hostnames(std::string_view listener_hostname,
                                             const std::vector<std::string>& route_hostnames);

// Most specific first: exact before wildcard before "", longer before shorter, then by text. A strict weak order.
bool more_specific(std::string_view a, std::string_view b);

}  // namespace cardea::translate
