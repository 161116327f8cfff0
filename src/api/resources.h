// SPDX-License-Identifier: Apache-2.0
// Resources: an immutable snapshot of all objects, cheap to copy: tables share what did not change. A copy is changed
// by one thread and then only read, by any number of them.
#pragma once

#include <algorithm>
#include <cstddef>
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
    const std::size_t at = place(namespace_, name);
    return is_at(at, namespace_, name) ? &(*entries_)[at] : nullptr;
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
    const ObjectMeta& meta = object->metadata;
    const std::size_t at = place(meta.namespace_, meta.name);
    const bool replaces = is_at(at, meta.namespace_, meta.name);
    Entries& entries = own();
    if (replaces) {
      entries[at] = std::move(object);
    } else {
      entries.insert(entries.begin() + static_cast<std::ptrdiff_t>(at), std::move(object));
    }
  }
  bool erase(std::string_view namespace_, std::string_view name) {
    const std::size_t at = place(namespace_, name);
    if (!is_at(at, namespace_, name)) return false;
    Entries& entries = own();
    entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(at));
    return true;
  }

 private:
  bool is_at(std::size_t at, std::string_view namespace_, std::string_view name) const {
    if (at >= entries_->size()) return false;
    const ObjectMeta& meta = (*entries_)[at]->metadata;
    return meta.name == name && meta.namespace_ == namespace_;
  }
  // The index of that key, or where it would stand.
  std::size_t place(std::string_view namespace_, std::string_view name) const {
    const auto before = [namespace_, name](const Ref<Kind>& entry, int) {
      const ObjectMeta& meta = entry->metadata;
      return meta.namespace_ != namespace_ ? meta.namespace_ < namespace_ : meta.name < name;
    };
    return static_cast<std::size_t>(std::lower_bound(entries_->begin(), entries_->end(), 0, before) -
                                    entries_->begin());
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
             Table<Service>, Table<EndpointSlice>, Table<Secret>, Table<ConfigMap>, Table<Namespace>,
             Table<GatewayParameters>>
      tables_;
};

}  // namespace cardea::api
