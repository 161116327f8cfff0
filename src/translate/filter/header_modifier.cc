// SPDX-License-Identifier: Apache-2.0
#include "translate/filter/header_modifier.h"

#include <algorithm>

#include "base/strings.h"

namespace cardea::translate {
namespace {

// Of entries whose names are equal without case, the first counts (HTTPHeader.name).
std::vector<plan::Header> first_of_each(const std::vector<api::HTTPHeader>& headers) {
  std::vector<plan::Header> first;
  for (const api::HTTPHeader& header : headers) {
    const bool known =
        std::ranges::any_of(first, [&](const plan::Header& other) { return base::iequals(other.name, header.name); });
    if (!known) first.push_back({header.name, header.value});
  }
  return first;
}

plan::HeaderModifier translate(const api::HTTPHeaderFilter& filter) {
  return {.set = first_of_each(filter.set), .add = first_of_each(filter.add), .remove = filter.remove};
}

}  // namespace

plan::RequestHeaderModifier translate_request_header_modifier(const api::HTTPHeaderFilter& filter) {
  return {translate(filter)};
}

plan::ResponseHeaderModifier translate_response_header_modifier(const api::HTTPHeaderFilter& filter) {
  return {translate(filter)};
}

}  // namespace cardea::translate
