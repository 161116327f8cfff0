// SPDX-License-Identifier: Apache-2.0
// The usual reason phrases (RFC 9110 section 15 and the IANA registry).
#pragma once

#include <cstdint>
#include <string_view>

namespace cardea::http {

// Empty for a code that has none.
std::string_view reason_phrase(std::uint16_t status);

}  // namespace cardea::http
