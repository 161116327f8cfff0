// SPDX-License-Identifier: Apache-2.0
#include "base/yaml_split.h"

#include <optional>

namespace cardea::base {

namespace {

bool is_marker(std::string_view line, std::string_view marker) {
  if (!line.starts_with(marker)) return false;
  return line.size() == marker.size() ||
         std::string_view(" \t\r\n").find(line[marker.size()]) != std::string_view::npos;
}

bool is_blank(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos || line[first] == '#';
}

struct Place {
  std::size_t offset;
  std::uint32_t line;
};

}  // namespace

std::vector<YamlChunk> split_yaml(std::string_view text) {
  std::vector<YamlChunk> chunks;
  Place chunk{0, 1};
  Place here{0, 1};
  bool in_document = false;         // directives may stand only where this is false
  std::optional<Place> directives;  // where those before the next marker begin
  while (here.offset < text.size()) {
    const std::size_t end = text.find('\n', here.offset);
    const std::string_view line = text.substr(here.offset, end == std::string_view::npos ? end : end + 1 - here.offset);
    if (is_marker(line, "---")) {
      const Place cut = directives.value_or(here);
      if (cut.offset > chunk.offset) {
        chunks.push_back({text.substr(chunk.offset, cut.offset - chunk.offset), chunk.line});
        chunk = cut;
      }
      in_document = true;
      directives.reset();
    } else if (is_marker(line, "...")) {
      in_document = false;
      directives.reset();
    } else if (!in_document && line.starts_with('%')) {
      if (!directives) directives = here;
    } else if (!is_blank(line)) {
      in_document = true;
      directives.reset();
    }
    here = {here.offset + line.size(), here.line + 1};
  }
  if (text.size() > chunk.offset) chunks.push_back({text.substr(chunk.offset), chunk.line});
  return chunks;
}

}  // namespace cardea::base
