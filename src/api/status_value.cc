// SPDX-License-Identifier: Apache-2.0
#include "api/status_value.h"

#include <fmt/format.h>

#include <array>
#include <chrono>

namespace cardea::api {
namespace {

using base::Value;

Value object() { return Value(Value::Object{}); }

Value to_value(const RouteGroupKind& kind);
Value to_value(const GatewayAddress& address);
Value to_value(const ListenerStatus& status);
Value to_value(const RouteParentStatus& status);
Value to_value(const PolicyAncestorStatus& status);

template <class Item>
Value list(const std::vector<Item>& items) {
  Value out{Value::Array{}};
  for (const Item& item : items) out.push(to_value(item));
  return out;
}

void add_text(Value& out, const char* name, const std::string& text) {
  if (!text.empty()) out.add(name, text);
}

std::string to_text(const Timestamp& time) {
  const std::chrono::sys_seconds moment{std::chrono::seconds(time.seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{moment - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

Value to_value(const RouteGroupKind& kind) {
  Value out = object();
  out.add("group", kind.group);
  out.add("kind", kind.kind);
  return out;
}

Value to_value(const GatewayAddress& address) {
  Value out = object();
  out.add("type", address.type.text());
  out.add("value", address.value);
  return out;
}

Value to_value(const ParentReference& ref) {
  Value out = object();
  out.add("group", ref.group);
  out.add("kind", ref.kind);
  add_text(out, "namespace", ref.namespace_);
  out.add("name", ref.name);
  add_text(out, "sectionName", ref.section_name);
  if (ref.port) out.add("port", static_cast<int>(*ref.port));
  return out;
}

Value to_value(const ListenerStatus& status) {
  Value out = object();
  out.add("name", status.name);
  out.add("supportedKinds", list(status.supported_kinds));
  out.add("attachedRoutes", static_cast<int>(status.attached_routes));
  out.add("conditions", list(status.conditions));
  return out;
}

Value to_value(const RouteParentStatus& status) {
  Value out = object();
  out.add("parentRef", to_value(status.parent_ref));
  out.add("controllerName", status.controller_name);
  out.add("conditions", list(status.conditions));
  return out;
}

Value to_value(const PolicyAncestorStatus& status) {
  Value out = object();
  out.add("ancestorRef", to_value(status.ancestor_ref));
  out.add("controllerName", status.controller_name);
  out.add("conditions", list(status.conditions));
  return out;
}

}  // namespace

Value to_value(const Condition& condition) {
  Value out = object();
  out.add("type", condition.type);
  out.add("status", text_of(condition.status));
  out.add("reason", condition.reason);
  out.add("message", condition.message);
  out.add("observedGeneration", condition.observed_generation);
  if (condition.last_transition_time != Timestamp{}) {
    out.add("lastTransitionTime", to_text(condition.last_transition_time));
  }
  return out;
}

Value to_value(const GatewayClassStatus& status) {
  Value out = object();
  out.add("conditions", list(status.conditions));
  Value features{Value::Array{}};
  for (const std::string& name : status.supported_features) features.push(object()).add("name", name);
  if (!status.supported_features.empty()) out.add("supportedFeatures", std::move(features));
  return out;
}

Value to_value(const GatewayStatus& status) {
  Value out = object();
  if (!status.addresses.empty()) out.add("addresses", list(status.addresses));
  out.add("conditions", list(status.conditions));
  out.add("listeners", list(status.listeners));
  out.add("attachedListenerSets", static_cast<int>(status.attached_listener_sets));
  return out;
}

Value to_value(const ListenerSetStatus& status) {
  Value out = object();
  out.add("conditions", list(status.conditions));
  if (!status.listeners.empty()) out.add("listeners", list(status.listeners));
  return out;
}

Value to_value(const RouteStatus& status) {
  Value out = object();
  out.add("parents", list(status.parents));
  return out;
}

Value to_value(const PolicyStatus& status) {
  Value out = object();
  out.add("ancestors", list(status.ancestors));
  return out;
}

Value status_document(std::string_view kind, const ObjectMeta& metadata, Value status) {
  Value out = object();
  out.add("apiVersion", api_version_of(kind));
  out.add("kind", kind);
  Value meta = object();
  meta.add("name", metadata.name);
  add_text(meta, "namespace", metadata.namespace_);
  meta.add("generation", metadata.generation);
  out.add("metadata", std::move(meta));
  out.add("status", std::move(status));
  return out;
}

std::string_view api_version_of(std::string_view kind) {
  constexpr std::array<std::string_view, 10> kGatewayKinds{
      "GatewayClass", "Gateway",  "ListenerSet", "HTTPRoute",      "GRPCRoute",
      "TLSRoute",     "TCPRoute", "UDPRoute",    "ReferenceGrant", "BackendTLSPolicy"};
  constexpr std::array<std::string_view, 4> kCoreKinds{"Service", "Secret", "ConfigMap", "Namespace"};
  for (const std::string_view known : kGatewayKinds) {
    if (known == kind) return "gateway.networking.k8s.io/v1";
  }
  for (const std::string_view known : kCoreKinds) {
    if (known == kind) return "v1";
  }
  return kind == "EndpointSlice" ? "discovery.k8s.io/v1" : std::string_view();
}

}  // namespace cardea::api
