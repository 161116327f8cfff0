// SPDX-License-Identifier: Apache-2.0
#include "base/strings.h"

#include <gtest/gtest.h>

namespace cardea::base {
namespace {

using Pieces = std::vector<std::string_view>;

TEST(Strings, Case) {
  EXPECT_EQ(to_lower("AZaz09-\xC3\x89"), "azaz09-\xC3\x89");
  EXPECT_EQ(to_upper("AZaz09-\xC3\xA9"), "AZAZ09-\xC3\xA9");
  EXPECT_TRUE(iequals("Content-TYPE", "content-type"));
  EXPECT_FALSE(iequals("a", "ab"));
  EXPECT_FALSE(iequals("@", "`"));
  EXPECT_FALSE(iequals("[", "{"));
}

TEST(Strings, Trim) {
  EXPECT_EQ(trim(" \t a b\t "), "a b");
  EXPECT_EQ(trim(" \t"), "");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim("\r\na\n"), "\r\na\n");
  EXPECT_EQ(trim("\r\na\n", "\r\n"), "a");
}

TEST(Strings, SplitAndJoin) {
  EXPECT_EQ(split("a,b,,c", ','), (Pieces{"a", "b", "", "c"}));
  EXPECT_EQ(split("", ','), Pieces{""});
  EXPECT_EQ(split(",", ','), (Pieces{"", ""}));
  EXPECT_EQ(join({"a", "", "c"}, ", "), "a, , c");
  EXPECT_EQ(join({}, ", "), "");
}

TEST(Strings, ParseUint) {
  EXPECT_EQ(parse_uint<std::uint16_t>("0"), 0);
  EXPECT_EQ(parse_uint<std::uint16_t>("65535"), 65535);
  EXPECT_EQ(parse_uint<std::uint16_t>("0080"), 80);
  EXPECT_EQ(parse_uint<std::uint64_t>("18446744073709551615"), 18446744073709551615u);
  EXPECT_EQ(parse_uint<std::uint8_t>("9", 9), 9);
  EXPECT_EQ(parse_uint<std::uint8_t>("3", 2), std::nullopt);
  EXPECT_EQ(parse_uint<std::uint8_t>("10", 9), std::nullopt);
  for (const std::string_view text : {"", "65536", "-1", "+1", " 1", "1 ", "0x1", "1.0", "99999999999999999999"}) {
    EXPECT_EQ(parse_uint<std::uint16_t>(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_uint<std::uint64_t>("18446744073709551616"), std::nullopt);
}

TEST(Strings, Utf8) {
  for (const std::string_view good : {"", "a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const std::string_view bad : {"\x80", "\xC0\x80", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
                                     "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xE2\x82"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
  EXPECT_EQ(utf8_prefix("ab\xC3\xA9\xFFx"), 4u);
  EXPECT_EQ(replace_malformed("a\xFF\xE2\x82z"), "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz");
}

TEST(Strings, ShortenedNeverCutsACharacter) {
  EXPECT_EQ(shortened("", 3), "");
  EXPECT_EQ(shortened("abcdef", 6), "abcdef");
  EXPECT_EQ(shortened("abcdefg", 6), "abc...");
  const std::string text = "a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80z";  // characters of one to four bytes
  for (std::size_t max = 3; max < text.size(); ++max) {
    const std::string cut = shortened(text, max);
    EXPECT_TRUE(is_utf8(cut)) << max;
    EXPECT_LE(cut.size(), max);
    EXPECT_TRUE(cut.ends_with("...")) << cut;
  }
  EXPECT_EQ(shortened(text, text.size()), text);
}

TEST(Strings, Base64) {
  struct Case {
    std::string_view bytes;
    std::string_view text;
  };
  for (const auto& [bytes, text] : std::initializer_list<Case>{{"", ""},
                                                               {"f", "Zg=="},
                                                               {"fo", "Zm8="},
                                                               {"foo", "Zm9v"},
                                                               {"foobar", "Zm9vYmFy"},
                                                               {"\xFB\xFF\xFE", "+//+"}}) {
    EXPECT_EQ(encode_base64(bytes), text);
    EXPECT_EQ(decode_base64(text), bytes);
  }
  for (const std::string_view text :
       {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm 8", "Zm8\n", "=", "====", "Z===", "-__-", "Zg==Zg=="}) {
    EXPECT_EQ(decode_base64(text), std::nullopt) << text;
  }
}

TEST(Strings, HexValue) {
  EXPECT_EQ(hex_value('0'), 0);
  EXPECT_EQ(hex_value('f'), 15);
  EXPECT_EQ(hex_value('F'), 15);
  EXPECT_EQ(hex_value('g'), -1);
  EXPECT_EQ(hex_value('@'), -1);
}

}  // namespace
}  // namespace cardea::base
