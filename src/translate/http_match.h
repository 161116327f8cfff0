// SPDX-License-Identifier: Apache-2.0
// Matches of an HTTPRoute's rules (facts, 6.1, 6.3).
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "api/http_route.h"
#include "plan/plan.h"
#include "translate/status/vocabulary.h"

namespace cardea::translate {

// The match without its rule; or why it cannot be served: an unknown type or method, or a bad regular expression.
std::expected<plan::RouteMatch, Problem> translate_match(const api::HTTPRouteMatch& match);

// Of several matches with one name (without case) the first counts.
std::expected<std::vector<plan::HeaderMatch>, Problem> translate_headers(const std::vector<api::NamedMatch>& matches);

// A path of the configuration in the normal form of requests' paths: percent-encodings of unreserved characters decoded,
// others in upper case. (The API admits no empty or dot segment and no encoded slash.)
std::string normal_path(std::string_view path);

// A PathPrefix as it is matched: normal, without the final slash that the spec ignores.
std::string normal_prefix(std::string_view prefix);

}  // namespace cardea::translate
