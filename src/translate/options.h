// SPDX-License-Identifier: Apache-2.0
// Options of translation: what the operator of this gateway decided. Fixed for the life of a process.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace cardea::translate {

struct Options {
  std::string controller_name = "cardea.dev/gateway-controller";

  // Listener port -> the port really bound (--port-map). A port that is not named is bound as it is.
  std::map<std::uint16_t, std::uint16_t> port_map;
  // Whether a redirect that takes "the listener's port", or the port of a scheme, names the mapped one
  // (--advertise-port-map). A port that the redirect itself names stays as it is.
  bool advertise_port_map = false;

  // All Gateways listen on one machine's addresses (`serve`), so their listeners must be distinct from one another as if
  // they were of one Gateway. False where each Gateway has proxies and addresses of its own (Kubernetes): these listen on
  // every address, and spec.addresses is for whoever assigns addresses.
  bool shared_machine = true;
  // Where listeners of Gateways without spec.addresses listen (--bind), as text.
  std::vector<std::string> bind_addresses = {"0.0.0.0", "::"};
  // TCP ports that a proxy needs for itself: a listener there is refused with PortUnavailable.
  std::set<std::uint16_t> reserved_ports;

  bool operator==(const Options&) const = default;
};

}  // namespace cardea::translate
