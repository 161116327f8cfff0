// SPDX-License-Identifier: Apache-2.0
// StringMap: a small map of strings, sorted by key, each key once. Labels, annotations, options, Secret data.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cardea::api {

class StringMap {
 public:
  using Entry = std::pair<std::string, std::string>;

  StringMap() = default;
  StringMap(std::initializer_list<Entry> entries) {
    for (const Entry& entry : entries) set(entry.first, entry.second);
  }

  // The value of that key, or nullptr.
  const std::string* find(std::string_view key) const {
    auto at = lower_bound(entries_, key);
    return at != entries_.end() && at->first == key ? &at->second : nullptr;
  }
  bool contains(std::string_view key) const { return find(key) != nullptr; }
  void set(std::string key, std::string value) {
    auto at = lower_bound(entries_, key);
    if (at != entries_.end() && at->first == key) {
      at->second = std::move(value);
    } else {
      entries_.emplace(at, std::move(key), std::move(value));
    }
  }

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  void reserve(std::size_t count) { entries_.reserve(count); }

  bool operator==(const StringMap&) const = default;

 private:
  template <class Entries>
  static auto lower_bound(Entries& entries, std::string_view key) {
    return std::lower_bound(entries.begin(), entries.end(), key,
                            [](const Entry& entry, std::string_view wanted) { return entry.first < wanted; });
  }

  std::vector<Entry> entries_;
};

}  // namespace cardea::api
