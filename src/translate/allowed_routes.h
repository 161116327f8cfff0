// SPDX-License-Identifier: Apache-2.0
// Who may attach: allowedRoutes of listeners (namespaces and kinds) and allowedListeners of Gateways (facts, 1.4, 2.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/gateway.h"
#include "translate/context.h"

namespace cardea::translate {

// Whether `from` lets in what lives in `namespace_`; `owner_namespace` is the namespace of the object that allows.
bool allows_namespace(api::FromNamespaces from, const std::optional<api::LabelSelector>& selector,
                      std::string_view owner_namespace, const std::string& namespace_, Context& context);

struct Kinds {
  std::vector<api::RouteGroupKind> supported;  // what the protocol serves, or those of them that are asked for
  std::vector<std::string> invalid;            // asked for and not served there, as text
};
// `served`: the kinds that this version serves on the listener's protocol.
Kinds allowed_kinds(const std::vector<api::RouteGroupKind>& asked, const std::vector<std::string_view>& served);

bool allows_kind(const std::vector<api::RouteGroupKind>& kinds, std::string_view kind);

}  // namespace cardea::translate
