// SPDX-License-Identifier: Apache-2.0
#include "proxy/filter/path_modifier.h"

#include "http/limits.h"
#include "http/syntax.h"
#include "http/uri.h"

namespace cardea::proxy {

namespace {

bool is_escape(std::string_view text, std::size_t at) {
  return at + 2 < text.size() && text[at] == '%' && http::hex_value(text[at + 1]) >= 0 &&
         http::hex_value(text[at + 2]) >= 0;
}

bool can_stand(std::string_view text, std::size_t at) {
  return http::is_class(text[at], http::kPathChar) || is_escape(text, at);
}

// What a path cannot hold is percent-encoded; escapes that are there stay.
std::string_view encode_path(std::string_view text, http::TextArena& arena) {
  std::size_t foreign = 0;
  for (std::size_t i = 0; i < text.size(); ++i) foreign += can_stand(text, i) ? 0 : 1;
  if (foreign == 0) return text;
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const std::size_t size = text.size() + 2 * foreign;
  char* const out = arena.allocate(size);
  char* next = out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (can_stand(text, i)) {
      *next++ = text[i];
      continue;
    }
    const auto byte = static_cast<unsigned char>(text[i]);
    *next++ = '%';
    *next++ = kDigits[byte >> 4];
    *next++ = kDigits[byte & 15];
  }
  return {out, size};
}

http::NormalPath configured_path(std::string_view text, http::TextArena& arena) {
  std::string_view path = encode_path(text, arena);
  if (!path.starts_with('/')) path = arena.concat({"/", path});
  return http::normalize_path(path, http::EncodedSeparators::Keep, arena);
}

std::string_view without_final_slash(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

std::string_view replace_prefix(const plan::ReplacePrefixMatch& replace, std::string_view path,
                                http::TextArena& arena) {
  const std::string_view prefix = without_final_slash(replace.prefix);
  if (!path.starts_with(prefix)) return path;
  const std::string_view rest = path.substr(prefix.size());  // empty, or begins with '/'
  if (!rest.empty() && rest.front() != '/') return path;
  const std::string_view value = configured_path(replace.value, arena).path;
  if (rest.empty()) return value;
  const std::string_view head = without_final_slash(value);
  return head.empty() ? rest : arena.concat({head, rest});
}

}  // namespace

std::string_view modified_path(const plan::PathModifier& modifier, std::string_view path, http::TextArena& arena) {
  if (const auto* full = std::get_if<plan::ReplaceFullPath>(&modifier)) return configured_path(full->value, arena).path;
  if (const auto* prefix = std::get_if<plan::ReplacePrefixMatch>(&modifier))
    return replace_prefix(*prefix, path, arena);
  return path;
}

base::Result<> check_path_modifier(const plan::PathModifier& modifier) {
  std::string_view value = "/";
  if (const auto* full = std::get_if<plan::ReplaceFullPath>(&modifier)) value = full->value;
  if (const auto* prefix = std::get_if<plan::ReplacePrefixMatch>(&modifier)) value = prefix->value;
  http::TextArena arena;
  const auto normal = configured_path(value, arena);
  if (normal.fault == http::Fault::None) return {};
  return base::fail("the path \"" + std::string(value) +
                    "\" cannot be used: " + std::string(http::fault_text(normal.fault)));
}

}  // namespace cardea::proxy
