// SPDX-License-Identifier: Apache-2.0
// What every step may look up. Nothing of Observed: plans must not depend on it.
#pragma once

#include <string_view>
#include <unordered_map>

#include "api/resources.h"
#include "translate/options.h"
#include "translate/reference_grant.h"

namespace cardea::translate {

// Labels of namespaces, each looked up once.
class NamespaceLabels {
 public:
  explicit NamespaceLabels(const api::Resources& resources) : resources_(resources) {}
  const api::StringMap& of(const std::string& name) {
    const auto found = labels_.find(name);
    return found != labels_.end() ? found->second : labels_.emplace(name, resources_.namespace_labels(name)).first->second;
  }

 private:
  const api::Resources& resources_;
  std::unordered_map<std::string, api::StringMap> labels_;
};

struct Memory;
class Backends;
class BackendTlsPolicies;

struct Context {
  const api::Resources& resources;
  const Options& options;
  const ReferenceGrants& grants;
  BackendTlsPolicies& policies;
  NamespaceLabels& namespaces;
  Backends& backends;
  Memory& memory;
};

}  // namespace cardea::translate
