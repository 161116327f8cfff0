// SPDX-License-Identifier: Apache-2.0
// For the tests of decoding: a text in, an object or the lines of its errors out.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/decode.h"
#include "base/yaml.h"

namespace cardea::api {

inline std::vector<Decoded> decode_text(std::string_view yaml, DecodeMode mode = DecodeMode::Strict) {
  const base::YamlDocuments documents = base::parse_yaml(yaml);
  for (const base::Error& error : documents.errors) ADD_FAILURE() << error.message << "\n" << yaml;
  std::vector<Decoded> all;
  for (const base::Value& document : documents.values) {
    for (Decoded& decoded : decode(document, mode)) all.push_back(std::move(decoded));
  }
  return all;
}

// Every error of every object, as "line:column: path: text".
inline std::vector<std::string> errors_of(std::string_view yaml, DecodeMode mode = DecodeMode::Strict) {
  std::vector<std::string> lines;
  for (const Decoded& decoded : decode_text(yaml, mode)) {
    const auto* invalid = std::get_if<InvalidObject>(&decoded.outcome);
    if (!invalid) continue;
    for (const DecodeError& error : invalid->errors) lines.push_back(format_error("", error).substr(1));
  }
  return lines;
}

// The one object in that text. A failure, and an empty object, when it is none of that kind.
template <class Kind>
Ref<Kind> decode_as(std::string_view yaml, DecodeMode mode = DecodeMode::Strict) {
  const std::vector<Decoded> all = decode_text(yaml, mode);
  for (const std::string& error : errors_of(yaml, mode)) ADD_FAILURE() << error << "\n" << yaml;
  if (all.size() == 1) {
    if (const auto* object = std::get_if<Object>(&all[0].outcome)) {
      if (const auto* ref = std::get_if<Ref<Kind>>(object)) return *ref;
    }
  }
  ADD_FAILURE() << "not one " << Kind::kKind << ":\n" << yaml;
  return std::make_shared<const Kind>();
}

// A fragment that stands for "@" in a frame, and the errors it must give: none, or lines "path: text".
struct FragmentCase {
  const char* fragment;
  std::vector<std::string> errors;
};

inline void expect_errors(std::string_view frame, const std::vector<FragmentCase>& cases) {
  const std::size_t at = frame.find('@');
  ASSERT_NE(at, std::string_view::npos);
  for (const FragmentCase& one : cases) {
    const std::string text = std::string(frame.substr(0, at)) + one.fragment + std::string(frame.substr(at + 1));
    std::vector<std::string> found;
    for (const Decoded& decoded : decode_text(text)) {
      const auto* invalid = std::get_if<InvalidObject>(&decoded.outcome);
      if (!invalid) continue;
      for (const DecodeError& error : invalid->errors) {
        found.push_back(error.path + ": " + error.text);
        EXPECT_GT(error.position.line, 0u) << text;
        EXPECT_GT(error.position.column, 0u) << text;
      }
    }
    EXPECT_EQ(found, one.errors) << text;
  }
}

}  // namespace cardea::api
