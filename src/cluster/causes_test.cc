// SPDX-License-Identifier: Apache-2.0
// Pods and Events as a kubelet, a scheduler and a service controller write them (Kubernetes 1.36).
#include "cluster/causes.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/json.h"
#include "kube/testing/fake_api_server.h"
#include "translate/status/vocabulary.h"

namespace cardea::cluster {
namespace {

using async::Task;
using kube::testing::FakeApiServer;
namespace resource = kube::resource;

std::string pod(std::string_view name, std::string_view status, std::string_view gateway = "web") {
  return fmt::format(R"({{"metadata":{{"name":"{}","namespace":"shop","labels":{{"ours":"yes","gateway.networking.k8s.io/gateway-name":"{}",
      "gateway.networking.k8s.io/gateway-class-name":"cardea"}}}},"spec":{{}},"status":{}}})", name, gateway, status);
}
std::string waiting(std::string_view reason, std::string_view message, std::string_view last = "{}") {
  return fmt::format(R"({{"phase":"Pending","conditions":[{{"type":"PodScheduled","status":"True"}}],
      "containerStatuses":[{{"name":"proxy","ready":false,"state":{{"waiting":{{"reason":"{}","message":"{}"}}}},"lastState":{}}}]}})", reason, message, last);
}
std::string problem(std::string_view status) {
  const auto found = pod_problem(*base::parse_json(pod("p", status)));
  return found ? fmt::format("{} - {}", found->reason, found->message) : "none";
}

TEST(PodProblem, IsWhatTheClusterSays) {
  EXPECT_EQ(problem(R"({"phase":"Pending"})"), "none");
  EXPECT_EQ(problem(waiting("ContainerCreating", "")), "none");
  EXPECT_EQ(problem(R"({"phase":"Running","containerStatuses":[{"name":"proxy","ready":true,"state":{"running":{}},
      "lastState":{"terminated":{"exitCode":1,"reason":"Error"}}}]})"), "none");
  EXPECT_EQ(problem(waiting("ImagePullBackOff", "Back-off pulling image cardea:dev")), "Pending - container proxy: ImagePullBackOff: Back-off pulling image cardea:dev");
  EXPECT_EQ(problem(waiting("CreateContainerConfigError", "secret not found")), "Pending - container proxy: CreateContainerConfigError: secret not found");
  EXPECT_EQ(problem(waiting("CrashLoopBackOff", "back-off 10s restarting", R"({"terminated":{"exitCode":137,"reason":"OOMKilled"}})")),
            "Pending - container proxy: CrashLoopBackOff: back-off 10s restarting; its last run ended with exit code 137 (OOMKilled)");
  EXPECT_EQ(problem(R"({"phase":"Running","containerStatuses":[{"name":"proxy","state":{"terminated":{"exitCode":2,"reason":"Error","message":"no such flag"}}}]})"),
            "Pending - container proxy: ended with exit code 2 (Error): no such flag");
  EXPECT_EQ(problem(R"({"phase":"Pending","initContainerStatuses":[{"name":"mesh","state":{"waiting":{"reason":"ErrImagePull","message":"no such host"}}}]})"),
            "Pending - container mesh: ErrImagePull: no such host");
  EXPECT_EQ(problem(R"({"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable",
      "message":"0/1 nodes are available: 1 Insufficient cpu."}]})"), "NoResources - Unschedulable: 0/1 nodes are available: 1 Insufficient cpu.");
  EXPECT_EQ(problem(R"({"phase":"Failed","reason":"Evicted","message":"The node was low on resource: memory."})"),
            "NoResources - Evicted: The node was low on resource: memory.");
}

TEST(PodProblem, IsNotOfOneThatIsDeletedAndNotLong) {
  base::Value gone = *base::parse_json(pod("p", waiting("ImagePullBackOff", "x")));
  kube::testing::member(kube::testing::member(gone, "metadata"), "deletionTimestamp") = "2027-01-15T08:00:00Z";
  EXPECT_FALSE(pod_problem(gone));
  std::string many;
  for (int i = 0; i < 400; ++i) many += "\u00e4";  // two bytes each
  const std::string text = problem(waiting("ImagePullBackOff", many));
  EXPECT_LT(text.size(), 600u);
  EXPECT_TRUE(text.ends_with("\u00e4...")) << text;
}

std::string warning(std::string_view name, std::string_view uid, std::string_view time, std::string_view message, std::string_view type = "Warning",
                    std::string_view kind = "Service") {
  return fmt::format(R"({{"metadata":{{"name":"{}","namespace":"shop"}},"involvedObject":{{"kind":"{}","namespace":"shop","name":"web-cardea","uid":"{}"}},
      "type":"{}","reason":"AllocationFailed","message":"{}","lastTimestamp":"{}"}})", name, kind, uid, type, message, time);
}

Task<void> run_causes(Causes* causes, async::StopToken stop) { co_await causes->run(stop); }

Task<int> follows(async::Loop& loop) {
  FakeApiServer server(loop);
  server.add_kind(resource::kPods, "Pod");
  server.add_kind(resource::kEvents, "Event");
  kube::Client client(loop, server.config());
  async::Signal changed;
  Causes causes(client, "ours=yes", {}, [&] { changed.raise(loop); });
  async::TaskScope tasks(loop);
  async::StopSource stop;
  tasks.spawn(&run_causes, &causes, async::StopToken(stop));
  const auto until = [&](const std::string& expected) -> Task<void> {
    const auto deadline = loop.after(5'000);
    std::string now;
    do {
      const auto pods = causes.of_pods("shop", "web", "cardea");
      now = (pods ? pods->message : "") + "|" + causes.of_service("shop", "web-cardea", "u1");
      if (now == expected) co_return;
    } while (co_await async::wait_any(loop, deadline, changed) == async::Wake::Signalled);  // as those wait who show it
    ADD_FAILURE() << "it stayed at " << now;
  };
  server.put_json(resource::kPods, pod("a", waiting("ImagePullBackOff", "x")));
  server.put_json(resource::kPods, pod("b", waiting("ImagePullBackOff", "x")));
  server.put_json(resource::kPods, pod("of-another-gateway", waiting("ImagePullBackOff", "x"), "other"));
  server.put_json(resource::kEvents, warning("e1", "u1", "2027-01-15T08:00:05Z", "no address is left"));
  co_await until("Pod shop/a: container proxy: ImagePullBackOff: x (and 1 more pods)|AllocationFailed: no address is left");
  server.put_json(resource::kPods, pod("a", R"({"phase":"Running"})"));
  server.put_json(resource::kEvents, warning("e2", "u1", "2027-01-15T08:00:04Z", "older"));
  server.put_json(resource::kEvents, warning("e3", "u0", "2027-01-15T08:00:09Z", "of an earlier Service"));
  server.put_json(resource::kEvents, warning("e4", "u1", "2027-01-15T08:00:09Z", "all is well", "Normal"));
  server.put_json(resource::kEvents, warning("e5", "u1", "2027-01-15T08:00:09Z", "of a pod", "Warning", "Pod"));
  server.put_json(resource::kEvents, warning("e6", "u1", "2027-01-15T08:00:06Z", "quota"));
  co_await until("Pod shop/b: container proxy: ImagePullBackOff: x|AllocationFailed: quota");
  server.erase(resource::kPods, "shop", "b");
  co_await until("|AllocationFailed: quota");
  server.erase(resource::kEvents, "shop", "e6");
  co_await until("|AllocationFailed: no address is left");
  stop.request(loop);
  co_await tasks.close();
  co_await server.stop();
  co_return 0;
}
TEST(Causes, FollowsPodsAndWarnings) {
  async::Loop loop;
  loop.run(follows(loop));
}

}  // namespace
}  // namespace cardea::cluster
