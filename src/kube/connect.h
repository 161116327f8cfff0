// SPDX-License-Identifier: Apache-2.0
// Connector: new connections to the API server: TCP, and TLS over it with the credentials as they are now. Part of Client.
#pragma once

#include <memory>
#include <string>

#include "async/task.h"
#include "base/result.h"
#include "kube/config.h"
#include "kube/credentials.h"
#include "net/stream.h"

namespace cardea::net {
class TlsClientContext;
}

namespace cardea::kube {

// A server that is gone without a word is found out after kKeepAliveIdle + kKeepAliveCount * kKeepAliveInterval seconds.
inline constexpr int kKeepAliveIdle = 30;      // seconds
inline constexpr int kKeepAliveInterval = 10;  // seconds
inline constexpr int kKeepAliveCount = 3;

// For the Host field: "10.96.0.1:443", "[fd00::1]:6443".
std::string authority_of(const Config& config);

struct Opened {
  std::shared_ptr<const net::TlsClientContext> context;  // what the stream needs; null without TLS
  std::unique_ptr<net::Stream> stream;
};

class Connector {
 public:
  // Both outlive this.
  Connector(const Config& config, Credentials& credentials) : config_(config), credentials_(credentials) {}

  // A name is resolved anew for every connection, by the system's resolver: that blocks, and only kubeconfig files name
  // servers so.
  async::Task<base::Result<Opened>> open(async::Loop& loop, async::Deadline deadline);

 private:
  base::Result<> renew_context();

  const Config& config_;
  Credentials& credentials_;
  std::shared_ptr<const net::TlsClientContext> context_;
  std::uint64_t context_version_ = 0;  // of the credentials in it
};

}  // namespace cardea::kube
