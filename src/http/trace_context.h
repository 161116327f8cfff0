// SPDX-License-Identifier: Apache-2.0
// W3C Trace Context (Recommendation of 23 November 2021): what may be passed on as it is. Pure.
//
//   traceparent = version "-" trace-id "-" parent-id "-" flags       2, 32, 16 and 2 lower-case hexadecimal digits
//   tracestate  = key "=" value *( "," key "=" value )               at most 32 members
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace cardea::http {

inline constexpr std::size_t kTraceparentSize = 55;

// The trace-id of a valid traceparent. Of later versions the part that we know is checked; they may be longer.
std::optional<std::string_view> trace_id_of(std::string_view traceparent);

bool is_tracestate(std::string_view value);

}  // namespace cardea::http
