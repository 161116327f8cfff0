// SPDX-License-Identifier: Apache-2.0
#include "api/meta.h"

#include <algorithm>
#include <tuple>

namespace cardea::api {
namespace {

bool holds(const LabelSelectorRequirement& requirement, const StringMap& labels) {
  const std::string* value = labels.find(requirement.key);
  const auto is_listed = [&] {
    return std::find(requirement.values.begin(), requirement.values.end(), *value) != requirement.values.end();
  };
  switch (requirement.op.value) {
    case SelectorOperator::In:
      return value && is_listed();
    case SelectorOperator::NotIn:
      return !value || !is_listed();
    case SelectorOperator::Exists:
      return value != nullptr;
    case SelectorOperator::DoesNotExist:
      return value == nullptr;
    case SelectorOperator::Unknown:
      return false;
  }
  return false;
}

}  // namespace

std::string to_text(const ObjectKey& key) {
  return key.namespace_.empty() ? key.name : key.namespace_ + "/" + key.name;
}

std::strong_ordering by_age(const ObjectMeta& left, const ObjectMeta& right) {
  return std::tie(left.creation_timestamp, left.namespace_, left.name) <=>
         std::tie(right.creation_timestamp, right.namespace_, right.name);
}

bool LabelSelector::matches(const StringMap& labels) const {
  return std::all_of(match_labels.begin(), match_labels.end(),
                     [&labels](const StringMap::Entry& wanted) {
                       const std::string* value = labels.find(wanted.first);
                       return value && *value == wanted.second;
                     }) &&
         std::all_of(match_expressions.begin(), match_expressions.end(),
                     [&labels](const LabelSelectorRequirement& requirement) { return holds(requirement, labels); });
}

}  // namespace cardea::api
