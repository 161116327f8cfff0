// SPDX-License-Identifier: Apache-2.0
// Regular expressions after RE2's syntax: linear time whatever the pattern and the text. Everything that matches for a
// route goes through this class, so that what translation accepts is what the data plane can compile.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace re2 {
class RE2;
}

namespace cardea::base {

// Immutable once compiled; any number of threads may match with it.
class Regex {
 public:
  // Refuses what RE2 cannot parse and what would need too large a program (the memory of one expression is bounded).
  static Result<Regex> compile(std::string_view pattern);

  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  // Whether the whole of `text` matches (bytes are taken as Latin-1: a request's text need not be UTF-8).
  bool full_match(std::string_view text) const;
  const std::string& pattern() const;

 private:
  explicit Regex(std::unique_ptr<re2::RE2> compiled);
  std::unique_ptr<re2::RE2> compiled_;
};

Result<> check_regex(std::string_view pattern);

// The expression that matches just `text`.
std::string quote_regex(std::string_view text);

}  // namespace cardea::base
