// SPDX-License-Identifier: Apache-2.0
// Who a ServiceAccount token belongs to, by the API server's word (authentication.k8s.io/v1, TokenReview).
#pragma once

#include <expected>
#include <string>

#include "async/task.h"
#include "base/value.h"
#include "cluster/plan_server.h"
#include "kube/client.h"

namespace cardea::cluster {

// The token must be made for plan::wire::kAudience. `client` outlives the call.
async::Task<std::expected<Caller, Refused>> review_token(kube::Client* client, std::string token);

// What the answer to a TokenReview says.
std::expected<Caller, Refused> caller_of(const base::Value& review);

}  // namespace cardea::cluster
