// SPDX-License-Identifier: Apache-2.0
#include "translate/status/route_status.h"

#include <fmt/format.h>

namespace cardea::translate {
namespace {

using enum api::ConditionStatus;

std::string attached_message(const std::vector<Attachment>& attachments) {
  std::string message = "Attached to";
  std::string unserved;
  for (const Attachment& attachment : attachments) {
    const ListenerModel& listener = *attachment.listener;
    message += fmt::format("{}listener {}", &attachment == &attachments.front() ? " " : ", ", listener.spec->name);
    if (!in_plan(listener) || listener.refusal || listener.unserved) {
      unserved += fmt::format("{}{}", unserved.empty() ? "" : ", ", listener.spec->name);
    }
  }
  if (!unserved.empty()) message += fmt::format(", of which not served (see their status): {}", unserved);
  return message;
}

}  // namespace

api::RouteStatus status_of(const RouteShape& route, const std::vector<ParentOutcome>& outcomes, const RouteFindings& findings,
                           const Options& options) {
  const std::int64_t generation = route.metadata->generation;
  api::RouteStatus status;
  for (const ParentOutcome& outcome : outcomes) {
    api::Conditions conditions;
    const auto add = [&](std::string_view type, api::ConditionStatus is, std::string_view reason, std::string message) {
      conditions.push_back(make_condition(type, is, reason, std::move(message), generation));
    };
    const auto& rejection = outcome.rejection ? outcome.rejection : findings.rejection;
    if (rejection) {
      add(condition::kAccepted, False, rejection->reason, rejection->message);
    } else {
      add(condition::kAccepted, True, reason::kAccepted, attached_message(outcome.attachments));
    }
    if (findings.unresolved) {
      add(condition::kResolvedRefs, False, findings.unresolved->reason, findings.unresolved->message);
    } else {
      add(condition::kResolvedRefs, True, reason::kResolvedRefs, "All references are resolved");
    }
    if (!rejection && !findings.dropped.empty()) {
      add(condition::kPartiallyInvalid, True, reason::kUnsupportedValue, findings.dropped);
    }
    status.parents.push_back({*outcome.ref, options.controller_name, std::move(conditions)});
  }
  return status;
}

}  // namespace cardea::translate
