// SPDX-License-Identifier: Apache-2.0
// Cuts a YAML stream before its document markers, so that each document can fail alone. Part of the YAML reader.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace cardea::base {

struct YamlChunk {
  std::string_view text;
  std::uint32_t first_line = 1;
};

// YAML 1.1 section 4.3.2: "---" at the start of a line, followed by white space or nothing, can only be a document
// marker, whatever stands around it. Directives (%...) belong to the marker that follows them. A chunk may still hold
// several documents (after "..."). The chunks join to `text`.
std::vector<YamlChunk> split_yaml(std::string_view text);

}  // namespace cardea::base
