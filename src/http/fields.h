// SPDX-License-Identifier: Apache-2.0
// Fields: the field lines of one message head or trailer section, in their order (RFC 9110 section 5).
//
// Holds views, no text: into the received bytes, an exchange's TextArena, or static text. Up to kInline fields need no
// heap. Lookup by HeaderId costs one bit test when the field is absent. Used by one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/header_id.h"
#include "http/text_arena.h"

namespace cardea::http {

struct Field {
  std::string_view name;   // as received
  std::string_view value;  // without the whitespace around it
  HeaderId id = HeaderId::Unknown;
  // The parser's promise to the writer: in the received bytes `name` is followed by ": ", `value` and CRLF, so the line
  // can be copied as it stands.
  bool as_received = false;
};

class Fields {
 public:
  static constexpr std::uint32_t kInline = 48;

  Fields() {}
  Fields(Fields&& other) noexcept { take(other); }
  Fields& operator=(Fields&& other) noexcept;
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;
  ~Fields() { free_heap(); }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const Field* begin() const { return data_; }
  const Field* end() const { return data_ + size_; }
  const Field& operator[](std::size_t index) const { return data_[index]; }
  // The ids that are here.
  HeaderMask present() const { return present_; }

  bool has(HeaderId id) const { return (present_ & header_bit(id)) != 0; }
  // The first of that name, or nullptr. By text: any case; known and unknown names alike.
  const Field* find(HeaderId id) const { return has(id) ? find_present(id) : nullptr; }
  const Field* find(std::string_view name) const;
  // The first one's value; empty when absent.
  std::string_view get(HeaderId id) const {
    const Field* field = find(id);
    return field ? field->value : std::string_view();
  }
  std::size_t count(HeaderId id) const;
  // All values of that name as one list, joined by ", " (RFC 9110 section 5.3). A single value is not copied. nullptr
  // data means absent.
  std::string_view joined(std::string_view name, TextArena& arena) const;

  void append(const Field& field) {
    if (size_ == capacity_) grow();
    data_[size_++] = field;
    present_ |= header_bit(field.id);
  }
  void append(HeaderId id, std::string_view value) { append({header_name(id), value, id}); }
  void append(std::string_view name, std::string_view value) { append({name, value, header_id(name)}); }

  // Replaces every field of that name by one, at the place of the first; appends when there is none.
  void set(HeaderId id, std::string_view value) { set(Field{header_name(id), value, id}); }
  void set(std::string_view name, std::string_view value) { set(Field{name, value, header_id(name)}); }
  // Removes every field of that name; how many there were.
  std::size_t remove(HeaderId id);
  std::size_t remove(std::string_view name);
  // Removes every field that `unwanted(const Field&)` names, keeps the order of the rest.
  template <class Unwanted>
  std::size_t remove_if(Unwanted unwanted);

  void clear() {
    size_ = 0;
    present_ = 0;
  }
  // See relocate() in head.h.
  void relocate(const char* from, std::size_t size, const char* to);

 private:
  const Field* find_present(HeaderId id) const;
  void set(const Field& field);
  void grow();
  void take(Fields& other) noexcept;
  void free_heap();

  Field* data_ = inline_;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = kInline;
  HeaderMask present_ = 0;
  union {
    Field inline_[kInline];  // never initialised as a whole: only [0, size_) is alive
  };
};

template <class Unwanted>
std::size_t Fields::remove_if(Unwanted unwanted) {
  HeaderMask present = 0;
  std::uint32_t kept = 0;
  for (std::uint32_t i = 0; i < size_; ++i) {
    if (unwanted(static_cast<const Field&>(data_[i]))) continue;
    if (kept != i) data_[kept] = data_[i];
    present |= header_bit(data_[kept].id);
    ++kept;
  }
  const std::size_t removed = size_ - kept;
  size_ = kept;
  present_ = present;
  return removed;
}

// ASCII letters alike, everything else exact.
bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace cardea::http
