// SPDX-License-Identifier: Apache-2.0
#include "cluster/causes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/strings.h"
#include "cluster/gateway_objects.h"
#include "kube/client.h"
#include "translate/status/vocabulary.h"

namespace cardea::cluster {
namespace {

using base::Value;
using kube::text_at;

constexpr std::size_t kMaxText = 512;          // of what others wrote
constexpr std::size_t kMaxWarnings = 10'000;   // the API server drops them after an hour

// States of a container that is on its way.
constexpr std::array<std::string_view, 2> kStarting{"ContainerCreating", "PodInitializing"};

const Value::Array& list_at(const Value& value, std::initializer_list<std::string_view> path) {
  static const Value::Array none;
  const Value* const found = kube::value_at(value, path);
  return found && found->is_array() ? found->as_array() : none;
}


std::string reason_and_message(std::string_view reason, std::string_view message) {
  return base::shortened(message.empty() ? std::string(reason) : fmt::format("{}: {}", reason, message), kMaxText);
}

// "exit code 2 (Error): what it wrote last", or nothing for one that has not ended.
std::string end_of(const Value& state) {
  const Value* const code = kube::value_at(state, {"terminated", "exitCode"});
  if (!code || !code->is_int()) return {};
  const std::string_view message = text_at(state, {"terminated", "message"});
  return base::shortened(fmt::format("exit code {} ({}){}{}", code->as_int(), text_at(state, {"terminated", "reason"}), message.empty() ? "" : ": ", message), kMaxText);
}

std::optional<std::string> container_problem(const Value& status) {
  static const Value none(Value::Object{});
  const Value* const state = status.find("state");
  const std::string_view waiting = state ? text_at(*state, {"waiting", "reason"}) : std::string_view();
  const Value* const last = status.find("lastState");
  const std::string ended = end_of(last ? *last : none);
  if (!waiting.empty() && std::ranges::find(kStarting, waiting) == kStarting.end()) {
    std::string text = reason_and_message(waiting, text_at(*state, {"waiting", "message"}));
    if (!ended.empty()) text += "; its last run ended with " + ended;
    return text;
  }
  const std::string now = state ? end_of(*state) : std::string();
  if (!now.empty() && !now.starts_with("exit code 0 ")) return "ended with " + now;
  return std::nullopt;
}

}  // namespace

std::optional<translate::Problem> pod_problem(const Value& pod) {
  if (kube::value_at(pod, {"metadata", "deletionTimestamp"})) return std::nullopt;
  for (const Value& condition : list_at(pod, {"status", "conditions"})) {
    if (text_at(condition, {"type"}) != "PodScheduled" || text_at(condition, {"status"}) != "False") continue;
    return translate::Problem{translate::reason::kNoResources, reason_and_message(text_at(condition, {"reason"}), text_at(condition, {"message"}))};
  }
  if (text_at(pod, {"status", "phase"}) == "Failed" && !text_at(pod, {"status", "reason"}).empty()) {
    return translate::Problem{translate::reason::kNoResources, reason_and_message(text_at(pod, {"status", "reason"}), text_at(pod, {"status", "message"}))};
  }
  for (const std::string_view list : {"initContainerStatuses", "containerStatuses"}) {
    for (const Value& container : list_at(pod, {"status", list})) {
      if (const auto problem = container_problem(container)) {
        return translate::Problem{translate::reason::kPending, fmt::format("container {}: {}", text_at(container, {"name"}), *problem)};
      }
    }
  }
  return std::nullopt;
}

Causes::Causes(kube::Client& client, const std::string& pods, const WatchScope& scope, std::function<void()> changed)
    : changed_(std::move(changed)), tasks_(client.loop()) {
  for (const std::string& place : scope.places()) {
    add(client, kube::resource::kPods, {.namespace_ = place, .label_selector = pods},
        {.put = [this](const Value& pod) { take_pod(pod); },
         .erase =
             [this](const api::ObjectKey& key) {
               if (pods_.erase(key) > 0) changed_();
             },
         .synced = [] {}});
    add(client, kube::resource::kEvents, {.namespace_ = place, .field_selector = "involvedObject.kind=Service,type=Warning"},
        {.put = [this](const Value& event) { take_warning(event); },
         .erase =
             [this](const api::ObjectKey& key) {
               if (warnings_.erase(key) > 0) changed_();
             },
         .synced = [] {}});
  }
}
Causes::~Causes() = default;

void Causes::add(kube::Client& client, const kube::ResourceType& type, kube::ReflectorOptions options, kube::ReflectorEvents events) {
  reflectors_.push_back(std::make_unique<kube::Reflector>(client, type, std::move(options), std::move(events)));
}

async::Task<void> Causes::run(async::StopToken stop) {
  for (const auto& reflector : reflectors_) tasks_.spawn(&Causes::follow, reflector.get(), stop);
  co_await tasks_.close();
}

async::Task<void> Causes::follow(kube::Reflector* reflector, async::StopToken stop) { co_await reflector->run(stop); }

void Causes::take_pod(const Value& pod) {
  Pod now{.gateway = std::string(text_at(pod, {"metadata", "labels", kGatewayNameLabel})),
          .gateway_class = std::string(text_at(pod, {"metadata", "labels", kGatewayClassLabel})),
          .problem = pod_problem(pod)};
  Pod& known = pods_[{std::string(text_at(pod, {"metadata", "namespace"})), std::string(text_at(pod, {"metadata", "name"}))}];
  const bool differs = known.problem != now.problem;
  known = std::move(now);
  if (differs) changed_();
}

void Causes::take_warning(const Value& event) {
  const api::ObjectKey key{std::string(text_at(event, {"metadata", "namespace"})), std::string(text_at(event, {"metadata", "name"}))};
  if (warnings_.size() >= kMaxWarnings && !warnings_.contains(key)) return;
  std::string_view time = text_at(event, {"lastTimestamp"});
  if (time.empty()) time = text_at(event, {"eventTime"});
  Warning now{.service = std::string(text_at(event, {"involvedObject", "name"})),
              .uid = std::string(text_at(event, {"involvedObject", "uid"})),
              .time = std::string(time),
              .text = reason_and_message(text_at(event, {"reason"}), text_at(event, {"message"}))};
  Warning& known = warnings_[key];
  const bool differs = known.text != now.text;
  known = std::move(now);
  if (differs) changed_();
}

std::optional<translate::Problem> Causes::of_pods(std::string_view namespace_, std::string_view gateway, std::string_view gateway_class) const {
  std::optional<translate::Problem> found;
  std::size_t more = 0;
  for (auto at = pods_.lower_bound({std::string(namespace_), ""}); at != pods_.end() && at->first.namespace_ == namespace_; ++at) {
    const Pod& pod = at->second;
    if (!pod.problem || pod.gateway != gateway || pod.gateway_class != gateway_class) continue;
    if (found) ++more;
    else found = translate::Problem{pod.problem->reason, fmt::format("Pod {}: {}", api::to_text(at->first), pod.problem->message)};
  }
  if (more > 0) found->message += fmt::format(" (and {} more pods)", more);
  return found;
}

std::string Causes::of_service(std::string_view namespace_, std::string_view name, std::string_view uid) const {
  const Warning* last = nullptr;
  for (auto at = warnings_.lower_bound({std::string(namespace_), ""}); at != warnings_.end() && at->first.namespace_ == namespace_; ++at) {
    const Warning& warning = at->second;
    if (warning.service == name && warning.uid == uid && (!last || last->time <= warning.time)) last = &warning;
  }
  return last ? last->text : std::string();
}

}  // namespace cardea::cluster
