// SPDX-License-Identifier: Apache-2.0
// Label selectors as people write them on a command line (Kubernetes "Labels and Selectors"). Pure.
//
//   selector    = requirement *("," requirement)
//   requirement = key | "!" key | key ("=" | "==" | "!=") value | key ("in" | "notin") "(" value *("," value) ")"
#pragma once

#include <string_view>

#include "api/meta.h"
#include "base/result.h"

namespace cardea::api {

base::Result<LabelSelector> parse_selector(std::string_view text);

}  // namespace cardea::api
