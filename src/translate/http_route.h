// SPDX-License-Identifier: Apache-2.0
// HTTPRoute (facts, 1.6): what only this kind has; route_rules.h has the rest.
#pragma once

#include "api/http_route.h"
#include "translate/attach.h"
#include "translate/route_rules.h"

namespace cardea::translate {

RouteShape shape_of(const api::HTTPRoute& route);

std::shared_ptr<const BuiltRoute> build_route(const api::Ref<api::HTTPRoute>& route, Context& context);

}  // namespace cardea::translate
