// SPDX-License-Identifier: Apache-2.0
#include "api/meta.h"

#include <gtest/gtest.h>

#include "api/rare.h"

namespace cardea::api {
namespace {

LabelSelector selector(SelectorOperator op, std::vector<std::string> values = {}) {
  return {{}, {{"a", op, std::move(values)}}};
}

TEST(LabelSelector, Matches) {
  const StringMap none, x{{"a", "x"}}, y{{"a", "y"}};
  EXPECT_TRUE(LabelSelector{}.matches(none));
  EXPECT_TRUE(LabelSelector{}.matches(x));

  const LabelSelector labels{{{"a", "x"}, {"b", "z"}}, {}};
  EXPECT_TRUE(labels.matches({{"a", "x"}, {"b", "z"}, {"c", ""}}));
  EXPECT_FALSE(labels.matches(x));
  EXPECT_FALSE(labels.matches({{"a", "x"}, {"b", "x"}}));

  EXPECT_TRUE(selector(SelectorOperator::In, {"w", "x"}).matches(x));
  EXPECT_FALSE(selector(SelectorOperator::In, {"w", "x"}).matches(y));
  EXPECT_FALSE(selector(SelectorOperator::In, {"w", "x"}).matches(none));
  EXPECT_FALSE(selector(SelectorOperator::NotIn, {"x"}).matches(x));
  EXPECT_TRUE(selector(SelectorOperator::NotIn, {"x"}).matches(y));
  EXPECT_TRUE(selector(SelectorOperator::NotIn, {"x"}).matches(none));
  EXPECT_TRUE(selector(SelectorOperator::Exists).matches(x));
  EXPECT_FALSE(selector(SelectorOperator::Exists).matches(none));
  EXPECT_FALSE(selector(SelectorOperator::DoesNotExist).matches(x));
  EXPECT_TRUE(selector(SelectorOperator::DoesNotExist).matches(none));
  EXPECT_FALSE(selector(SelectorOperator::Unknown).matches(x));

  const LabelSelector both{{{"b", "z"}}, {{"a", SelectorOperator::Exists, {}}}};
  EXPECT_TRUE(both.matches({{"a", ""}, {"b", "z"}}));
  EXPECT_FALSE(both.matches({{"b", "z"}}));
  EXPECT_FALSE(both.matches({{"a", ""}}));
}

TEST(Meta, OlderFirstThenByNamespaceAndName) {
  const auto meta = [](std::int64_t seconds, std::int32_t nanoseconds, const char* namespace_, const char* name) {
    ObjectMeta made;
    made.creation_timestamp = {seconds, nanoseconds};
    made.namespace_ = namespace_;
    made.name = name;
    return made;
  };
  const std::vector<ObjectMeta> ordered{meta(0, 0, "b", "b"), meta(1, 0, "z", "z"), meta(1, 5, "a", "b"),
                                        meta(1, 5, "a", "c"), meta(1, 5, "b", "a"), meta(2, 0, "a", "a")};
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    for (std::size_t j = 0; j < ordered.size(); ++j) {
      EXPECT_EQ(by_age(ordered[i], ordered[j]), i <=> j) << i << " " << j;
    }
  }
}

TEST(Meta, Texts) {
  EXPECT_EQ(to_text(ObjectKey{"a", "b"}), "a/b");
  EXPECT_EQ(to_text(ObjectKey{"", "b"}), "b");
}

TEST(StringMap, SortedAndEachKeyOnce) {
  StringMap map{{"b", "1"}, {"a", "2"}, {"b", "3"}};
  map.set("c", "4");
  EXPECT_EQ(map.size(), 3u);
  EXPECT_EQ(*map.find("b"), "3");
  EXPECT_EQ(map.find("x"), nullptr);
  EXPECT_FALSE(map.contains(""));
  std::string keys;
  for (const auto& [key, value] : map) keys += key;
  EXPECT_EQ(keys, "abc");
  EXPECT_EQ(map, (StringMap{{"c", "4"}, {"a", "2"}, {"b", "3"}}));
}

enum class Colour : std::uint8_t { Red, Blue, Unknown };

}  // namespace

template <>
struct EnumText<Colour> {
  static constexpr std::array<std::string_view, 2> kNames{"red", "blue"};
};

namespace {

TEST(Enum, KeepsWhatItDoesNotKnow) {
  const Enum<Colour> blue = Colour::Blue, green = Enum<Colour>::unknown("green");
  EXPECT_EQ(blue.text(), "blue");
  EXPECT_FALSE(blue.is_unknown());
  EXPECT_EQ(green.text(), "green");
  EXPECT_TRUE(green.is_unknown());
  EXPECT_EQ(green, Enum<Colour>::unknown("green"));
  EXPECT_FALSE(green == Enum<Colour>::unknown("grey"));
  EXPECT_EQ(text_of(Colour::Red), "red");
}

TEST(Rare, CopiesAndComparesByContent) {
  Rare<std::string> one = std::string("a");
  Rare<std::string> two = one;
  EXPECT_EQ(one, two);
  *two = "b";
  EXPECT_EQ(*one, "a");
  EXPECT_FALSE(one == two);
  two = one;
  EXPECT_EQ(one, two);
  two.reset();
  EXPECT_FALSE(one == two);
  EXPECT_EQ(two, Rare<std::string>{});
  EXPECT_EQ(sizeof(one), sizeof(void*));
}

}  // namespace
}  // namespace cardea::api
