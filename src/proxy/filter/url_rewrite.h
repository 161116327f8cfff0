// SPDX-License-Identifier: Apache-2.0
// URLRewrite (facts, 6.6): changes Host and path of what goes to the backend. The query stays.
#pragma once

#include "base/result.h"
#include "http/head.h"
#include "http/text_arena.h"
#include "plan/plan.h"

namespace cardea::proxy {

// `filter` must outlive `head`, whose views may point into it.
void apply_url_rewrite(const plan::UrlRewrite& filter, http::RequestHead& head, http::TextArena& arena);

base::Result<> check_url_rewrite(const plan::UrlRewrite& filter);

}  // namespace cardea::proxy
