// SPDX-License-Identifier: Apache-2.0
#include "http/date.h"

#include <chrono>
#include <cstring>

namespace cardea::http {
namespace {

char* put(char* out, const char* three) {
  std::memcpy(out, three, 3);
  return out + 3;
}

char* put_two(char* out, unsigned value) {
  out[0] = static_cast<char>('0' + value / 10);
  out[1] = static_cast<char>('0' + value % 10);
  return out + 2;
}

}  // namespace

void write_date(char* out, std::int64_t unix_seconds) {
  using namespace std::chrono;
  const sys_seconds time{seconds(unix_seconds)};
  const sys_days day = floor<days>(time);
  const year_month_day date{day};
  const auto second = static_cast<unsigned>((time - day).count());
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));

  constexpr const char* kWeekdays = "SunMonTueWedThuFriSat";
  constexpr const char* kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  out = put(out, kWeekdays + 3 * weekday(day).c_encoding());
  *out++ = ',';
  *out++ = ' ';
  out = put_two(out, static_cast<unsigned>(date.day()));
  *out++ = ' ';
  out = put(out, kMonths + 3 * (static_cast<unsigned>(date.month()) - 1));
  *out++ = ' ';
  out = put_two(out, year / 100);
  out = put_two(out, year % 100);
  *out++ = ' ';
  out = put_two(out, second / 3600);
  *out++ = ':';
  out = put_two(out, second / 60 % 60);
  *out++ = ':';
  out = put_two(out, second % 60);
  std::memcpy(out, " GMT", 4);
}

}  // namespace cardea::http
