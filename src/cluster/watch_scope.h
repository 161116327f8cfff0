// SPDX-License-Identifier: Apache-2.0
// What the controller looks at. Cluster-scoped kinds are always looked at, but of Namespaces only those that are named.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/meta.h"

namespace cardea::cluster {

struct WatchScope {
  std::vector<std::string> namespaces{};                   // empty: all, or those of the selector
  std::optional<api::LabelSelector> namespace_selector{};  // by labels of Namespaces; not together with `namespaces`

  // Where to watch a namespaced kind: "" is everywhere. With a selector everywhere too: which namespaces it selects changes.
  std::vector<std::string> places() const { return namespaces.empty() ? std::vector<std::string>{""} : namespaces; }
};

}  // namespace cardea::cluster
