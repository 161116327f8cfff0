// SPDX-License-Identifier: Apache-2.0
// What the API server says when it refuses (metav1.Status).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/value.h"
#include "kube/error.h"

namespace cardea::kube {

// `http_status` is the answer's; 0: the status's own code counts (an ERROR event).
ApiError error_of_status(const base::Value& status, std::uint16_t http_status);
// The body of an answer that is not a success: a Status, or any text.
ApiError error_of_body(std::string_view body, std::uint16_t http_status);

}  // namespace cardea::kube
