// SPDX-License-Identifier: Apache-2.0
#include "translate/status/served.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cardea::translate {
namespace {

bool same_place(const plan::Listener& a, const plan::Listener& b) {
  const bool same_tls = a.tls.has_value() == b.tls.has_value() &&
                        (!a.tls || (a.tls->mode == b.tls->mode && a.tls->certificates == b.tls->certificates));
  return a.addresses == b.addresses && a.port == b.port && a.bind_port == b.bind_port && a.protocol == b.protocol &&
         a.hostname == b.hostname && same_tls;
}

}  // namespace

ServedGateway::ServedGateway(const GatewayModel& gateway, const Observed& observed) : observed_(observed) {
  const auto found = observed.gateways.find({gateway.object->metadata.namespace_, gateway.object->metadata.name});
  if (found == observed.gateways.end()) return;
  own_ = &found->second;
  if (!plan()) return;
  for (const auto& listener : plan()->routing->listeners) listeners_.emplace(plan::id_of(*listener), listener.get());
}

bool ServedGateway::serves(const plan::Listener& wanted) const {
  const auto found = listeners_.find(plan::id_of(wanted));
  return found != listeners_.end() && same_place(*found->second, wanted);
}

std::string ServedGateway::laggards() const {
  if (!own_ || own_->laggards.empty()) return {};
  return fmt::format(": waiting for {}", fmt::join(own_->laggards, ", "));
}

const Refusal* ServedGateway::refusal_of(const ListenerModel& listener) const {
  if (!own_) return nullptr;
  const auto found = std::ranges::find_if(own_->refusals, [&](const Refusal& refusal) {
    if (refusal.part == "listener " + listener.spec->name) return true;
    return std::ranges::any_of(listener.certificates,
                               [&](const auto& certificate) { return refusal.part == "certificate " + certificate->id; });
  });
  return found == own_->refusals.end() ? nullptr : &*found;
}

}  // namespace cardea::translate
