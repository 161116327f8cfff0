// SPDX-License-Identifier: Apache-2.0
#include "translate/reference_grant.h"

#include <algorithm>

namespace cardea::translate {
namespace {

bool grants(const api::ReferenceGrantSpec& spec, const Referrer& from, const Target& to) {
  const bool from_listed = std::ranges::any_of(spec.from, [&](const api::ReferenceGrantFrom& entry) {
    return entry.group == from.group && entry.kind == from.kind && entry.namespace_ == from.namespace_;
  });
  return from_listed && std::ranges::any_of(spec.to, [&](const api::ReferenceGrantTo& entry) {
           return entry.group == to.group && entry.kind == to.kind && (entry.name.empty() || entry.name == to.name);
         });
}

}  // namespace

ReferenceGrants::ReferenceGrants(const api::Resources& resources) {
  for (const auto& grant : resources.all<api::ReferenceGrant>()) {
    by_namespace_[grant->metadata.namespace_].push_back(grant.get());
  }
}

bool ReferenceGrants::permit(const Referrer& from, const Target& to) const {
  if (from.namespace_ == to.namespace_) return true;
  const auto there = by_namespace_.find(to.namespace_);
  if (there == by_namespace_.end()) return false;
  return std::ranges::any_of(there->second, [&](const auto* grant) { return grants(grant->spec, from, to); });
}

}  // namespace cardea::translate
