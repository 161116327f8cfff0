// SPDX-License-Identifier: Apache-2.0
// Any bytes as JSON: reading ends, and what was read is written and read back as the same.
#include <cstdlib>

#include "base/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cardea::base;
  const auto value = parse_json({reinterpret_cast<const char*>(data), size});
  if (!value) return 0;
  const auto again = parse_json(to_json(*value));
  if (!again || !(*again == *value)) std::abort();
  const auto pretty = parse_json(to_pretty_json(*value));
  if (!pretty || !(*pretty == *value)) std::abort();
  return 0;
}
