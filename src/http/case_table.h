// SPDX-License-Identifier: Apache-2.0
// Reads the tables of raw bytes and verdicts in testdata/ (their form is told at the head of h1_requests.txt). For
// tests.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cardea::http {

struct RawCase {
  int line = 0;  // of the title
  std::string title;
  std::string bytes;
  std::string verdict;  // behind "=> "
};

// Ends the test program when the file is missing or not understood.
std::vector<RawCase> read_case_table(std::string_view file);
// Undoes the escapes of a table.
std::string unescape(std::string_view text);
std::vector<std::string> split_words(std::string_view text, char separator = ' ');

}  // namespace cardea::http
