// SPDX-License-Identifier: Apache-2.0
// The cookies of a request (RFC 6265 section 4.2.1; in HTTP/2 they may come in several fields, RFC 9113 section 8.2.3).
#pragma once

#include <string_view>

#include "base/strings.h"
#include "http/fields.h"

namespace cardea::http {

// Calls `found(value)` with each cookie of that name, in their order, until it says true. Whether it did.
template <class Found>
bool find_cookie(const Fields& fields, std::string_view name, Found found) {
  if (!fields.has(HeaderId::Cookie)) return false;
  for (const Field& field : fields) {
    if (field.id != HeaderId::Cookie) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const std::size_t end = rest.find(';');
      const std::string_view pair = base::trim(rest.substr(0, end));
      if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=' && found(pair.substr(name.size() + 1))) return true;
      rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    }
  }
  return false;
}

}  // namespace cardea::http
