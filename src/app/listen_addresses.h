// SPDX-License-Identifier: Apache-2.0
// Where listeners of Gateways without addresses listen.
#pragma once

#include <string>
#include <vector>

namespace cardea::app {

// `asked`; when that is nothing, all that the machine has, written out: a kernel may lack IPv6.
std::vector<std::string> listen_addresses(const std::vector<std::string>& asked);

}  // namespace cardea::app
