// SPDX-License-Identifier: Apache-2.0
// A new connection to the API server: TCP, and TLS over it.
#pragma once

#include <memory>
#include <string>

#include "async/task.h"
#include "base/result.h"
#include "kube/config.h"
#include "kube/credentials.h"
#include "net/stream.h"

namespace cardea::kube {

// For the Host field: "10.96.0.1:443", "[fd00::1]:6443".
std::string authority_of(const Config& config);

// `config` and `credentials` outlive the call. A name is resolved anew for every connection, by the system's resolver:
// that blocks, and only kubeconfig files name servers so.
async::Task<base::Result<std::unique_ptr<net::Stream>>> open_stream(async::Loop& loop, const Config& config,
                                                                   const Credentials& credentials, async::Deadline deadline);

}  // namespace cardea::kube
