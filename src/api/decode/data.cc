// SPDX-License-Identifier: Apache-2.0
#include "api/decode/data.h"

#include <algorithm>

#include "base/strings.h"

namespace cardea::api {

void read_bytes(Fields& in, std::string_view name, StringMap& out) {
  StringMap encoded;
  const std::size_t errors = in.node().report().count();
  in.optional(name, encoded, MapRule{.key = kDataKey, .value = {}, .secret = true});
  if (in.node().report().count() != errors) return;
  out.reserve(encoded.size());
  for (const auto& [key, written] : encoded) {
    std::string text = written;
    std::erase_if(text, [](char c) { return c == '\n' || c == '\r'; });  // as block texts have
    auto bytes = base::decode_base64(text);
    if (bytes) {
      out.set(key, *std::move(bytes));
    } else {
      in.fail({name, std::string_view(key)},
              "must be base64 (plain text belongs into stringData of a Secret, data of a ConfigMap)");
    }
  }
}

std::size_t size_of(const StringMap& data) {
  std::size_t size = 0;
  for (const auto& [key, value] : data) size += value.size();
  return size;
}

}  // namespace cardea::api
