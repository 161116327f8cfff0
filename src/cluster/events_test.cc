// SPDX-License-Identifier: Apache-2.0
#include "cluster/events.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/strings.h"

namespace cardea::cluster {
namespace {

TEST(Event, SaysWhatHappenedToWhichObject) {
  const EventSubject subject{"gateway.networking.k8s.io/v1", "Gateway", "shop", "web", "u-1"};
  EXPECT_EQ(base::to_json(event_of(subject, "Warning", "ProvisioningFailed", "no", "2026-01-02T03:04:05Z")),
            R"({"apiVersion":"v1","kind":"Event","metadata":{"generateName":"web.","namespace":"shop"},)"
            R"("involvedObject":{"apiVersion":"gateway.networking.k8s.io/v1","kind":"Gateway","namespace":"shop","name":"web","uid":"u-1"},)"
            R"("type":"Warning","reason":"ProvisioningFailed","message":"no","source":{"component":"cardea-controller"},)"
            R"("reportingComponent":"cardea-controller","firstTimestamp":"2026-01-02T03:04:05Z","lastTimestamp":"2026-01-02T03:04:05Z","count":1})");
}

TEST(Event, OfAClusterScopedObjectIsInTheDefaultNamespaceAndNoLongerThanTheApiTakes) {
  const EventSubject subject{"gateway.networking.k8s.io/v1", "GatewayClass", "", "cardea", "u-1"};
  const auto event = event_of(subject, "Warning", "r", std::string(5000, 'x'), "2026-01-02T03:04:05Z");
  EXPECT_EQ(kube::text_at(event, {"metadata", "namespace"}), "default");
  EXPECT_EQ(kube::value_at(event, {"involvedObject", "namespace"}), nullptr);
  EXPECT_EQ(kube::text_at(event, {"message"}).size(), 1024u);
  std::string text = "a";
  for (int i = 0; i < 600; ++i) text += "\xC3\xA4";  // two bytes each: the limit falls into one
  const auto cut = event_of(subject, "Warning", "r", text, "2026-01-02T03:04:05Z");
  EXPECT_TRUE(base::is_utf8(kube::text_at(cut, {"message"}))) << "the API server would not take half a character";
}

}  // namespace
}  // namespace cardea::cluster
