// SPDX-License-Identifier: Apache-2.0
#include "api/decode/data.h"
#include "api/decode/kinds.h"

namespace cardea::api {

void read(Fields& in, Secret& out) {
  StringMap texts;
  in.optional("type", out.type);
  if (out.type.empty()) out.type = "Opaque";
  read_bytes(in, "data", out.data);
  in.optional("stringData", texts, MapRule{.key = kDataKey, .value = {}, .secret = true});
  in.ignored(Shape::Bool, {"immutable"});
  for (const auto& [key, text] : texts) out.data.set(key, text);
  if (!in.sound()) return;
  in.rule(size_of(out.data) <= kMaxDataSize, {}, "must hold at most 1 MiB of data");
  if (out.type != kSecretTypeTLS) return;
  in.rule(out.data.contains("tls.crt"), {"data"}, "must have \"tls.crt\" for type kubernetes.io/tls");
  in.rule(out.data.contains("tls.key"), {"data"}, "must have \"tls.key\" for type kubernetes.io/tls");
}

}  // namespace cardea::api
