// SPDX-License-Identifier: Apache-2.0
// What a server sends on a watch: split anywhere, the same events come out, and nothing is larger than allowed.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/line_splitter.h"
#include "kube/watch.h"

namespace {

using cardea::base::LineSplitter;

constexpr std::size_t kMax = 256;

bool take(LineSplitter& lines, std::string_view piece, std::vector<std::string>& found) {
  const bool fits = lines.append(piece);
  while (const auto line = lines.next()) {
    if (line->size() > kMax) __builtin_trap();
    found.emplace_back(*line);
  }
  return fits && !lines.has_line();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t split = data[0] % (text.size() + 1);
  LineSplitter whole(kMax), pieces(kMax);
  std::vector<std::string> one, two;
  const bool fine = take(whole, text, one);
  const bool also = take(pieces, text.substr(0, split), two) && take(pieces, text.substr(split), two);
  if (fine && also && one != two) __builtin_trap();
  for (const std::string& line : one) (void)cardea::kube::parse_watch_event(line);
  return 0;
}
