// SPDX-License-Identifier: Apache-2.0
// Value: a parsed JSON or YAML document (RFC 8259 data model) that remembers where each part stood in its text.
//
// A value type: copied, moved and compared freely, owned by whoever holds it, safe to read from any thread.
// Members keep the order of the text; parsers refuse a member named twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace cardea::base {

// Both count from 1; columns count characters (code points), as editors do. 0 means "made by us, not read from a text".
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

// "line 3, column 14".
std::string to_string(Position position);

struct Member;

class Value {
 public:
  using Array = std::vector<Value>;
  using Object = std::vector<Member>;

  // Defined below Member, which they need whole.
  Value();
  Value(std::nullptr_t);
  Value(bool value);
  Value(int value);
  Value(std::int64_t value);
  Value(double value);
  Value(const char* value);
  Value(std::string_view value);
  Value(std::string value);
  Value(Array value);
  Value(Object value);
  Value(const Value& other);
  Value(Value&& other) noexcept;
  Value& operator=(const Value& other);
  Value& operator=(Value&& other) noexcept;
  ~Value();

  bool is_null() const { return std::holds_alternative<std::nullptr_t>(data); }
  bool is_bool() const { return std::holds_alternative<bool>(data); }
  bool is_int() const { return std::holds_alternative<std::int64_t>(data); }
  bool is_double() const { return std::holds_alternative<double>(data); }
  bool is_string() const { return std::holds_alternative<std::string>(data); }
  bool is_array() const { return std::holds_alternative<Array>(data); }
  bool is_object() const { return std::holds_alternative<Object>(data); }

  bool as_bool() const { return std::get<bool>(data); }
  std::int64_t as_int() const { return std::get<std::int64_t>(data); }
  double as_double() const { return std::get<double>(data); }
  const std::string& as_string() const { return std::get<std::string>(data); }
  const Array& as_array() const { return std::get<Array>(data); }
  const Object& as_object() const { return std::get<Object>(data); }
  Array& as_array() { return std::get<Array>(data); }
  Object& as_object() { return std::get<Object>(data); }

  // The member of that name, or nullptr (also when this is not an object).
  const Value* find(std::string_view name) const;
  // Appends a member; this must be an object (a null becomes one). Does not look for an earlier one of that name.
  Value& add(std::string name, Value value);
  // Appends an item; this must be an array (a null becomes one).
  Value& push(Value value);

  // Equal data; positions do not count, the order of members does.
  bool operator==(const Value& other) const;

  std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Array, Object> data;
  Position position;
};

struct Member {
  std::string name;
  Value value;
  Position position;  // of the name

  bool operator==(const Member& other) const { return name == other.name && value == other.value; }
};

inline Value::Value() : data(nullptr) {}
inline Value::Value(std::nullptr_t) : data(nullptr) {}
inline Value::Value(bool value) : data(value) {}
inline Value::Value(int value) : data(std::int64_t{value}) {}
inline Value::Value(std::int64_t value) : data(value) {}
inline Value::Value(double value) : data(value) {}
inline Value::Value(const char* value) : data(std::string(value)) {}
inline Value::Value(std::string_view value) : data(std::string(value)) {}
inline Value::Value(std::string value) : data(std::move(value)) {}
inline Value::Value(Array value) : data(std::move(value)) {}
inline Value::Value(Object value) : data(std::move(value)) {}
inline Value::Value(const Value& other) = default;
inline Value::Value(Value&& other) noexcept = default;
inline Value& Value::operator=(const Value& other) = default;
inline Value& Value::operator=(Value&& other) noexcept = default;
inline Value::~Value() = default;

// The first member that has the name of one before it, or nullptr.
const Member* find_duplicate(const Value::Object& members);

}  // namespace cardea::base
