// SPDX-License-Identifier: Apache-2.0
// Grows one Value out of the events of a parser. Part of the readers in json.cc and yaml_read.cc; nobody else's.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/value.h"

namespace cardea::base {

class ValueBuilder {
 public:
  // How many containers stand open.
  std::size_t depth() const { return open_.size(); }
  // Whether the next thing is the name of a member.
  bool wants_name() const { return !open_.empty() && open_.back().value.is_object() && !open_.back().named; }

  void open(Value container) { open_.push_back({std::move(container), {}, {}, false}); }

  void name(std::string name, Position position) {
    open_.back().name = std::move(name);
    open_.back().name_position = position;
    open_.back().named = true;
  }

  // The innermost container, finished, but not yet put where it belongs.
  Value close() {
    Value value = std::move(open_.back().value);
    open_.pop_back();
    return value;
  }

  void put(Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    Frame& frame = open_.back();
    if (frame.value.is_array()) {
      frame.value.as_array().push_back(std::move(value));
    } else {
      frame.value.as_object().push_back({std::move(frame.name), std::move(value), frame.name_position});
      frame.named = false;
    }
  }

  Value take() { return std::exchange(root_, Value()); }

 private:
  struct Frame {
    Value value;
    std::string name;  // of the member whose value comes next
    Position name_position;
    bool named;
  };
  std::vector<Frame> open_;
  Value root_;
};

}  // namespace cardea::base
