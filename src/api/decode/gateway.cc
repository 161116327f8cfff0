// SPDX-License-Identifier: Apache-2.0
#include "api/decode/kinds.h"

namespace cardea::api {
namespace {

constexpr TextRule kAddressType{1, 253, is_address_type,
                                "IPAddress, Hostname, NamedAddress or one with a domain, as in \"example.com/type\""};

constexpr TextRule kInfrastructureKey{
    1, 317, [](std::string_view text) { return is_qualified_name(text) && text.find('/') + 1 <= 253; },
    kQualifiedName.allowed};

void check_value(Fields& in, const GatewayAddress& out) {
  if (out.value.empty()) return;
  in.rule(out.type != AddressType::IPAddress || is_ip(out.value), {"value"},
          "must be an IPv4 or IPv6 address for type IPAddress, not " + quoted(out.value));
  in.rule(out.type != AddressType::Hostname || is_hostname(out.value), {"value"},
          "must be a lower-case host name for type Hostname, not " + quoted(out.value));
}

void check_addresses(Fields& in, const std::vector<GatewayAddress>& addresses) {
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const GatewayAddress& address = addresses[i];
    if (address.value.empty() || (address.type != AddressType::IPAddress && address.type != AddressType::Hostname))
      continue;
    for (std::size_t j = 0; j < i; ++j) {
      if (addresses[j] == address) {
        in.fail({"addresses", i, "value"}, "must not be given twice: " + quoted(address.value));
        break;
      }
    }
  }
}

}  // namespace

void read(Fields& in, GatewayAddress& out) {
  in.optional("type", out.type, kAddressType);
  in.optional("value", out.value, TextRule{.max = 253});
  if (in.sound()) check_value(in, out);
}

void read(Fields& in, GatewayInfrastructure& out) {
  in.optional("labels", out.labels, MapRule{8, kInfrastructureKey, kLabelValue});
  in.optional("annotations", out.annotations, MapRule{16, kInfrastructureKey, kAnnotationValue});
  in.optional("parametersRef", out.parameters_ref);
}

void read(Fields& in, ListenerNamespaces& out) {
  in.optional("from", out.from);
  in.optional("selector", out.selector);
}

void read(Fields& in, AllowedListeners& out) { in.optional("namespaces", out.namespaces); }

void read(Fields& in, FrontendTLSValidation& out) {
  in.required("caCertificateRefs", out.ca_certificate_refs, ListRule{1, 16});
  in.optional("mode", out.mode);
}

void read(Fields& in, TLSConfig& out) { in.optional("validation", out.validation); }

void read(Fields& in, TLSPortConfig& out) {
  in.required("port", out.port, kPort);
  in.required("tls", out.tls);
}

void read(Fields& in, FrontendTLSConfig& out) {
  in.required("default", out.default_);
  in.optional("perPort", out.per_port, ListRule{.max = 64});
  if (!in.sound()) return;
  in.unique("perPort", out.per_port, "port", [](const TLSPortConfig& entry) { return std::to_string(entry.port); });
}

void read(Fields& in, GatewayBackendTLS& out) { in.optional("clientCertificateRef", out.client_certificate_ref); }

void read(Fields& in, GatewayTLSConfig& out) {
  in.optional("backend", out.backend);
  in.optional("frontend", out.frontend);
}

void read(Fields& in, GatewaySpec& out) {
  in.required("gatewayClassName", out.gateway_class_name, kObjectName);
  read_listeners(in, out.listeners);
  in.optional("addresses", out.addresses, ListRule{.max = 16});
  in.optional("infrastructure", out.infrastructure);
  in.optional("allowedListeners", out.allowed_listeners);
  in.optional("tls", out.tls);
  in.optional("defaultScope", out.default_scope);
  if (in.sound()) check_addresses(in, out.addresses);
}

void read(Fields& in, Gateway& out) { in.required("spec", out.spec); }

}  // namespace cardea::api
