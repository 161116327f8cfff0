// SPDX-License-Identifier: Apache-2.0
// Inside of Metrics: the live series by their labels. For metrics.cc and metrics_page.cc alone.
#pragma once

#include <functional>
#include <string_view>
#include <tuple>
#include <unordered_set>

#include "proxy/metrics.h"

namespace cardea::proxy {

namespace metrics_detail {

inline std::size_t combine(std::size_t seed, std::size_t hash) {
  return seed ^ (hash + 0x9e3779b97f4a7c15 + (seed << 6) + (seed >> 2));
}
inline std::size_t hash_of(std::string_view text) { return std::hash<std::string_view>()(text); }
inline std::size_t hash_of(const plan::ObjectName& name) {
  return combine(hash_of(name.namespace_), hash_of(name.name));
}

struct BindKey {
  std::string_view address;
  std::uint16_t port;
  bool operator==(const BindKey&) const = default;
  std::size_t hash() const { return combine(hash_of(address), port); }
};
struct ListenerKey {
  const plan::ObjectName& gateway;
  bool from_listener_set;
  const plan::ObjectName& owner;
  std::string_view name;
  bool operator==(const ListenerKey& b) const {
    return std::tie(gateway, from_listener_set, owner, name) ==
           std::tie(b.gateway, b.from_listener_set, b.owner, b.name);
  }
  std::size_t hash() const { return combine(combine(hash_of(gateway), hash_of(owner)), hash_of(name)); }
};
struct RuleKey {
  const ListenerSeries* listener;
  const plan::Rule& rule;
  bool operator==(const RuleKey& b) const {
    return std::tie(listener, rule.kind, rule.route, rule.index, rule.name) ==
           std::tie(b.listener, b.rule.kind, b.rule.route, b.rule.index, b.rule.name);
  }
  std::size_t hash() const { return combine(combine(listener->id, hash_of(rule.route)), rule.index); }
};
struct BackendKey {
  const RuleSeries* rule;
  std::string_view id;
  bool operator==(const BackendKey&) const = default;
  std::size_t hash() const { return combine(std::hash<const void*>()(rule), hash_of(id)); }
};

inline BindKey key_of(const BindSeries& s) { return {s.address, s.port}; }
inline ListenerKey key_of(const ListenerSeries& s) {
  return {s.gateway, s.from_listener_set, s.listener_owner, s.name};
}
inline RuleKey key_of(const RuleSeries& s) { return {s.listener.get(), *s.rule}; }
inline BackendKey key_of(const BackendSeries& s) { return {s.rule.get(), s.id}; }

template <class Series, class Key>
class Set {
 public:
  Series* find(const Key& key) const {
    const auto found = series_.find(key);
    return found == series_.end() ? nullptr : *found;
  }
  void insert(Series* series) { series_.insert(series); }
  void erase(Series* series) { series_.erase(series); }
  std::size_t size() const { return series_.size(); }
  auto begin() const { return series_.begin(); }
  auto end() const { return series_.end(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const Series* series) const { return key_of(*series).hash(); }
    std::size_t operator()(const Key& key) const { return key.hash(); }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Series* a, const Series* b) const { return a == b; }
    bool operator()(const Key& a, const Series* b) const { return a == key_of(*b); }
    bool operator()(const Series* a, const Key& b) const { return key_of(*a) == b; }
  };
  std::unordered_set<Series*, Hash, Equal> series_;
};

}  // namespace metrics_detail

struct Metrics::Registry {
  metrics_detail::Set<BindSeries, metrics_detail::BindKey> binds;
  metrics_detail::Set<ListenerSeries, metrics_detail::ListenerKey> listeners;
  metrics_detail::Set<RuleSeries, metrics_detail::RuleKey> rules;
  metrics_detail::Set<BackendSeries, metrics_detail::BackendKey> backends;
  std::uint64_t last_listener_id = 0;
};

}  // namespace cardea::proxy
