// SPDX-License-Identifier: Apache-2.0
// Any bytes as YAML: reading ends within its bounds, and each document that was read is written and read back as the
// same, also as JSON.
#include <cstdlib>

#include "base/json.h"
#include "base/yaml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cardea::base;
  const YamlDocuments documents = parse_yaml({reinterpret_cast<const char*>(data), size});
  for (const Value& value : documents.values) {
    const YamlDocuments again = parse_yaml(to_yaml(value));
    if (!again.errors.empty() || again.values.size() != 1 || !(again.values[0] == value)) std::abort();
    const auto json = parse_json(to_json(value));
    if (!json || !(*json == value)) std::abort();
  }
  return 0;
}
