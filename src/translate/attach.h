// SPDX-License-Identifier: Apache-2.0
// May a route attach to what its parentRefs name (facts, 2.5, 6.8)? The same for all kinds of routes.
//
// For each parent that is ours, listeners are ruled out in this order, and the last step that left none gives the reason:
// sectionName and port (NoMatchingParent), kind and namespace (NotAllowedByListeners), hostname
// (NoMatchingListenerHostname). Whether a listener is itself valid plays no part (ListenerStatus.attachedRoutes).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "api/references.h"
#include "translate/context.h"
#include "translate/model.h"

namespace cardea::translate {

// Our Gateways and their ListenerSets by name.
class Parents {
 public:
  explicit Parents(const Gateways& gateways);

  struct Parent {
    GatewayModel* gateway = nullptr;
    ListenerSetModel* set = nullptr;  // null: the Gateway itself
    std::vector<ListenerModel>& listeners() const { return set ? set->listeners : gateway->listeners; }
  };
  // Nothing when the parent is not ours.
  std::optional<Parent> find(const api::ParentReference& ref, const std::string& route_namespace) const;

 private:
  std::map<api::ObjectKey, GatewayModel*> gateways_;
  std::map<api::ObjectKey, ListenerSetModel*> sets_;
};

// What attachment looks at in a route.
struct RouteShape {
  std::string_view kind;
  const api::ObjectMeta* metadata = nullptr;
  const std::vector<api::ParentReference>* parents = nullptr;
  const std::vector<std::string>* hostnames = nullptr;  // null: the kind has none
};

struct Attachment {
  ListenerModel* listener = nullptr;
  std::vector<std::string> hostnames;  // effective ones
};

struct ParentOutcome {
  const api::ParentReference* ref = nullptr;
  Parents::Parent parent;
  std::optional<Problem> rejection;      // then there are no attachments
  std::vector<Attachment> attachments;
};

// One for each parentRef that is ours, in their order.
std::vector<ParentOutcome> attach(const RouteShape& route, const Parents& parents, Context& context);

}  // namespace cardea::translate
