// SPDX-License-Identifier: Apache-2.0
// RequestMirror: whether this request is copied, by chance; the copy is proxy/mirror. It carries what filters before this
// one did to the head. Each filter of a list draws for itself. An upgrade is not copied: its bytes belong to two peers.
#pragma once

#include "proxy/request.h"
#include "proxy/route_table.h"

namespace cardea::proxy {

// `mirrors`: those of the list that `filter` stands in.
void apply_request_mirror(const plan::RequestMirror& filter, const std::vector<CompiledMirror>& mirrors, Request& request);

}  // namespace cardea::proxy
