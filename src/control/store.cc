// SPDX-License-Identifier: Apache-2.0
#include "control/store.h"

#include <memory>
#include <type_traits>
#include <variant>

namespace cardea::control {

bool Store::put(const api::Object& object) {
  const bool known = std::visit(
      [this, &object](const auto& ref) {
        using Kind = std::remove_cvref_t<decltype(*ref)>;
        const auto* const before = resources_.all<Kind>().find_ref(ref->metadata.namespace_, ref->metadata.name);
        return before && (*before)->metadata.generation == ref->metadata.generation &&
               api::same_content(api::Object(*before), object);
      },
      object);
  if (!known) resources_.put(object);
  return !known;
}

std::size_t Store::apply(const Batch& batch) {
  std::size_t changed = 0;
  for (const auto& [id, object] : batch) changed += object ? put(*object) : erase(id);
  return changed;
}

}  // namespace cardea::control
