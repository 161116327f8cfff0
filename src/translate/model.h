// SPDX-License-Identifier: Apache-2.0
// What one translation works on: Gateways, ListenerSets and listeners with what the steps found out about them. Made and
// changed by the steps in the order of translate.cc, read by those that assemble plans and statuses; lives no longer than
// one call. Nothing here depends on Observed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/gateway.h"
#include "api/listener_set.h"
#include "plan/plan.h"
#include "translate/hostname.h"
#include "translate/precedence.h"
#include "translate/status/vocabulary.h"

namespace cardea::translate {

struct GatewayModel;
struct ListenerSetModel;

struct MoreSpecific {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const { return more_specific(a, b); }
};

struct ListenerModel {
  const api::Listener* spec = nullptr;
  GatewayModel* gateway = nullptr;
  ListenerSetModel* set = nullptr;  // null: the Gateway's own
  std::string hostname;             // lower case

  std::vector<api::RouteGroupKind> kinds;  // that may attach: status.supportedKinds

  std::optional<Problem> refusal;     // Accepted is False
  bool conflicted = false;            // ... and Conflicted is True with the same reason
  std::optional<Problem> unresolved;  // ResolvedRefs is False
  std::optional<Problem> unserved;    // Accepted, but Programmed is False: nothing can be served
  std::optional<Problem> overlaps;    // OverlappingTLSConfig is True

  // Refused, yet its hostname must not fall to another listener of the port: it stays in the plan without certificates,
  // so that its handshakes are refused.
  bool keeps_hostname = false;
  std::vector<plan::Ref<plan::Certificate>> certificates;
  std::vector<std::string> certificate_names;                // DNS names that the certificates are good for
  std::optional<plan::ClientValidation> clients;             // of HTTPS: what is asked of clients' certificates
  std::vector<plan::Ref<plan::CaBundle>> client_ca_bundles;  // that it names
  std::string tls_min_version;                               // empty: as the settings say

  std::int32_t attached_routes = 0;
  // What is served, by effective hostname. The matches belong to the built routes.
  std::map<std::string, std::vector<const RankedMatch*>, MoreSpecific> hosts;

  plan::Ref<plan::Listener> planned;  // null: not in the plan

  const api::ObjectMeta& owner() const;
  std::string_view owner_kind() const;
  // "listener http of Gateway default/web", for messages.
  std::string describe() const;
};

struct ListenerSetModel {
  const api::ListenerSet* object = nullptr;
  GatewayModel* gateway = nullptr;
  std::optional<Problem> refusal;  // NotAllowed or ParentNotAccepted
  std::vector<ListenerModel> listeners;
};

struct GatewayModel {
  const api::Gateway* object = nullptr;
  std::optional<Problem> refusal;     // the Gateway as a whole: class, parameters, addresses
  std::optional<Problem> unresolved;  // references that are no listener's
  std::vector<plan::Setting> settings;  // of its class's and its own parameters, sorted by name
  // What is shown to backends in TLS. An id without a certificate: what spec.tls.backend names cannot be used.
  std::string client_certificate_id;
  plan::Ref<plan::Certificate> client_certificate;
  std::vector<std::string> addresses;  // to bind, canonical text; empty: the default ones
  bool insecure_frontend = false;
  std::vector<ListenerModel> listeners;
  std::vector<std::unique_ptr<ListenerSetModel>> sets;  // in the order of precedence

  // Whether it is sound enough to be served: not refused, and at least one listener of its own is good.
  bool accepted() const;
  // Its own listeners, then those of its sets.
  std::vector<ListenerModel*> all_listeners();
  std::vector<const ListenerModel*> all_listeners() const;
};

// Whether the plan has this listener at all.
bool in_plan(const ListenerModel& listener);

using Gateways = std::vector<std::unique_ptr<GatewayModel>>;  // older first, then by namespace and name

}  // namespace cardea::translate
