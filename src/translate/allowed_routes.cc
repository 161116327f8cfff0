// SPDX-License-Identifier: Apache-2.0
#include "translate/allowed_routes.h"

#include <algorithm>

#include <fmt/format.h>

namespace cardea::translate {

bool allows_namespace(api::FromNamespaces from, const std::optional<api::LabelSelector>& selector,
                      std::string_view owner_namespace, const std::string& namespace_, Context& context) {
  switch (from) {
    case api::FromNamespaces::All: return true;
    case api::FromNamespaces::Same: return namespace_ == owner_namespace;
    case api::FromNamespaces::Selector: return selector && selector->matches(context.namespaces.of(namespace_));
    case api::FromNamespaces::None:
    case api::FromNamespaces::Unknown: break;
  }
  return false;
}

Kinds allowed_kinds(const std::vector<api::RouteGroupKind>& asked, const std::vector<std::string_view>& served) {
  Kinds kinds;
  if (asked.empty()) {
    for (const std::string_view kind : served) kinds.supported.push_back({std::string(api::kGatewayGroup), std::string(kind)});
    return kinds;
  }
  for (const api::RouteGroupKind& kind : asked) {
    const bool known = kind.group == api::kGatewayGroup && std::ranges::find(served, kind.kind) != served.end();
    if (!known) {
      kinds.invalid.push_back(kind.group == api::kGatewayGroup ? kind.kind : fmt::format("{}/{}", kind.group, kind.kind));
    } else if (std::ranges::find(kinds.supported, kind) == kinds.supported.end()) {
      kinds.supported.push_back(kind);
    }
  }
  return kinds;
}

bool allows_kind(const std::vector<api::RouteGroupKind>& kinds, std::string_view kind) {
  return std::ranges::find(kinds, kind, &api::RouteGroupKind::kind) != kinds.end();
}

}  // namespace cardea::translate
