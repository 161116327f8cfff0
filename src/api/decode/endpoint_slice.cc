// SPDX-License-Identifier: Apache-2.0
// Unlike an API server we take any address, loopback too: in a folder of manifests the backend may well be on this
// machine.
#include <fmt/format.h>

#include "api/decode/kinds.h"
#include "base/ip.h"

namespace cardea::api {
namespace {

bool fits(EndpointAddressType type, std::string_view address) {
  if (type == EndpointAddressType::FQDN) return address.size() <= 253 && is_subdomain(address);
  const auto ip = base::parse_ip(address);
  return ip && ip->is_v4() == (type == EndpointAddressType::IPv4);
}

void check_addresses(Fields& in, const EndpointSlice& out) {
  for (std::size_t i = 0; i < out.endpoints.size(); ++i) {
    const auto& addresses = out.endpoints[i].addresses;
    for (std::size_t j = 0; j < addresses.size(); ++j) {
      if (fits(out.address_type.value, addresses[j])) continue;
      in.fail({"endpoints", i, "addresses", j},
              fmt::format("must be {} for addressType {}, not {}",
                          out.address_type == EndpointAddressType::FQDN ? "a domain name" : "an IP address",
                          out.address_type.text(), quoted(addresses[j])));
    }
  }
}

}  // namespace

void read(Fields& in, EndpointConditions& out) {
  in.optional("ready", out.ready);
  in.optional("serving", out.serving);
  in.optional("terminating", out.terminating);
}

void read(Fields& in, SliceEndpoint& out) {
  in.required("addresses", out.addresses, ListRule{1, 100}, TextRule{});
  in.optional("conditions", out.conditions);
  in.optional("zone", out.zone);
  in.optional("nodeName", out.node_name);
  in.ignored(Shape::Text, {"hostname"});
  in.ignored(Shape::Object, {"targetRef", "deprecatedTopology", "hints"});
}

void read(Fields& in, EndpointPort& out) {
  in.optional(
      "name", out.name,
      TextRule{0, 63, [](std::string_view text) { return text.empty() || is_label1123(text); }, kPortName.allowed});
  in.optional("port", out.port, kPort);
  in.optional("protocol", out.protocol);
  in.optional("appProtocol", out.app_protocol, kQualifiedName);
}

void read(Fields& in, EndpointSlice& out) {
  in.required("addressType", out.address_type);
  in.optional("endpoints", out.endpoints, ListRule{.max = 1000});
  in.optional("ports", out.ports, ListRule{.max = 20000});
  if (!in.sound()) return;
  check_addresses(in, out);
  in.unique("ports", out.ports, "name", [](const EndpointPort& port) { return port.name; });
}

}  // namespace cardea::api
