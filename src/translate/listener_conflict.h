// SPDX-License-Identifier: Apache-2.0
// Distinct listeners (facts, 6.10): a connection or request must belong to exactly one listener.
//
// - Within a Gateway's own listeners nobody wins: all that are indistinct are refused.
// - A ListenerSet's entry that is not distinct from what the Gateway or an earlier set has is refused.
// - Of Gateways that share a machine's addresses, the later one's listener is refused with PortUnavailable.
//
// HTTP, HTTPS and TLS on one port are told apart by hostname within one protocol only: we do not guess protocols from
// first bytes. A listener whose protocol is not served takes no part, but where it would lose to one that is, the conflict
// is what its status tells.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "translate/model.h"
#include "translate/options.h"

namespace cardea::translate {

enum class Clash { None, Protocol, Hostname };
Clash clash_between(const ListenerModel& a, const ListenerModel& b);

// Refuses the indistinct ones among a Gateway's own listeners.
void refuse_indistinct(std::vector<ListenerModel>& listeners);

// What is taken already, in the order of precedence.
class Claims {
 public:
  explicit Claims(const Options& options) : options_(options) {}

  // Refuses the listener if it is not distinct from what is claimed (by its own Gateway: a conflict; by another:
  // PortUnavailable); else claims its place, if it is to be served.
  void claim(ListenerModel& listener);

 private:
  // A port of the machine. There may be thousands of hostnames on it, so they are looked up.
  struct Port {
    std::vector<const ListenerModel*> kinds;  // one for each Gateway, port of the spec and protocol
    std::unordered_map<std::string, std::vector<const ListenerModel*>> by_hostname;
  };
  struct Taken {
    const ListenerModel* by = nullptr;
    Clash clash = Clash::None;  // None: only the port map brings them together
  };
  Taken find_taken(const ListenerModel& listener, const Port& port) const;
  void add(const ListenerModel& listener, Port& port);

  bool may_meet(const ListenerModel& listener, const ListenerModel& claimed) const;
  bool shares_address(const ListenerModel& a, const ListenerModel& b) const;
  bool mapped_together(const ListenerModel& a, const ListenerModel& b) const;

  const Options& options_;
  std::unordered_map<std::uint16_t, Port> by_bind_port_;
};

std::uint16_t bind_port_of(const ListenerModel& listener, const Options& options);

}  // namespace cardea::translate
