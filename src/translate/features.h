// SPDX-License-Identifier: Apache-2.0
// The one table of what this version supports, as GatewayClass.status.supportedFeatures publishes it (facts, section 3).
// A name stands here only while its conformance tests pass; conformance runs infer their tests from it.
#pragma once

#include <string>
#include <vector>

#include "translate/observed.h"
#include "translate/options.h"

namespace cardea::translate {

// Sorted by name, as the API demands. A feature of a kind that is not installed, or of the experimental channel where
// only the standard one is, is left out.
std::vector<std::string> supported_features(const Options& options, const Observed& observed);

}  // namespace cardea::translate
