// SPDX-License-Identifier: Apache-2.0
#include "app/flag_list.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/clock.h"
#include "base/strings.h"

namespace cardea::app {

std::optional<std::uint64_t> parse_size(std::string_view text) {
  constexpr std::string_view kUnits = "kmg";
  std::uint64_t unit = 1;
  if (!text.empty()) {
    const std::size_t at = kUnits.find(base::ascii_lower(text.back()));
    if (at != std::string_view::npos) {
      unit = std::uint64_t{1} << (10 * (at + 1));
      text.remove_suffix(1);
    }
  }
  const auto number = base::parse_uint64(text, (std::uint64_t{1} << 62) / unit);
  if (!number) return std::nullopt;
  return *number * unit;
}

std::string format_size(std::uint64_t bytes) {
  constexpr std::array<std::pair<unsigned, char>, 3> kUnits{{{30, 'G'}, {20, 'M'}, {10, 'k'}}};
  for (const auto& [shift, letter] : kUnits) {
    if (bytes > 0 && bytes % (std::uint64_t{1} << shift) == 0) return fmt::format("{}{}", bytes >> shift, letter);
  }
  return std::to_string(bytes);
}

void FlagList::text(std::string_view name, std::string_view type, TakeText take, std::string_view help, std::string_view default_text,
                    Flag::Shape shape) {
  std::string whole(help);
  if (!default_text.empty()) whole += fmt::format(" [{}]", default_text);
  flags_.push_back({shape, std::string(name), std::string(type), std::move(whole), group_, std::move(take)});
}

void FlagList::list(std::string_view name, std::string_view type, TakeText take, std::string_view help, std::string_view default_text) {
  text(name, type, std::move(take), help, default_text, Flag::Shape::Repeatable);
}

void FlagList::yes(std::string_view name, bool& value, std::string_view help) {
  const auto take = [&value](const std::string&) -> base::Result<> {
    value = true;
    return {};
  };
  text(name, "", take, help, {}, Flag::Shape::Switch);
}

void FlagList::duration(std::string_view name, std::chrono::milliseconds& value, std::string_view help) {
  const auto take = [&value](const std::string& given) -> base::Result<> {
    const auto parsed = base::parse_duration(given);
    if (!parsed) return base::fail(fmt::format("\"{}\" is not a duration such as 500ms, 15s or 2m", given));
    value = *parsed;
    return {};
  };
  text(name, "DURATION", take, help, base::format_duration(value));
}

base::Result<std::uint64_t> FlagList::read(std::string_view type, const std::string& text, std::uint64_t max) {
  const bool size = type == "SIZE";
  const auto number = size ? parse_size(text) : base::parse_uint64(text, max);
  if (!number || *number > max) {
    return base::fail(fmt::format("\"{}\" is not {}", text, size ? "a size such as 4096, 64k or 1M" : "a number that fits"));
  }
  return *number;
}

}  // namespace cardea::app
