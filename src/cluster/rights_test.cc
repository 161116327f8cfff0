// SPDX-License-Identifier: Apache-2.0
// What the manifests in deploy/ permit is enough for what is asked of the API server: everything runs against one that refuses
// the rest, as RBAC does.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/yaml.h"
#include "cluster/api_source.h"
#include "cluster/authority.h"
#include "cluster/class_finalizer.h"
#include "cluster/leader_election.h"
#include "cluster/provision.h"
#include "cluster/status_writer.h"
#include "cluster/token_review.h"
#include "kube/testing/fake_api_server.h"

namespace cardea::cluster {
namespace {

using async::Task;
using kube::testing::FakeAnswer;
using kube::testing::FakeApiServer;
using kube::testing::FakeRequest;
namespace resource = kube::resource;

constexpr std::string_view kOurs = "cardea.dev/gateway-controller";

base::WallTime now() { return *base::parse_rfc3339("2026-01-01T00:00:00Z"); }

// "get", "", "gateways/status", of which group and name.
struct Wish {
  std::string verb;
  std::string group;
  std::string namespace_;
  std::string resource;
  std::string name;
};

// As the API server understands a request (Kubernetes, "Authorization overview"); none for what everybody may ask.
std::vector<Wish> wishes_of(const FakeRequest& request) {
  std::vector<std::string_view> parts = base::split(std::string_view(request.path).substr(1), '/');
  const bool core = parts.at(0) == "api";
  if (parts.size() <= (core ? 2u : 3u)) return {};  // discovery
  Wish wish{.verb = {}, .group = core ? "" : std::string(parts[1]), .namespace_ = {}, .resource = {}, .name = {}};
  parts.erase(parts.begin(), parts.begin() + (core ? 2 : 3));
  if (parts.at(0) == "namespaces" && parts.size() > 2) {
    wish.namespace_ = parts[1];
    parts.erase(parts.begin(), parts.begin() + 2);
  }
  wish.resource = parts[0];
  if (parts.size() > 1) wish.name = parts[1];
  if (parts.size() > 2) wish.resource += "/" + std::string(parts[2]);
  const auto selector = request.query.find("fieldSelector");
  constexpr std::string_view kName = "metadata.name=";
  if (selector != request.query.end() && selector->second.starts_with(kName)) wish.name = selector->second.substr(kName.size());
  const bool one = parts.size() > 1;
  if (request.method == "GET") wish.verb = request.is_watch() ? "watch" : one ? "get" : "list";
  else if (request.method == "POST") wish.verb = "create";
  else if (request.method == "PUT") wish.verb = "update";
  else wish.verb = request.method == "PATCH" ? "patch" : "delete";
  std::vector<Wish> wishes{wish};
  // Server-side apply of what does not exist also creates. The finalizer is put on classes that do.
  if (request.content_type.contains("apply-patch") && wish.resource != "gatewayclasses") {
    wishes.push_back(wish);
    wishes.back().verb = "create";
  }
  return wishes;
}

// The rules of the roles in these files, all of which are bound to the controller's account.
class Rights {
 public:
  void read(const std::string& file) {
    const auto text = base::read_file(std::string(CARDEA_SOURCE_DIR) + "/deploy/" + file, 1u << 20);
    ASSERT_TRUE(text) << text.error().message;
    const auto documents = base::parse_yaml(*text);
    ASSERT_TRUE(documents.errors.empty());
    for (const base::Value& document : documents.values) {
      const std::string kind(kube::text_at(document, {"kind"}));
      if (kind == "ClusterRole" || kind == "Role") roles_[kind + "/" + std::string(kube::text_at(document, {"metadata", "namespace"}))] = document;
      if (!kind.ends_with("RoleBinding")) continue;
      const std::string of(kube::text_at(document, {"roleRef", "kind"}));
      EXPECT_TRUE(roles_.contains(of + "/" + std::string(kube::text_at(document, {"metadata", "namespace"}))));
    }
  }
  bool permit(const Wish& wish) const {
    return std::ranges::any_of(roles_, [&](const auto& item) {
      const std::string_view where = std::string_view(item.first).substr(item.first.find('/') + 1);
      return (where.empty() || where == wish.namespace_) && std::ranges::any_of(item.second.find("rules")->as_array(), [&](const base::Value& rule) {
               const base::Value* const names = rule.find("resourceNames");
               return names_it(rule.find("apiGroups"), wish.group) && names_it(rule.find("resources"), wish.resource) &&
                      names_it(rule.find("verbs"), wish.verb) && (!names || names_it(names, wish.name));
             });
    });
  }
  std::vector<std::string> refused;

  std::optional<FakeAnswer> judge(const FakeRequest& request) {
    for (const Wish& wish : wishes_of(request)) {
      if (permit(wish)) continue;
      refused.push_back(fmt::format("{} {} {} {}/{}", wish.verb, wish.group, wish.resource, wish.namespace_, wish.name));
      return kube::testing::refuse(403, "Forbidden");
    }
    return std::nullopt;
  }

 private:
  static bool names_it(const base::Value* list, std::string_view text) {
    return list && std::ranges::find(list->as_array(), base::Value(text)) != list->as_array().end();
  }
  std::map<std::string, base::Value> roles_;  // by kind and namespace: a later one of the same takes the place of an earlier
};

template <class Part>
Task<void> run_part(Part* part, async::StopToken stop) {
  co_await part->run(stop);
}
Task<void> run_writer(StatusWriter* writer) { co_await writer->run(); }

Task<int> everything(async::Loop& loop, std::vector<std::string> files, WatchScope scope) {
  FakeApiServer server(loop);
  server.add_kind(resource::kCustomResourceDefinitions, "CustomResourceDefinition");
  for (const KindRule& rule : kinds()) server.add_kind({std::string(rule.group), std::string(rule.versions[0]), std::string(rule.plural), rule.namespaced}, std::string(rule.kind));
  for (const auto& [type, kind] : {std::pair(resource::kServiceAccounts, "ServiceAccount"), {resource::kDeployments, "Deployment"}, {resource::kPods, "Pod"},
                                   {resource::kEvents, "Event"}, {resource::kLeases, "Lease"}, {resource::kTokenReviews, "TokenReview"}}) {
    server.add_kind(type, kind);
  }
  const kube::ResourceType classes{"gateway.networking.k8s.io", "v1", "gatewayclasses", false}, gateways{"gateway.networking.k8s.io", "v1", "gateways"};
  server.put_json(resource::kNamespaces, R"({"metadata":{"name":"shop"}})");
  server.put_json(classes, fmt::format(R"({{"metadata":{{"name":"c"}},"spec":{{"controllerName":"{}"}}}})", kOurs));
  server.put_json(gateways, R"({"metadata":{"name":"g","namespace":"shop"},"spec":{"gatewayClassName":"c","listeners":[{"name":"a","port":443,
      "protocol":"HTTPS","tls":{"certificateRefs":[{"name":"secret"}]}}]}})");
  server.put_json(resource::kSecrets, R"({"metadata":{"name":"secret","namespace":"shop"},"type":"Opaque"})");
  Rights rights;
  for (const std::string& file : files) rights.read(file);
  server.intercept = [&](const FakeRequest& request) { return rights.judge(request); };

  kube::Client client(loop, server.config());
  Events events(client);
  LiveStatuses statuses;
  control::Inbox inbox;
  async::StopSource stop;
  async::TaskScope tasks(loop);
  ApiSource source(client, statuses, std::string(kOurs), scope);
  EXPECT_TRUE(source.start(inbox));
  Provisioner provisioner(client, events, {.controller = "controller:9443", .ca_pem = "CA"}, scope, [] {});
  ClassFinalizer finalizer(client, std::string(kOurs));
  Authority authority(client, {.namespace_ = "cardea-system"}, now, [] {});
  LeaderElection election(client, {.namespace_ = "cardea-system", .identity = "a"}, now, [](bool) {});
  StatusWriter writer(client, statuses, [&](std::string_view kind) { return source.type_of(kind); }, std::string(kOurs), now, {});
  tasks.spawn(&run_part<Provisioner>, &provisioner, async::StopToken(stop));
  tasks.spawn(&run_part<ClassFinalizer>, &finalizer, async::StopToken(stop));
  tasks.spawn(&run_part<Authority>, &authority, async::StopToken(stop));
  tasks.spawn(&run_part<LeaderElection>, &election, async::StopToken(stop));
  tasks.spawn(&run_writer, &writer);

  const auto until = [&](const char* what, std::function<bool()> so) -> Task<void> {
    const auto deadline = loop.after(10'000);
    while (!so()) {
      if (rights.refused.empty() && co_await async::wait_any(loop, deadline, server.changed(), source.changed()) == async::Wake::Signalled) continue;
      ADD_FAILURE() << "waited for: " << what << "; refused: " << base::join(rights.refused, ", ");
      co_return;
    }
  };
  co_await until("the first full picture", [&] { return inbox.synced(); });
  api::Resources resources;
  for (const auto& [id, object] : inbox.take()) resources.put(*object);
  EXPECT_NE(resources.find<api::Secret>("shop", "secret"), nullptr);
  EXPECT_NE(resources.find<api::Namespace>("", "shop"), nullptr);
  plan::Plan plan;
  plan.gateway = {"shop", "g"};
  auto listener = std::make_shared<plan::Listener>();
  listener->bind_port = 443;
  plan.routing = std::make_shared<const plan::Routing>(plan::Routing{{listener}, {}, {}, {}});
  provisioner.set_leader(true);
  provisioner.want(resources, {std::make_shared<const plan::Plan>(plan)});
  finalizer.set_leader(true);
  finalizer.want(resources);
  writer.set_leading(true);
  std::vector<std::shared_ptr<const translate::ObjectStatus>> wanted;
  wanted.push_back(std::make_shared<translate::ObjectStatus>(translate::ObjectStatus{.object = {"Gateway", {"shop", "g"}}, .generation = 1, .status = api::GatewayStatus{}}));
  wanted.push_back(std::make_shared<translate::ObjectStatus>(translate::ObjectStatus{.object = {"GatewayClass", {"", "c"}}, .generation = 1, .status = api::GatewayClassStatus{}}));
  writer.write(wanted);
  events.warn(subject_of(*resources.find<api::Gateway>("shop", "g")), "Tested", "an Event");
  co_await until("what was made", [&] {
    return server.find(resource::kDeployments, "shop", "g-c") && server.find(resource::kLeases, "cardea-system", "cardea-controller") &&
           server.find(resource::kSecrets, "cardea-system", "cardea-controller-ca") && server.count("POST", "/events") > 0 &&
           writer.metrics().writes.value() == 2 && server.count("PATCH", "/gatewayclasses/c") > 0 && server.count("GET", "/pods") > 1;
  });
  co_await review_token(&client, "a token");
  EXPECT_EQ(server.count("POST", "/tokenreviews"), 1u);
  stop.request(loop);
  writer.stop();
  co_await tasks.close();  // gives the lease back
  EXPECT_EQ(rights.refused, std::vector<std::string>());
  co_await source.stop();
  co_await events.close();
  co_await server.stop();
  co_return 0;
}

TEST(Rights, OfTheInstallationAreEnough) {
  async::Loop loop;
  loop.run(everything(loop, {"install.yaml"}, {}));
}

// The ClusterRole of the second file takes the place of the first one's.
TEST(Rights, ForOneNamespaceAreEnough) {
  async::Loop loop;
  loop.run(everything(loop, {"install.yaml", "watch-namespace.yaml"}, {.namespaces = {"shop"}}));
}

TEST(Rights, ForOneNamespaceReachNoOther) {
  Rights rights;
  rights.read("install.yaml");
  EXPECT_TRUE(rights.permit({"get", "", "other", "secrets", "x"}));
  rights.read("watch-namespace.yaml");
  EXPECT_TRUE(rights.permit({"get", "", "shop", "secrets", "x"}));
  for (const Wish& wish : {Wish{"get", "", "other", "secrets", "x"}, Wish{"list", "", "", "secrets", ""}, Wish{"list", "", "", "pods", ""},
                           Wish{"get", "", "", "namespaces", "other"}, Wish{"list", "", "", "namespaces", ""},
                           Wish{"patch", "apps", "other", "deployments", "x"}, Wish{"list", "gateway.networking.k8s.io", "", "gateways", ""},
                           Wish{"create", "", "shop", "secrets", ""}, Wish{"delete", "", "shop", "secrets", "x"}}) {
    EXPECT_FALSE(rights.permit(wish)) << wish.verb << ' ' << wish.namespace_ << '/' << wish.resource;
  }
}

}  // namespace
}  // namespace cardea::cluster
