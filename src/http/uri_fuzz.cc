// SPDX-License-Identifier: Apache-2.0
// Paths: the normal form is idempotent, has no empty or dot segment, and never grows. Authorities and queries: no
// crash, and an authority's parts lie in it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/uri.h"

namespace cardea::http {
namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check_path(std::string_view text, EncodedSeparators separators) {
  TextArena arena;
  const NormalPath once = normalize_path(text, separators, arena);
  if (once.fault != Fault::None) return;
  const NormalPath twice = normalize_path(once.path, separators, arena);
  require(twice.fault == Fault::None && twice.path == once.path);
  require(once.path.size() <= text.size() && once.path.starts_with('/'));
  const std::string padded = std::string(once.path) + "/";
  require(once.path.find("//") == std::string_view::npos);
  require(padded.find("/./") == std::string::npos && padded.find("/../") == std::string::npos);
  require(once.path.find_first_of(std::string_view("\\\0 #?\r\n", 7)) == std::string_view::npos);
}

void check_authority(std::string_view text) {
  const auto authority = parse_authority(text);
  if (!authority) return;
  require(!authority->host.empty() && text.starts_with(authority->host));
  TextArena arena;
  const std::string_view host = normal_host(authority->host, arena);
  require(!host.empty() && normal_host(host, arena) == host && parse_authority(host));
}

}  // namespace
}  // namespace cardea::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cardea::http;
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_path(text, EncodedSeparators::Refuse);
  check_path(text, EncodedSeparators::Keep);
  check_authority(text);
  TextArena arena;
  QueryParams params(text, arena);
  while (const auto param = params.next()) require(param->name.size() + param->value.size() <= size);
  return 0;
}
