// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <fmt/core.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "base/strings.h"
#include "base/value_builder.h"

// RapidJSON 1.1 adds to a null pointer to see that an empty buffer is full, which the undefined behaviour sanitizer
// reports; its later versions compare a difference instead.
#pragma clang attribute push(__attribute__((no_sanitize("pointer-overflow"))), apply_to = function)
#include <rapidjson/error/en.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#pragma clang attribute pop

namespace cardea::base {

namespace {

// RapidJSON's input: bytes of a view, ended by a zero that is not in it.
class Input {
 public:
  using Ch = char;
  explicit Input(std::string_view text) : text_(text) {}
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  char Take() { return at_ < text_.size() ? text_[at_++] : '\0'; }
  std::size_t Tell() const { return at_; }
  // For in-place parsing, which we never ask for.
  char* PutBegin() { return nullptr; }
  void Put(char) {}
  void Flush() {}
  std::size_t PutEnd(char*) { return 0; }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

// Turns rising offsets into positions.
class LineCounter {
 public:
  explicit LineCounter(std::string_view text) : text_(text) {}

  Position at(std::size_t offset) {
    for (; at_ < offset && at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\n') {
        position_ = {position_.line + 1, 1};
      } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
        ++position_.column;
      }
    }
    return position_;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  Position position_{1, 1};
};

std::string message_at(Position position, std::string_view what) {
  return fmt::format("{}: {}", to_string(position), what);
}

// RapidJSON's handler. A token's start is found from the end of the one before it: between them the grammar allows
// nothing but white space, commas and colons.
class Handler {
 public:
  Handler(std::string_view text, const Input& input) : text_(text), input_(input), lines_(text) {}

  bool Null() { return scalar(Value()); }
  bool Bool(bool value) { return scalar(value); }
  bool RawNumber(const char*, rapidjson::SizeType, bool) {
    const Position position = token();
    return number(text_.substr(start_, end_ - start_), position);
  }
  // Never called: numbers come raw, since RapidJSON 1.1's own conversion is not sound for all of them.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }
  bool String(const char* data, rapidjson::SizeType size, bool) {
    const Position position = token();
    return is_whole({data, size}, position) && put(std::string(data, size), position);
  }

  bool StartObject() { return open(Value::Object{}); }
  bool StartArray() { return open(Value::Array{}); }
  bool Key(const char* data, rapidjson::SizeType size, bool) {
    const Position position = token();
    if (!is_whole({data, size}, position)) return false;
    builder_.name(std::string(data, size), position);
    return true;
  }
  bool EndObject(rapidjson::SizeType) {
    token();
    Value object = builder_.close();
    if (const Member* twice = find_duplicate(object.as_object())) {
      error_ = message_at(twice->position, fmt::format("member \"{}\" stands here a second time", twice->name));
      return false;
    }
    builder_.put(std::move(object));
    return true;
  }
  bool EndArray(rapidjson::SizeType) {
    token();
    builder_.put(builder_.close());
    return true;
  }

  const std::optional<std::string>& error() const { return error_; }
  Position position_at(std::size_t offset) { return LineCounter(text_).at(offset); }
  Value take() { return builder_.take(); }

 private:
  Position token() {
    start_ = text_.find_first_not_of(" \t\r\n,:", end_);
    end_ = input_.Tell();
    return lines_.at(start_);
  }

  bool scalar(Value value) { return put(std::move(value), token()); }

  // RapidJSON 1.1 takes the second half of a surrogate pair without the first.
  bool is_whole(std::string_view text, Position position) {
    if (is_utf8(text)) return true;
    error_ = message_at(position, "an escape names half of a character (a surrogate)");
    return false;
  }

  bool put(Value value, Position position) {
    value.position = position;
    builder_.put(std::move(value));
    return true;
  }

  // `digits` follows JSON's grammar of numbers.
  bool number(std::string_view digits, Position position) {
    const char* const end = digits.data() + digits.size();
    std::int64_t whole = 0;
    const bool is_whole = digits.find_first_of(".eE") == std::string_view::npos;
    if (is_whole && std::from_chars(digits.data(), end, whole).ec == std::errc()) return put(whole, position);
    double value = 0;
    if (std::from_chars(digits.data(), end, value).ec == std::errc()) return put(value, position);
    // Out of range is also what rounds to zero, which is no error.
    value = std::strtod(std::string(digits).c_str(), nullptr);
    if (std::isfinite(value)) return put(value, position);
    error_ = message_at(position, "the number is too large");
    return false;
  }

  bool open(Value container) {
    container.position = token();
    if (builder_.depth() == kMaxDepth) {
      error_ = message_at(container.position, fmt::format("nested deeper than {} levels", kMaxDepth));
      return false;
    }
    builder_.open(std::move(container));
    return true;
  }

  std::string_view text_;
  const Input& input_;
  LineCounter lines_;
  std::size_t start_ = 0;  // of the last token, and where it ended
  std::size_t end_ = 0;
  ValueBuilder builder_;
  std::optional<std::string> error_;
};

std::string number(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

template <class Writer>
void write_string(Writer& writer, const std::string& text, bool name) {
  const auto write = [&](const std::string& good) {
    const auto size = static_cast<rapidjson::SizeType>(good.size());
    name ? writer.Key(good.data(), size) : writer.String(good.data(), size);
  };
  is_utf8(text) ? write(text) : write(replace_malformed(text));
}

template <class Writer>
void write(Writer& writer, const Value& value);

template <class Writer>
void write_object(Writer& writer, const Value::Object& members) {
  writer.StartObject();
  for (const Member& member : members) {
    write_string(writer, member.name, true);
    write(writer, member.value);
  }
  writer.EndObject();
}

template <class Writer>
void write_array(Writer& writer, const Value::Array& items) {
  writer.StartArray();
  for (const Value& item : items) write(writer, item);
  writer.EndArray();
}

template <class Writer>
void write(Writer& writer, const Value& value) {
  if (value.is_bool()) {
    writer.Bool(value.as_bool());
  } else if (value.is_int()) {
    writer.Int64(value.as_int());
  } else if (value.is_double() && std::isfinite(value.as_double())) {
    const std::string text = number(value.as_double());
    writer.RawValue(text.data(), text.size(), rapidjson::kNumberType);
  } else if (value.is_string()) {
    write_string(writer, value.as_string(), false);
  } else if (value.is_array()) {
    write_array(writer, value.as_array());
  } else if (value.is_object()) {
    write_object(writer, value.as_object());
  } else {
    writer.Null();
  }
}

}  // namespace

Result<Value> parse_json(std::string_view text) {
  constexpr unsigned kFlags = rapidjson::kParseValidateEncodingFlag | rapidjson::kParseNumbersAsStringsFlag;
  Input input(text);
  Handler handler(text, input);
  rapidjson::Reader reader;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(input, handler);
  if (handler.error()) return fail(*handler.error());
  if (result.IsError()) {
    return fail(message_at(handler.position_at(result.Offset()), rapidjson::GetParseError_En(result.Code())));
  }
  if (input.Tell() != text.size()) {
    return fail(message_at(handler.position_at(input.Tell()), "a zero byte has no place in JSON"));
  }
  return handler.take();
}

std::string to_json(const Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  write(writer, value);
  return {buffer.GetString(), buffer.GetSize()};
}

std::string to_pretty_json(const Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::PrettyWriter<rapidjson::StringBuffer> writer(buffer);
  writer.SetIndent(' ', 2);
  write(writer, value);
  return std::string(buffer.GetString(), buffer.GetSize()) + "\n";
}

}  // namespace cardea::base
