// SPDX-License-Identifier: Apache-2.0
#include "proxy/balance.h"

#include <algorithm>
#include <map>

#include "proxy/route_table.h"

namespace cardea::proxy {

const CompiledBackendRef* pick_backend(const CompiledRule& rule, Random& random) {
  if (rule.total_weight == 0) return nullptr;
  const bool only_one = rule.backends.size() == 1;
  const std::uint32_t ticket = only_one ? 0 : random.below(rule.total_weight);
  for (const auto& backend : rule.backends) {
    if (ticket < backend.weight_end) return &backend;
  }
  return nullptr;
}

// --- Slots ----------------------------------------------------------------------------------------------------------

BackendSlot::BackendSlot(std::shared_ptr<BackendSlots> from, std::string backend_id, std::uint32_t slot)
    : owner(std::move(from)), id(std::move(backend_id)), index(slot) {}

BackendSlot::~BackendSlot() {
  owner->by_id_.erase(id);
  owner->free_.push_back(index);
}

std::shared_ptr<const BackendSlot> BackendSlots::acquire(std::string_view id) {
  if (const auto known = by_id_.find(id); known != by_id_.end()) return known->second.lock();
  std::uint32_t index = next_;
  if (free_.empty()) {
    ++next_;
  } else {
    index = free_.back();
    free_.pop_back();
  }
  auto slot = std::make_shared<const BackendSlot>(shared_from_this(), std::string(id), index);
  by_id_.emplace(slot->id, slot);
  return slot;
}

// --- Endpoints ------------------------------------------------------------------------------------------------------

namespace {

void add(EndpointList& list, const plan::Endpoint& endpoint, const base::IpAddress& address) {
  if (endpoint.ready) {
    list.ready.push_back({address, endpoint.port});
  } else if (endpoint.serving && endpoint.terminating) {
    list.last_resort.push_back({address, endpoint.port});
  }
}

// Each address once, and as a last resort only what is not ready too.
void tidy(EndpointList& list) {
  for (auto* part : {&list.ready, &list.last_resort}) {
    std::ranges::sort(*part);
    const auto rest = std::ranges::unique(*part);
    part->erase(rest.begin(), rest.end());
  }
  std::erase_if(list.last_resort, [&](const auto& one) { return std::ranges::binary_search(list.ready, one); });
}

EndpointList resolve_all(const plan::BackendEndpoints& backend, const EndpointTable::Resolve& resolve, bool& has_names) {
  EndpointList list;
  for (const auto& endpoint : backend.endpoints) {
    if (const auto literal = base::parse_ip(endpoint.address)) {
      add(list, endpoint, *literal);
      continue;
    }
    has_names = true;
    if (!resolve) continue;
    for (const auto& address : resolve(endpoint.address)) add(list, endpoint, address);
  }
  tidy(list);
  return list;
}

bool same_plan(const plan::Ref<plan::BackendEndpoints>& a, const plan::Ref<plan::BackendEndpoints>& b) {
  return a == b || (a->hash == b->hash && !a->hash.is_zero());
}

const EndpointTable::Entry* find_slot(const std::vector<EndpointTable::Entry>& entries, std::uint32_t index) {
  const auto found = std::ranges::lower_bound(entries, index, {}, [](const auto& e) { return e.slot->index; });
  return found != entries.end() && found->slot->index == index ? &*found : nullptr;
}

}  // namespace

std::shared_ptr<const EndpointTable> EndpointTable::build(const plan::PlanSet& plans, BackendSlots& slots,
                                                          const EndpointTable* previous, const Resolve& resolve) {
  auto table = std::make_shared<EndpointTable>();
  std::map<std::string_view, plan::Ref<plan::BackendEndpoints>> backends;
  for (const auto& plan : plans) {
    if (!plan->endpoints) continue;
    for (const auto& backend : plan->endpoints->backends) backends.emplace(backend->backend_id, backend);
  }
  table->entries_.reserve(backends.size());
  for (const auto& [id, backend] : backends) {
    Entry entry{.slot = slots.acquire(id), .plan = backend, .list = nullptr};
    const Entry* before = previous ? find_slot(previous->entries_, entry.slot->index) : nullptr;
    const bool unchanged = before && same_plan(before->plan, backend) && !before->has_names;
    if (unchanged) {
      entry.list = before->list;
    } else {
      auto list = resolve_all(*backend, resolve, entry.has_names);
      entry.list =
          before && *before->list == list ? before->list : std::make_shared<const EndpointList>(std::move(list));
    }
    table->entries_.push_back(std::move(entry));
  }
  std::ranges::sort(table->entries_, {}, [](const Entry& entry) { return entry.slot->index; });
  return table;
}

std::vector<std::string> EndpointTable::names() const {
  std::vector<std::string> names;
  for (const auto& entry : entries_) {
    if (!entry.has_names) continue;
    for (const auto& endpoint : entry.plan->endpoints) {
      if (!base::parse_ip(endpoint.address)) names.push_back(endpoint.address);
    }
  }
  std::ranges::sort(names);
  const auto rest = std::ranges::unique(names);
  names.erase(rest.begin(), rest.end());
  return names;
}

// --- Balancer -------------------------------------------------------------------------------------------------------

namespace {

// The finaliser of MurmurHash3 (Appleby): every bit of the input reaches every bit of the output.
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 33)) * 0xff51afd7ed558ccd;
  x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53;
  return x ^ (x >> 33);
}

// The same in every worker, process and build.
std::uint64_t hash_of(const base::IpPort& address) {
  std::uint64_t hash = mix(address.port);
  for (const std::uint8_t byte : address.address.bytes) hash = mix(hash ^ byte);
  return hash;
}

bool by_address(const EndpointState* a, const EndpointState* b) { return a->address < b->address; }

// States for `addresses`: out of `known` (sorted, all unlisted) where it has them, else new ones.
std::vector<EndpointState*> adopt(const std::vector<base::IpPort>& addresses,
                                  const std::vector<EndpointState*>& known) {
  std::vector<EndpointState*> states;
  states.reserve(addresses.size());
  for (const auto& address : addresses) {
    const auto found = std::ranges::lower_bound(known, address, {}, &EndpointState::address);
    if (found != known.end() && (*found)->address == address) {
      (*found)->listed = true;
      states.push_back(*found);
    } else {
      states.push_back(new EndpointState{address, base::to_string(address), hash_of(address), 0, true, nullptr});
    }
  }
  return states;
}

}  // namespace

Balancer::~Balancer() {
  for (auto& backend : backends_) replace(backend, nullptr);
}

void Balancer::replace(BackendState& backend, const EndpointList* list) {
  std::vector<EndpointState*> known = std::move(backend.ready);
  known.insert(known.end(), backend.last_resort.begin(), backend.last_resort.end());
  std::ranges::sort(known, by_address);
  for (auto* state : known) state->listed = false;
  backend.ready.clear();
  backend.last_resort.clear();
  if (list) {
    backend.ready = adopt(list->ready, known);
    backend.last_resort = adopt(list->last_resort, known);
  }
  backend.list = list;
  for (auto* state : known) {
    if (!state->listed && state->active == 0) delete state;
  }
}

void Balancer::apply(const EndpointTable& table) {
  ++round_;
  if (!table.entries().empty()) {
    const std::size_t slots = table.entries().back().slot->index + std::size_t{1};
    if (backends_.size() < slots) backends_.resize(slots);
  }
  for (const auto& entry : table.entries()) {
    BackendState& backend = backends_[entry.slot->index];
    backend.round = round_;
    if (backend.list != entry.list.get()) replace(backend, entry.list.get());
  }
  for (auto& backend : backends_) {
    if (backend.round != round_ && backend.list) replace(backend, nullptr);
  }
}

namespace {

using Endpoints = std::span<EndpointState* const>;

EndpointState* least_of_two(Endpoints from, Random& random, const TriedEndpoints& tried) {
  const auto count = static_cast<std::uint32_t>(from.size());
  if (count == 0) return nullptr;
  if (tried.empty()) {
    EndpointState* first = from[random.below(count)];
    if (count == 1) return first;
    std::uint32_t other = random.below(count - 1);
    EndpointState* second = from[other] == first ? from[count - 1] : from[other];
    return second->active < first->active ? second : first;
  }
  // Another try, which is rare: two places among those that are left, found by counting.
  std::uint32_t left = 0;
  for (const auto* state : from) left += tried.contains(*state) ? 0 : 1;
  if (left == 0) return nullptr;
  std::uint32_t places[2] = {random.below(left), random.below(left)};
  EndpointState* best = nullptr;
  std::uint32_t place = 0;
  for (auto* state : from) {
    if (tried.contains(*state)) continue;
    const bool drawn = place == places[0] || place == places[1];
    if (drawn && (!best || state->active < best->active)) best = state;
    ++place;
  }
  return best;
}

// The first that is left from place `from` on, round the end.
EndpointState* first_left(Endpoints list, std::size_t from, const TriedEndpoints& tried) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    EndpointState* state = list[(from + i) % list.size()];
    if (!tried.contains(*state)) return state;
  }
  return nullptr;
}

// Another try takes nobody's turn: else one endpoint that fails would move the others out of step with the requests.
EndpointState* in_turn(Endpoints list, std::uint32_t& turn, const TriedEndpoints& tried) {
  return first_left(list, (tried.empty() ? turn++ : turn) % list.size(), tried);
}

EndpointState* at_random(Endpoints list, Random& random, const TriedEndpoints& tried) {
  return first_left(list, random.below(static_cast<std::uint32_t>(list.size())), tried);
}

// Rendezvous hashing (Thaler and Ravishankar): the endpoint whose own hash together with the key is the highest.
EndpointState* by_hash(Endpoints list, std::uint64_t key, const TriedEndpoints& tried) {
  EndpointState* best = nullptr;
  std::uint64_t highest = 0;
  for (EndpointState* state : list) {
    if (tried.contains(*state)) continue;
    const std::uint64_t score = mix(key ^ state->hash);
    if (!best || score > highest) {
      best = state;
      highest = score;
    }
  }
  return best;
}

}  // namespace

EndpointLease Balancer::find(const BackendSlot& backend, std::uint64_t hash) {
  if (backend.index >= backends_.size()) return {};
  const BackendState& state = backends_[backend.index];
  for (const auto* list : {&state.ready, &state.last_resort}) {
    const auto found = std::ranges::find(*list, hash, &EndpointState::hash);
    if (found != list->end()) return EndpointLease(*found);
  }
  return {};
}

EndpointLease Balancer::pick(const BackendSlot& backend, Random& random, const TriedEndpoints& tried, BalanceBy by) {
  if (backend.index >= backends_.size()) return {};
  BackendState& state = backends_[backend.index];
  EndpointState* found = nullptr;
  for (const auto* list : {&state.ready, &state.last_resort}) {
    if (list->empty()) continue;
    switch (by.policy) {
      case LoadBalancing::LeastOfTwo: found = least_of_two(*list, random, tried); break;
      case LoadBalancing::RoundRobin: found = in_turn(*list, state.turn, tried); break;
      case LoadBalancing::Random: found = at_random(*list, random, tried); break;
      case LoadBalancing::Hash: found = by_hash(*list, by.key, tried); break;
    }
    if (found) break;
  }
  return EndpointLease(found);
}

}  // namespace cardea::proxy
