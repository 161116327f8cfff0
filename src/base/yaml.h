// SPDX-License-Identifier: Apache-2.0
// YAML in and out, as Kubernetes reads it: the JSON data model, several documents a text, YAML 1.1 scalars
// (yes/no/on/off are booleans), anchors and merge keys bounded so that no text can explode.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/value.h"

namespace cardea::base {

// A text's documents in order; empty documents are left out. Each document fails alone: `errors` holds one entry per
// document that could not be read, `values` the others. An error names line and column.
struct YamlDocuments {
  std::vector<Value> values;
  std::vector<Error> errors;
};
YamlDocuments parse_yaml(std::string_view text);

// Block style, members in their order, ended by a line break. Strings are quoted only where a YAML 1.1 reader would
// take them for something else; what YAML cannot say is replaced as in JSON.
std::string to_yaml(const Value& value);

}  // namespace cardea::base
