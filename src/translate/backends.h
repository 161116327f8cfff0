// SPDX-License-Identifier: Apache-2.0
// The backends that this translation uses: one per Service port, shared by every rule and Gateway that names it, and
// their endpoints out of EndpointSlices (facts, 6.7).
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/resources.h"
#include "plan/plan.h"

namespace cardea::translate {

struct Memory;

class Backends {
 public:
  Backends(const api::Resources& resources, Memory& memory);

  // The Backend that `wanted` (unsealed) tells, of that Service port.
  plan::Ref<plan::Backend> use(plan::Backend wanted, const api::ServicePort& port);
  // One that is used as it was the last time, while nothing has changed that decides what it is.
  void use_again(const std::string& id);

  // Endpoints of a backend that is used; an empty list when no slice has any.
  plan::Ref<plan::BackendEndpoints> endpoints_of(const std::string& id);

 private:
  using Slices = std::vector<api::Ref<api::EndpointSlice>>;

  Memory& memory_;
  std::unordered_map<std::string, Slices> slices_by_service_;  // "namespace/name"
};

// The endpoints that slices give for the Service port of that name: those that are ready, and those that still serve
// while they end (the data plane's last resort). Each (address, port) once, sorted.
std::vector<plan::Endpoint> merge_slices(const std::vector<api::Ref<api::EndpointSlice>>& slices, std::string_view port_name);

}  // namespace cardea::translate
