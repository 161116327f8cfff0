// SPDX-License-Identifier: Apache-2.0
// StringMap: a small map of strings, sorted by key, each key once. Labels, annotations, options, Secret data.
#pragma once

#include <algorithm>
#include <cstddef>
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
    const std::size_t at = place(key);
    return at < entries_.size() && entries_[at].first == key ? &entries_[at].second : nullptr;
  }
  bool contains(std::string_view key) const { return find(key) != nullptr; }
  void set(std::string key, std::string value) {
    const std::size_t at = place(key);
    if (at < entries_.size() && entries_[at].first == key) {
      entries_[at].second = std::move(value);
    } else {
      entries_.emplace(entries_.begin() + static_cast<std::ptrdiff_t>(at), std::move(key), std::move(value));
    }
  }

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  void reserve(std::size_t count) { entries_.reserve(count); }

  bool operator==(const StringMap&) const = default;

 private:
  // The index of that key, or where it would stand.
  std::size_t place(std::string_view key) const {
    const auto before = [](const Entry& entry, std::string_view wanted) { return entry.first < wanted; };
    return static_cast<std::size_t>(std::lower_bound(entries_.begin(), entries_.end(), key, before) - entries_.begin());
  }

  std::vector<Entry> entries_;
};

}  // namespace cardea::api
