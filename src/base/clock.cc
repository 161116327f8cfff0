// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <fmt/core.h>

#include <array>

#include "base/strings.h"

namespace cardea::base {

namespace {

using namespace std::chrono;

struct Fields {
  year_month_day date;
  hh_mm_ss<microseconds> time;
};

Fields fields_of(WallTime time) {
  const auto day = floor<days>(time);
  return {year_month_day(day), hh_mm_ss<microseconds>(time - day)};
}

// Reads a text from its front; the first thing that does not fit makes every later one fail.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  // Exactly `count` digits with a value up to `max`.
  int number(std::size_t count, int max) {
    const auto value = parse_uint<unsigned>(rest_.substr(0, count), static_cast<unsigned>(max));
    ok_ = ok_ && rest_.size() >= count && value;
    if (!ok_) return 0;
    rest_.remove_prefix(count);
    return static_cast<int>(*value);
  }

  // One character out of `set`; gives which, or 0.
  char one_of(std::string_view set) {
    ok_ = ok_ && !rest_.empty() && set.find(rest_.front()) != std::string_view::npos;
    if (!ok_) return 0;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  // Digits after a '.', if there are any, to the microsecond (further ones are cut off).
  microseconds fraction() {
    if (!ok_ || !rest_.starts_with('.')) return {};
    rest_.remove_prefix(1);
    std::int64_t value = 0;
    int digits = 0;
    for (; !rest_.empty() && is_digit(rest_.front()); rest_.remove_prefix(1), ++digits) {
      if (digits < 6) value = value * 10 + (rest_.front() - '0');
    }
    ok_ = digits > 0;
    for (; digits < 6; ++digits) value *= 10;
    return microseconds(value);
  }

  bool done() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

struct Unit {
  std::string_view name;
  milliseconds length;
};
// Longest name first, so that "ms" is not read as "m".
constexpr std::array<Unit, 4> kUnits = {{{"ms", 1ms}, {"h", 1h}, {"m", 1min}, {"s", 1s}}};

}  // namespace

std::string format_rfc3339(WallTime time) {
  const auto [date, clock] = fields_of(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", int{date.year()}, unsigned{date.month()},
                     unsigned{date.day()}, clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string format_rfc3339_millis(WallTime time) {
  std::string text = format_rfc3339(time);
  text.pop_back();
  const auto millis = duration_cast<milliseconds>(fields_of(time).time.subseconds()).count();
  return fmt::format("{}.{:03}Z", text, millis);
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  Reader reader(text);
  const year y(reader.number(4, 9999));
  reader.one_of("-");
  const month m(static_cast<unsigned>(reader.number(2, 12)));
  reader.one_of("-");
  const day d(static_cast<unsigned>(reader.number(2, 31)));
  reader.one_of("Tt");
  const hours hour(reader.number(2, 23));
  reader.one_of(":");
  const minutes minute(reader.number(2, 59));
  reader.one_of(":");
  const seconds second(reader.number(2, 59));
  const microseconds fraction = reader.fraction();
  const char zone = reader.one_of("Zz+-");
  minutes offset{0};
  if (zone == '+' || zone == '-') {
    offset = hours(reader.number(2, 23));
    reader.one_of(":");
    offset += minutes(reader.number(2, 59));
    if (zone == '-') offset = -offset;
  }
  const year_month_day date(y, m, d);
  if (!reader.done() || !date.ok()) return std::nullopt;
  return WallTime(sys_days(date)) + hour + minute + second + fraction - offset;
}

std::optional<milliseconds> parse_duration(std::string_view text) {
  milliseconds total{0};
  for (int part = 0; part < 4 && !text.empty(); ++part) {
    const std::size_t digits = text.find_first_not_of("0123456789");
    if (digits == 0 || digits == std::string_view::npos || digits > 5) return std::nullopt;
    const auto number = parse_uint<std::uint32_t>(text.substr(0, digits));
    text.remove_prefix(digits);
    const Unit* unit = nullptr;
    for (const Unit& candidate : kUnits) {
      if (unit == nullptr && text.starts_with(candidate.name)) unit = &candidate;
    }
    if (!number || unit == nullptr) return std::nullopt;
    text.remove_prefix(unit->name.size());
    total += *number * unit->length;
    if (text.empty()) return total;
  }
  return std::nullopt;
}

std::string format_duration(milliseconds duration) {
  if (duration <= 0ms) return "0s";
  std::string text;
  const auto part = [&](milliseconds length, std::string_view unit) {
    const auto count = duration / length;
    if (count > 0) text += fmt::format("{}{}", count, unit);
    duration -= count * length;
  };
  part(1h, "h");
  part(1min, "m");
  part(1s, "s");
  part(1ms, "ms");
  return text;
}

}  // namespace cardea::base
