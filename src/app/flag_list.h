// SPDX-License-Identifier: Apache-2.0
// FlagList: the flags of one command as values: what they are called, what they say of themselves, and what takes their
// text. Pure; flags.cc gives them to the command line's library.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cardea::app {

// "64k", "1M", "2g" (powers of 1024, either case), or bytes.
std::optional<std::uint64_t> parse_size(std::string_view text);
std::string format_size(std::uint64_t bytes);

// Takes the text of one flag, or says what is wrong with it.
using TakeText = std::function<base::Result<>(const std::string& text)>;

// For flags that take any text.
template <class T>
TakeText keep(T& value) {
  return [&value](const std::string& text) -> base::Result<> {
    value = text;
    return {};
  };
}

struct Flag {
  enum class Shape : std::uint8_t { One, OneOrNone, Repeatable, Switch };
  Shape shape = Shape::One;
  std::string name;   // without dashes
  std::string type;   // "DURATION"
  std::string help;   // with its default
  std::string group;  // the heading that it stands under
  TakeText take;      // OneOrNone: of an empty text, too; Switch: of "true"
};

class FlagList {
 public:
  void group(std::string name) { group_ = std::move(name); }

  void text(std::string_view name, std::string_view type, TakeText take, std::string_view help, std::string_view default_text = {},
            Flag::Shape shape = Flag::Shape::One);
  void list(std::string_view name, std::string_view type, TakeText take, std::string_view help, std::string_view default_text = {});
  void yes(std::string_view name, bool& value, std::string_view help);
  void duration(std::string_view name, std::chrono::milliseconds& value, std::string_view help);
  template <std::unsigned_integral T>
  void size(std::string_view name, T& value, std::string_view help) {
    whole(name, "SIZE", value, help, format_size(value));
  }
  template <std::unsigned_integral T>
  void number(std::string_view name, T& value, std::string_view help) {
    whole(name, "NUMBER", value, help, std::to_string(value));
  }

  const std::vector<Flag>& flags() const { return flags_; }

 private:
  // A number, or a size, up to `max`.
  static base::Result<std::uint64_t> read(std::string_view type, const std::string& text, std::uint64_t max);

  template <class T>
  void whole(std::string_view name, std::string_view type, T& value, std::string_view help, std::string_view default_text) {
    const auto take = [&value, type](const std::string& given) -> base::Result<> {
      const auto number = read(type, given, std::numeric_limits<T>::max());
      if (!number) return std::unexpected(number.error());
      value = static_cast<T>(*number);
      return {};
    };
    text(name, type, take, help, default_text);
  }

  std::vector<Flag> flags_;
  std::string group_ = "Options";
};

}  // namespace cardea::app
