// SPDX-License-Identifier: Apache-2.0
#include "base/yaml.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/json.h"

namespace cardea::base {
namespace {

// The one document of `text` as JSON.
std::string json(std::string_view text) {
  const YamlDocuments documents = parse_yaml(text);
  for (const Error& error : documents.errors) ADD_FAILURE() << text << ": " << error.message;
  EXPECT_EQ(documents.values.size(), 1u) << text;
  return documents.values.empty() ? "" : to_json(documents.values[0]);
}

std::string refused(std::string_view text) {
  const YamlDocuments documents = parse_yaml(text);
  EXPECT_EQ(documents.errors.size(), 1u) << text;
  EXPECT_TRUE(documents.values.empty()) << text;
  return documents.errors.empty() ? "" : documents.errors[0].message;
}

TEST(Yaml, ReadsAManifest) {
  EXPECT_EQ(json("apiVersion: v1\nkind: Service\nmetadata:\n  name: cart # comment\nspec:\n  ports:\n  - port: 80\n"
                 "    targetPort: http\n  - {port: 443}\n"),
            R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"cart"},)"
            R"("spec":{"ports":[{"port":80,"targetPort":"http"},{"port":443}]}})");
}

TEST(Yaml, ResolvesPlainScalarsAsKubernetesDoes) {
  struct Case {
    std::string_view text;
    std::string_view json;
  };
  for (const auto& [text, expected] : std::initializer_list<Case>{
           {"[~, null, Null, NULL, ]", "[null,null,null,null]"},
           {"[true, True, TRUE, yes, Yes, YES, on, On, ON, y, Y]",
            "[true,true,true,true,true,true,true,true,true,true,true]"},
           {"[false, no, off, OFF, n, N]", "[false,false,false,false,false,false]"},
           {"[tRue, yEs, nULL, oN, truex]", R"(["tRue","yEs","nULL","oN","truex"])"},
           {"[0, 1, -1, +1, 0x1F, 0X1f, 010, 0o17, 0b101, -0x10, 1_000]", "[0,1,-1,1,31,31,8,15,5,-16,1000]"},
           {"[08, 1.5, .5, 5., -1.5e3, +2E-1, 1e3]", "[8,1.5,0.5,5.0,-1500.0,0.2,1000.0]"},
           {"[0x, 0b2, 0o8, 1.2.3, 1e, -, +, ., -., 1:30, 0xg]",
            R"(["0x","0b2","0o8","1.2.3","1e","-","+",".","-.","1:30","0xg"])"},
           {"[9223372036854775807, -9223372036854775808, 9223372036854775808, 0xFFFFFFFFFFFFFFFF]",
            "[9223372036854775807,-9223372036854775808,9.223372036854776e+18,1.8446744073709552e+19]"},
           {"[2024-01-31, 2024-01-31T10:00:00Z, 127.0.0.1]", R"(["2024-01-31","2024-01-31T10:00:00Z","127.0.0.1"])"},
           {"['yes', \"1\", 'null', \"\"]", R"(["yes","1","null",""])"},
           {"[!!str 1, !!str yes, !!int \"7\", !!float 1, !!bool 'yes', !!null '', !!binary aGk=]",
            R"(["1","yes",7,1.0,true,null,"hi"])"},
           {"|\n  12\n", R"("12\n")"},
       }) {
    EXPECT_EQ(json(text), expected) << text;
  }
}

TEST(Yaml, RefusesScalarsWithNoMeaningInJson) {
  EXPECT_EQ(refused("a: .inf"), "line 1, column 4: .inf is not a number that JSON knows; quote it if it is text");
  EXPECT_TRUE(refused("[.NaN]").starts_with("line 1, column 2:"));
  EXPECT_TRUE(refused("a: !!int x").starts_with("line 1, column 4:"));
  EXPECT_TRUE(refused("a: !mine x").starts_with("line 1, column 4:"));
  EXPECT_TRUE(refused("a: !!binary '*'").starts_with("line 1, column 4:"));
  EXPECT_TRUE(refused("a: !!set {b}").starts_with("line 1, column 4:"));
}

TEST(Yaml, NamesOfMembersBecomeText) {
  EXPECT_EQ(json("80: a\nyes: b\n1.5: c\n'on': d\n"), R"({"80":"a","true":"b","1.5":"c","on":"d"})");
  EXPECT_TRUE(refused("~: a").starts_with("line 1, column 1:"));
  EXPECT_TRUE(refused("[a]: b").starts_with("line 1, column 1:"));
}

TEST(Yaml, RefusesAMemberTwice) {
  EXPECT_EQ(refused("a: 1\nb: 2\na: 3\n"), "line 3, column 1: member \"a\" stands here a second time");
  EXPECT_EQ(refused("1: x\n0x1: y\n"), "line 2, column 1: member \"1\" stands here a second time");
}

TEST(Yaml, RemembersPositions) {
  const YamlDocuments documents = parse_yaml("# x\n---\na:\n  - é: [1, 2]\n---\nb: 1\n");
  ASSERT_EQ(documents.values.size(), 2u);
  const Value& first = documents.values[0];
  EXPECT_EQ(to_string(first.position), "line 3, column 1");
  EXPECT_EQ(to_string(first.as_object()[0].position), "line 3, column 1");
  const Value& item = first.find("a")->as_array()[0];
  EXPECT_EQ(to_string(item.as_object()[0].position), "line 4, column 5");
  EXPECT_EQ(to_string(item.as_object()[0].value.as_array()[1].position), "line 4, column 12");
  EXPECT_EQ(to_string(documents.values[1].find("b")->position), "line 6, column 4");
}

TEST(Yaml, LeavesEmptyDocumentsOut) {
  EXPECT_TRUE(parse_yaml("").values.empty());
  EXPECT_TRUE(parse_yaml("# nothing\n---\n---\n# here\n---\nnull\n...\n").values.empty());
  EXPECT_TRUE(parse_yaml("# nothing\n---\n---\n").errors.empty());
  EXPECT_EQ(parse_yaml("---\na: 1\n---\n---\nb: 1\n...\n").values.size(), 2u);
}

TEST(Yaml, ABrokenDocumentCostsItselfOnly) {
  const YamlDocuments documents = parse_yaml("a: 1\n---\nb: [1\n---\nc: 3\n---\nd: 1\nd: 2\n---\n\te: 5\n---\nf: 6\n");
  ASSERT_EQ(documents.values.size(), 3u);
  EXPECT_NE(documents.values[0].find("a"), nullptr);
  EXPECT_NE(documents.values[1].find("c"), nullptr);
  EXPECT_NE(documents.values[2].find("f"), nullptr);
  ASSERT_EQ(documents.errors.size(), 3u);
  EXPECT_TRUE(documents.errors[0].message.starts_with("line 4, column 1:")) << documents.errors[0].message;
  EXPECT_TRUE(documents.errors[1].message.starts_with("line 8, column 1:")) << documents.errors[1].message;
  EXPECT_TRUE(documents.errors[2].message.starts_with("line 10, column 1:")) << documents.errors[2].message;
}

TEST(Yaml, DirectivesBelongToTheirDocument) {
  const YamlDocuments documents = parse_yaml(
      "%YAML 1.1\n---\na: 1\n...\n%TAG !y! tag:yaml.org,2002:\n# x\n---\nb: !y!str 1\n---\nc: |\n  %d\n  ---\n");
  for (const Error& error : documents.errors) ADD_FAILURE() << error.message;
  ASSERT_EQ(documents.values.size(), 3u);
  EXPECT_EQ(to_json(documents.values[1]), R"({"b":"1"})");
  EXPECT_EQ(to_string(documents.values[1].position), "line 8, column 1");
  EXPECT_EQ(to_json(documents.values[2]), R"({"c":"%d\n---\n"})");
}

TEST(Yaml, ReadsForeignLineEndsAndAByteOrderMark) {
  const YamlDocuments documents = parse_yaml("\xEF\xBB\xBF---\r\na: 1\r\n---\r\nb: |\r\n  x\r\n");
  ASSERT_TRUE(documents.errors.empty());
  ASSERT_EQ(documents.values.size(), 2u);
  EXPECT_EQ(to_json(documents.values[1]), R"({"b":"x\n"})");
  EXPECT_EQ(documents.values[1].position.line, 4u);
}

TEST(Yaml, ReadsNoOtherEncoding) {
  EXPECT_TRUE(refused("a: 1\nb: \xFF\n").starts_with("line 2, column 4:")) << refused("a: 1\nb: \xFF\n");
  EXPECT_TRUE(refused("a: \x01\n").starts_with("line 1, column 4:"));
}

TEST(Yaml, ErrorsHelp) {
  EXPECT_EQ(refused("a:\n\tb: é\n"),
            "line 2, column 1: found a tab where only spaces may indent, while scanning for the next token that began "
            "on line 2");
  EXPECT_TRUE(
      refused("é: 'x\n").starts_with("line 2, column 1: found unexpected end of stream, while scanning a quoted"));
  EXPECT_TRUE(refused("a: b: c\n").starts_with("line 1, column 5: mapping values are not allowed"))
      << refused("a: b: c\n");
}

TEST(Yaml, AliasesRepeatAnchors) {
  EXPECT_EQ(json("a: &x {b: 1}\nc: *x\nd: [*x]\n&k e: *k\n"), R"({"a":{"b":1},"c":{"b":1},"d":[{"b":1}],"e":"e"})");
  EXPECT_EQ(json("a: &x 1\nb: &x 2\nc: *x\n"), R"({"a":1,"b":2,"c":2})");
  EXPECT_TRUE(refused("a: *x\n").starts_with("line 1, column 4:"));
  EXPECT_TRUE(refused("a: &x [*x]\n").starts_with("line 1, column 8:"));
  EXPECT_EQ(parse_yaml("a: &x 1\n---\nb: *x\n").errors.size(), 1u);
}

TEST(Yaml, MergesMappings) {
  EXPECT_EQ(json("a: &a {x: 1, z: 2}\nb:\n  <<: *a\n  x: 3\n"), R"({"a":{"x":1,"z":2},"b":{"x":3,"z":2}})");
  EXPECT_EQ(json("a: &a {x: 1}\nb: &b {x: 2, z: 3}\nc:\n  w: 0\n  <<: [*a, *b]\n"),
            R"({"a":{"x":1},"b":{"x":2,"z":3},"c":{"w":0,"x":1,"z":3}})");
  EXPECT_EQ(json("a: {<<: {x: 1}}\n"), R"({"a":{"x":1}})");
  EXPECT_EQ(json("a: {<<: []}\n"), R"({"a":{}})");
  EXPECT_EQ(json("a: {'<<': 1}\nb: <<\n"), R"({"a":{"<<":1},"b":"<<"})");
  EXPECT_TRUE(refused("a: {<<: 1}\n").starts_with("line 1, column 9:"));
  EXPECT_TRUE(refused("a: {<<: [1]}\n").starts_with("line 1, column 10:"));
  EXPECT_TRUE(refused("a: {<<: {}, <<: {}}\n").starts_with("line 1, column 13:"));
}

TEST(Yaml, CannotExplode) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 9; ++k) text += (k > 0 ? ", " : "") + before;
    text += "]\n";
  }
  EXPECT_NE(refused(text).find("unfold into too much"), std::string::npos);

  std::string wide = "a: &a " + std::string(1 << 20, 'x') + "\nb:\n";
  for (int i = 0; i < 100; ++i) wide += "- *a\n";
  EXPECT_NE(refused(wide).find("unfold into too much"), std::string::npos);
}

TEST(Yaml, BoundsDepth) {
  const std::string open(kMaxDepth, '[');
  const std::string close(kMaxDepth, ']');
  json(open + close);
  EXPECT_EQ(refused("[" + open + close + "]"), "line 1, column 101: nested deeper than 100 levels");
  // An alias counts with the depth of what it repeats.
  const std::string deep = "- &a " + std::string(60, '[') + std::string(60, ']') + "\n- ";
  EXPECT_NE(refused(deep + std::string(60, '[') + "*a" + std::string(60, ']')).find("nested deeper"),
            std::string::npos);
}

TEST(Yaml, LargeDocumentsWithoutAliasesAreFine) {
  std::string text;
  for (int i = 0; i < 200000; ++i) text += "- a\n";
  const YamlDocuments documents = parse_yaml(text);
  ASSERT_EQ(documents.values.size(), 1u);
  EXPECT_EQ(documents.values[0].as_array().size(), 200000u);
}

TEST(YamlWriter, WritesBlockStyle) {
  EXPECT_EQ(
      to_yaml(*parse_json(
          R"({"kind":"Gateway","status":{"addresses":[{"type":"IPAddress","value":"127.0.0.1"}],"m":1,"e":[],"o":{}}})")),
      "kind: Gateway\nstatus:\n  addresses:\n  - type: IPAddress\n    value: 127.0.0.1\n  m: 1\n  e: []\n  o: {}\n");
}

TEST(YamlWriter, QuotesWhatWouldBeMisread) {
  for (const std::string_view text :
       {"yes", "No", "y",   "on",   "true",  "null", "~",     "",     "1",    "-1",         "0x1f",
        "010", "08", "1e3", ".5",   "1_000", ".inf", "-.INF", ".nan", "1:30", "2024-01-31", "2024-01-31T10:00:00Z",
        "<<",  "=",  "- a", "a: b", "a #b",  "#a",   "&a",    "*a",   "!a",   "%a",         "@a",
        "`a",  "[a", "{a",  "'a",   "\"a",   " a",   "a ",    "a:",   "?",    "-",          "---",
        "...", "|",  ">"}) {
    const std::string yaml = to_yaml(Value(text));
    EXPECT_TRUE(yaml.starts_with('"') || yaml.starts_with('\'')) << yaml;
    EXPECT_EQ(json(yaml), to_json(Value(text)));
  }
  for (const std::string_view text :
       {"a", "cart:80", "a-b", "/x?y=1", "127.0.0.1", "*.example.com", "yesterday", "a'b"}) {
    if (text.starts_with('*')) continue;
    EXPECT_EQ(to_yaml(Value(text)), std::string(text) + "\n");
  }
}

TEST(YamlWriter, RoundTrips) {
  const Value value = *parse_json(
      R"({"lines":"a\nb\n","tail":"a\n\n","none":"a\nb","lead":"\n a","sp":" a\nb \n","tab":"a\tb","cr":"a\r\nb","nul":"\u0000",)"
      R"("nel":"a\u0085b\u2028c\u2029\nd","emoji":"😀","bom":"\uFEFFx","del":"\u007f","a: b":1,"1":2,"multi\nline":3,)"
      R"("f":[1.0,1e30,-0.5,null,true,[[]],[{}],{"a":[{"b":{}}]}],"hash":"#\n#\n"})");
  EXPECT_EQ(json(to_yaml(value)), to_json(value)) << to_yaml(value);
  EXPECT_EQ(json(to_yaml(Value(std::string(5000, 'k')))), to_json(Value(std::string(5000, 'k'))));
  Value long_name;
  long_name.add(std::string(5000, 'k'), 1);
  EXPECT_EQ(json(to_yaml(long_name)), to_json(long_name));
  EXPECT_EQ(to_yaml(Value(std::numeric_limits<double>::infinity())), "null\n");
}

}  // namespace
}  // namespace cardea::base
