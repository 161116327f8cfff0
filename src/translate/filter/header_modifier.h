// SPDX-License-Identifier: Apache-2.0
// RequestHeaderModifier and ResponseHeaderModifier (facts, 6.3).
#pragma once

#include "api/route_filter.h"
#include "plan/plan.h"

namespace cardea::translate {

plan::RequestHeaderModifier translate_request_header_modifier(const api::HTTPHeaderFilter& filter);
plan::ResponseHeaderModifier translate_response_header_modifier(const api::HTTPHeaderFilter& filter);

}  // namespace cardea::translate
