// SPDX-License-Identifier: Apache-2.0
// Any bytes as Forwarded: reading ends, and what was read says the same when it is written and read again.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/forwarded.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cardea::http;
  TextArena arena;
  ForwardedElements elements({reinterpret_cast<const char*>(data), size}, arena);
  while (const auto element = elements.next()) {
    const auto address = node_address(element->for_node);
    const std::string text = std::string("for=") + std::string(forwarded_value(element->for_node, arena));
    ForwardedElements again(text, arena);
    const auto same = again.next();
    if (!same || same->for_node != element->for_node || again.next() || again.malformed()) std::abort();
    if (address) {
      const std::string ip = cardea::base::to_string(*address);
      const std::string node = std::string("for=") + std::string(forwarded_node(ip, arena));
      ForwardedElements plain(node, arena);
      if (node_address(plain.next()->for_node) != address) std::abort();
    }
  }
  return 0;
}
