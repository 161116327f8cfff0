// SPDX-License-Identifier: Apache-2.0
// A list of filters of a rule or backendRef (facts, 1.6, 6.4), in its order. One file beside this for each filter that is
// served, with the name of its counterpart in proxy/filter.
//
// A filter is never skipped: one that is not served, not known or not valid where it stands makes the whole list a
// Problem, and the rule answers with an error.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <vector>

#include "api/route_filter.h"
#include "plan/plan.h"
#include "translate/backend_ref.h"
#include "translate/options.h"
#include "translate/status/vocabulary.h"

namespace cardea::translate {

struct FilterPlace {
  const Options* options = nullptr;
  // The value of the rule's only match, when that is a PathPrefix: what ReplacePrefixMatch replaces.
  const std::string* prefix = nullptr;
  // What the filters of the list refer to (mirrors, authorization), in their order.
  std::span<const ResolvedBackend> resolved = {};
};

std::expected<std::vector<plan::Filter>, Problem> translate_filters(const std::vector<api::RouteFilter>& filters,
                                                                    FilterPlace place);

}  // namespace cardea::translate
