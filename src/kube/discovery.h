// SPDX-License-Identifier: Apache-2.0
// Discovery: which versions and collections of a group the API server serves (Kubernetes API Concepts, "Discovery").
#pragma once

#include <map>
#include <set>
#include <string>

#include "async/task.h"
#include "kube/client.h"

namespace cardea::kube {

// By version, the plurals: {"v1": {"gateways", "gateways/status", ...}}. Empty: the group does not exist.
using ServedGroup = std::map<std::string, std::set<std::string>, std::less<>>;

async::Task<Answer<ServedGroup>> discover(Client& client, std::string group);

}  // namespace cardea::kube
