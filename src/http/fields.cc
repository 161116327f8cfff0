// SPDX-License-Identifier: Apache-2.0
#include "http/fields.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <type_traits>

#include "http/syntax.h"

namespace cardea::http {

static_assert(std::is_trivially_copyable_v<Field> && std::is_trivially_destructible_v<Field>);

Fields& Fields::operator=(Fields&& other) noexcept {
  if (this == &other) return *this;
  free_heap();
  take(other);
  return *this;
}

void Fields::take(Fields& other) noexcept {
  size_ = other.size_;
  capacity_ = other.capacity_;
  present_ = other.present_;
  if (other.data_ == other.inline_) {
    data_ = inline_;
    std::copy_n(other.inline_, size_, inline_);
  } else {
    data_ = other.data_;
  }
  other.data_ = other.inline_;
  other.capacity_ = kInline;
  other.clear();
}

void Fields::free_heap() {
  if (data_ != inline_) std::free(data_);
}

void Fields::grow() {
  const std::uint32_t capacity = capacity_ * 2;
  auto* data = static_cast<Field*>(std::malloc(capacity * sizeof(Field)));
  if (!data) std::abort();
  std::copy_n(data_, size_, data);
  free_heap();
  data_ = data;
  capacity_ = capacity;
}

const Field* Fields::find_present(HeaderId id) const {
  return std::find_if(begin(), end(), [&](const Field& field) { return field.id == id; });
}

const Field* Fields::find(std::string_view name) const {
  const HeaderId id = header_id(name);
  if (id != HeaderId::Unknown) return find(id);
  const Field* found = std::find_if(begin(), end(), [&](const Field& field) {
    return field.id == HeaderId::Unknown && equal_ignoring_case(field.name, name);
  });
  return found == end() ? nullptr : found;
}

std::size_t Fields::count(HeaderId id) const {
  if (!has(id)) return 0;
  return static_cast<std::size_t>(std::count_if(begin(), end(), [&](const Field& field) { return field.id == id; }));
}

std::string_view Fields::joined(std::string_view name, TextArena& arena) const {
  const HeaderId id = header_id(name);
  const Field* next = id != HeaderId::Unknown ? find(id) : find(name);
  if (!next) return {};
  std::string_view value = next->value.data() ? next->value : std::string_view("");
  for (++next; next != end(); ++next) {
    const bool same = id != HeaderId::Unknown ? next->id == id
                                              : next->id == HeaderId::Unknown && equal_ignoring_case(next->name, name);
    if (same) value = arena.concat({value, ", ", next->value});
  }
  return value;
}

void Fields::set(const Field& field) {
  const Field* first = field.id != HeaderId::Unknown ? find(field.id) : find(field.name);
  if (!first) return append(field);
  const auto place = first - data_;
  std::uint32_t index = 0;
  data_[place] = field;
  remove_if([&](const Field& other) {
    const bool later = index++ > place;
    return later && other.id == field.id &&
           (field.id != HeaderId::Unknown || equal_ignoring_case(other.name, field.name));
  });
}

std::size_t Fields::remove(HeaderId id) {
  if (!has(id)) return 0;
  return remove_if([&](const Field& field) { return field.id == id; });
}

std::size_t Fields::remove(std::string_view name) {
  const HeaderId id = header_id(name);
  if (id != HeaderId::Unknown) return remove(id);
  return remove_if(
      [&](const Field& field) { return field.id == HeaderId::Unknown && equal_ignoring_case(field.name, name); });
}

void Fields::relocate(const char* from, std::size_t size, const char* to) {
  const auto move = [&](std::string_view& text) {
    const auto offset = reinterpret_cast<std::uintptr_t>(text.data()) - reinterpret_cast<std::uintptr_t>(from);
    if (offset <= size) text = {to + offset, text.size()};
  };
  for (std::uint32_t i = 0; i < size_; ++i) {
    move(data_[i].name);
    move(data_[i].value);
  }
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

}  // namespace cardea::http
