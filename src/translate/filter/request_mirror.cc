// SPDX-License-Identifier: Apache-2.0
#include "translate/filter/request_mirror.h"

#include <fmt/format.h>

namespace cardea::translate {

std::expected<plan::Filter, Problem> translate_request_mirror(const api::HTTPRequestMirrorFilter& filter,
                                                              const ResolvedBackend& resolved) {
  plan::RequestMirror mirror;
  mirror.id = resolved.id;
  mirror.fault = resolved.fault;
  mirror.backend = resolved.backend;
  if (filter.fraction) {
    const auto [numerator, denominator] = *filter.fraction;
    if (denominator < 1 || numerator < 0 || numerator > denominator) {
      return std::unexpected(Problem{reason::kUnsupportedValue,
                                     fmt::format("requestMirror.fraction {}/{} is no share", numerator, denominator)});
    }
    mirror.numerator = static_cast<std::uint32_t>(numerator);
    mirror.denominator = static_cast<std::uint32_t>(denominator);
  }
  return mirror;
}

}  // namespace cardea::translate
