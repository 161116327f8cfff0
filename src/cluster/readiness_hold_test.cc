// SPDX-License-Identifier: Apache-2.0
#include "cluster/readiness_hold.h"

#include <gtest/gtest.h>

#include <memory>

namespace cardea::cluster {
namespace {

struct Pod {
  std::string address;
  bool ready;
  bool terminating = false;
};

ReadinessHold::Slice slice(std::string_view name, const std::vector<Pod>& pods, std::string_view service = "shop") {
  auto made = std::make_shared<api::EndpointSlice>();
  made->metadata.namespace_ = "default";
  made->metadata.name = name;
  if (!service.empty()) made->metadata.labels.set(std::string(api::kServiceNameLabel), std::string(service));
  for (const Pod& pod : pods) {
    made->endpoints.push_back({.addresses = {pod.address},
                               .conditions = {.ready = pod.ready, .serving = pod.ready, .terminating = pod.terminating},
                               .zone = "",
                               .node_name = ""});
  }
  return made;
}

// "a: 1+ 2-; b: 3+": of each slice that is told, which endpoints are ready.
std::string told(const ReadinessHold::Slices& slices) {
  std::string text;
  for (const auto& each : slices) {
    text += (text.empty() ? "" : "; ") + each->metadata.name + ":";
    for (const auto& endpoint : each->endpoints) text += " " + endpoint.addresses.front() + (endpoint.conditions.is_ready() ? "+" : "-");
  }
  return text;
}

TEST(ReadinessHold, TellsWhatTheClusterSaysWhileThereWasNoOutage) {
  ReadinessHold hold;
  EXPECT_EQ(told(hold.put(slice("a", {{"1", true}, {"2", true}}))), "a: 1+ 2+");
  EXPECT_EQ(told(hold.put(slice("a", {{"1", false}, {"2", false}}))), "a: 1- 2-");
  EXPECT_EQ(told(hold.erase({"default", "a"})), "");
}

TEST(ReadinessHold, AServiceKeepsItsLastReadyEndpointsAfterAnOutage) {
  ReadinessHold hold;
  (void)hold.put(slice("a", {{"1", true}, {"2", true}, {"3", false}}));
  hold.open();
  EXPECT_EQ(told(hold.put(slice("a", {{"1", false}, {"2", true}, {"3", false}}))), "a: 1- 2+ 3-") << "one is ready: it is as told";
  EXPECT_EQ(told(hold.put(slice("a", {{"1", false}, {"2", false}, {"3", false}}))), "a: 1+ 2+ 3-") << "3 was not ready before";
  EXPECT_EQ(hold.held(), 1u);
  EXPECT_EQ(told(hold.put(slice("a", {{"1", true}, {"2", false}, {"3", false}}))), "a: 1+ 2- 3-") << "one is ready again";
  EXPECT_EQ(hold.held(), 0u);
  EXPECT_EQ(told(hold.put(slice("a", {{"1", false}, {"2", false}, {"3", false}}))), "a: 1- 2- 3-") << "its own doing now";
}

TEST(ReadinessHold, WhatEndsOrIsGoneIsNotKept) {
  ReadinessHold hold;
  (void)hold.put(slice("a", {{"1", true}, {"2", true}, {"3", true}}));
  hold.open();
  EXPECT_EQ(told(hold.put(slice("a", {{"1", false}, {"2", false, true}}))), "a: 1+ 2-");
  EXPECT_EQ(told(hold.put(slice("a", {{"4", false}}))), "a: 4-") << "new pods were not ready before";
  EXPECT_EQ(told(hold.put(slice("a", {}))), "a:") << "scaled to nothing";
}

TEST(ReadinessHold, ClosingGivesBackWhatWasHeld) {
  ReadinessHold hold;
  (void)hold.put(slice("a", {{"1", true}}));
  (void)hold.put(slice("b", {{"9", true}}, "other"));
  hold.open();
  EXPECT_EQ(told(hold.put(slice("a", {{"1", false}}))), "a: 1+");
  EXPECT_EQ(told(hold.close()), "a: 1-");
  EXPECT_EQ(hold.held(), 0u);
  EXPECT_EQ(told(hold.put(slice("b", {{"9", false}}, "other"))), "b: 9-");
}

TEST(ReadinessHold, AllSlicesOfAServiceCountTogether) {
  ReadinessHold hold;
  (void)hold.put(slice("a", {{"1", true}}));
  (void)hold.put(slice("b", {{"2", true}}));
  hold.open();
  EXPECT_EQ(told(hold.put(slice("a", {{"1", false}}))), "a: 1-") << "2 is ready";
  EXPECT_EQ(told(hold.put(slice("b", {{"2", false}}))), "a: 1+; b: 2+");
  EXPECT_EQ(told(hold.put(slice("b", {{"2", true}}))), "a: 1-; b: 2+");
}

TEST(ReadinessHold, ASliceThatComesAgainUnderAnotherNameIsTheSameService) {
  ReadinessHold hold;
  (void)hold.put(slice("a", {{"1", true}}));
  hold.open();
  EXPECT_EQ(told(hold.erase({"default", "a"})), "");
  EXPECT_EQ(told(hold.put(slice("b", {{"1", false}}))), "b: 1+");
  EXPECT_EQ(told(hold.close()), "b: 1-");
}

TEST(ReadinessHold, AServiceThatHadNoneBeforeGetsNone) {
  ReadinessHold hold;
  (void)hold.put(slice("a", {{"1", false}}));
  hold.open();
  EXPECT_EQ(told(hold.put(slice("a", {{"1", false}, {"2", false}}))), "a: 1- 2-");
}

TEST(ReadinessHold, AnotherOutageBeginsAnew) {
  ReadinessHold hold;
  (void)hold.put(slice("a", {{"1", true}}));
  (void)hold.put(slice("b", {{"7", true}}, "other"));
  hold.open();
  (void)hold.put(slice("a", {{"1", false}}));
  (void)hold.put(slice("b", {{"7", true}, {"8", true}}, "other"));
  (void)hold.put(slice("a", {{"1", true}, {"2", true}}));
  hold.open();
  EXPECT_EQ(told(hold.put(slice("a", {{"1", false}, {"2", false}}))), "a: 1+ 2+");
  EXPECT_EQ(told(hold.put(slice("b", {{"8", false}}, "other"))), "b: 8+");
  hold.open();
  EXPECT_EQ(told(hold.put(slice("a", {{"1", false}, {"2", false}, {"3", false}}))), "a: 1+ 2+ 3-") << "what is held stays held";
}

TEST(ReadinessHold, ASliceWithoutAServiceOrWithAnotherOneIsToldAsItIs) {
  ReadinessHold hold;
  hold.open();
  EXPECT_EQ(told(hold.put(slice("a", {{"1", true}}, ""))), "a: 1+");
  EXPECT_EQ(told(hold.put(slice("a", {{"1", true}}, "shop"))), "a: 1+");
  EXPECT_EQ(told(hold.put(slice("a", {{"1", false}}, "other"))), "a: 1-");
  EXPECT_EQ(told(hold.close()), "");
}

}  // namespace
}  // namespace cardea::cluster
