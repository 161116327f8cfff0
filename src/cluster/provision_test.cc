// SPDX-License-Identifier: Apache-2.0
#include "cluster/provision.h"

#include <functional>
#include <memory>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kube/testing/fake_api_server.h"

namespace cardea::cluster {
namespace {

using async::Task;
using kube::testing::FakeAnswer;
using kube::testing::FakeApiServer;
using kube::testing::FakeRequest;
namespace resource = kube::resource;

constexpr std::string_view kOurs = "cardea.dev/gateway-controller";

// An API server, a provisioner that leads, and one Gateway.
class Cluster {
 public:
  explicit Cluster(async::Loop& loop) : loop_(loop), server(loop), client(loop, server.config()), events(client), tasks_(loop) {
    server.add_kind(resource::kServiceAccounts, "ServiceAccount");
    server.add_kind(resource::kConfigMaps, "ConfigMap");
    server.add_kind(resource::kServices, "Service");
    server.add_kind(resource::kDeployments, "Deployment");
    server.add_kind(resource::kEvents, "Event");
    server.add_kind(resource::kPods, "Pod");
    ProxyOptions options;
    options.controller = "controller:9443";
    options.ca_pem = "the CA";
    provisioner = std::make_unique<Provisioner>(client, events, options, WatchScope{}, [this] { changed_.raise(loop_); });
    provisioner->set_leader(true);
  }

  void start() { tasks_.spawn(&Cluster::run, this); }
  Task<void> finish() {
    stop_.request(loop_);
    co_await tasks_.close();
    co_await events.close();
    co_await server.stop();
  }

  void put_class(const std::string& name, std::string_view controller) {
    api::GatewayClass gateway_class;
    gateway_class.metadata.name = name;
    gateway_class.spec.controller_name = controller;
    resources.put(std::make_shared<const api::GatewayClass>(gateway_class));
  }
  void want(const std::string& class_name = "cardea", std::vector<std::uint16_t> ports = {80}) {
    api::Gateway gateway;
    gateway.metadata = {.name = "web", .namespace_ = "shop", .labels = {}, .annotations = {}, .generation = 1,
                        .creation_timestamp = {}, .deletion_timestamp = {}, .uid = "gateway-uid", .resource_version = {}};
    gateway.spec.gateway_class_name = class_name;
    resources.put(std::make_shared<const api::Gateway>(gateway));
    plan::Routing routing;
    for (const auto port : ports) {
      auto listener = std::make_shared<plan::Listener>();
      listener->bind_port = port;
      routing.listeners.push_back(std::move(listener));
    }
    auto plan = std::make_shared<plan::Plan>();
    plan->gateway = {"shop", "web"};
    plan->routing = std::make_shared<const plan::Routing>(std::move(routing));
    const bool ours = resources.find<api::GatewayClass>("", class_name)->spec.controller_name == kOurs;
    provisioner->want(resources, ours ? plan::PlanSet{plan} : plan::PlanSet{});
  }

  translate::GatewayObserved observed() const {
    translate::Observed all;
    provisioner->observe(all);
    return all.gateways[{"shop", "web"}];
  }
  std::size_t applied() const { return server.count("PATCH", "/web-"); }

  // Waits until it is so.
  Task<void> until(const char* what, std::function<bool()> so) {
    const auto deadline = loop_.after(10'000);
    while (!so()) {
      if (co_await async::wait_any(loop_, deadline, changed_, server.changed()) != async::Wake::Signalled) {
        ADD_FAILURE() << "waited for: " << what;
        co_return;
      }
    }
  }
  Task<void> until_made() {
    co_await until("four objects", [this] { return server.find(resource::kDeployments, "shop", "web-cardea") != nullptr; });
  }

 private:
  static Task<void> run(Cluster* self) { co_await self->provisioner->run(async::StopToken(self->stop_)); }

  async::Loop& loop_;
  async::Signal changed_;
  async::StopSource stop_;

 public:
  FakeApiServer server;
  kube::Client client;
  Events events;
  api::Resources resources;
  std::unique_ptr<Provisioner> provisioner;

 private:
  async::TaskScope tasks_;
};

using Scenario = Task<void> (*)(Cluster&);
void in_cluster(Scenario scenario) {
  async::Loop loop;
  const auto run = [](async::Loop& its_loop, Scenario its_scenario) -> Task<void> {
    Cluster cluster(its_loop);
    cluster.put_class("cardea", kOurs);
    cluster.put_class("theirs", "example.net/gateway");
    cluster.start();
    co_await its_scenario(cluster);
    co_await cluster.finish();
  };
  loop.run(run(loop, scenario));
}

Task<void> makes_and_observes(Cluster& cluster) {
  cluster.want();
  co_await cluster.until_made();
  EXPECT_NE(cluster.server.find(resource::kServiceAccounts, "shop", "web-cardea"), nullptr);
  EXPECT_NE(cluster.server.find(resource::kConfigMaps, "shop", "web-cardea"), nullptr);
  EXPECT_EQ(cluster.observed().ready_proxies, 0);
  EXPECT_EQ(cluster.provisioner->gateways_by_account().at({"shop", "web-cardea"}), (plan::ObjectName{"shop", "web"}));
  base::Value service = *cluster.server.find(resource::kServices, "shop", "web-cardea");
  service.add("status", *base::parse_json(R"({"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}})"));
  cluster.server.put(resource::kServices, service);
  base::Value deployment = *cluster.server.find(resource::kDeployments, "shop", "web-cardea");
  deployment.add("status", *base::parse_json(R"({"readyReplicas": 2})"));
  cluster.server.put(resource::kDeployments, deployment);
  co_await cluster.until("two ready proxies", [&] { return cluster.observed().ready_proxies == 2; });
  EXPECT_EQ(cluster.observed().addresses, std::vector<std::string>{"192.0.2.1"});
  EXPECT_FALSE(cluster.observed().unprovisioned);
  EXPECT_EQ(cluster.applied(), 4u);  // what is as it should be is not applied again
}
TEST(Provisioner, MakesWhatAGatewayNeedsOnceAndTellsWhatBecameOfIt) { in_cluster(makes_and_observes); }

Task<void> one_more_port(Cluster& cluster) {
  cluster.want();
  co_await cluster.until_made();
  cluster.want("cardea", {80, 8080});
  co_await cluster.until("a second port", [&] {
    const auto* ports = kube::value_at(*cluster.server.find(resource::kServices, "shop", "web-cardea"), {"spec", "ports"});
    return ports && ports->as_array().size() == 2;
  });
  EXPECT_EQ(cluster.applied(), 5u);
}
TEST(Provisioner, AListenerMoreChangesTheServiceAlone) { in_cluster(one_more_port); }

Task<void> drift(Cluster& cluster) {
  cluster.want();
  co_await cluster.until_made();
  base::Value changed = *cluster.server.find(resource::kServices, "shop", "web-cardea");
  kube::testing::merge(changed, *base::parse_json(R"({"spec": {"type": "ClusterIP"}})"));
  cluster.server.put(resource::kServices, changed);
  co_await cluster.until("the Service as it was", [&] {
    return kube::text_at(*cluster.server.find(resource::kServices, "shop", "web-cardea"), {"spec", "type"}) == "LoadBalancer";
  });
  cluster.server.erase(resource::kDeployments, "shop", "web-cardea");
  co_await cluster.until_made();
}
TEST(Provisioner, RepairsWhatSomebodyChangedOrDeleted) { in_cluster(drift); }

Task<void> somebody_elses(Cluster& cluster) {
  cluster.server.put_json(resource::kServices, R"({"metadata": {"name": "web-cardea", "namespace": "shop"}, "spec": {"type": "ClusterIP"}})");
  cluster.want();
  co_await cluster.until("a problem", [&] { return cluster.observed().unprovisioned.has_value(); });
  EXPECT_EQ(cluster.observed().unprovisioned->reason, translate::reason::kInvalid);
  EXPECT_EQ(cluster.observed().unprovisioned->message, "Service shop/web-cardea exists and is not the Gateway's: it is left as it is");
  EXPECT_EQ(cluster.server.count("PATCH", "/services/"), 0u);
  co_await cluster.until("an Event", [&] { return cluster.server.count("POST", "/events") == 1; });
  cluster.server.erase(resource::kServices, "shop", "web-cardea");
  co_await cluster.until("no problem any more", [&] { return !cluster.observed().unprovisioned; });
}
TEST(Provisioner, LeavesWhatIsNotTheGateways) { in_cluster(somebody_elses); }

Task<void> quota(Cluster& cluster) {
  bool full = true;
  cluster.server.intercept = [&full](const FakeRequest& request) -> std::optional<FakeAnswer> {
    if (!full || request.method != "PATCH" || !request.path.contains("/deployments/")) return std::nullopt;
    return FakeAnswer{403, R"({"kind":"Status","code":403,"reason":"Forbidden","message":"exceeded quota: pods"})"};
  };
  cluster.want();
  co_await cluster.until("a problem", [&] { return cluster.observed().unprovisioned.has_value(); });
  EXPECT_EQ(cluster.observed().unprovisioned->reason, translate::reason::kNoResources);
  full = false;
  co_await cluster.until("no problem any more", [&] { return !cluster.observed().unprovisioned; });
  EXPECT_NE(cluster.server.find(resource::kDeployments, "shop", "web-cardea"), nullptr);
}
TEST(Provisioner, TellsWhatIsRefusedAndTriesAgain) { in_cluster(quota); }

// What is seen of pods and Events is what whoever looks at the Gateway is told.
Task<void> causes(Cluster& cluster) {
  cluster.want();
  co_await cluster.until_made();
  const base::Value& template_ = *kube::value_at(*cluster.server.find(resource::kDeployments, "shop", "web-cardea"), {"spec", "template"});
  base::Value pod = *base::parse_json(R"({"metadata":{"name":"web-cardea-1","namespace":"shop"},"spec":{},"status":{"phase":"Pending",
      "containerStatuses":[{"name":"proxy","state":{"waiting":{"reason":"ImagePullBackOff","message":"no such image"}}}]}})");
  kube::testing::member(pod, "metadata").add("labels", *kube::value_at(template_, {"metadata", "labels"}));
  cluster.server.put(resource::kPods, pod);
  cluster.server.put_json(resource::kEvents, fmt::format(R"({{"metadata":{{"name":"e","namespace":"shop"}},"type":"Warning","reason":"AllocationFailed",
      "message":"no address","involvedObject":{{"kind":"Service","name":"web-cardea","uid":"{}"}}}})",
      kube::text_at(*cluster.server.find(resource::kServices, "shop", "web-cardea"), {"metadata", "uid"})));
  co_await cluster.until("both causes", [&] { return cluster.observed().unprovisioned && !cluster.observed().address_warning.empty(); });
  EXPECT_EQ(cluster.observed().unprovisioned->message, "Pod shop/web-cardea-1: container proxy: ImagePullBackOff: no such image");
  EXPECT_EQ(cluster.observed().unprovisioned->reason, translate::reason::kPending);
  EXPECT_EQ(cluster.observed().address_warning, "AllocationFailed: no address");
  // With an address, and a proxy that is ready, neither is said any more.
  base::Value service = *cluster.server.find(resource::kServices, "shop", "web-cardea");
  service.add("status", *base::parse_json(R"({"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}})"));
  cluster.server.put(resource::kServices, service);
  base::Value deployment = *cluster.server.find(resource::kDeployments, "shop", "web-cardea");
  deployment.add("status", *base::parse_json(R"({"readyReplicas": 1})"));
  cluster.server.put(resource::kDeployments, deployment);
  co_await cluster.until("neither", [&] { return !cluster.observed().unprovisioned && cluster.observed().address_warning.empty(); });
}
TEST(Provisioner, TellsWhyPodsDoNotStartAndAddressesDoNotCome) { in_cluster(causes); }

// Who may not look at pods and Events provisions all the same.
Task<void> without_causes(Cluster& cluster) {
  cluster.server.intercept = [](const FakeRequest& request) -> std::optional<FakeAnswer> {
    if (request.path.ends_with("/pods") || request.path.ends_with("/events")) return kube::testing::refuse(403, "Forbidden");
    return std::nullopt;
  };
  cluster.want();
  co_await cluster.until_made();
}
TEST(Provisioner, GoesOnWithoutTheRightToPodsAndEvents) { in_cluster(without_causes); }

Task<void> hand_over(Cluster& cluster) {
  cluster.want();
  co_await cluster.until_made();
  cluster.want("theirs");
  co_await cluster.until("nothing of ours", [&] {
    return !cluster.server.find(resource::kDeployments, "shop", "web-cardea") && !cluster.server.find(resource::kServices, "shop", "web-cardea") &&
           !cluster.server.find(resource::kConfigMaps, "shop", "web-cardea") &&
           !cluster.server.find(resource::kServiceAccounts, "shop", "web-cardea");
  });
}
TEST(Provisioner, RemovesWhatItMadeWhenTheClassIsNotOursAnyMore) { in_cluster(hand_over); }

Task<void> other_class(Cluster& cluster) {
  cluster.put_class("other", kOurs);
  cluster.want();
  co_await cluster.until_made();
  cluster.want("other");
  co_await cluster.until("the old ones gone", [&] {
    return cluster.server.find(resource::kDeployments, "shop", "web-other") && !cluster.server.find(resource::kDeployments, "shop", "web-cardea");
  });
}
TEST(Provisioner, ReplacesWhatStandsUnderAnotherName) { in_cluster(other_class); }

Task<void> follower(Cluster& cluster) {
  cluster.provisioner->set_leader(false);
  cluster.want();
  co_await cluster.until("six watches", [&] { return cluster.server.watches() == 6; });
  EXPECT_EQ(cluster.applied(), 0u);
  cluster.provisioner->set_leader(true);
  co_await cluster.until_made();
}
TEST(Provisioner, WritesOnlyWhileItLeads) { in_cluster(follower); }

}  // namespace
}  // namespace cardea::cluster
