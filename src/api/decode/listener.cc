// SPDX-License-Identifier: Apache-2.0
// Listeners of Gateway and ListenerSet: spec.listeners and the rules between them.
#include <fmt/format.h>

#include "api/decode/kinds.h"

namespace cardea::api {
namespace {

constexpr ChoiceRule kRouteNamespaces{.allowed = ~(std::uint64_t{1} << static_cast<unsigned>(FromNamespaces::None))};

constexpr TextRule kProtocolText{1, 255, is_listener_protocol,
                                 "HTTP, HTTPS, TLS, TCP, UDP or one with a domain, as in \"example.com/foo\""};

// The API server fills in tls.mode before it looks at the rules, so "TLS needs a mode" comes down to "TLS needs tls".
void check_listener(Fields& in, const Listener& out) {
  const bool is_plain =
      out.protocol == ProtocolType::HTTP || out.protocol == ProtocolType::TCP || out.protocol == ProtocolType::UDP;
  const bool is_l4 = out.protocol == ProtocolType::TCP || out.protocol == ProtocolType::UDP;
  in.rule(!is_plain || !out.tls, {"tls"}, fmt::format("must be left out for protocol {}", out.protocol.text()));
  in.rule(out.protocol != ProtocolType::HTTPS || !out.tls || out.tls->mode == TLSModeType::Terminate, {"tls", "mode"},
          "must be Terminate for protocol HTTPS");
  in.rule(out.protocol != ProtocolType::TLS || out.tls.has_value(), {"tls"}, "is required for protocol TLS");
  in.rule(!is_l4 || out.hostname.empty(), {"hostname"},
          fmt::format("must be left out for protocol {}", out.protocol.text()));
}

}  // namespace

void read(Fields& in, ListenerTLSConfig& out) {
  in.optional("mode", out.mode);
  in.optional("certificateRefs", out.certificate_refs, ListRule{.max = 64});
  in.optional("options", out.options, MapRule{.max = 16, .key = {}, .value = kAnnotationValue});
  if (!in.sound()) return;
  in.rule(out.mode != TLSModeType::Terminate || !out.certificate_refs.empty() || !out.options.empty(),
          {"certificateRefs"}, "needs a certificate (or options must be given) when mode is Terminate");
}

void read(Fields& in, RouteGroupKind& out) {
  in.optional("group", out.group, kGroup);
  in.required("kind", out.kind, kKindName);
}

void read(Fields& in, RouteNamespaces& out) {
  in.optional("from", out.from, kRouteNamespaces);
  in.optional("selector", out.selector);
}

void read(Fields& in, AllowedRoutes& out) {
  in.optional("namespaces", out.namespaces);
  in.optional("kinds", out.kinds, ListRule{.max = 8});
}

void read(Fields& in, Listener& out) {
  in.required("name", out.name, kSectionName);
  in.optional("hostname", out.hostname, kHostname);
  in.required("port", out.port, kPort);
  in.required("protocol", out.protocol, kProtocolText);
  in.optional("tls", out.tls);
  in.optional("allowedRoutes", out.allowed_routes);
  if (in.sound()) check_listener(in, out);
}

void read_listeners(Fields& in, std::vector<Listener>& out) {
  in.required("listeners", out, ListRule{1, 64});
  if (!in.sound()) return;
  in.unique("listeners", out, "name", [](const Listener& listener) { return listener.name; });
  for (std::size_t i = 0; i < out.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (out[i].port != out[j].port || out[i].protocol != out[j].protocol || out[i].hostname != out[j].hostname)
        continue;
      in.fail({"listeners", i},
              fmt::format("must not have the same port, protocol and hostname together as listeners[{}]", j));
      break;
    }
  }
}

}  // namespace cardea::api
