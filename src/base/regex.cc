// SPDX-License-Identifier: Apache-2.0
#include "base/regex.h"

#include <fmt/core.h>
#include <re2/re2.h>

namespace cardea::base {

namespace {

// For the program and the state machine that grows while matching. Ordinary patterns need a few kilobytes.
constexpr int kMaxMemory = 1 << 20;

re2::RE2::Options options() {
  re2::RE2::Options chosen(re2::RE2::Latin1);
  chosen.set_log_errors(false);
  chosen.set_max_mem(kMaxMemory);
  return chosen;
}

}  // namespace

Result<Regex> Regex::compile(std::string_view pattern) {
  auto compiled = std::make_unique<re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), options());
  if (compiled->ok()) return Regex(std::move(compiled));
  if (compiled->error_code() == re2::RE2::ErrorPatternTooLarge) {
    return fail("the regular expression is too large: fewer or smaller repetitions are needed");
  }
  return fail(fmt::format("not a regular expression that RE2 understands: {}", compiled->error()));
}

Regex::Regex(std::unique_ptr<re2::RE2> compiled) : compiled_(std::move(compiled)) {}
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

bool Regex::full_match(std::string_view text) const {
  return re2::RE2::FullMatchN(re2::StringPiece(text.data(), text.size()), *compiled_, nullptr, 0);
}

const std::string& Regex::pattern() const { return compiled_->pattern(); }

Result<> check_regex(std::string_view pattern) {
  if (auto compiled = Regex::compile(pattern); !compiled) return std::unexpected(compiled.error());
  return {};
}

std::string quote_regex(std::string_view text) { return re2::RE2::QuoteMeta(re2::StringPiece(text.data(), text.size())); }

}  // namespace cardea::base
