// SPDX-License-Identifier: Apache-2.0
#include "translate/filter/url_rewrite.h"

#include "translate/filter/path_modifier.h"

namespace cardea::translate {

std::expected<plan::Filter, Problem> translate_url_rewrite(const api::HTTPURLRewriteFilter& filter, const FilterPlace& place) {
  auto path = translate_path_modifier(filter.path, place);
  if (!path) return std::unexpected(std::move(path.error()));
  plan::UrlRewrite rewrite;
  if (!filter.hostname.empty()) rewrite.hostname = filter.hostname;
  rewrite.path = std::move(*path);
  return rewrite;
}

}  // namespace cardea::translate
