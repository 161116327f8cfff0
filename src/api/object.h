// SPDX-License-Identifier: Apache-2.0
// Object: one decoded object of any kind that we know. Immutable and shared; any thread may read.
#pragma once

#include <memory>
#include <string_view>
#include <variant>

#include "api/backend_tls_policy.h"
#include "api/config_map.h"
#include "api/endpoint_slice.h"
#include "api/gateway.h"
#include "api/gateway_class.h"
#include "api/gateway_parameters.h"
#include "api/grpc_route.h"
#include "api/http_route.h"
#include "api/listener_set.h"
#include "api/namespace.h"
#include "api/reference_grant.h"
#include "api/secret.h"
#include "api/service.h"
#include "api/tcp_route.h"
#include "api/tls_route.h"
#include "api/udp_route.h"

namespace cardea::api {

template <class Kind>
using Ref = std::shared_ptr<const Kind>;

using Object = std::variant<Ref<GatewayClass>, Ref<Gateway>, Ref<ListenerSet>, Ref<HTTPRoute>, Ref<GRPCRoute>,
                            Ref<TLSRoute>, Ref<TCPRoute>, Ref<UDPRoute>, Ref<ReferenceGrant>, Ref<BackendTLSPolicy>,
                            Ref<Service>, Ref<EndpointSlice>, Ref<Secret>, Ref<ConfigMap>, Ref<Namespace>,
                            Ref<GatewayParameters>>;

const ObjectMeta& metadata_of(const Object& object);
std::string_view kind_of(const Object& object);
// Same content apart from what the server sets by itself (generation, resourceVersion, ...): nothing to translate anew.
bool same_content(const Object& left, const Object& right);
// Same but for labels and annotations: what leaves the generation as it is.
bool same_spec(const Object& left, const Object& right);
// A copy with that generation.
Object with_generation(const Object& object, std::int64_t generation);

// What distinguishes an object from all others: its kind (the group follows from it) and its key.
struct ObjectId {
  std::string kind;
  ObjectKey key;

  auto operator<=>(const ObjectId&) const = default;
};
ObjectId id_of(const Object& object);
// "Kind namespace/name"
std::string to_text(const ObjectId& id);

}  // namespace cardea::api
