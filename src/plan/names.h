// SPDX-License-Identifier: Apache-2.0
// The enumerations of a plan as words: in its JSON form, in logs and in metrics.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "plan/plan.h"

namespace cardea::plan {

std::string_view to_string(StringMatchType type);
std::string_view to_string(PathMatchType type);
std::string_view to_string(BackendProtocol protocol);
std::string_view to_string(BackendFault fault);
std::string_view to_string(RouteKind kind);
std::string_view to_string(Protocol protocol);
std::string_view to_string(TlsMode mode);
std::string_view to_string(SubjectAltNameType type);
std::string_view to_string(ClientValidationMode mode);
std::string_view to_string(SessionType type);
std::string_view to_string(AuthProtocol protocol);

// The value of that word, for each enumeration above.
template <class Enum>
std::optional<Enum> parse_name(std::string_view word);
// All words of the enumeration, for error messages: "Exact, RegularExpression".
template <class Enum>
std::string words_of();

}  // namespace cardea::plan
