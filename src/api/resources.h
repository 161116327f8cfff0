// SPDX-License-Identifier: Apache-2.0
// Resources: an immutable snapshot of all objects, cheap to copy: tables share what did not change. A copy is changed by
// one thread and then only read, by any number of them.
#pragma once

#include <algorithm>
#include <memory>
#include <string_view>
#include <tuple>
#include <vector>

#include "api/object.h"

namespace cardea::api {

// The objects of one kind, sorted by namespace and name.
template <class Kind>
class Table {
 public:
  using Entries = std::vector<Ref<Kind>>;

  const Ref<Kind>* find_ref(std::string_view namespace_, std::string_view name) const {
    auto at = lower_bound(*entries_, namespace_, name);
    return at != entries_->end() && is(**at, namespace_, name) ? &*at : nullptr;
  }
  // The object, or nullptr. Valid as long as this snapshot.
  const Kind* find(std::string_view namespace_, std::string_view name) const {
    const Ref<Kind>* found = find_ref(namespace_, name);
    return found ? found->get() : nullptr;
  }
  const Kind* find(const ObjectKey& key) const { return find(key.namespace_, key.name); }

  // Iterates over Ref<Kind>.
  auto begin() const { return entries_->begin(); }
  auto end() const { return entries_->end(); }
  std::size_t size() const { return entries_->size(); }
  bool empty() const { return entries_->empty(); }
  // The same objects by the same pointers: equal without looking.
  bool shares_with(const Table& other) const { return entries_ == other.entries_; }

  void put(Ref<Kind> object) {
    Entries& entries = own();
    auto at = lower_bound(entries, object->metadata.namespace_, object->metadata.name);
    if (at != entries.end() && is(**at, object->metadata.namespace_, object->metadata.name)) {
      *at = std::move(object);
    } else {
      entries.insert(at, std::move(object));
    }
  }
  bool erase(std::string_view namespace_, std::string_view name) {
    if (!find_ref(namespace_, name)) return false;
    Entries& entries = own();
    entries.erase(lower_bound(entries, namespace_, name));
    return true;
  }

 private:
  static bool is(const Kind& object, std::string_view namespace_, std::string_view name) {
    return object.metadata.name == name && object.metadata.namespace_ == namespace_;
  }
  template <class List>
  static auto lower_bound(List& entries, std::string_view namespace_, std::string_view name) {
    return std::lower_bound(entries.begin(), entries.end(), std::tie(namespace_, name),
                            [](const Ref<Kind>& entry, const auto& wanted) {
                              const std::string_view its_namespace = entry->metadata.namespace_;
                              const std::string_view its_name = entry->metadata.name;
                              return std::tie(its_namespace, its_name) < wanted;
                            });
  }
  // The entries to change: a copy of our own while another snapshot shares them.
  Entries& own() {
    if (entries_.use_count() > 1) entries_ = std::make_shared<Entries>(*entries_);
    return *entries_;
  }

  std::shared_ptr<Entries> entries_ = std::make_shared<Entries>();
};

class Resources {
 public:
  template <class Kind>
  const Table<Kind>& all() const {
    return std::get<Table<Kind>>(tables_);
  }
  template <class Kind>
  const Kind* find(std::string_view namespace_, std::string_view name) const {
    return all<Kind>().find(namespace_, name);
  }
  template <class Kind>
  const Kind* find(const ObjectKey& key) const {
    return all<Kind>().find(key);
  }

  // Adds the object, or replaces the one of its kind and key.
  void put(const Object& object);
  template <class Kind>
  void put(Ref<Kind> object) {
    std::get<Table<Kind>>(tables_).put(std::move(object));
  }
  // False when there was none.
  bool erase(const ObjectId& id);
  template <class Kind>
  bool erase(const ObjectKey& key) {
    return std::get<Table<Kind>>(tables_).erase(key.namespace_, key.name);
  }

  // The labels of a Namespace. One that no object declares exists with its kubernetes.io/metadata.name label alone.
  StringMap namespace_labels(std::string_view name) const;

  std::size_t size() const;

 private:
  std::tuple<Table<GatewayClass>, Table<Gateway>, Table<ListenerSet>, Table<HTTPRoute>, Table<GRPCRoute>,
             Table<TLSRoute>, Table<TCPRoute>, Table<UDPRoute>, Table<ReferenceGrant>, Table<BackendTLSPolicy>,
             Table<Service>, Table<EndpointSlice>, Table<Secret>, Table<ConfigMap>, Table<Namespace>>
      tables_;
};

}  // namespace cardea::api
