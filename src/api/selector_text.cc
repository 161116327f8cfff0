// SPDX-License-Identifier: Apache-2.0
#include "api/selector_text.h"

#include <fmt/core.h>

#include <string>
#include <utility>
#include <vector>

#include "base/strings.h"

namespace cardea::api {
namespace {

// Pieces between commas that are in no brackets.
std::vector<std::string_view> requirements(std::string_view text) {
  std::vector<std::string_view> pieces;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || (text[i] == ',' && depth == 0)) {
      pieces.push_back(base::trim(text.substr(begin, i - begin)));
      begin = i + 1;
    } else if (text[i] == '(') {
      ++depth;
    } else if (text[i] == ')') {
      --depth;
    }
  }
  return pieces;
}

bool is_plain(std::string_view text) {
  for (const char c : text) {
    if (!base::is_alpha(c) && !base::is_digit(c) && !std::string_view("-_./").contains(c)) return false;
  }
  return true;
}

LabelSelectorRequirement requirement(std::string_view key, SelectorOperator op, std::vector<std::string> values = {}) {
  return {std::string(base::trim(key)), op, std::move(values)};
}

base::Result<LabelSelectorRequirement> parse_requirement(std::string_view text) {
  const auto bad = [text] {
    return base::fail(fmt::format("\"{}\" is not a requirement such as team=shop, team!=shop, team in (a,b), team or !team", text));
  };
  LabelSelectorRequirement parsed;
  if (text.starts_with('!')) {
    parsed = requirement(text.substr(1), SelectorOperator::DoesNotExist);
  } else if (text.ends_with(')')) {
    const std::size_t open = text.find('(');
    const std::string_view front = base::trim(text.substr(0, open));
    const std::size_t space = front.rfind(' ');
    if (open == std::string_view::npos || space == std::string_view::npos) return bad();
    const std::string_view word = front.substr(space + 1);
    if (word != "in" && word != "notin") return bad();
    std::vector<std::string> values;
    for (const std::string_view value : base::split(text.substr(open + 1, text.size() - open - 2), ',')) {
      values.emplace_back(base::trim(value));
    }
    parsed = requirement(front.substr(0, space), word == "in" ? SelectorOperator::In : SelectorOperator::NotIn, std::move(values));
  } else if (const std::size_t equal = text.find('='); equal != std::string_view::npos) {
    const bool negative = equal > 0 && text[equal - 1] == '!';
    const std::size_t value = text.substr(equal).starts_with("==") ? equal + 2 : equal + 1;
    parsed = requirement(text.substr(0, negative ? equal - 1 : equal), negative ? SelectorOperator::NotIn : SelectorOperator::In,
                         {std::string(base::trim(text.substr(value)))});
  } else {
    parsed = requirement(text, SelectorOperator::Exists);
  }
  if (parsed.key.empty() || !is_plain(parsed.key)) return bad();
  for (const std::string& value : parsed.values) {
    if (!is_plain(value)) return bad();
  }
  return parsed;
}

}  // namespace

base::Result<LabelSelector> parse_selector(std::string_view text) {
  LabelSelector selector;
  for (const std::string_view piece : requirements(text)) {
    auto parsed = parse_requirement(piece);
    if (!parsed) return std::unexpected(std::move(parsed).error());
    selector.match_expressions.push_back(*std::move(parsed));
  }
  return selector;
}

}  // namespace cardea::api
