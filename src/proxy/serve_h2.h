// SPDX-License-Identifier: Apache-2.0
// A client's connection of HTTP/2: every stream is a task of its own. Worker's thread.
#pragma once

#include <string>

#include "async/task.h"
#include "proxy/client_connection.h"

namespace cardea::proxy {

// `first`: what was read of the connection already.
async::Task<void> serve_h2(Client& client, std::string first);

}  // namespace cardea::proxy
