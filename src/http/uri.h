// SPDX-License-Identifier: Apache-2.0
// The parts of a request target (RFC 3986, RFC 9110 section 4.2): authority, the one normal form of a path, queries.
// docs/path-normal-form.md tells users what the normal form is; uri_test reads its table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "http/fault.h"
#include "http/limits.h"
#include "http/text_arena.h"

namespace cardea::http {

// host [":" port], no userinfo. Names: letters, digits, '-', '.', '_', '~', no empty label; or an IPv6 address in
// brackets. Stricter than RFC 3986, whose percent-encoding and punctuation in names nobody means.
struct Authority {
  std::string_view host;   // as written, without port; IPv6 with its brackets
  std::uint16_t port = 0;  // 0: not named
  bool is_normal = false;  // normal_host() would return `host` as it is
};
std::optional<Authority> parse_authority(std::string_view text);

// For comparing and matching: lower case, without a final dot. A copy only when it is not so already.
std::string_view normal_host(std::string_view host, TextArena& arena);

// The normal form: absolute, percent-encodings of unreserved characters decoded and others upper case, no empty
// segment, no dot segment. Idempotent, never longer than the input. A path that is normal already is returned as it is.
struct NormalPath {
  std::string_view path;
  Fault fault = Fault::None;
};
NormalPath normalize_path(std::string_view path, EncodedSeparators separators, TextArena& arena);

// One `name=value` of a query at a time, percent-decoded and '+' as a space, for matching. Bad encodings stand for
// themselves. Texts live in the arena when they needed decoding.
struct QueryParam {
  std::string_view name;
  std::string_view value;
};
class QueryParams {
 public:
  QueryParams(std::string_view query, TextArena& arena) : rest_(query), arena_(&arena) {}
  std::optional<QueryParam> next();

 private:
  std::string_view rest_;
  TextArena* arena_;
};

}  // namespace cardea::http
