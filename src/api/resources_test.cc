// SPDX-License-Identifier: Apache-2.0
#include "api/resources.h"

#include <gtest/gtest.h>

namespace cardea::api {
namespace {

template <class Kind>
Ref<Kind> make(std::string namespace_, std::string name, std::int64_t generation = 1) {
  auto object = std::make_shared<Kind>();
  object->metadata.namespace_ = std::move(namespace_);
  object->metadata.name = std::move(name);
  object->metadata.generation = generation;
  return object;
}

TEST(Resources, FindsWhatWasPut) {
  Resources resources;
  resources.put(make<HTTPRoute>("b", "a"));
  resources.put(make<HTTPRoute>("a", "b"));
  resources.put(Object(make<HTTPRoute>("a", "a")));
  resources.put(make<Service>("a", "a"));
  EXPECT_EQ(resources.size(), 4u);
  ASSERT_NE(resources.find<HTTPRoute>("a", "b"), nullptr);
  EXPECT_EQ(resources.find<HTTPRoute>("a", "b")->metadata.name, "b");
  EXPECT_EQ(resources.find<HTTPRoute>("b", "b"), nullptr);
  EXPECT_EQ(resources.find<HTTPRoute>("", ""), nullptr);
  EXPECT_NE(resources.find<Service>(ObjectKey{"a", "a"}), nullptr);
  EXPECT_EQ(resources.find<Gateway>("a", "a"), nullptr);
}

TEST(Resources, SortedByNamespaceAndName) {
  Resources resources;
  for (const auto& [namespace_, name] : {std::pair{"b", "a"}, {"a", "z"}, {"a", "b"}, {"ab", "a"}}) {
    resources.put(make<Secret>(namespace_, name));
  }
  std::string order;
  for (const Ref<Secret>& secret : resources.all<Secret>()) order += to_text(secret->metadata.key()) + " ";
  EXPECT_EQ(order, "a/b a/z ab/a b/a ");
}

TEST(Resources, ReplacesAndErases) {
  Resources resources;
  resources.put(make<Gateway>("a", "a", 1));
  resources.put(make<Gateway>("a", "a", 2));
  EXPECT_EQ(resources.all<Gateway>().size(), 1u);
  EXPECT_EQ(resources.find<Gateway>("a", "a")->metadata.generation, 2);
  EXPECT_FALSE(resources.erase(ObjectId{"Gateway", {"a", "b"}}));
  EXPECT_FALSE(resources.erase(ObjectId{"Secret", {"a", "a"}}));
  EXPECT_FALSE(resources.erase(ObjectId{"Nothing", {"a", "a"}}));
  EXPECT_TRUE(resources.erase(ObjectId{"Gateway", {"a", "a"}}));
  EXPECT_FALSE(resources.erase<Gateway>({"a", "a"}));
  EXPECT_EQ(resources.size(), 0u);
}

TEST(Resources, ASnapshotDoesNotChangeAndSharesTheRest) {
  Resources before;
  before.put(make<HTTPRoute>("a", "a", 1));
  before.put(make<HTTPRoute>("a", "b", 1));
  before.put(make<Service>("a", "s"));
  Resources after = before;
  after.put(make<HTTPRoute>("a", "a", 2));
  EXPECT_EQ(before.find<HTTPRoute>("a", "a")->metadata.generation, 1);
  EXPECT_EQ(after.find<HTTPRoute>("a", "a")->metadata.generation, 2);
  EXPECT_EQ(before.find<HTTPRoute>("a", "b"), after.find<HTTPRoute>("a", "b"));
  EXPECT_FALSE(before.all<HTTPRoute>().shares_with(after.all<HTTPRoute>()));
  EXPECT_TRUE(before.all<Service>().shares_with(after.all<Service>()));

  const Resources later = after;
  after.erase<HTTPRoute>({"a", "b"});
  EXPECT_NE(later.find<HTTPRoute>("a", "b"), nullptr);
  EXPECT_FALSE(after.erase<HTTPRoute>({"a", "b"}));
  EXPECT_FALSE(after.erase<Service>({"x", "x"}));
  EXPECT_TRUE(later.all<Service>().shares_with(after.all<Service>()));
}

TEST(Resources, AnUndeclaredNamespaceHasItsNameLabel) {
  Resources resources;
  EXPECT_EQ(resources.namespace_labels("web"), (StringMap{{"kubernetes.io/metadata.name", "web"}}));
  auto declared = std::make_shared<Namespace>();
  declared->metadata.name = "web";
  declared->metadata.labels = {{"team", "a"}};
  resources.put(Ref<Namespace>(declared));
  EXPECT_EQ(resources.namespace_labels("web"), (StringMap{{"team", "a"}}));
  EXPECT_EQ(resources.namespace_labels("other").size(), 1u);
}

TEST(Object, WhatCountsAsAChange) {
  auto base = std::make_shared<HTTPRoute>();
  base->metadata.name = "a";
  const auto changed = [&base](auto change) -> Object {
    auto copy = std::make_shared<HTTPRoute>(*base);
    change(*copy);
    return Ref<HTTPRoute>(copy);
  };
  const Object original = Ref<HTTPRoute>(base);
  const Object by_server = changed([](HTTPRoute& route) {
    route.metadata.generation = 9;
    route.metadata.resource_version = "9";
  });
  EXPECT_TRUE(same_content(original, by_server));
  EXPECT_TRUE(same_spec(original, by_server));
  const Object by_label = changed([](HTTPRoute& route) { route.metadata.labels.set("a", "b"); });
  EXPECT_FALSE(same_content(original, by_label));
  EXPECT_TRUE(same_spec(original, by_label));
  const Object by_spec = changed([](HTTPRoute& route) { route.spec.hostnames = {"a"}; });
  EXPECT_FALSE(same_content(original, by_spec));
  EXPECT_FALSE(same_spec(original, by_spec));
  const Object made_anew = changed([](HTTPRoute& route) { route.metadata.uid = "b"; });
  EXPECT_FALSE(same_content(original, made_anew));
  EXPECT_FALSE(same_content(original, Object(make<GRPCRoute>("", "a"))));

  auto secret = std::make_shared<Secret>();
  auto other = std::make_shared<Secret>();
  other->data.set("a", "b");
  EXPECT_FALSE(same_spec(Object(Ref<Secret>(secret)), Object(Ref<Secret>(other))));
}

TEST(Object, WithGeneration) {
  const Object one = make<Secret>("a", "b", 1);
  const Object two = with_generation(one, 2);
  EXPECT_EQ(metadata_of(two).generation, 2);
  EXPECT_EQ(metadata_of(one).generation, 1);
  EXPECT_EQ(with_generation(two, 2), two);
  EXPECT_EQ(to_text(id_of(two)), "Secret a/b");
  EXPECT_EQ(kind_of(two), "Secret");
}

}  // namespace
}  // namespace cardea::api
