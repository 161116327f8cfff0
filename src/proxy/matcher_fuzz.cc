// SPDX-License-Identifier: Apache-2.0
// Bytes choose a virtual host and requests; the compiled matcher must answer as the reference does.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "proxy/matcher.h"
#include "proxy/matcher_reference.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cardea;
  std::size_t at = 0;
  proxy::reference::Source source([&](std::uint32_t bound) { return at < size ? data[at++] % bound : 0; });
  proxy::RegexCache regexes;
  const auto host = plan::seal(source.host());
  const proxy::Matcher matcher(host, regexes);
  for (int i = 0; i < 8 && at < size; ++i) {
    proxy::reference::Request request = source.request();
    // The rest of the bytes as texts of the request too, as far as a parser would let them through.
    if (i == 7) request.query.assign(reinterpret_cast<const char*>(data) + at, size - at);
    http::RequestHead head;
    request.fill(head);
    http::TextArena arena;
    if (matcher.find(head, arena) != proxy::reference::find(*host, request)) std::abort();
  }
  return 0;
}
