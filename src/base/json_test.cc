// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace cardea::base {
namespace {

Value parsed(std::string_view text) {
  auto value = parse_json(text);
  EXPECT_TRUE(value) << text << ": " << value.error().message;
  return value ? *value : Value("not parsed");
}

std::string refused(std::string_view text) {
  const auto value = parse_json(text);
  EXPECT_FALSE(value) << text;
  return value ? "" : value.error().message;
}

TEST(Json, ReadsEveryType) {
  const Value value = parsed(R"({"a":null,"b":true,"c":-7,"d":1.5,"e":"x","f":[1,[]],"g":{}})");
  ASSERT_TRUE(value.is_object());
  EXPECT_TRUE(value.find("a")->is_null());
  EXPECT_TRUE(value.find("b")->as_bool());
  EXPECT_EQ(value.find("c")->as_int(), -7);
  EXPECT_EQ(value.find("d")->as_double(), 1.5);
  EXPECT_EQ(value.find("e")->as_string(), "x");
  EXPECT_EQ(value.find("f")->as_array().size(), 2u);
  EXPECT_TRUE(value.find("g")->as_object().empty());
  EXPECT_EQ(value.find("h"), nullptr);
  EXPECT_EQ(Value(1).find("a"), nullptr);
}

TEST(Json, KeepsIntegersAndDoublesApart) {
  EXPECT_TRUE(parsed("1").is_int());
  EXPECT_TRUE(parsed("1.0").is_double());
  EXPECT_TRUE(parsed("1e3").is_double());
  EXPECT_EQ(parsed("9223372036854775807").as_int(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(parsed("-9223372036854775808").as_int(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(parsed("4294967296").as_int(), 4294967296);
  EXPECT_EQ(parsed("9223372036854775808").as_double(), 9223372036854775808.0);
  EXPECT_EQ(parsed("123456789012345678901234567890").as_double(), 123456789012345678901234567890.0);
  EXPECT_NE(refused("1e999"), "");
  EXPECT_NE(refused("1" + std::string(400, '0')), "");
  EXPECT_EQ(parsed("0e53").as_double(), 0.0);
  EXPECT_EQ(parsed("1e-999").as_double(), 0.0);
  EXPECT_EQ(parsed("-0").as_int(), 0);
  EXPECT_EQ(
      parsed("[0.1,-0.30000000000000004,5e-324,1.7976931348623157e308,123456789.123456789]").as_array()[3].as_double(),
      std::numeric_limits<double>::max());
}

TEST(Json, RefusesHalfOfACharacter) {
  EXPECT_EQ(parsed(R"(["\ud83d\ude00"])").as_array()[0].as_string(), "\xF0\x9F\x98\x80");
  for (const char* text : {R"(["\ude00"])", R"(["\ud83d"])", R"({"\udc00":1})"}) EXPECT_NE(refused(text), "");
}

TEST(Json, RemembersPositions) {
  const Value value = parsed("{\n  \"a\": [1,\n    \"é\", true],\n  \"b\" : { \"c\":null }\n}");
  EXPECT_EQ(to_string(value.position), "line 1, column 1");
  const Value& a = *value.find("a");
  EXPECT_EQ(to_string(value.as_object()[0].position), "line 2, column 3");
  EXPECT_EQ(to_string(a.position), "line 2, column 8");
  EXPECT_EQ(to_string(a.as_array()[0].position), "line 2, column 9");
  EXPECT_EQ(to_string(a.as_array()[1].position), "line 3, column 5");
  EXPECT_EQ(to_string(a.as_array()[2].position), "line 3, column 10");
  EXPECT_EQ(to_string(value.as_object()[1].position), "line 4, column 3");
  EXPECT_EQ(to_string(value.find("b")->position), "line 4, column 9");
  EXPECT_EQ(to_string(value.find("b")->as_object()[0].position), "line 4, column 11");
  EXPECT_EQ(to_string(value.find("b")->find("c")->position), "line 4, column 15");
}

TEST(Json, PositionsDoNotGetLostInStringsThatLookLikeStructure) {
  const Value value = parsed(R"(["},:[", {"a:,": " ,:"}, 3])");
  EXPECT_EQ(value.as_array()[1].position.column, 10u);
  EXPECT_EQ(value.as_array()[1].as_object()[0].value.position.column, 18u);
  EXPECT_EQ(value.as_array()[2].position.column, 26u);
}

TEST(Json, RefusesWhatIsNotJson) {
  for (const std::string_view text : {"",
                                      " ",
                                      "{",
                                      "[1,]",
                                      "{\"a\":1,}",
                                      "{a:1}",
                                      "'a'",
                                      "01",
                                      "+1",
                                      ".5",
                                      "1.",
                                      "nul",
                                      "NaN",
                                      "Infinity",
                                      "[1] 2",
                                      "// x\n1",
                                      "/*x*/1",
                                      "\"a\nb\"",
                                      "\"\\x\"",
                                      "\"\\uD800\"",
                                      "\"\xFF\"",
                                      "\"\xED\xA0\x80\"",
                                      "\xEF\xBB\xBF{}"}) {
    EXPECT_TRUE(refused(text).starts_with("line ")) << text;
  }
  EXPECT_NE(refused(std::string_view("1\0", 2)), "");
  EXPECT_NE(refused(std::string_view("[\"a\0\"]", 6)), "");
}

TEST(Json, ErrorsSayWhere) {
  EXPECT_TRUE(refused("{\n \"a\": 1,\n \"b\": x\n}").starts_with("line 3, column 7:"))
      << refused("{\n \"a\": 1,\n \"b\": x\n}");
  EXPECT_EQ(refused("{\"a\":1,\n \"b\":2, \"a\":3}"), "line 2, column 9: member \"a\" stands here a second time");
}

TEST(Json, RefusesAMemberTwiceAmongMany) {
  std::string text = "{";
  for (int i = 0; i < 100; ++i) text += "\"m" + std::to_string(i) + "\":0,";
  EXPECT_NE(refused(text + "\"m42\":1}").find("\"m42\""), std::string::npos);
  EXPECT_EQ(parsed(text + "\"other\":1}").as_object().size(), 101u);
}

TEST(Json, BoundsDepth) {
  const std::string open(kMaxDepth, '[');
  const std::string close(kMaxDepth, ']');
  parsed(open + close);
  EXPECT_EQ(refused("[" + open + close + "]"), "line 1, column 101: nested deeper than 100 levels");
  EXPECT_NE(refused(std::string(1000000, '[')), "");
}

TEST(Json, WritesAndReadsBack) {
  const std::string text = R"({"a":[1,-2,1.5,1.0,1e+30,null,true,"q\"\\\u0001é"],"b":{},"c":[]})";
  EXPECT_EQ(to_json(parsed(text)), text);
  EXPECT_EQ(to_pretty_json(parsed(R"({"a":[1,{"b":2}],"c":[],"d":{}})")),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": 2\n    }\n  ],\n  \"c\": [],\n  \"d\": {}\n}\n");
}

TEST(Json, WritesOnlyJson) {
  EXPECT_EQ(to_json(Value(std::numeric_limits<double>::infinity())), "null");
  EXPECT_EQ(to_json(Value(std::nan(""))), "null");
  EXPECT_EQ(to_json(Value("a\xFF\xC3")), "\"a\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(to_json(Value(-0.0)), "-0.0");
}

TEST(Value, ComparesDataNotPositions) {
  EXPECT_EQ(parsed("[1, {\"a\": 2}]"), parsed("[\n1,{\"a\":2}]"));
  EXPECT_FALSE(parsed("1") == parsed("1.0"));
  EXPECT_FALSE(parsed(R"({"a":1,"b":2})") == parsed(R"({"b":2,"a":1})"));
}

TEST(Value, IsBuiltByAddingAndPushing) {
  Value value;
  value.add("a", 1);
  Value& list = value.add("b", {});
  list.push("x");
  list.push(true);
  EXPECT_EQ(to_json(value), R"({"a":1,"b":["x",true]})");
}

}  // namespace
}  // namespace cardea::base
