// SPDX-License-Identifier: Apache-2.0
// Which backend, and which of its endpoints. A backend is chosen by weight, an endpoint by one of the policies in
// load_balancing.h; by default as the less loaded of two random ones, by what this worker has under way with them.
//
// Control thread: BackendSlots and EndpointTable (immutable once built; freed there). Worker: Balancer and all that it
// holds; it owns one EndpointState per (backend, endpoint), which lives on through changes of the plan for as long as
// the endpoint is in it or an attempt holds a lease.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ip.h"
#include "plan/plan.h"
#include "proxy/load_balancing.h"
#include "proxy/random.h"

namespace cardea::proxy {

struct CompiledRule;        // proxy/route_table.h
struct CompiledBackendRef;  // proxy/route_table.h

// By weight among the rule's backends, those that cannot be served included (they keep their share; the caller answers
// for them). Null: none, or all weights are 0.
const CompiledBackendRef* pick_backend(const CompiledRule& rule, Random& random);

// --- Slots -----------------------------------------------------------------------------------------------------------
// A small number for each backend id, so that a worker finds a backend's state without hashing its name.

class BackendSlots;

struct BackendSlot {
  BackendSlot(std::shared_ptr<BackendSlots> from, std::string backend_id, std::uint32_t slot);
  ~BackendSlot();  // the number may be given again
  BackendSlot(const BackendSlot&) = delete;
  BackendSlot& operator=(const BackendSlot&) = delete;

  std::shared_ptr<BackendSlots> owner;
  std::string id;
  std::uint32_t index;
};

// A number stays with its id while any table holds the slot.
class BackendSlots : public std::enable_shared_from_this<BackendSlots> {
 public:
  std::shared_ptr<const BackendSlot> acquire(std::string_view id);
  std::size_t size() const { return by_id_.size(); }

 private:
  friend struct BackendSlot;
  std::unordered_map<std::string_view, std::weak_ptr<const BackendSlot>> by_id_;  // keys point into the slots
  std::vector<std::uint32_t> free_;
  std::uint32_t next_ = 0;
};

// --- The endpoints of every backend, as workers get them ------------------------------------------------------------

struct EndpointList {
  std::vector<base::IpPort> ready;
  std::vector<base::IpPort> last_resort;  // not ready, but serving and terminating
  bool operator==(const EndpointList&) const = default;
};

class EndpointTable {
 public:
  // What a name resolves to at present; empty when it is not (yet) known. Literal addresses never get here.
  using Resolve = std::function<std::vector<base::IpAddress>(std::string_view name)>;

  struct Entry {
    std::shared_ptr<const BackendSlot> slot;
    plan::Ref<plan::BackendEndpoints> plan;
    std::shared_ptr<const EndpointList> list;  // the same pointer while nothing changed
    bool has_names = false;                    // so the list may change where the plan does not
  };

  // Endpoints of all plans. A backend that several plans know is taken from the first.
  static std::shared_ptr<const EndpointTable> build(const plan::PlanSet& plans, BackendSlots& slots,
                                                    const EndpointTable* previous, const Resolve& resolve = {});

  const std::vector<Entry>& entries() const { return entries_; }  // by slot index
  // Names that endpoints give in place of addresses, sorted, each once.
  std::vector<std::string> names() const;

 private:
  std::vector<Entry> entries_;
};

// --- What a worker knows of endpoints -------------------------------------------------------------------------------

struct EndpointState {
  base::IpPort address;
  std::string text;            // "10.0.0.7:8080", for logs
  std::uint64_t hash = 0;      // of the address: its share of keys where a policy hashes
  std::uint32_t active = 0;    // leases: attempts under way by this worker
  bool listed = true;          // still in the plan; false: no new attempt comes here, and connections are not kept
  std::shared_ptr<void> pool;  // what the forwarding half keeps for this endpoint; freed with the state
};

// One attempt's hold on an endpoint: counts as load while it lives. Not beyond the worker's thread.
class EndpointLease {
 public:
  EndpointLease() = default;
  explicit EndpointLease(EndpointState* state) : state_(state) {
    if (state_) ++state_->active;
  }
  EndpointLease(EndpointLease&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  EndpointLease& operator=(EndpointLease&& other) noexcept {
    if (this != &other) {
      release();
      state_ = std::exchange(other.state_, nullptr);
    }
    return *this;
  }
  ~EndpointLease() { release(); }

  void release() {
    EndpointState* state = std::exchange(state_, nullptr);
    if (state && --state->active == 0 && !state->listed) delete state;
  }
  explicit operator bool() const { return state_ != nullptr; }
  EndpointState* operator->() const { return state_; }
  EndpointState& operator*() const { return *state_; }

 private:
  EndpointState* state_ = nullptr;
};

// Endpoints that a request could not connect to and should not be sent to again.
class TriedEndpoints {
 public:
  void add(const EndpointState& state) {
    if (count_ < addresses_.size()) addresses_[count_++] = state.address;
  }
  bool contains(const EndpointState& state) const {
    for (std::size_t i = 0; i < count_; ++i) {
      if (addresses_[i] == state.address) return true;
    }
    return false;
  }
  bool empty() const { return count_ == 0; }
  void clear() { count_ = 0; }

 private:
  std::array<base::IpPort, 16> addresses_{};
  std::size_t count_ = 0;
};

class Balancer {
 public:
  Balancer() = default;
  Balancer(const Balancer&) = delete;
  Balancer& operator=(const Balancer&) = delete;
  ~Balancer();  // leases must have ended

  // Takes over a new table: endpoints that stay keep their state, the others leave with their last lease. Costs a
  // pointer comparison for a backend that did not change. `table` must outlive its successor's apply().
  void apply(const EndpointTable& table);

  // One of the endpoints that are ready and not in `tried`; when there is none, the same among those of the last resort.
  // An empty lease: none is left (503).
  EndpointLease pick(const BackendSlot& backend, Random& random, const TriedEndpoints& tried = {}, BalanceBy by = {});

  // The endpoint of the backend with that EndpointState::hash, of the last resort too; an empty lease: there is none.
  EndpointLease find(const BackendSlot& backend, std::uint64_t hash);

  // Every endpoint in the plan, for sweeps over pools.
  template <class F>
  void for_each(F&& f) {
    for (auto& backend : backends_) {
      for (auto* state : backend.ready) f(*state);
      for (auto* state : backend.last_resort) f(*state);
    }
  }

 private:
  struct BackendState {
    const EndpointList* list = nullptr;
    std::uint64_t round = 0;  // the apply() that last saw it
    std::vector<EndpointState*> ready;
    std::vector<EndpointState*> last_resort;
    std::uint32_t turn = 0;  // RoundRobin
  };
  static void replace(BackendState& backend, const EndpointList* list);

  std::vector<BackendState> backends_;  // by slot
  std::uint64_t round_ = 0;
};

}  // namespace cardea::proxy
