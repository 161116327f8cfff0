// SPDX-License-Identifier: Apache-2.0
#include "translate/tls_options.h"

#include <fmt/format.h>

namespace cardea::translate {
namespace {

constexpr std::string_view kDomain = "gateway.cardea.dev/";
constexpr std::string_view kMinVersion = "gateway.cardea.dev/tls-min-version";

}  // namespace

base::Result<TlsOptions> read_tls_options(const api::StringMap& options) {
  TlsOptions read;
  for (const auto& [name, value] : options) {
    if (!std::string_view(name).starts_with(kDomain)) continue;
    if (name != kMinVersion) return base::fail(fmt::format("options: {} is not known; {} is", name, kMinVersion));
    if (value != "1.2" && value != "1.3") return base::fail(fmt::format("options: {} must be \"1.2\" or \"1.3\"", name));
    read.min_version = value;
  }
  return read;
}

}  // namespace cardea::translate
