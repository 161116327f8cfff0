// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "api/decode/kinds.h"

namespace cardea::api {
namespace {

constexpr TextRule kTargetPortName{1, 15, is_port_name,
                                   "a port's name of at most 15 lower-case letters, digits and '-'"};
constexpr TextRule kExternalName{0, 253, is_group, "a lower-case domain name"};

void read_target_port(Fields& in, ServicePort& out) {
  out.target_port = out.port;
  const base::Value* value = in.take("targetPort");
  if (!value) return;
  const Node node(in.node(), "targetPort", *value);
  if (value->is_string()) {
    read_value(node, out.target_port.emplace<std::string>(), kTargetPortName);
  } else if (value->is_int()) {
    read_value(node, out.target_port.emplace<std::uint16_t>(), kPort);
  } else {
    node.fail("must be a port number or a port's name, not " + described(*value));
  }
}

void check_ports(Fields& in, const ServiceSpec& out) {
  const bool may_have_none = out.type == ServiceType::ExternalName || out.cluster_ip == "None";
  in.rule(!out.ports.empty() || may_have_none, {"ports"}, "must have at least one port");
  for (std::size_t i = 0; i < out.ports.size() && out.ports.size() > 1; ++i) {
    in.rule(!out.ports[i].name.empty(), {"ports", i, "name"}, "is required when there are several ports");
  }
  if (!in.sound()) return;
  if (out.ports.size() > 1) in.unique("ports", out.ports, "name", [](const ServicePort& port) { return port.name; });
  in.unique("ports", out.ports, "port",
            [](const ServicePort& port) { return fmt::format("{}/{}", port.port, port.protocol.text()); });
}

}  // namespace

void read(Fields& in, ServicePort& out) {
  in.optional(
      "name", out.name,
      TextRule{0, 63, [](std::string_view text) { return text.empty() || is_label1123(text); }, kPortName.allowed});
  in.required("port", out.port, kPort);
  read_target_port(in, out);
  in.optional("protocol", out.protocol);
  in.optional("appProtocol", out.app_protocol, kQualifiedName);
  in.ignored(Shape::Int, {"nodePort"});
}

void read(Fields& in, ServiceSpec& out) {
  in.optional("type", out.type);
  in.optional("ports", out.ports, ListRule{});
  in.optional("clusterIP", out.cluster_ip);
  in.optional("externalName", out.external_name, kExternalName);
  in.optional("selector", out.selector, MapRule{.key = kQualifiedName, .value = kLabelValue});
  in.optional("sessionAffinity", out.session_affinity);
  in.ignored(Shape::Text, {"loadBalancerIP", "externalTrafficPolicy", "internalTrafficPolicy", "ipFamilyPolicy",
                           "loadBalancerClass", "trafficDistribution"});
  in.ignored(Shape::List, {"clusterIPs", "externalIPs", "ipFamilies", "loadBalancerSourceRanges"});
  in.ignored(Shape::Bool, {"allocateLoadBalancerNodePorts", "publishNotReadyAddresses"});
  in.ignored(Shape::Int, {"healthCheckNodePort"});
  in.ignored(Shape::Object, {"sessionAffinityConfig"});
  if (!in.sound()) return;
  check_ports(in, out);
  in.rule(out.type != ServiceType::ExternalName || !out.external_name.empty(), {"externalName"},
          "is required for type ExternalName");
  in.rule(out.cluster_ip.empty() || out.cluster_ip == "None" || is_ip(out.cluster_ip), {"clusterIP"},
          "must be an IP address or None, not " + quoted(out.cluster_ip));
}

void read(Fields& in, Service& out) { in.required("spec", out.spec); }

}  // namespace cardea::api
