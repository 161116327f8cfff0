// SPDX-License-Identifier: Apache-2.0
#include "proxy/filter/request_mirror.h"

#include <algorithm>

#include "proxy/worker.h"

namespace cardea::proxy {

void apply_request_mirror(const plan::RequestMirror& filter, const std::vector<CompiledMirror>& mirrors, Request& request) {
  const auto to = std::ranges::find(mirrors, &filter, &CompiledMirror::plan);
  if (to == mirrors.end() || filter.denominator == 0) return;
  if (request.worker.random().below(filter.denominator) >= filter.numerator) return;
  if (request.head().fields.has(http::HeaderId::Upgrade)) return;
  start_mirror(request, *to);
}

}  // namespace cardea::proxy
