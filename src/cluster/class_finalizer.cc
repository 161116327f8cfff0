// SPDX-License-Identifier: Apache-2.0
#include "cluster/class_finalizer.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>
#include <vector>

#include "base/log.h"

namespace cardea::cluster {
namespace {

using namespace std::chrono_literals;
using base::Value;

const kube::ResourceType kGatewayClasses{"gateway.networking.k8s.io", "v1", "gatewayclasses", false};

// A manager of its own, so that applying one finalizer, or none, says nothing about what else we may say about the class.
constexpr std::string_view kManager = "cardea-finalizer";

// With the uid, so that a class that is gone is not made anew.
Value manifest_of(const std::string& name, const std::string& uid, bool in_use) {
  Value metadata = Value::Object{};
  metadata.add("name", name);
  metadata.add("uid", uid);
  if (in_use) metadata.add("finalizers", Value::Array{Value(kGatewayExists)});
  Value manifest = Value::Object{};
  manifest.add("apiVersion", kGatewayClasses.api_version());
  manifest.add("kind", "GatewayClass");
  manifest.add("metadata", std::move(metadata));
  return manifest;
}

}  // namespace

ClassFinalizer::ClassFinalizer(kube::Client& client, std::string controller_name)
    : client_(client), controller_name_(std::move(controller_name)), retry_(500ms, 60'000ms) {}

void ClassFinalizer::want(const api::Resources& resources) {
  std::set<std::string_view> used;
  for (const auto& gateway : resources.all<api::Gateway>()) used.insert(gateway->spec.gateway_class_name);
  std::map<std::string, Class> classes;
  bool work = false;
  for (const auto& gateway_class : resources.all<api::GatewayClass>()) {
    if (gateway_class->spec.controller_name != controller_name_) continue;
    const std::string& name = gateway_class->metadata.name;
    Class now{.uid = gateway_class->metadata.uid, .in_use = used.contains(name), .written = false};
    const auto before = classes_.find(name);
    now.written = before != classes_.end() && before->second.written && before->second.uid == now.uid && before->second.in_use == now.in_use;
    work = work || !now.written;
    classes.emplace(name, std::move(now));
  }
  classes_ = std::move(classes);
  if (work) work_.raise(client_.loop());
}

void ClassFinalizer::set_leader(bool leader) {
  if (std::exchange(leader_, leader) == leader || !leader) return;
  for (auto& [name, each] : classes_) each.written = false;
  work_.raise(client_.loop());
}

async::Task<void> ClassFinalizer::run(async::StopToken stop) {
  async::Loop& loop = client_.loop();
  while (!stop.requested() && !loop.ended()) {
    const bool done = !leader_ || co_await write_all();
    const auto wait = done ? async::kNever : loop.after(static_cast<std::uint64_t>(retry_.next().count()));
    if (done) retry_.reset();
    if (stop.requested()) break;  // while it was being written
    co_await async::wait_any(loop, wait, work_, stop.signal());
  }
}

// True when nothing is left to be written; what came meanwhile is.
async::Task<bool> ClassFinalizer::write_all() {
  std::vector<std::pair<std::string, Class>> due;
  for (const auto& item : classes_) {
    if (!item.second.written) due.push_back(item);
  }
  for (const auto& [name, wanted] : due) {
    const auto written = co_await client_.apply({kGatewayClasses, "", name}, manifest_of(name, wanted.uid, wanted.in_use),
                                                {.field_manager = std::string(kManager), .force = true});
    const bool gone = !written && (written.error().not_found() || written.error().conflict());
    if (!written && !gone) {
      base::log_debug("GatewayClass {}: its finalizer could not be written: {}", name, written.error().message);
      continue;
    }
    const auto now = classes_.find(name);
    if (now != classes_.end() && now->second.uid == wanted.uid && now->second.in_use == wanted.in_use) now->second.written = true;
  }
  co_return std::ranges::all_of(classes_, [](const auto& item) { return item.second.written; });
}

}  // namespace cardea::cluster
