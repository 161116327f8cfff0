// SPDX-License-Identifier: Apache-2.0
// A client's connection from accept to close: TLS where the bind has it, then one exchange after another. Never idle with
// a buffer. Worker's thread.
#pragma once

#include "async/task.h"
#include "net/descriptor.h"
#include "net/socket_address.h"
#include "proxy/worker.h"

namespace cardea::proxy {

async::Task<void> serve_connection(Worker& worker, WorkerBind& bind, net::Descriptor socket, net::SocketAddress peer);

// A connection was closed because there are too many.
void count_refused_connection(Worker& worker, const WorkerBind& bind);

}  // namespace cardea::proxy
