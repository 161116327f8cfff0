// SPDX-License-Identifier: Apache-2.0
#include "proxy/filter/url_rewrite.h"

#include "http/uri.h"
#include "proxy/filter/path_modifier.h"

namespace cardea::proxy {

void apply_url_rewrite(const plan::UrlRewrite& filter, http::RequestHead& head, http::TextArena& arena) {
  if (filter.hostname) head.authority = *filter.hostname;
  head.path = modified_path(filter.path, head.path, arena);
}

base::Result<> check_url_rewrite(const plan::UrlRewrite& filter) {
  if (filter.hostname && !http::parse_authority(*filter.hostname)) {
    return base::fail("the hostname \"" + *filter.hostname + "\" cannot be used");
  }
  return check_path_modifier(filter.path);
}

}  // namespace cardea::proxy
