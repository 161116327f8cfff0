// SPDX-License-Identifier: Apache-2.0
// backendRef: from a reference to the one Backend of that Service port, or to the reason why there is none (facts, 2.5,
// 6.7, 6.17). In this order: is it a kind that we can send to, is it permitted, does it exist, can we speak to it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/references.h"
#include "api/service.h"
#include "plan/plan.h"
#include "translate/context.h"
#include "translate/status/vocabulary.h"

namespace cardea::translate {

struct ResolvedBackend {
  api::ObjectKey service;
  std::string id;  // "namespace/name:port"
  plan::BackendFault fault = plan::BackendFault::None;
  plan::Ref<plan::Backend> backend;  // null exactly when there is a fault
  bool client_ip_affinity = false;   // sessionAffinity of the Service, as far as it was found
  std::optional<Problem> problem;    // for ResolvedRefs; none for InvalidTls, which the policy's status tells
  bool operator==(const ResolvedBackend&) const = default;
};

// What a kind of route speaks to its backends.
struct BackendUser {
  std::string_view kind;  // of the route
  std::string_view namespace_;
  api::TransportProtocol transport = api::TransportProtocol::TCP;
  bool speaks_http = true;   // so that the port's appProtocol matters
};

ResolvedBackend resolve_backend(const api::BackendObjectReference& ref, const BackendUser& user, Context& context);

}  // namespace cardea::translate
