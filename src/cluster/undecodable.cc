// SPDX-License-Identifier: Apache-2.0
#include "cluster/undecodable.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "kube/client.h"
#include "translate/status/vocabulary.h"

namespace cardea::cluster {
namespace {

namespace condition = translate::condition;
namespace reason = translate::reason;

// One object's status, made of what translation says of its earlier version.
class Refusal {
 public:
  Refusal(const api::ObjectId& id, const Undecodable& undecodable, const api::Resources& resources, std::string_view controller_name)
      : id_(id), undecodable_(undecodable), resources_(resources), controller_name_(controller_name) {}

  std::optional<translate::AnyStatus> status(const translate::ObjectStatus* earlier) const {
    if (earlier) {
      translate::AnyStatus status = earlier->status;
      std::visit([this](auto& of_kind) { refuse(of_kind); }, status);
      return status;
    }
    if (id_.kind == "Gateway") return of_owner<api::GatewayStatus>(is_our_class(kube::text_at(undecodable_.spec, {"gatewayClassName"})));
    if (id_.kind == "ListenerSet") return of_owner<api::ListenerSetStatus>(is_ours(value_of("parentRef")));
    if (id_.kind.ends_with("Route")) return of_route();
    return std::nullopt;  // nothing says whose it is
  }

 private:
  void set(api::Conditions& conditions, std::string_view type, std::string_view why) const {
    for (api::Condition& each : conditions) each.observed_generation = undecodable_.generation;
    std::string message = fmt::format("This version cannot be used: {}", undecodable_.why);
    api::Condition made = translate::make_condition(type, api::ConditionStatus::False, why, std::move(message), undecodable_.generation);
    const auto found = std::ranges::find(conditions, type, &api::Condition::type);
    if (found == conditions.end()) conditions.push_back(std::move(made));
    else *found = std::move(made);
  }
  template <class Status>
    requires requires(Status& status) { status.listeners; }
  void refuse(Status& status) const {
    set(status.conditions, condition::kAccepted, reason::kInvalid);
    for (api::ListenerStatus& listener : status.listeners) {
      for (api::Condition& each : listener.conditions) each.observed_generation = undecodable_.generation;
    }
  }
  void refuse(api::GatewayClassStatus& status) const { set(status.conditions, condition::kAccepted, reason::kInvalidParameters); }
  void refuse(api::RouteStatus& status) const {
    for (auto& parent : status.parents) set(parent.conditions, condition::kAccepted, reason::kUnsupportedValue);
  }
  void refuse(api::PolicyStatus& status) const {
    for (auto& ancestor : status.ancestors) set(ancestor.conditions, condition::kAccepted, reason::kInvalid);
  }

  template <class Status>
  std::optional<translate::AnyStatus> of_owner(bool ours) const {
    if (!ours) return std::nullopt;
    Status status;
    set(status.conditions, condition::kAccepted, reason::kInvalid);
    set(status.conditions, condition::kProgrammed, reason::kInvalid);
    return status;
  }
  std::optional<translate::AnyStatus> of_route() const {
    api::RouteStatus status;
    const base::Value* const parents = value_of("parentRefs");
    if (!parents || !parents->is_array()) return std::nullopt;
    for (const base::Value& parent : parents->as_array()) {
      if (!is_ours(&parent)) continue;
      api::RouteParentStatus entry;
      entry.parent_ref.kind = kind_of(parent);
      entry.parent_ref.namespace_ = kube::text_at(parent, {"namespace"});
      entry.parent_ref.name = kube::text_at(parent, {"name"});
      entry.parent_ref.section_name = kube::text_at(parent, {"sectionName"});
      const base::Value* const port = parent.find("port");
      if (port && port->is_int() && port->as_int() > 0 && port->as_int() < 65536) {
        entry.parent_ref.port = static_cast<std::uint16_t>(port->as_int());
      }
      entry.controller_name = controller_name_;
      status.parents.push_back(std::move(entry));
    }
    refuse(status);
    return status;
  }

  const base::Value* value_of(std::string_view member) const { return undecodable_.spec.find(member); }
  static std::string_view kind_of(const base::Value& reference) {
    const std::string_view kind = kube::text_at(reference, {"kind"});
    return kind.empty() ? "Gateway" : kind;
  }
  bool is_our_class(std::string_view name) const {
    const auto* const found = resources_.find<api::GatewayClass>("", name);
    return found && found->spec.controller_name == controller_name_;
  }
  bool is_our_gateway(std::string_view namespace_, std::string_view name) const {
    const auto* const gateway = resources_.find<api::Gateway>(namespace_, name);
    return gateway && is_our_class(gateway->spec.gateway_class_name);
  }
  // A reference to a parent.
  bool is_ours(const base::Value* reference) const {
    if (!reference) return false;
    std::string_view namespace_ = kube::text_at(*reference, {"namespace"});
    if (namespace_.empty()) namespace_ = id_.key.namespace_;
    const std::string_view name = kube::text_at(*reference, {"name"});
    const std::string_view kind = kind_of(*reference);
    if (kind == "Gateway") return is_our_gateway(namespace_, name);
    const auto* const set = kind == "ListenerSet" ? resources_.find<api::ListenerSet>(namespace_, name) : nullptr;
    if (!set) return false;
    const auto& parent = set->spec.parent_ref;
    return is_our_gateway(parent.namespace_.empty() ? namespace_ : std::string_view(parent.namespace_), parent.name);
  }

  const api::ObjectId& id_;
  const Undecodable& undecodable_;
  const api::Resources& resources_;
  std::string_view controller_name_;
};

}  // namespace

control::Statuses with_undecodable(control::Statuses statuses, const Undecodables& undecodable, const api::Resources& resources,
                                   std::string_view controller_name) {
  for (const auto& [id, found] : undecodable) {
    const auto at = std::ranges::lower_bound(statuses, id, {}, [](const auto& status) -> const api::ObjectId& { return status->object; });
    const bool known = at != statuses.end() && (*at)->object == id;
    auto status = Refusal(id, found, resources, controller_name).status(known ? at->get() : nullptr);
    if (!status) continue;
    auto made = std::make_shared<translate::ObjectStatus>(
        translate::ObjectStatus{.object = id, .generation = found.generation, .status = *std::move(status)});
    if (known) *at = std::move(made);
    else statuses.insert(at, std::move(made));
  }
  return statuses;
}

}  // namespace cardea::cluster
