// SPDX-License-Identifier: Apache-2.0
#include "api/resources.h"

namespace cardea::api {

void Resources::put(const Object& object) {
  std::visit([this]<class Kind>(const Ref<Kind>& ref) { put<Kind>(ref); }, object);
}

bool Resources::erase(const ObjectId& id) {
  return std::apply(
      [&id]<class... Kinds>(Table<Kinds>&... tables) {
        return ((Kinds::kKind == id.kind && tables.erase(id.key.namespace_, id.key.name)) || ...);
      },
      tables_);
}

StringMap Resources::namespace_labels(std::string_view name) const {
  if (const Namespace* declared = find<Namespace>("", name)) return declared->metadata.labels;
  return {{std::string(kNamespaceNameLabel), std::string(name)}};
}

std::size_t Resources::size() const {
  return std::apply([](const auto&... tables) { return (tables.size() + ...); }, tables_);
}

}  // namespace cardea::api
