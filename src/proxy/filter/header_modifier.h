// SPDX-License-Identifier: Apache-2.0
// RequestHeaderModifier and ResponseHeaderModifier (facts, 6.3 and 6.4). `set` replaces all fields of a name, `add`
// appends a field line, `remove` takes all of them away. Fields that frame a message or belong to one connection are
// left alone, whatever a filter says: what is forwarded stays one message.
#pragma once

#include "base/result.h"
#include "http/head.h"
#include "plan/plan.h"

namespace cardea::proxy {

// `filter` must outlive the head, whose views then point into it. Setting Host changes the authority that is forwarded;
// it can be neither added nor removed.
void apply_request_header_modifier(const plan::HeaderModifier& filter, http::RequestHead& head);
void apply_response_header_modifier(const plan::HeaderModifier& filter, http::ResponseHead& head);

// Names are tokens and values field values (RFC 9110 section 5), so that nothing but one field line comes of each.
base::Result<> check_header_modifier(const plan::HeaderModifier& filter);

}  // namespace cardea::proxy
