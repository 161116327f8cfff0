// SPDX-License-Identifier: Apache-2.0
#include "translate/ca_bundle.h"

#include "translate/memory.h"

namespace cardea::translate {

bool may_hold_ca_certificates(std::string_view group, std::string_view kind) {
  return group.empty() && kind == api::ConfigMap::kKind;
}

base::Result<plan::Ref<plan::CaBundle>> find_ca_bundle(const api::ObjectKey& config_map, const api::Resources& resources,
                                                       Memory& memory) {
  const api::Ref<api::ConfigMap>* found = resources.all<api::ConfigMap>().find_ref(config_map.namespace_, config_map.name);
  if (!found) return base::fail("it does not exist");
  const CheckedBundle& checked = memory.ca_bundle(*found);
  if (!checked.bundle) return base::fail(checked.fault);
  return checked.bundle;
}

}  // namespace cardea::translate
