// SPDX-License-Identifier: Apache-2.0
#include "http/hop_by_hop.h"

#include <gtest/gtest.h>

#include <string>

#include "http/case_table.h"

namespace cardea::http {
namespace {

// Lines "name: value", what is left of them after stripping, or the fault.
std::string strip(std::string_view lines, bool keep_upgrade = false) {
  Fields fields;
  const auto words = split_words(lines, '|');
  for (const std::string& line : words) {
    const std::size_t colon = line.find(':');
    fields.append(std::string_view(line).substr(0, colon), std::string_view(line).substr(colon + 1));
  }
  const Fault fault = strip_hop_by_hop(fields, keep_upgrade);
  if (fault != Fault::None) return std::string(fault_name(fault));
  std::string left;
  for (const Field& field : fields) {
    if (!left.empty()) left += "|";
    left.append(field.name).append(":").append(field.value);
  }
  return left;
}

TEST(HopByHop, Table) {
  struct Row {
    const char* received;
    const char* left;
  };
  const Row rows[] = {
      {"Host:a|Accept:b", "Host:a|Accept:b"},
      {"Host:a|Connection:keep-alive|Keep-Alive:timeout=5", "Host:a"},
      {"Host:a|Proxy-Connection:keep-alive", "Host:a"},
      {"Host:a|Keep-Alive:timeout=5", "Host:a"},
      {"Connection:X-Mine, x-yours|X-Mine:1|X-Yours:2|X-Other:3|x-mine:4", "X-Other:3"},
      {"Connection:X-Mine|Connection: X-Yours|X-Mine:1|X-Yours:2", ""},
      {"Connection:,, X-Mine ,|X-Mine:1", ""},
      {"Connection:Authorization, Cookie|Authorization:a|Cookie:b|Accept:c", "Accept:c"},
      {"Connection:close, close-up|close-up:1", ""},
      {"Upgrade:websocket|Connection:upgrade", ""},
      {"Upgrade:h2c|HTTP2-Settings:AAA|Connection:Upgrade, HTTP2-Settings", ""},
      {"TE:trailers|Connection:TE", "TE:trailers"},
      {"TE:gzip;q=0.5, trailers|Connection:TE", "TE:trailers"},
      {"TE:gzip", ""},
      {"TE:gzip|te:trailers", "TE:trailers"},
      {"Transfer-Encoding:chunked|A:b", "A:b"},
      {"Trailer:X-Sum|A:b", "Trailer:X-Sum|A:b"},
      {"Connection:Host|Host:a", "bad_connection_option"},
      {"Connection:content-length|Content-Length:5", "bad_connection_option"},
      {"Connection:close, Transfer-Encoding", "bad_connection_option"},
      {"Connection:a b", "bad_connection_option"},
      {"Connection:\"close\"", "bad_connection_option"},
  };
  for (const Row& row : rows) EXPECT_EQ(strip(row.received), row.left) << row.received;
}

TEST(HopByHop, KeepsUpgradeWhenTold) {
  EXPECT_EQ(strip("Upgrade:websocket|Connection:upgrade|A:b", true), "Upgrade:websocket|A:b");
}

TEST(HopByHop, OptionsAreBounded) {
  std::string connection = "Connection:";
  for (int i = 0; i < 33; ++i) connection += "x-" + std::to_string(i) + ",";
  EXPECT_EQ(strip(connection), "bad_connection_option");
}

}  // namespace
}  // namespace cardea::http
