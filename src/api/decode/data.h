// SPDX-License-Identifier: Apache-2.0
// The data of Secret and ConfigMap.
#pragma once

#include "api/decode/fields.h"

namespace cardea::api {

inline constexpr TextRule kDataKey{1, 253, is_data_key, "letters, digits, '-', '_' and '.'"};
inline constexpr std::size_t kMaxDataSize = 1 << 20;  // of one object, as an API server has it

// A member whose values are base64: their bytes. Errors never quote a value.
void read_bytes(Fields& in, std::string_view name, StringMap& out);
std::size_t size_of(const StringMap& data);

}  // namespace cardea::api
