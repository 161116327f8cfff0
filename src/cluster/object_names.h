// SPDX-License-Identifier: Apache-2.0
// Names and label values of what is made for a Gateway (facts, 1.14). A Gateway's name may have 253 characters, with dots
// and a digit in front; a Service's may have 63, none of these; a label's value 63.
#pragma once

#include <string>
#include <string_view>

namespace cardea::cluster {

inline constexpr std::size_t kMaxLabel = 63;

// `<gateway>-<class>` where that is a name of a Service and can stand for these two alone; else a readable part of it and a
// hash of both.
std::string object_name(std::string_view gateway, std::string_view gateway_class);

// The text itself where it may stand as a label's value; else a part of it and a hash of the whole.
std::string label_value(std::string_view text);

}  // namespace cardea::cluster
