// SPDX-License-Identifier: Apache-2.0
// TLSRoute, TCPRoute, UDPRoute. The experimental versions allow more: several rules, and (v1alpha2) a TLSRoute without
// hostnames.
#include "api/decode/kinds.h"

namespace cardea::api {

void read(Fields& in, L4RouteRule& out) {
  in.optional("name", out.name, kSectionName);
  in.required("backendRefs", out.backend_refs, ListRule{1, 16});
}

void read(Fields& in, L4RouteSpec& out) {
  const bool one_rule = in.version() != "v1alpha2";
  read_common(in, out);
  in.required("rules", out.rules, ListRule{1, one_rule ? std::size_t{1} : std::size_t{16}});
  check_rule_names(in, out.rules);
}

void read(Fields& in, TLSRouteSpec& out) {
  read(in, static_cast<L4RouteSpec&>(out));
  if (in.version() == "v1alpha2") {
    in.optional("hostnames", out.hostnames, ListRule{.max = 1024}, kHostname);
    return;
  }
  in.required("hostnames", out.hostnames, ListRule{1, 1024}, kHostname);
  if (!in.sound()) return;
  for (std::size_t i = 0; i < out.hostnames.size(); ++i) {
    in.rule(!is_ip(out.hostnames[i]), {"hostnames", i}, "must be a name, not an IP address");
  }
}

void read(Fields& in, TLSRoute& out) { in.required("spec", out.spec); }
void read(Fields& in, TCPRoute& out) { in.required("spec", out.spec); }
void read(Fields& in, UDPRoute& out) { in.required("spec", out.spec); }

}  // namespace cardea::api
