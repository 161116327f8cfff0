// SPDX-License-Identifier: Apache-2.0
#include "cluster/refusals.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "translate/status/vocabulary.h"

namespace cardea::cluster {

void tell_refusals(Events& events, const api::Resources& resources, const translate::Observed& observed) {
  for (const auto& [name, seen] : observed.gateways) {
    const auto* const gateway = resources.find<api::Gateway>(name.namespace_, name.name);
    if (!gateway) continue;
    if (seen.refusals.empty()) {
      events.forget(gateway->metadata.uid, translate::reason::kPartsRefused);
      continue;
    }
    const translate::Refusal& first = seen.refusals.front();
    std::string message = fmt::format("Proxies refused {}: {}", first.part, first.reason);
    if (seen.refusals.size() > 1) message += fmt::format(" (and {} more: see the Gateway's status)", seen.refusals.size() - 1);
    events.warn(subject_of(*gateway), translate::reason::kPartsRefused, std::move(message));
  }
}

}  // namespace cardea::cluster
