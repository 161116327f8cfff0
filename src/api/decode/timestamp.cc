// SPDX-License-Identifier: Apache-2.0
// Times as RFC 3339 writes them: "2024-05-06T07:08:09.123456Z", or with an offset in place of the Z.
#include <chrono>
#include <optional>

#include "api/decode/metadata.h"
#include "base/strings.h"

namespace cardea::api {
namespace {

// Takes a number of exactly that many digits, and then the character that must follow ('\0': none).
std::optional<int> take_number(std::string_view& text, std::size_t digits, int max, char then) {
  const auto number = base::parse_uint64(text.substr(0, digits), static_cast<std::uint64_t>(max));
  if (text.size() < digits || !number) return std::nullopt;
  text.remove_prefix(digits);
  if (then != '\0') {
    if (!text.starts_with(then)) return std::nullopt;
    text.remove_prefix(1);
  }
  return static_cast<int>(*number);
}

// Days since 1970.
std::optional<std::int64_t> take_date(std::string_view& text) {
  const auto year = take_number(text, 4, 9999, '-');
  const auto month = year ? take_number(text, 2, 12, '-') : std::nullopt;
  const auto day = month ? take_number(text, 2, 31, 'T') : std::nullopt;
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

// Seconds since midnight; a leap second is the first one after.
std::optional<std::int64_t> take_clock(std::string_view& text) {
  const auto hour = take_number(text, 2, 23, ':');
  const auto minute = hour ? take_number(text, 2, 59, ':') : std::nullopt;
  const auto second = minute ? take_number(text, 2, 60, '\0') : std::nullopt;
  if (!second) return std::nullopt;
  return *hour * 3600 + *minute * 60 + *second;
}

std::int32_t take_fraction(std::string_view& text) {
  if (!text.starts_with('.')) return 0;
  text.remove_prefix(1);
  std::int32_t nanoseconds = 0;
  for (std::int32_t unit = 100'000'000; !text.empty() && base::is_digit(text[0]); unit /= 10) {
    nanoseconds += (text[0] - '0') * unit;
    text.remove_prefix(1);
  }
  return nanoseconds;
}

// What the local time is ahead of UTC, in seconds; the text must end here.
std::optional<std::int64_t> take_offset(std::string_view text) {
  if (text == "Z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int sign = text[0] == '+' ? 1 : -1;
  text.remove_prefix(1);
  const auto hours = take_number(text, 2, 23, ':');
  const auto minutes = hours ? take_number(text, 2, 59, '\0') : std::nullopt;
  if (!minutes) return std::nullopt;
  return sign * (*hours * 3600 + *minutes * 60);
}

std::optional<Timestamp> parse_timestamp(std::string_view text) {
  const auto days = take_date(text);
  const auto seconds = days ? take_clock(text) : std::nullopt;
  if (!seconds) return std::nullopt;
  const std::int32_t nanoseconds = take_fraction(text);
  const auto offset = take_offset(text);
  if (!offset) return std::nullopt;
  return Timestamp{*days * 86400 + *seconds - *offset, nanoseconds};
}

}  // namespace

void read_value(const Node& node, Timestamp& out) {
  std::string text;
  const std::size_t errors = node.report().count();
  read_value(node, text);
  if (node.report().count() != errors) return;
  if (const auto parsed = parse_timestamp(text)) {
    out = *parsed;
  } else {
    node.fail("must be a time as in \"2026-01-31T12:00:00Z\", not " + quoted(text));
  }
}

}  // namespace cardea::api
