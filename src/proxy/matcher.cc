// SPDX-License-Identifier: Apache-2.0
#include "proxy/matcher.h"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <utility>

#include "base/strings.h"
#include "http/grpc.h"
#include "http/list.h"
#include "http/uri.h"
#include "proxy/text_hash.h"

namespace cardea::proxy {

RegexCache::Regex RegexCache::get(const std::string& pattern) {
  if (const auto known = compiled_.find(pattern); known != compiled_.end()) {
    if (auto regex = known->second.lock()) return regex;
  }
  auto compiled = base::Regex::compile(pattern);
  if (!compiled) return nullptr;
  auto regex = std::make_shared<const base::Regex>(std::move(*compiled));
  compiled_[pattern] = regex;
  if (compiled_.size() >= next_sweep_) forget_unused();
  return regex;
}

void RegexCache::forget_unused() {
  std::erase_if(compiled_, [](const auto& entry) { return entry.second.expired(); });
  next_sweep_ = std::max<std::size_t>(64, compiled_.size() * 2);
}

// --- What a request says --------------------------------------------------------------------------------------------

class Matcher::Facts {
 public:
  Facts(const Matcher& matcher, const http::RequestHead& request, http::TextArena& arena, const Announced* announced)
      : matcher_(matcher), request_(request), arena_(arena), announced_(announced) {}

  http::Method method() const { return announced_ ? announced_->method : request_.method; }
  std::string_view method_text() const { return announced_ ? announced_->method_text : request_.method_text; }
  bool is_grpc() {
    if (!is_grpc_) is_grpc_ = http::is_grpc(request_);
    return *is_grpc_;
  }
  bool announces(std::uint32_t name) const {
    if (!announced_) return false;
    http::ListItems names(announced_->fields);
    while (const auto item = names.next()) {
      if (base::iequals(*item, matcher_.details_->header_names[name].text)) return true;
    }
    return false;
  }

  // Null data: absent.
  std::string_view header(std::uint32_t name) {
    if (!headers_) headers_.emplace(matcher_.details_->header_names.size());
    if (!headers_->known(name)) headers_->set(name, read_header(matcher_.details_->header_names[name]));
    return headers_->get(name);
  }
  std::string_view param(std::uint32_t name) {
    if (!params_) read_params();
    return params_->get(name);
  }

 private:
  // One value per name; few names need no heap.
  class Values {
   public:
    explicit Values(std::size_t names) {
      if (names > inline_.size()) heap_.resize(names);
      values_ = names > inline_.size() ? heap_.data() : inline_.data();
    }
    Values(const Values&) = delete;
    Values& operator=(const Values&) = delete;

    bool known(std::uint32_t name) const { return values_[name].known; }
    std::string_view get(std::uint32_t name) const { return values_[name].text; }
    void set(std::uint32_t name, std::string_view text) { values_[name] = {text, true}; }

   private:
    struct Value {
      std::string_view text;
      bool known = false;
    };
    std::array<Value, 8> inline_;
    std::vector<Value> heap_;
    Value* values_;
  };

  std::string_view read_header(const HeaderName& name) {
    if (name.id != http::HeaderId::Unknown && !request_.fields.has(name.id)) return {};
    return request_.fields.joined(name.text, arena_);
  }

  void read_params() {
    const auto& names = matcher_.details_->param_names;
    params_.emplace(names.size());
    http::QueryParams all(request_.query, arena_);
    while (const auto param = all.next()) {
      const auto found = std::ranges::lower_bound(names, param->name);
      if (found == names.end() || *found != param->name) continue;
      const auto name = static_cast<std::uint32_t>(found - names.begin());
      if (!params_->known(name)) params_->set(name, param->value.data() ? param->value : std::string_view(""));
    }
  }

  const Matcher& matcher_;
  const http::RequestHead& request_;
  http::TextArena& arena_;
  const Announced* announced_;
  std::optional<bool> is_grpc_;
  std::optional<Values> headers_;
  std::optional<Values> params_;
};

// --- Building -------------------------------------------------------------------------------------------------------

class Matcher::Builder {
 public:
  Builder(Matcher& matcher, RegexCache& regexes) : m_(matcher), regexes_(regexes) {}

  void build() {
    name_params();
    const auto& matches = m_.host_->matches;
    m_.conditions_.reserve(matches.size());
    for (std::uint32_t i = 0; i < matches.size(); ++i) {
      add_conditions(matches[i]);
      if (matches[i].path.type == plan::PathMatchType::RegularExpression) add_regex_path(i, matches[i].path.value);
    }
    add_paths();
    if (!details_.checks.empty() || !details_.regex_paths.empty()) {
      m_.details_ = std::make_unique<const Details>(std::move(details_));
    }
  }

 private:
  const base::Regex* regex(const std::string& pattern) {
    auto compiled = regexes_.get(pattern);
    if (compiled == nullptr) {
      details_.refused_patterns.push_back(pattern);
      return nullptr;
    }
    details_.regexes.push_back(compiled);
    return compiled.get();
  }

  // Sorted and each once, so that the reading of a query finds a name by bisection.
  void name_params() {
    for (const auto& match : m_.host_->matches) {
      for (const auto& param : match.query_params) details_.param_names.push_back(param.name);
    }
    std::ranges::sort(details_.param_names);
    const auto rest = std::ranges::unique(details_.param_names);
    details_.param_names.erase(rest.begin(), rest.end());
  }

  std::uint32_t header_name(std::string_view name) {
    const auto [known, added] = header_positions_.emplace(name, details_.header_names.size());
    if (added) details_.header_names.push_back({name, http::header_id(name)});
    return known->second;
  }

  void add_check(Conditions& conditions, std::uint32_t name, plan::StringMatchType type, const std::string& value) {
    Check check{name, value, nullptr};
    if (type == plan::StringMatchType::RegularExpression) {
      check.regex = regex(value);
      conditions.never |= check.regex == nullptr;
    }
    details_.checks.push_back(check);
    ++conditions.count;
  }

  void add_conditions(const plan::RouteMatch& match) {
    Conditions conditions;
    conditions.any_method = match.method.empty();
    conditions.method = http::method_from(match.method);
    conditions.grpc = match.rule->kind == plan::RouteKind::GRPCRoute;
    conditions.checks = static_cast<std::uint32_t>(details_.checks.size());
    for (const auto& header : match.headers) add_check(conditions, header_name(header.name), header.type, header.value);
    conditions.header_count = conditions.count;
    for (const auto& param : match.query_params) {
      const auto found = std::ranges::lower_bound(details_.param_names, std::string_view(param.name));
      const auto name = static_cast<std::uint32_t>(found - details_.param_names.begin());
      add_check(conditions, name, param.type, param.value);
    }
    m_.conditions_.push_back(conditions);
  }

  void add_regex_path(std::uint32_t match, const std::string& pattern) {
    details_.regex_paths.push_back({match, regex(pattern)});
    m_.conditions_.back().never |= details_.regex_paths.back().regex == nullptr;
  }

  // From the last match to the first, so that each new one becomes the head of its list.
  void add_paths() {
    const auto& matches = m_.host_->matches;
    m_.table_.assign(std::bit_ceil((matches.size() - details_.regex_paths.size()) * 2 + 1), kNone);
    for (auto i = static_cast<std::uint32_t>(matches.size()); i-- > 0;) {
      std::string_view text = matches[i].path.value;
      switch (matches[i].path.type) {
        case plan::PathMatchType::RegularExpression:
          break;
        case plan::PathMatchType::Exact:
          m_.conditions_[i].next = std::exchange(entry(text).first_exact, i);
          break;
        case plan::PathMatchType::PathPrefix:
          while (text.ends_with('/')) text.remove_suffix(1);
          m_.conditions_[i].next = std::exchange(entry(text).first_prefix, i);
          break;
      }
    }
    m_.paths_.shrink_to_fit();
  }

  PathEntry& entry(std::string_view text) {
    const std::uint64_t hash = hash_path(text);
    const std::size_t mask = m_.table_.size() - 1;
    std::size_t place = hash & mask;
    for (; m_.table_[place] != kNone; place = (place + 1) & mask) {
      PathEntry& known = m_.paths_[m_.table_[place]];
      if (known.hash == hash && known.text == text) return known;
    }
    m_.table_[place] = static_cast<std::uint32_t>(m_.paths_.size());
    m_.longest_ = std::max(m_.longest_, text.size());
    return m_.paths_.emplace_back(PathEntry{hash, text, kNone, kNone});
  }

  // The hash that find_by_segments() comes to at the end of `text`.
  static std::uint64_t hash_path(std::string_view text) {
    std::uint64_t hash = kHashStart;
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('/', begin + 1), text.size());
      hash = chain_hash(hash, text.substr(begin, end - begin));
      begin = end;
    }
    return hash;
  }

  Matcher& m_;
  RegexCache& regexes_;
  Details details_;
  std::unordered_map<std::string_view, std::uint32_t> header_positions_;
};

Matcher::Matcher(plan::Ref<plan::VirtualHost> host, RegexCache& regexes) : host_(std::move(host)) {
  Builder(*this, regexes).build();
}

// --- Matching -------------------------------------------------------------------------------------------------------

bool Matcher::fits(std::uint32_t match, Facts& facts) const {
  const Conditions& conditions = conditions_[match];
  if (conditions.never) return false;
  if (!conditions.any_method) {
    if (facts.method() != conditions.method) return false;
    const bool named = conditions.method != http::Method::Other;
    if (!named && facts.method_text() != host_->matches[match].method) return false;
  }
  if (conditions.grpc && !facts.is_grpc()) return false;
  for (std::uint32_t i = 0; i < conditions.count; ++i) {
    const Check& check = details_->checks[conditions.checks + i];
    const bool is_header = i < conditions.header_count;
    const auto value = is_header ? facts.header(check.name) : facts.param(check.name);
    if (value.data() == nullptr) {
      if (is_header && facts.announces(check.name)) continue;
      return false;
    }
    if (check.regex ? !check.regex->full_match(value) : value != check.value) return false;
  }
  return true;
}

// The first match from `first` on that fits and comes before `below`; else `below`.
std::uint32_t Matcher::first_fit(std::uint32_t first, std::uint32_t below, Facts& facts) const {
  for (std::uint32_t match = first; match < below; match = conditions_[match].next) {
    if (fits(match, facts)) return match;
  }
  return below;
}

const Matcher::PathEntry* Matcher::lookup(std::uint64_t hash, std::string_view text) const {
  const std::size_t mask = table_.size() - 1;
  for (std::size_t place = hash & mask; table_[place] != kNone; place = (place + 1) & mask) {
    const PathEntry& entry = paths_[table_[place]];
    if (entry.hash == hash && entry.text == text) return &entry;
  }
  return nullptr;
}

// Looks `path` up at each end of a segment, then asks the candidates from the longest text to the shortest: usually the
// order of precedence, but the smallest position wins whatever the order.
std::uint32_t Matcher::find_by_segments(std::string_view path, Facts& facts) const {
  std::array<const PathEntry*, 16> prefixes;
  std::size_t count = 0;
  const PathEntry* whole = nullptr;
  std::uint32_t best = kNone;
  std::uint64_t hash = kHashStart;
  for (std::size_t end = 0;;) {
    const PathEntry* entry = lookup(hash, path.substr(0, end));
    if (end == path.size()) whole = entry;
    if (entry && entry->first_prefix != kNone) {
      if (count == prefixes.size()) {  // deeper than usual: ask the shortest ones at once
        for (const PathEntry* prefix : prefixes) best = first_fit(prefix->first_prefix, best, facts);
        count = 0;
      }
      prefixes[count++] = entry;
    }
    if (end == path.size()) break;
    const std::size_t next = std::min(path.find('/', end + 1), path.size());
    if (next > longest_) break;
    hash = chain_hash(hash, path.substr(end, next - end));
    end = next;
  }
  if (whole) best = first_fit(whole->first_exact, best, facts);
  while (count > 0) {
    const PathEntry* prefix = prefixes[--count];
    best = first_fit(prefix->first_prefix, best, facts);
  }
  return best;
}

std::uint32_t Matcher::find(const http::RequestHead& request, http::TextArena& arena, const Announced* announced) const {
  if (!request.path.starts_with('/')) return kNone;  // "*" and authority form name no resource of a route
  Facts facts(*this, request, arena, announced);
  const std::uint32_t best = paths_.empty() ? kNone : find_by_segments(request.path, facts);
  if (!details_) return best;
  for (const RegexPath& candidate : details_->regex_paths) {
    if (candidate.match >= best) break;
    if (fits(candidate.match, facts) && candidate.regex->full_match(request.path)) return candidate.match;
  }
  return best;
}

}  // namespace cardea::proxy
