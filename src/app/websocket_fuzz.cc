// SPDX-License-Identifier: Apache-2.0
// Frames of a client, in two pieces: what comes back must not depend on where they were cut.
#include <cstdlib>

#include "app/websocket.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  cardea::app::WebSocketEcho whole, cut;
  std::string from_whole, from_cut;
  whole.receive(bytes, from_whole);
  const std::size_t at = bytes.empty() ? 0 : data[0] % bytes.size();
  cut.receive(bytes.substr(0, at), from_cut);
  cut.receive(bytes.substr(at), from_cut);
  if (from_whole != from_cut || whole.closed() != cut.closed()) std::abort();
  return 0;
}
