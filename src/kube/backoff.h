// SPDX-License-Identifier: Apache-2.0
// The waits between tries to reach the API server.
#pragma once

#include "base/backoff.h"

namespace cardea::kube {

using base::Backoff;

}  // namespace cardea::kube
