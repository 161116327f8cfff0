// SPDX-License-Identifier: Apache-2.0
#include "api/decode/data.h"
#include "api/decode/kinds.h"

namespace cardea::api {

void read(Fields& in, ConfigMap& out) {
  in.optional("data", out.data, MapRule{.key = kDataKey, .value = {}});
  read_bytes(in, "binaryData", out.binary_data);
  in.ignored(Shape::Bool, {"immutable"});
  if (!in.sound()) return;
  in.rule(size_of(out.data) + size_of(out.binary_data) <= kMaxDataSize, {}, "must hold at most 1 MiB of data");
  for (const auto& [key, bytes] : out.binary_data) {
    in.rule(!out.data.contains(key), {"binaryData", std::string_view(key)}, "must not be in data too");
  }
}

}  // namespace cardea::api
