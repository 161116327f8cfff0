// SPDX-License-Identifier: Apache-2.0
// Makes certificates: a CA that signs itself, and what it issues (RFC 5280), all with ECDSA keys on P-256. Pure but for the
// random bytes of keys and serial numbers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace cardea::base {

struct IssuedCertificate {
  std::string certificate_pem;
  std::string key_pem;
};

struct Validity {
  WallTime not_before;
  WallTime not_after;
};

// A CA for end certificates only (pathLenConstraint 0).
Result<IssuedCertificate> make_ca(std::string_view common_name, Validity validity);

// A certificate for TLS servers with these DNS names, the first one its common name too.
Result<IssuedCertificate> issue_server_certificate(const IssuedCertificate& ca, const std::vector<std::string>& dns_names, Validity validity);

}  // namespace cardea::base
