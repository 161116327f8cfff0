// SPDX-License-Identifier: Apache-2.0
// Enum: a string of the API that names one of a set which may grow. A value that this version does not know is
// Unknown and keeps its text, so that it can become a condition instead of an error.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "api/rare.h"

namespace cardea::api {

// Specialised beside each enum class: `static constexpr std::array kNames{...}`, one text per enumerator in their order
// without the last, which is always Unknown.
template <class T>
struct EnumText;

template <class T>
struct Enum {
  T value{};

  Enum() = default;
  Enum(T known) : value(known) {}
  static Enum unknown(std::string text) {
    Enum made(T::Unknown);
    made.raw_ = std::move(text);
    return made;
  }

  bool is_unknown() const { return value == T::Unknown; }
  // As the API writes it, known or not.
  std::string_view text() const {
    if (!is_unknown()) return EnumText<T>::kNames[static_cast<std::size_t>(value)];
    return raw_ ? std::string_view(*raw_) : std::string_view();
  }

  bool operator==(const Enum&) const = default;
  bool operator==(T other) const { return value == other; }

 private:
  Rare<std::string> raw_;  // what was written, when it is not known
};

template <class T>
constexpr std::string_view text_of(T value) {
  return EnumText<T>::kNames[static_cast<std::size_t>(value)];
}

}  // namespace cardea::api
