// SPDX-License-Identifier: Apache-2.0
// Tables: everything immutable that one version of the plans gives the workers. The control thread makes it, hands each
// worker a plain pointer, and frees it when every worker has let go.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "proxy/backend_tls.h"
#include "proxy/balance.h"
#include "proxy/route_table.h"
#include "proxy/tls_table.h"

namespace cardea::proxy {

struct Tables {
  std::uint64_t version = 0;  // never given twice
  std::shared_ptr<const RouteTable> routes;
  std::shared_ptr<const EndpointTable> endpoints;
  std::shared_ptr<const TlsTable> tls;
  std::shared_ptr<const BackendTlsTable> backend_tls;
  // Workers that may still read this.
  mutable std::atomic<unsigned> held_by{0};
};

// A worker's count of who uses a version of the tables there: itself while it is current, and each exchange that began
// under it. Letting go of the last one gives the version back to the control thread. One thread.
class TablesUse {
 public:
  explicit TablesUse(const Tables* tables) : tables_(tables) {}
  TablesUse(const TablesUse&) = delete;
  TablesUse& operator=(const TablesUse&) = delete;

  const Tables& operator*() const { return *tables_; }
  const Tables* operator->() const { return tables_; }
  void hold() { ++users_; }
  void let_go() {
    if (--users_ > 0) return;
    const Tables* tables = tables_;
    delete this;
    tables->held_by.fetch_sub(1, std::memory_order_release);
  }

 private:
  ~TablesUse() = default;
  const Tables* tables_;
  unsigned users_ = 1;
};

// Holds a version for a scope.
class TablesHold {
 public:
  explicit TablesHold(TablesUse* use) : use_(use) { use_->hold(); }
  TablesHold(const TablesHold&) = delete;
  TablesHold& operator=(const TablesHold&) = delete;
  ~TablesHold() { use_->let_go(); }
  const Tables* operator->() const { return &**use_; }
  const Tables& operator*() const { return **use_; }
  TablesUse* use() const { return use_; }  // for what outlives the scope

 private:
  TablesUse* use_;
};

}  // namespace cardea::proxy
