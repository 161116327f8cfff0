// SPDX-License-Identifier: Apache-2.0
// A plan is read from the wire: whatever comes, reading ends, and what was read is written and read back as the same.
#include <cstdlib>

#include "base/json.h"
#include "plan/diff.h"
#include "plan/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cardea;
  const auto value = base::parse_json({reinterpret_cast<const char*>(data), size});
  if (!value) return 0;
  const auto plan = plan::from_value(*value);
  if (!plan) return 0;
  const auto again = plan::from_value(plan::to_value(**plan));
  if (!again || !plan::diff(**plan, **again).empty()) std::abort();
  return 0;
}
