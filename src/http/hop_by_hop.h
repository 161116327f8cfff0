// SPDX-License-Identifier: Apache-2.0
// What a gateway takes out of a message before it forwards it (RFC 9110 section 7.6.1), the same in both directions:
// every field that Connection nominates, and Connection, Keep-Alive, Proxy-Connection, Transfer-Encoding,
// HTTP2-Settings, Upgrade (unless the exchange upgrades), TE (but for "trailers").
//
// A message whose Connection nominates what framing or routing stands on (Host, Content-Length, Transfer-Encoding) is
// refused: a next hop that obeyed would read another message than we did.
#pragma once

#include "http/fault.h"
#include "http/fields.h"

namespace cardea::http {

// Fault::None, or why the message must not be forwarded. To be called once per head, before our own fields are added;
// and after upgrade_kind(), wants_keep_alive() and the like have read Connection. `keep_upgrade` leaves Upgrade alone
// (an exchange that upgrades; a 426). A cheap no-op when there is nothing to remove.
Fault strip_hop_by_hop(Fields& fields, bool keep_upgrade);

}  // namespace cardea::http
