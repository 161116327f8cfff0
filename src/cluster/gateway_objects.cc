// SPDX-License-Identifier: Apache-2.0
#include "cluster/gateway_objects.h"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/json.h"
#include "cluster/object_names.h"

namespace cardea::cluster {
namespace {

using base::Value;

constexpr int kSpareSeconds = 5;  // between the end that a proxy sets itself, and being killed
constexpr int kNobody = 65532;
constexpr int kTokenSeconds = 3600;

Value object(std::initializer_list<std::pair<std::string_view, Value>> members) {
  Value value = Value::Object{};
  for (const auto& [name, member] : members) value.add(std::string(name), member);
  return value;
}

Value list(std::initializer_list<Value> items) { return Value(Value::Array(items)); }

using Texts = std::map<std::string, std::string, std::less<>>;

Value object(const Texts& texts) {
  Value value = Value::Object{};
  for (const auto& [name, text] : texts) value.add(name, text);
  return value;
}

Texts labels_of(const api::Gateway& gateway, const ProxyOptions& options) {
  Texts labels{{"app.kubernetes.io/name", "cardea-proxy"},
               {"app.kubernetes.io/component", "proxy"},
               {"app.kubernetes.io/part-of", "cardea"},
               {"app.kubernetes.io/managed-by", "cardea"}};
  if (gateway.spec.infrastructure) {
    for (const auto& [name, value] : gateway.spec.infrastructure->labels) labels.insert_or_assign(name, value);
  }
  // What we find them by is not the Gateway's to change.
  labels.insert_or_assign(std::string(kGatewayNameLabel), label_value(gateway.metadata.name));
  labels.insert_or_assign(std::string(kGatewayClassLabel), label_value(gateway.spec.gateway_class_name));
  labels.insert_or_assign(std::string(kControllerLabel), label_value(options.controller_name));
  return labels;
}

Texts annotations_of(const api::Gateway& gateway) {
  Texts annotations;
  if (gateway.spec.infrastructure) {
    for (const auto& [name, value] : gateway.spec.infrastructure->annotations) annotations.emplace(name, value);
  }
  annotations.erase(std::string(kAppliedAnnotation));
  return annotations;
}

class Objects {
 public:
  Objects(const api::Gateway& gateway, const Ports& ports, const ProxyOptions& options)
      : gateway_(gateway), ports_(ports), options_(options), name_(object_name(gateway.metadata.name, gateway.spec.gateway_class_name)),
        labels_(labels_of(gateway, options)), annotations_(annotations_of(gateway)) {}

  std::vector<GatewayObject> all() const {
    std::vector<GatewayObject> objects;
    const auto add = [&](std::string_view kind, std::optional<Value> manifest) {
      if (manifest) mark(*manifest);
      objects.push_back({kind, gateway_.metadata.namespace_, name_, std::move(manifest)});
    };
    add("ServiceAccount", service_account());
    add("ConfigMap", config_map());
    add("Service", service());
    add("Deployment", deployment());
    return objects;
  }

 private:
  Value metadata() const {
    return object({{"name", name_},
                   {"namespace", gateway_.metadata.namespace_},
                   {"labels", object(labels_)},
                   {"annotations", object(annotations_)},
                   {"ownerReferences", list({object({{"apiVersion", "gateway.networking.k8s.io/v1"},
                                                     {"kind", "Gateway"},
                                                     {"name", gateway_.metadata.name},
                                                     {"uid", gateway_.metadata.uid},
                                                     {"controller", true}})})}});
  }

  Value start(std::string_view kind) const {
    return object({{"apiVersion", api_version_of_object(kind)}, {"kind", kind}, {"metadata", metadata()}});
  }

  // The pods of this Gateway and class, and no others.
  Value selector() const {
    return object({{kGatewayNameLabel, labels_.find(kGatewayNameLabel)->second},
                   {kGatewayClassLabel, labels_.find(kGatewayClassLabel)->second}});
  }

  Value service_account() const {
    Value account = start("ServiceAccount");
    account.add("automountServiceAccountToken", false);
    return account;
  }

  Value config_map() const {
    Value map = start("ConfigMap");
    map.add("data", object({{"ca.crt", options_.ca_pem}}));
    return map;
  }

  std::optional<Value> service() const {
    if (ports_.empty()) return std::nullopt;
    Value list_of_ports = Value::Array{};
    for (const int port : ports_) {
      list_of_ports.push(object({{"name", fmt::format("tcp-{}", port)}, {"port", port}, {"protocol", "TCP"}, {"targetPort", port}}));
    }
    Value spec = object({{"type", "LoadBalancer"},
                         {"ipFamilyPolicy", "PreferDualStack"},
                         {"selector", selector()},
                         {"ports", std::move(list_of_ports)}});
    // A Service can ask for one address. Whatever else the Gateway asks for is not bound, and its status says so.
    const auto asked = std::ranges::find_if(gateway_.spec.addresses, [](const auto& address) { return !address.value.empty(); });
    if (asked != gateway_.spec.addresses.end()) spec.add("loadBalancerIP", asked->value);
    Value service = start("Service");
    service.add("spec", std::move(spec));
    return service;
  }

  Value probe(std::string_view path, int period, int failures) const {
    return object({{"httpGet", object({{"path", path}, {"port", static_cast<int>(kProxyAdminPort)}})},
                   {"periodSeconds", period},
                   {"timeoutSeconds", 1},
                   {"failureThreshold", failures}});
  }

  Value container() const {
    return object(
        {{"name", "proxy"},
         {"image", options_.image},
         {"imagePullPolicy", "IfNotPresent"},
         {"args", list({"proxy", fmt::format("--controller={}", options_.controller),
                        fmt::format("--gateway={}/{}", gateway_.metadata.namespace_, gateway_.metadata.name),
                        fmt::format("--token-file={}/token", kProxyFolder), fmt::format("--ca-file={}/ca.crt", kProxyFolder),
                        fmt::format("--admin=*:{}", kProxyAdminPort),
                        fmt::format("--drain-delay={}s", options_.drain_delay.count()),
                        fmt::format("--drain-timeout={}s", options_.drain_timeout.count())})},
         {"ports", list({object({{"name", "admin"}, {"containerPort", static_cast<int>(kProxyAdminPort)}, {"protocol", "TCP"}})})},
         {"readinessProbe", probe("/readyz", 1, 2)},
         {"livenessProbe", probe("/livez", 10, 6)},
         {"resources", object({{"requests", object({{"cpu", "10m"}, {"memory", "32Mi"}})}})},
         {"securityContext", object({{"allowPrivilegeEscalation", false},
                                     {"readOnlyRootFilesystem", true},
                                     {"capabilities", object({{"drop", list({"ALL"})}})}})},
         {"volumeMounts", list({object({{"name", "controller"}, {"mountPath", kProxyFolder}, {"readOnly", true}})})}});
  }

  Value pod_security() const {
    return object({{"runAsNonRoot", true},
                   {"runAsUser", kNobody},
                   {"runAsGroup", kNobody},
                   {"fsGroup", kNobody},
                   {"seccompProfile", object({{"type", "RuntimeDefault"}})},
                   // Any listener's port without a capability.
                   {"sysctls", list({object({{"name", "net.ipv4.ip_unprivileged_port_start"}, {"value", "0"}})})}});
  }

  Value volume() const {
    return object({{"name", "controller"},
                   {"projected", object({{"sources", list({object({{"serviceAccountToken",
                                                                    object({{"audience", kTokenAudience},
                                                                            {"expirationSeconds", kTokenSeconds},
                                                                            {"path", "token"}})}}),
                                                           object({{"configMap", object({{"name", name_}})}})})}})}});
  }

  Value deployment() const {
    const auto grace = static_cast<int>((options_.drain_delay + options_.drain_timeout).count()) + kSpareSeconds;
    Value pod = object(
        {{"serviceAccountName", name_},
         {"automountServiceAccountToken", false},
         {"enableServiceLinks", false},
         {"terminationGracePeriodSeconds", grace},
         {"securityContext", pod_security()},
         {"topologySpreadConstraints", list({object({{"maxSkew", 1},
                                                     {"topologyKey", "kubernetes.io/hostname"},
                                                     {"whenUnsatisfiable", "ScheduleAnyway"},
                                                     {"labelSelector", object({{"matchLabels", selector()}})}})})},
         {"containers", list({container()})},
         {"volumes", list({volume()})}});
    Value deployment = start("Deployment");
    // No replicas: one to begin with, and then whatever people or an autoscaler want.
    deployment.add("spec", object({{"revisionHistoryLimit", 2},
                                   {"strategy", object({{"type", "RollingUpdate"},
                                                        {"rollingUpdate", object({{"maxUnavailable", 0}, {"maxSurge", 1}})}})},
                                   {"selector", object({{"matchLabels", selector()}})},
                                   {"template", object({{"metadata", object({{"labels", object(labels_)},
                                                                            {"annotations", object(annotations_)}})},
                                                        {"spec", std::move(pod)}})}}));
    return deployment;
  }

  static void mark(Value& manifest) {
    const std::string hash = base::to_hex(base::hash128(base::to_json(manifest)));
    for (base::Member& member : manifest.as_object()) {
      if (member.name != "metadata") continue;
      for (base::Member& inner : member.value.as_object()) {
        if (inner.name == "annotations") inner.value.add(std::string(kAppliedAnnotation), hash);
      }
    }
  }

  const api::Gateway& gateway_;
  const Ports& ports_;
  const ProxyOptions& options_;
  const std::string name_;
  const Texts labels_;
  const Texts annotations_;
};

}  // namespace

std::string_view api_version_of_object(std::string_view kind) { return kind == "Deployment" ? "apps/v1" : "v1"; }

Ports ports_of(const plan::Plan& plan) {
  Ports ports;
  for (const auto& listener : plan.routing->listeners) {
    if (listener->protocol != plan::Protocol::UDP) ports.insert(listener->bind_port);
  }
  return ports;
}

std::vector<GatewayObject> gateway_objects(const api::Gateway& gateway, const Ports& ports, const ProxyOptions& options) {
  return Objects(gateway, ports, options).all();
}

}  // namespace cardea::cluster
