// SPDX-License-Identifier: Apache-2.0
#include "translate/filter/path_modifier.h"

#include <fmt/format.h>

namespace cardea::translate {

std::expected<plan::PathModifier, Problem> translate_path_modifier(const std::optional<api::HTTPPathModifier>& path,
                                                                   const FilterPlace& place) {
  if (!path) return plan::PathModifier{};
  switch (path->type.value) {
    case api::HTTPPathModifierType::ReplaceFullPath: return plan::ReplaceFullPath{path->value};
    case api::HTTPPathModifierType::ReplacePrefixMatch:
      if (place.prefix) return plan::ReplacePrefixMatch{*place.prefix, path->value};
      return std::unexpected(
          Problem{reason::kUnsupportedValue, "path modifier ReplacePrefixMatch needs a rule with one match, of a PathPrefix"});
    case api::HTTPPathModifierType::Unknown: break;
  }
  return std::unexpected(Problem{reason::kUnsupportedValue, fmt::format("path modifier {} is not known", path->type.text())});
}

}  // namespace cardea::translate
