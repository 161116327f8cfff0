// SPDX-License-Identifier: Apache-2.0
// The one table of what this version supports, as GatewayClass.status.supportedFeatures publishes it (facts, section 3).
// A name stands here only while its conformance tests pass; conformance runs infer their tests from it.
#pragma once

#include <string>
#include <vector>

namespace cardea::translate {

const std::vector<std::string>& supported_features();  // sorted by name, as the API demands

}  // namespace cardea::translate
