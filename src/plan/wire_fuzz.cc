// SPDX-License-Identifier: Apache-2.0
// Lines of a stream into both of its readers: whatever comes, reading ends, and a plan that was made can be written.
#include <cstdint>
#include <cstdlib>

#include "base/json.h"
#include "base/line_splitter.h"
#include "plan/json.h"
#include "plan/wire.h"
#include "plan/wire_assembly.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cardea;
  base::LineSplitter lines(plan::wire::kMaxProxyLine);
  if (!lines.append({reinterpret_cast<const char*>(data), size})) return 0;
  plan::wire::Assembly assembly;
  while (const auto line = lines.next()) {
    if (const auto message = plan::wire::parse_from_proxy(*line)) {
      if (const auto* report = std::get_if<plan::wire::Report>(&*message)) {
        if (!plan::wire::parse_from_proxy(plan::wire::to_line(*report))) std::abort();
      }
    }
    const auto message = plan::wire::parse_from_controller(*line);
    if (!message) continue;
    if (const auto* part = std::get_if<plan::wire::PartMessage>(&*message)) (void)assembly.add(*part);
    if (const auto* plan = std::get_if<plan::wire::PlanMessage>(&*message)) {
      const auto made = assembly.make(*plan);
      if (made) base::to_json(plan::to_value(*made->plan));
    }
  }
  return 0;
}
