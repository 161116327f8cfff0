// SPDX-License-Identifier: Apache-2.0
// Which backendRef of its rule a request goes to.
#pragma once

#include "proxy/failure.h"
#include "proxy/request.h"

namespace cardea::proxy {

// That of the client's session, else one drawn by weight: sets `request.backend`.
Failure choose_backend(Request& request);

}  // namespace cardea::proxy
