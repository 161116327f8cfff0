// SPDX-License-Identifier: Apache-2.0
// The CA of the controllers' certificates as a value, and how it changes with time. Pure but for the keys that it makes.
//
// A CA is replaced with overlap: the next one is trusted for a while before it signs, so that every proxy has heard of it,
// and the one before is trusted for a while after it signed, so that no certificate in use is refused. The times are those
// of the CAs' own certificates, so that nothing else has to be kept.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/value.h"
#include "base/x509_issue.h"

namespace cardea::cluster {

struct CaPolicy {
  std::chrono::seconds life{365 * 24 * 3600};
  std::chrono::seconds replace_after{240 * 24 * 3600};  // of its life
  std::chrono::seconds overlap{24 * 3600};
  std::chrono::seconds server_life{7 * 24 * 3600};  // of the certificates that it issues
};

struct CaState {
  base::IssuedCertificate current;               // signs
  std::optional<base::IssuedCertificate> next;   // is trusted already
  std::string previous_pem;                      // is trusted still; empty: none

  // What proxies are to trust.
  std::string bundle() const;
};

// What it should be now; nothing: as it is. A CA that is not good any more (or no state) gives a new one at once.
base::Result<std::optional<CaState>> advance(const std::optional<CaState>& state, const CaPolicy& policy, base::WallTime now);

// As a Secret's `data` (base64), and back: nothing when it cannot be read.
base::Value to_data(const CaState& state);
std::optional<CaState> from_data(const base::Value& data);

}  // namespace cardea::cluster
