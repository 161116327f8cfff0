// SPDX-License-Identifier: Apache-2.0
// The path's normal form is tested by the table that users read; that it is a normal form, by trying all short paths.
#include "http/uri.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

namespace cardea::http {
namespace {

std::string normal(std::string_view path, EncodedSeparators separators = EncodedSeparators::Refuse) {
  TextArena arena;
  const NormalPath result = normalize_path(path, separators, arena);
  return result.fault == Fault::None ? std::string(result.path) : "refused: " + std::string(fault_name(result.fault));
}

struct Row {
  std::string received;
  std::string refuse;  // with EncodedSeparators::Refuse
  std::string keep;    // with EncodedSeparators::Keep
};

// The first three cells of every table line whose first cell is a path in backquotes.
std::vector<Row> read_documented_rows() {
  std::ifstream in(std::string(CARDEA_SOURCE_DIR) + "/docs/path-normal-form.md");
  std::vector<Row> rows;
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("| `/")) continue;
    std::vector<std::string> cells;
    for (std::size_t at = line.find('`'); at != std::string::npos; at = line.find('`', at + 1)) {
      const std::size_t end = line.find('`', at + 1);
      cells.push_back(line.substr(at + 1, end - at - 1));
      at = end;
    }
    if (cells.size() == 2) cells.push_back(cells[1]);
    if (cells.size() == 3) rows.push_back({cells[0], cells[1], cells[2]});
  }
  return rows;
}

TEST(NormalPath, IsAsDocumented) {
  const std::vector<Row> rows = read_documented_rows();
  ASSERT_GT(rows.size(), 25u);
  for (const Row& row : rows) {
    EXPECT_EQ(normal(row.received), row.refuse) << row.received;
    EXPECT_EQ(normal(row.received, EncodedSeparators::Keep), row.keep) << row.received;
  }
}

TEST(NormalPath, RefusesWhatIsNoPath) {
  for (const char* path : {"", "a", "*", "/a b", "/a?b", "/a#b", "/a\\b", "/\x7f", "/\xc3\xbc", "/\"", "/<", "/a|b",
                           "/^", "/`", "/{", "/[", "/\t"}) {
    EXPECT_EQ(normal(path), "refused: bad_target") << path;
  }
  EXPECT_EQ(normal(std::string_view("/a\0b", 4)), "refused: bad_target");
}

TEST(NormalPath, NormalOneIsNotCopied) {
  TextArena arena;
  const std::string path = "/a/b.c/..d/%C3%BC;v=1/~e!$&'()*+,;=:@/";
  EXPECT_EQ(normalize_path(path, EncodedSeparators::Refuse, arena).path.data(), path.data());
}

void expect_properties(const std::string& path, EncodedSeparators separators) {
  const std::string once = normal(path, separators);
  if (once.starts_with("refused")) return;
  ASSERT_EQ(normal(once, separators), once) << "not idempotent: " << path;
  ASSERT_LE(once.size(), path.size()) << path;
  ASSERT_EQ(once[0], '/') << path;
  ASSERT_EQ(once.find("//"), std::string::npos) << path;
  for (const char* dots : {"/./", "/../"}) ASSERT_EQ((once + "/").find(dots), std::string::npos) << path;
}

// All paths of up to seven of these parts.
TEST(NormalPath, IsANormalForm) {
  const std::string parts[] = {"/", ".", "a", "%2e", "%2F", ";"};
  constexpr std::size_t kParts = std::size(parts);
  std::size_t count = kParts * kParts * kParts * kParts * kParts * kParts * kParts;
  for (std::size_t number = 0; number < count; ++number) {
    std::string path = "/";
    for (std::size_t rest = number; rest != 0; rest /= kParts) path += parts[rest % kParts];
    expect_properties(path, EncodedSeparators::Keep);
    if (HasFatalFailure()) return;
  }
}

TEST(Authority, HostAndPort) {
  const auto authority = parse_authority("Shop.Example.com:8080");
  ASSERT_TRUE(authority);
  EXPECT_EQ(authority->host, "Shop.Example.com");
  EXPECT_EQ(authority->port, 8080);
  EXPECT_EQ(parse_authority("a")->port, 0);
  EXPECT_EQ(parse_authority("[2001:db8::1]:81")->host, "[2001:db8::1]");
  EXPECT_EQ(parse_authority("a:65535")->port, 65535);
  for (const char* bad : {"", ":", ":80", "a:65536", "a:000080", "a:8 ", "a@b", "a b", "[]", "[::1", "::1", "[1.2.3.4]",
                          ".", "a..b", "*.a", "a/", "a\\"}) {
    EXPECT_FALSE(parse_authority(bad)) << bad;
  }
}

TEST(Authority, NormalHost) {
  TextArena arena;
  EXPECT_EQ(normal_host("Shop.Example.COM.", arena), "shop.example.com");
  const std::string_view lower = "shop.example.com";
  EXPECT_EQ(normal_host(lower, arena).data(), lower.data());
}

std::string params(std::string_view query) {
  TextArena arena;
  QueryParams reader(query, arena);
  std::string text;
  while (const auto param = reader.next()) text.append(param->name).append("=").append(param->value).append(";");
  return text;
}

TEST(QueryParams, AreDecoded) {
  EXPECT_EQ(params(""), "");
  EXPECT_EQ(params("a=1&b=2"), "a=1;b=2;");
  EXPECT_EQ(params("a&&b=&=c&d=e=f"), "a=;b=;=c;d=e=f;");
  EXPECT_EQ(params("%61+b=%26%3d%2B&c=%zz%4"), "a b=&=+;c=%zz%4;");
}

}  // namespace
}  // namespace cardea::http
