// SPDX-License-Identifier: Apache-2.0
#include "cluster/status_merge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/json.h"

namespace cardea::cluster {
namespace {

base::Value json(std::string_view text) {
  auto parsed = base::parse_json(text);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return *std::move(parsed);
}
std::string merge(std::string_view kind, std::string_view live, std::string_view ours) {
  return base::to_json(merge_status(kind, json(live), json(ours), {"ours", "NOW"}));
}
std::string ordered(std::string_view text) { return base::to_json(in_order(json(text))); }

TEST(StatusMerge, ATimeChangesOnlyWhenTheStatusFlips) {
  EXPECT_EQ(merge("Gateway",
                  R"({"conditions":[{"type":"Accepted","status":"True","reason":"A","observedGeneration":1,"lastTransitionTime":"OLD"},
                                    {"type":"Programmed","status":"Unknown","reason":"Pending","lastTransitionTime":"OLD"}]})",
                  R"({"conditions":[{"type":"Accepted","status":"True","reason":"B","observedGeneration":2},
                                    {"type":"Programmed","status":"True","reason":"P","observedGeneration":2}]})"),
            ordered(
                R"({"conditions":[{"type":"Accepted","status":"True","reason":"B","observedGeneration":2,"lastTransitionTime":"OLD"},
                                  {"type":"Programmed","status":"True","reason":"P","observedGeneration":2,"lastTransitionTime":"NOW"}]})"));
}

TEST(StatusMerge, ConditionsOfOthersStayAndOursThatAreOverGo) {
  EXPECT_EQ(merge("Gateway",
                  R"({"conditions":[{"type":"example.com/Audited","status":"True"},{"type":"Conflicted","status":"True"}],
                      "addresses":[{"value":"old"}],
                      "listeners":[{"name":"a","conditions":[{"type":"Theirs","status":"True"},{"type":"Accepted","status":"True","lastTransitionTime":"OLD"}]},
                                   {"name":"gone","conditions":[]}]})",
                  R"({"conditions":[{"type":"Accepted","status":"True"}],"listeners":[{"name":"a","conditions":[{"type":"Accepted","status":"True"}]}]})"),
            ordered(
                R"({"conditions":[{"type":"example.com/Audited","status":"True"},{"type":"Accepted","status":"True","lastTransitionTime":"NOW"}],
                    "listeners":[{"name":"a","conditions":[{"type":"Theirs","status":"True"},{"type":"Accepted","status":"True","lastTransitionTime":"OLD"}]}]})"));
}

TEST(StatusMerge, ParentsOfOtherControllersStayWhereTheyAre) {
  constexpr std::string_view kLive =
      R"({"parents":[{"controllerName":"theirs","parentRef":{"name":"x"},"conditions":[]},
                     {"controllerName":"ours","parentRef":{"name":"a","kind":"Gateway"},"conditions":[{"type":"Accepted","status":"True","lastTransitionTime":"OLD"}]},
                     {"controllerName":"ours","parentRef":{"name":"stale"},"conditions":[]},
                     {"controllerName":"theirs","parentRef":{"name":"y"},"conditions":[]}]})";
  EXPECT_EQ(merge("HTTPRoute", kLive,
                  R"({"parents":[{"parentRef":{"kind":"Gateway","name":"a"},"controllerName":"ours","conditions":[{"type":"Accepted","status":"True"}]},
                                 {"parentRef":{"kind":"Gateway","name":"b"},"controllerName":"ours","conditions":[]}]})"),
            ordered(
                R"({"parents":[{"controllerName":"theirs","parentRef":{"name":"x"},"conditions":[]},
                               {"controllerName":"ours","parentRef":{"name":"a","kind":"Gateway"},"conditions":[{"type":"Accepted","status":"True","lastTransitionTime":"OLD"}]},
                               {"controllerName":"theirs","parentRef":{"name":"y"},"conditions":[]},
                               {"controllerName":"ours","parentRef":{"name":"b","kind":"Gateway"},"conditions":[]}]})"));
  EXPECT_EQ(merge("HTTPRoute", kLive, R"({"parents":[]})"),
            ordered(R"({"parents":[{"controllerName":"theirs","parentRef":{"name":"x"},"conditions":[]},
                                   {"controllerName":"theirs","parentRef":{"name":"y"},"conditions":[]}]})"));
}

// A status over a limit would be refused as a whole.
TEST(StatusMerge, WhatOthersFilledLeavesOursTheRoomThatIsLeft) {
  struct Case {
    std::string_view kind, list, reference;
    std::size_t most;
  };
  for (const Case& c : {Case{"HTTPRoute", "parents", "parentRef", 32}, Case{"BackendTLSPolicy", "ancestors", "ancestorRef", 16}}) {
    const auto entries = [&c](std::string_view controller, std::size_t count) {
      base::Value status = base::Value::Object{};
      base::Value& list = status.add(std::string(c.list), base::Value::Array{});
      for (std::size_t i = 0; i < count; ++i) {
        base::Value& entry = list.push(base::Value::Object{});
        entry.add("controllerName", controller);
        entry.add(std::string(c.reference), base::Value::Object{}).add("name", static_cast<int>(i));
        entry.add("conditions", base::Value::Array{});
      }
      return status;
    };
    const auto ours_in = [&c](const base::Value& status) {
      const auto& list = status.find(c.list)->as_array();
      return std::ranges::count_if(list, [](const base::Value& entry) { return *entry.find("controllerName") == base::Value("ours"); });
    };
    const Ours who{"ours", "NOW"};
    const base::Value merged = merge_status(c.kind, entries("theirs", c.most - 2), entries("ours", 5), who);
    EXPECT_EQ(merged.find(c.list)->as_array().size(), c.most);
    EXPECT_EQ(ours_in(merged), 2);
    EXPECT_EQ(merge_status(c.kind, merged, entries("ours", 5), who), merged) << "nothing to write";
    EXPECT_EQ(ours_in(merge_status(c.kind, entries("theirs", c.most), entries("ours", 1), who)), 0);
    EXPECT_EQ(ours_in(merge_status(c.kind, base::Value(), entries("ours", c.most), who)), static_cast<std::ptrdiff_t>(c.most));
  }

  std::string theirs;
  for (int i = 0; i < 6; ++i) theirs += R"({"type":"example.com/)" + std::to_string(i) + R"(","status":"True"},)";
  const std::string merged = merge("Gateway", R"({"conditions":[)" + theirs + R"({"type":"Accepted","status":"True","lastTransitionTime":"OLD"}]})",
                                   R"({"conditions":[{"type":"Accepted","status":"True"},{"type":"Programmed","status":"True"},{"type":"ResolvedRefs","status":"True"}]})");
  EXPECT_EQ(json(merged).find("conditions")->as_array().size(), 8u);
  EXPECT_TRUE(merged.contains("Programmed") && !merged.contains("ResolvedRefs")) << merged;
}

TEST(StatusMerge, WhatStandsThereAlreadyComesOutTheSame) {
  constexpr std::string_view kOurs =
      R"({"ancestors":[{"ancestorRef":{"name":"g"},"controllerName":"ours","conditions":[{"type":"Accepted","status":"True","reason":"Accepted","message":"m","observedGeneration":3}]}]})";
  const base::Value once = merge_status("BackendTLSPolicy", json("null"), json(kOurs), {"ours", "NOW"});
  EXPECT_EQ(merge_status("BackendTLSPolicy", once, json(kOurs), {"ours", "LATER"}), once);
  EXPECT_EQ(observed_generation("BackendTLSPolicy", once, "ours"), 3);
  EXPECT_EQ(observed_generation("BackendTLSPolicy", once, "theirs"), 0);
  EXPECT_TRUE(has_entries_of(once, "ours"));
  EXPECT_FALSE(has_entries_of(once, "theirs"));
}

}  // namespace
}  // namespace cardea::cluster
