// SPDX-License-Identifier: Apache-2.0
#include "api/decode/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace cardea::api {
namespace {

// More than are shown, so that those shown are the first of the text and not of our way through it.
constexpr std::size_t kMaxKept = 200;
constexpr std::size_t kMaxQuoted = 64;

bool is_plain(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

}  // namespace

void Report::add(DecodeError error) {
  ++count_;
  if (errors_.size() < kMaxKept) errors_.push_back(std::move(error));
}

std::vector<DecodeError> Report::take() {
  std::sort(errors_.begin(), errors_.end(), [](const DecodeError& a, const DecodeError& b) {
    return std::tie(a.position.line, a.position.column, a.path, a.text) <
           std::tie(b.position.line, b.position.column, b.path, b.text);
  });
  if (errors_.size() > kMaxDecodeErrors) errors_.resize(kMaxDecodeErrors);
  return std::move(errors_);
}

std::string Node::path() const {
  if (!parent_) return std::string(name_);
  if (name_.empty()) return fmt::format("{}[{}]", parent_->path(), index_);
  return path_to_member(parent_->path(), name_);
}

std::string path_to_member(std::string path, std::string_view name) {
  if (!is_plain(name)) return path + "[" + quoted(name) + "]";
  if (!path.empty()) path += '.';
  path += name;
  return path;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, kMaxQuoted)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  // A character is not cut in half: continuation bytes that lost their end go too.
  if (text.size() > kMaxQuoted) {
    while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xc0) == 0x80) out.pop_back();
    if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xc0) out.pop_back();
    out += "...";
  }
  return out + '"';
}

std::string described(const base::Value& value) {
  if (value.is_null()) return "null";
  if (value.is_bool()) return value.as_bool() ? "true" : "false";
  if (value.is_int()) return fmt::format("the number {}", value.as_int());
  if (value.is_double()) return fmt::format("the number {}", value.as_double());
  if (value.is_string()) return fmt::format("the text {}", quoted(value.as_string()));
  return value.is_array() ? "a list" : "an object";
}

}  // namespace cardea::api
