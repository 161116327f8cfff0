// SPDX-License-Identifier: Apache-2.0
#include "standalone/status_folder.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/yaml.h"
#include "standalone/temp_folder.h"
#include "standalone/transition_times.h"

namespace cardea::standalone {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

api::Condition condition(std::string type, api::ConditionStatus status, std::int64_t generation = 1) {
  return {std::move(type), status, "Reason", "text", generation, {}};
}

std::shared_ptr<const translate::ObjectStatus> route(std::string name, api::ConditionStatus accepted,
                                                     std::int64_t generation = 1) {
  api::RouteParentStatus parent;
  parent.parent_ref.name = "gw";
  parent.controller_name = "cardea.dev/gateway-controller";
  parent.conditions = {condition("Accepted", accepted, generation),
                       condition("ResolvedRefs", api::ConditionStatus::True, generation)};
  return std::make_shared<translate::ObjectStatus>(translate::ObjectStatus{
      {"HTTPRoute", {"shop", std::move(name)}}, generation, api::RouteStatus{{std::move(parent)}}});
}

std::shared_ptr<const translate::ObjectStatus> gateway_class(std::string name) {
  api::GatewayClassStatus status;
  status.conditions = {condition("Accepted", api::ConditionStatus::True)};
  return std::make_shared<translate::ObjectStatus>(
      translate::ObjectStatus{{"GatewayClass", {"", std::move(name)}}, 1, std::move(status)});
}

class StatusFolderTest : public testing::Test {
 protected:
  StatusFolder open() {
    auto opened = StatusFolder::open(folder_ / "status", [this] { return now_; });
    EXPECT_TRUE(opened);
    return *std::move(opened);
  }
  bool exists(std::string_view name) { return fs::exists(folder_ / "status" / name); }
  base::Value document(std::string_view name) {
    const auto content = base::read_file(folder_ / "status" / name);
    EXPECT_TRUE(content);
    auto parsed = base::parse_yaml(content.value_or(""));
    EXPECT_EQ(parsed.values.size(), 1u);
    return parsed.values.empty() ? base::Value() : parsed.values[0];
  }
  // Of the condition with that index of the route's one parent.
  std::string time_of(std::string_view name, std::size_t index) {
    const base::Value whole = document(name);
    const base::Value& parent = whole.find("status")->find("parents")->as_array().at(0);
    return parent.find("conditions")->as_array().at(index).find("lastTransitionTime")->as_string();
  }

  TempFolder folder_;
  base::WallTime now_{std::chrono::sys_days{std::chrono::year{2030} / 1 / 1}};
};

constexpr auto kTrue = api::ConditionStatus::True;
constexpr auto kFalse = api::ConditionStatus::False;

TEST_F(StatusFolderTest, WritesOneFilePerObject) {
  auto status = open();
  status.write({gateway_class("ours"), route("cart", kTrue, 3)});
  EXPECT_TRUE(exists("GatewayClass.ours.yaml"));
  const base::Value whole = document("HTTPRoute.shop.cart.yaml");
  EXPECT_EQ(whole.find("apiVersion")->as_string(), "gateway.networking.k8s.io/v1");
  EXPECT_EQ(whole.find("kind")->as_string(), "HTTPRoute");
  EXPECT_EQ(whole.find("metadata")->find("namespace")->as_string(), "shop");
  EXPECT_EQ(whole.find("metadata")->find("name")->as_string(), "cart");
  EXPECT_EQ(time_of("HTTPRoute.shop.cart.yaml", 0), "2030-01-01T00:00:00Z");
  EXPECT_EQ(status.documents().size(), 2u);
}

TEST_F(StatusFolderTest, TimesChangeWhenAStatusFlipsAndOnlyThen) {
  auto status = open();
  status.write({route("cart", kTrue)});
  now_ += 1h;
  status.write({route("cart", kTrue, 2)});
  EXPECT_EQ(time_of("HTTPRoute.shop.cart.yaml", 0), "2030-01-01T00:00:00Z");
  status.write({route("cart", kFalse, 2)});
  EXPECT_EQ(time_of("HTTPRoute.shop.cart.yaml", 0), "2030-01-01T01:00:00Z");
  EXPECT_EQ(time_of("HTTPRoute.shop.cart.yaml", 1), "2030-01-01T00:00:00Z");
}

TEST_F(StatusFolderTest, TimesSurviveARestart) {
  {
    auto status = open();
    status.write({route("cart", kTrue), route("gone", kTrue)});
  }
  now_ += 1h;
  auto status = open();
  EXPECT_TRUE(status.documents().empty()) << "what an earlier process said is not what is true now";
  status.write({route("cart", kTrue), route("new", kTrue)});
  EXPECT_EQ(time_of("HTTPRoute.shop.cart.yaml", 0), "2030-01-01T00:00:00Z");
  EXPECT_EQ(time_of("HTTPRoute.shop.new.yaml", 0), "2030-01-01T01:00:00Z");
  EXPECT_FALSE(exists("HTTPRoute.shop.gone.yaml"));
}

TEST_F(StatusFolderTest, AFileChangesOnlyWhenItsStatusDoes) {
  auto status = open();
  const auto cart = route("cart", kTrue);
  status.write({cart});
  const auto file = folder_ / "status" / "HTTPRoute.shop.cart.yaml";
  const auto before = fs::last_write_time(file) - 1h;
  fs::last_write_time(file, before);
  status.write({cart, route("other", kTrue)});
  status.write({route("cart", kTrue)});
  EXPECT_EQ(fs::last_write_time(file), before);
}

TEST_F(StatusFolderTest, RemovesOnlyWhatIsItsOwn) {
  folder_.write("status/README.yaml", "kind: none\n");
  folder_.write("status/HTTPRoute.shop.mine.yaml", "kind: none\n");
  folder_.write("status/other.txt", "text");
  auto status = open();
  status.write({route("cart", kTrue)});
  status.write({});
  EXPECT_FALSE(exists("HTTPRoute.shop.cart.yaml"));
  EXPECT_TRUE(exists("README.yaml") && exists("HTTPRoute.shop.mine.yaml") && exists("other.txt"));
}

TEST_F(StatusFolderTest, ARouteWithoutParentsOfOursHasNoFile) {
  auto status = open();
  status.write({route("cart", kTrue)});
  status.write({std::make_shared<translate::ObjectStatus>(
      translate::ObjectStatus{{"HTTPRoute", {"shop", "cart"}}, 2, api::RouteStatus{}})});
  EXPECT_FALSE(exists("HTTPRoute.shop.cart.yaml"));
  EXPECT_TRUE(status.documents().empty());
}

TEST_F(StatusFolderTest, WhatCouldNotBeWrittenIsSaidAndTriedAgain) {
  auto status = open();
  const auto cart = route("cart", kTrue);
  fs::remove_all(folder_ / "status");
  folder_.write("status", "a file where the folder was");
  status.write({cart});
  EXPECT_EQ(status.problems().size(), 1u);
  fs::remove(folder_ / "status");
  fs::create_directory(folder_ / "status");
  status.write({cart});
  EXPECT_TRUE(status.problems().empty());
  EXPECT_TRUE(exists("HTTPRoute.shop.cart.yaml"));
}

TEST_F(StatusFolderTest, WithoutAFolderStatusesAreOnlyKept) {
  auto status = StatusFolder::open(std::nullopt, [this] { return now_; });
  ASSERT_TRUE(status);
  status->write({route("cart", kTrue)});
  EXPECT_EQ(status->documents().size(), 1u);
}

TEST(TransitionTimes, EntriesOfListsAreToldApartByName) {
  const auto parse = [](std::string_view text) { return base::parse_yaml(text).values.at(0); };
  const base::Value before = parse(
      "listeners:\n- name: b\n  conditions: [{type: Programmed, status: 'True', lastTransitionTime: old-b}]\n"
      "- name: a\n  conditions: [{type: Programmed, status: 'False', lastTransitionTime: old-a}]\n");
  base::Value now = parse(
      "listeners:\n- name: a\n  conditions: [{type: Programmed, status: 'True'}]\n"
      "- name: b\n  conditions: [{type: Programmed, status: 'True'}, {type: Accepted, status: 'True'}]\n");
  add_transition_times(now, &before, "new");
  const base::Value expected = parse(
      "listeners:\n- name: a\n  conditions: [{type: Programmed, status: 'True', lastTransitionTime: new}]\n"
      "- name: b\n  conditions: [{type: Programmed, status: 'True', lastTransitionTime: old-b}, "
      "{type: Accepted, status: 'True', lastTransitionTime: new}]\n");
  EXPECT_EQ(now, expected);
}

}  // namespace
}  // namespace cardea::standalone
