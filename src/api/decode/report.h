// SPDX-License-Identifier: Apache-2.0
// What a decoder knows while it reads one object, and the errors that it finds. Owned by `decode`, one thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "api/decode.h"
#include "base/value.h"

namespace cardea::api {

class Report {
 public:
  Report(DecodeMode mode, std::string_view version) : mode_(mode), version_(version) {}

  bool strict() const { return mode_ == DecodeMode::Strict; }
  std::string_view version() const { return version_; }  // "v1" of apiVersion

  void add(DecodeError error);
  // How many were added, kept or not: to see whether a part was sound.
  std::size_t count() const { return count_; }
  // In the order of the text, at most kMaxDecodeErrors.
  std::vector<DecodeError> take();

 private:
  DecodeMode mode_;
  std::string_view version_;
  std::vector<DecodeError> errors_;
  std::size_t count_ = 0;
};

// A value and the way to it from the object's root. Lives on the stack while its parent does.
class Node {
 public:
  Node(Report& report, const base::Value& value, std::string_view prefix)
      : report_(report), value_(value), name_(prefix) {}
  Node(const Node& parent, std::string_view name, const base::Value& value)
      : report_(parent.report_), value_(value), parent_(&parent), name_(name) {}
  Node(const Node& parent, std::size_t index, const base::Value& value)
      : report_(parent.report_), value_(value), parent_(&parent), index_(index) {}

  const base::Value& value() const { return value_; }
  Report& report() const { return report_; }
  bool strict() const { return report_.strict(); }
  std::string path() const;

  void fail(std::string text) const { report_.add({value_.position, path(), std::move(text)}); }

 private:
  Report& report_;
  const base::Value& value_;
  const Node* parent_ = nullptr;
  std::string_view name_;  // empty: an item of a list
  std::size_t index_ = 0;
};

// `base` with a member's name appended: "spec.rules[0]" and "name" give "spec.rules[0].name"; names that are not plain
// words stand in brackets.
std::string path_to_member(std::string path, std::string_view name);

// A value as an error quotes it: short, on one line.
std::string quoted(std::string_view text);
// "a list", "the number 80", ...
std::string described(const base::Value& value);

}  // namespace cardea::api
