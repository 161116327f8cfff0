// SPDX-License-Identifier: Apache-2.0
// Kubeconfig files: any text gives a Config or an error.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kube/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto config = cardea::kube::parse_kubeconfig({reinterpret_cast<const char*>(data), size}, "/folder");
  if (config && config->host.empty()) __builtin_trap();
  return 0;
}
