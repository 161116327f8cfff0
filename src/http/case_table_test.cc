// SPDX-License-Identifier: Apache-2.0
#include "http/case_table.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include "http/syntax.h"

namespace cardea::http {
namespace {

[[noreturn]] void give_up(std::string_view file, int line, std::string_view why) {
  std::cerr << file << ":" << line << ": " << why << "\n";
  std::abort();
}

}  // namespace

std::vector<std::string> split_words(std::string_view text, char separator) {
  std::vector<std::string> words;
  std::istringstream in{std::string(text)};
  for (std::string word; std::getline(in, word, separator);) words.push_back(word);
  return words;
}

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    switch (text[++i]) {
      case 'r':
        out += '\r';
        break;
      case 'n':
        out += '\n';
        break;
      case 't':
        out += '\t';
        break;
      case 's':
        out += ' ';
        break;
      case '0':
        out += '\0';
        break;
      case 'x':
        out += static_cast<char>(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2]));
        i += 2;
        break;
      default:
        out += text[i];
    }
  }
  return out;
}

std::vector<RawCase> read_case_table(std::string_view file) {
  std::ifstream in(std::string(CARDEA_SOURCE_DIR) + "/src/http/testdata/" + std::string(file));
  if (!in) give_up(file, 0, "cannot be read");
  std::vector<RawCase> cases;
  bool open = false;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.starts_with("== ")) {
      if (open) give_up(file, number, "the case before has no verdict");
      cases.push_back({number, line.substr(3), {}, {}});
      open = true;
    } else if (open && line.starts_with("=> ")) {
      cases.back().verdict = line.substr(3);
      open = false;
    } else if (open) {
      cases.back().bytes += unescape(line);
    } else if (!line.empty() && line[0] != '#') {
      give_up(file, number, "a line outside of a case");
    }
  }
  if (open || cases.empty()) give_up(file, number, "the last case has no verdict");
  return cases;
}

TEST(CaseTable, ReadsEscapes) {
  EXPECT_EQ(unescape("a\\r\\n\\x41\\s\\\\"), "a\r\nA \\");
  EXPECT_EQ(unescape("\\0").size(), 1u);
}

}  // namespace cardea::http
