// SPDX-License-Identifier: Apache-2.0
// IMF-fixdate, the one date that we write (RFC 9110 section 5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT".
#pragma once

#include <cstddef>
#include <cstdint>

namespace cardea::http {

inline constexpr std::size_t kDateSize = 29;
// Writes kDateSize bytes. Years 0 to 9999 only.
void write_date(char* out, std::int64_t unix_seconds);

}  // namespace cardea::http
