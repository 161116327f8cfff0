// SPDX-License-Identifier: Apache-2.0
// OverlappingTLSConfig (facts, 2.3, 6.9): listeners of one port that terminate TLS and whose hostnames overlap, or whose
// certificates have names (subjectAltName) that do. A client that reuses a connection for another host (HTTP/2 coalescing)
// may reach the wrong one of them.
#pragma once

#include "translate/model.h"

namespace cardea::translate {

// Marks every listener involved, own and of sets.
void mark_overlapping_tls(GatewayModel& gateway);

}  // namespace cardea::translate
