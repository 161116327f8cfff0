// SPDX-License-Identifier: Apache-2.0
// Statuses as documents, as `kubectl get -o yaml` would show them: for --status-dir, the admin server and status
// writes.
#pragma once

#include <string_view>

#include "api/status.h"
#include "base/value.h"

namespace cardea::api {

base::Value to_value(const Condition& condition);
base::Value to_value(const GatewayClassStatus& status);
base::Value to_value(const GatewayStatus& status);
base::Value to_value(const ListenerSetStatus& status);
base::Value to_value(const RouteStatus& status);
base::Value to_value(const PolicyStatus& status);

// apiVersion, kind, metadata (name, namespace, generation) and status.
base::Value status_document(std::string_view kind, const ObjectMeta& metadata, base::Value status);

// "gateway.networking.k8s.io/v1" for "HTTPRoute": the version that we write. Empty for a kind that we do not know.
std::string_view api_version_of(std::string_view kind);

}  // namespace cardea::api
