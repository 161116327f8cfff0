// SPDX-License-Identifier: Apache-2.0
#include "http/fields.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "http/syntax.h"

namespace cardea::http {
namespace {

std::string text_of(const Fields& fields) {
  std::string text;
  for (const Field& field : fields) text.append(field.name).append("=").append(field.value).append(";");
  return text;
}

TEST(HeaderId, EveryNameIsFoundInEveryCase) {
  for (int i = 1; i < static_cast<int>(HeaderId::kCount); ++i) {
    const auto id = static_cast<HeaderId>(i);
    std::string name(header_name(id));
    ASSERT_FALSE(name.empty());
    EXPECT_EQ(header_id(name), id) << name;
    for (char& c : name) c = to_lower(c);
    EXPECT_EQ(header_id(name), id) << name;
    for (char& c : name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    EXPECT_EQ(header_id(name), id) << name;
  }
}

TEST(HeaderId, NearMissesAreUnknown) {
  for (int i = 1; i < static_cast<int>(HeaderId::kCount); ++i) {
    const std::string name(header_name(static_cast<HeaderId>(i)));
    for (std::size_t at = 0; at < name.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string other = name;
        other[at] = static_cast<char>(other[at] ^ (1 << bit));
        if (equal_ignoring_case(other, name)) continue;
        EXPECT_NE(header_id(other), static_cast<HeaderId>(i)) << name << " as " << other;
      }
    }
    EXPECT_EQ(header_id(name + "x"), HeaderId::Unknown);
  }
  EXPECT_EQ(header_id(""), HeaderId::Unknown);
  EXPECT_EQ(header_id("x"), HeaderId::Unknown);
  EXPECT_EQ(header_id(std::string(1000, 'a')), HeaderId::Unknown);
}

TEST(Fields, FindsByIdAndByNameInAnyCase) {
  Fields fields;
  fields.append("host", "a");
  fields.append("X-Thing", "1");
  fields.append("x-thing", "2");
  EXPECT_EQ(fields.get(HeaderId::Host), "a");
  EXPECT_EQ(fields.find("HOST"), fields.begin());
  EXPECT_EQ(fields.find("x-THING")->value, "1");
  EXPECT_EQ(fields.find("x-other"), nullptr);
  EXPECT_EQ(fields.find(HeaderId::Cookie), nullptr);
  EXPECT_EQ(fields.find("cookie"), nullptr);
}

TEST(Fields, JoinsValuesInTheirOrder) {
  TextArena arena;
  Fields fields;
  fields.append("a", "1");
  fields.append("Via", "x");
  fields.append("A", "2");
  fields.append("a", "");
  EXPECT_EQ(fields.joined("a", arena), "1, 2, ");
  EXPECT_EQ(fields.joined("VIA", arena), "x");
  EXPECT_EQ(fields.joined("b", arena).data(), nullptr);
  fields.set("a", std::string_view());
  EXPECT_NE(fields.joined("a", arena).data(), nullptr) << "present and empty is not absent";
}

TEST(Fields, SetReplacesAllAtThePlaceOfTheFirst) {
  Fields fields;
  fields.append("x", "1");
  fields.append("Cookie", "2");
  fields.append("X", "3");
  fields.append("cookie", "4");
  fields.set("x", "5");
  EXPECT_EQ(text_of(fields), "x=5;Cookie=2;cookie=4;");
  fields.set(HeaderId::Cookie, "6");
  EXPECT_EQ(text_of(fields), "x=5;Cookie=6;");
  fields.set("y", "7");
  EXPECT_EQ(text_of(fields), "x=5;Cookie=6;y=7;");
}

TEST(Fields, RemoveForgetsTheId) {
  Fields fields;
  fields.append("Via", "1");
  fields.append("x", "2");
  fields.append("via", "3");
  EXPECT_EQ(fields.remove("VIA"), 2u);
  EXPECT_FALSE(fields.has(HeaderId::Via));
  EXPECT_EQ(fields.remove(HeaderId::Via), 0u);
  EXPECT_EQ(fields.remove("X"), 1u);
  EXPECT_TRUE(fields.empty());
}

TEST(Fields, GrowsBeyondItsInlinePlaceAndMoves) {
  std::vector<std::string> names;
  for (int i = 0; i < 300; ++i) names.push_back("x-" + std::to_string(i));
  Fields fields;
  for (const std::string& name : names) fields.append(name, name);
  Fields moved(std::move(fields));
  ASSERT_EQ(moved.size(), 300u);
  EXPECT_EQ(moved.find("X-299")->value, "x-299");
  fields = Fields();
  fields.append("a", "b");
  moved = std::move(fields);
  EXPECT_EQ(text_of(moved), "a=b;");
  EXPECT_TRUE(fields.empty());
}

TEST(TextArena, TextsStayWhereTheyAre) {
  TextArena arena;
  std::vector<std::pair<std::string, std::string_view>> kept;
  for (int i = 0; i < 2000; ++i) {
    const std::string text(static_cast<std::size_t>(i % 97), static_cast<char>('a' + i % 26));
    kept.emplace_back(text, arena.copy(text));
  }
  const std::string_view large = arena.copy(std::string(100000, 'z'));
  for (const auto& [text, copy] : kept) ASSERT_EQ(text, copy);
  EXPECT_EQ(large, std::string(100000, 'z'));
  EXPECT_EQ(arena.concat({"a", "", "bc"}), "abc");
  EXPECT_EQ(arena.lower_case("Ab-Z"), "ab-z");
}

}  // namespace
}  // namespace cardea::http
