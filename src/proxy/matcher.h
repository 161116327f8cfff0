// SPDX-License-Identifier: Apache-2.0
// Matcher: the matches of one virtual host, compiled (Gateway API, HTTPRouteMatch; facts, 6.1 to 6.3).
//
// Matches stand in the order of the spec's precedence and the first that fits wins; the matcher gives exactly that
// answer without looking at all of them. One hash table holds every Exact and PathPrefix value: a request's path is
// looked up at each of its segments, candidates are tried in the plan's order, and regular expressions only where they
// could still win. Built on the control thread, immutable, shared by all workers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/regex.h"
#include "http/head.h"
#include "http/text_arena.h"
#include "plan/plan.h"

namespace cardea::proxy {

// Compiled expressions by pattern: each once, however many rules use it. Control thread.
class RegexCache {
 public:
  using Regex = std::shared_ptr<const base::Regex>;

  // Null when the pattern does not compile (translation has refused it before: it must not match anything).
  Regex get(const std::string& pattern);
  std::size_t size() const { return compiled_.size(); }

 private:
  void forget_unused();

  std::unordered_map<std::string, std::weak_ptr<const base::Regex>> compiled_;
  std::size_t next_sweep_ = 64;
};

// What a preflight (Fetch standard, section 3.3.2) says of the request to come.
struct Announced {
  http::Method method = http::Method::Other;
  std::string_view method_text;
  std::string_view fields;  // names, separated by commas
};

class Matcher {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;

  Matcher(plan::Ref<plan::VirtualHost> host, RegexCache& regexes);

  // The position in host().matches of the first match that fits, or kNone. Repeated fields count as one, joined by ",
  // "; of repeated query parameters the first counts. The arena takes such joins and decoded parameters, nothing else.
  //
  // With `announced`, the match for the request to come: it has that method, and the fields that are announced fit
  // whatever is wanted of them, since their values are not known yet.
  std::uint32_t find(const http::RequestHead& request, http::TextArena& arena, const Announced* announced = nullptr) const;

  const plan::VirtualHost& host() const { return *host_; }
  // Expressions that did not compile: their matches never fit.
  std::vector<std::string> refused_patterns() const {
    return details_ ? details_->refused_patterns : std::vector<std::string>();
  }

 private:
  // Everything but the path of one match.
  struct Conditions {
    http::Method method = http::Method::Other;
    bool any_method = true;
    bool grpc = false;         // of a GRPCRoute: requests of gRPC alone
    bool never = false;        // an expression did not compile
    std::uint32_t checks = 0;  // where they begin in Details::checks
    std::uint32_t count = 0;   // header checks first, then parameters
    std::uint32_t header_count = 0;
    std::uint32_t next = kNone;  // the next match with the same value and type of path
  };
  struct Check {
    std::uint32_t name = 0;  // in Details::header_names or param_names
    std::string_view value;  // in the plan
    const base::Regex* regex = nullptr;
  };
  struct HeaderName {
    std::string_view text;
    http::HeaderId id;
  };
  // A value of Exact or PathPrefix (without its final '/') and the first match that has it.
  struct PathEntry {
    std::uint64_t hash = 0;
    std::string_view text;  // in the plan
    std::uint32_t first_exact = kNone;
    std::uint32_t first_prefix = kNone;
  };
  struct RegexPath {
    std::uint32_t match;
    const base::Regex* regex;
  };
  // What only matches by more than paths need, so that thousands of small virtual hosts stay small.
  struct Details {
    std::vector<Check> checks;
    std::vector<HeaderName> header_names;
    std::vector<std::string_view> param_names;  // sorted
    std::vector<RegexPath> regex_paths;         // by match
    std::vector<RegexCache::Regex> regexes;     // keeps what checks and regex_paths point to
    std::vector<std::string> refused_patterns;
  };
  class Facts;  // what a request says, extracted once and only when asked for
  class Builder;

  const PathEntry* lookup(std::uint64_t hash, std::string_view text) const;
  bool fits(std::uint32_t match, Facts& facts) const;
  std::uint32_t first_fit(std::uint32_t first, std::uint32_t below, Facts& facts) const;
  std::uint32_t find_by_segments(std::string_view path, Facts& facts) const;

  plan::Ref<plan::VirtualHost> host_;
  std::vector<Conditions> conditions_;  // by match
  std::vector<PathEntry> paths_;
  std::vector<std::uint32_t> table_;        // positions in paths_, open addressing, a power of two
  std::unique_ptr<const Details> details_;  // null: no match needs any
  std::size_t longest_ = 0;                 // of the texts in paths_
};

}  // namespace cardea::proxy
