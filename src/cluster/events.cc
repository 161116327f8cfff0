// SPDX-License-Identifier: Apache-2.0
#include "cluster/events.h"

#include <chrono>

#include "base/clock.h"
#include "base/log.h"
#include "base/strings.h"

namespace cardea::cluster {
namespace {

using base::Value;

constexpr std::string_view kComponent = "cardea-controller";
constexpr std::size_t kMaxMessage = 1024;  // the API's limit
constexpr std::size_t kMaxRemembered = 10'000;
constexpr std::size_t kMaxUnderWay = 64;

std::string now() {
  return base::format_rfc3339(std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()));
}

// Where Events about cluster-scoped objects are kept.
std::string namespace_of(const EventSubject& subject) { return subject.namespace_.empty() ? "default" : subject.namespace_; }

}  // namespace

EventSubject subject_of(const api::Gateway& gateway) {
  return {"gateway.networking.k8s.io/v1", "Gateway", gateway.metadata.namespace_, gateway.metadata.name, gateway.metadata.uid};
}

Value event_of(const EventSubject& subject, std::string_view type, std::string_view reason, std::string_view message,
               const std::string& now) {
  Value metadata = Value::Object{};
  metadata.add("generateName", subject.name + ".");
  metadata.add("namespace", namespace_of(subject));
  Value involved = Value::Object{};
  involved.add("apiVersion", subject.api_version);
  involved.add("kind", subject.kind);
  if (!subject.namespace_.empty()) involved.add("namespace", subject.namespace_);
  involved.add("name", subject.name);
  if (!subject.uid.empty()) involved.add("uid", subject.uid);
  Value source = Value::Object{};
  source.add("component", kComponent);
  Value event = Value::Object{};
  event.add("apiVersion", "v1");
  event.add("kind", "Event");
  event.add("metadata", std::move(metadata));
  event.add("involvedObject", std::move(involved));
  event.add("type", type);
  event.add("reason", reason);
  event.add("message", base::shortened(message, kMaxMessage));
  event.add("source", std::move(source));
  event.add("reportingComponent", kComponent);
  event.add("firstTimestamp", now);
  event.add("lastTimestamp", now);
  event.add("count", 1);
  return event;
}

void Events::warn(const EventSubject& subject, std::string_view reason, std::string message) {
  if (said_.size() >= kMaxRemembered) said_.clear();
  std::string& said = said_[{subject.uid, std::string(reason)}];
  if (said == message) return;
  if (tasks_.size() >= kMaxUnderWay) {
    ++dropped_;
    return;
  }
  Value event = event_of(subject, "Warning", reason, message, now());
  said = std::move(message);
  tasks_.spawn(&Events::write, this, namespace_of(subject), std::move(event));
}

async::Task<void> Events::write(Events* self, std::string namespace_, Value event) {
  const auto written = co_await self->client_.create(kube::resource::kEvents, std::move(namespace_), std::move(event));
  if (written) co_return;
  ++self->dropped_;
  base::log_debug("an Event could not be written: {}", written.error().message);
}

}  // namespace cardea::cluster
