// SPDX-License-Identifier: Apache-2.0
// The options of TLS that are ours: keys of the domain gateway.cardea.dev in `options` of a listener's tls and of a
// BackendTLSPolicy. Those of other domains are not ours to judge.
//   gateway.cardea.dev/tls-min-version: "1.2" | "1.3"
#pragma once

#include <string>

#include "api/string_map.h"
#include "base/result.h"

namespace cardea::translate {

struct TlsOptions {
  std::string min_version;  // empty: as the settings say
};
base::Result<TlsOptions> read_tls_options(const api::StringMap& options);

}  // namespace cardea::translate
