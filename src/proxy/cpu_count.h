// SPDX-License-Identifier: Apache-2.0
// How many CPUs this process may use: its affinity mask, and the quota of its control group (v1 or v2), whichever is
// less, at least one. A container with a quota of two CPUs on a host of 64 gets two workers.
#pragma once

namespace cardea::proxy {

unsigned usable_cpus();

}  // namespace cardea::proxy
