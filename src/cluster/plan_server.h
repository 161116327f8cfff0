// SPDX-License-Identifier: Apache-2.0
// PlanServer: a PlanSink that serves plans to proxies over TLS (plan/wire.h): each proxy gets the plan of its own Gateway
// and nothing else, by the ServiceAccount that its token proves. What they answer comes back as observed().
//
// Every replica of the controller has one, leader or not. Control thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "async/loop.h"
#include "async/scope.h"
#include "async/stop.h"
#include "async/task.h"
#include "base/counters.h"
#include "base/ip.h"
#include "base/result.h"
#include "cluster/proxies.h"
#include "conn/buffer.h"
#include "conn/exchange.h"
#include "control/plan_sink.h"
#include "http/limits.h"
#include "net/tcp.h"
#include "net/tls.h"

namespace cardea::cluster {

// Who a token proves its bearer to be.
struct Caller {
  plan::ObjectName account;  // ServiceAccount
  std::string pod;           // that the token is bound to; empty: to none
};
// Why somebody gets no plans: the answer's status (401, 403, 503) and text.
struct Refused {
  std::uint16_t status;
  std::string why;
};
using Authenticate = std::function<async::Task<std::expected<Caller, Refused>>(std::string token)>;

// Flags of `cardea controller`, whose defaults these are.
struct PlanServerLimits {
  std::chrono::milliseconds stream_life{30 * 60'000};  // then a proxy has to prove itself again
  std::chrono::milliseconds report_timeout{60'000};    // for a plan that was sent to be live
  std::chrono::milliseconds proof_timeout{10'000};     // for each of the handshake, the head, and a refusal to be taken
  std::uint32_t max_unproven = 256;                    // connections that have not proven themselves; more are closed
};

struct PlanServerOptions {
  std::string controller;  // who we say we are: the pod's name
  std::string version;
  PlanServerLimits limits{};
};

class PlanServer final : public control::PlanSink {
 public:
  // What handshakes show, as it is now: null refuses. Called for each.
  using Identity = std::function<std::shared_ptr<const net::TlsContext>()>;

  PlanServer(async::Loop& loop, PlanServerOptions options, Identity identity, Authenticate authenticate);
  ~PlanServer() override;
  PlanServer(const PlanServer&) = delete;
  PlanServer& operator=(const PlanServer&) = delete;

  // Serves there from now on; the address with the real port when 0 was asked for.
  base::Result<base::IpPort> listen(const base::IpPort& address);
  // Ends every stream, properly, and accepts nothing more; before this dies.
  async::Task<void> stop();

  // Whose proxies run as which ServiceAccount; who is not named any more is cut off.
  void permit(std::map<plan::ObjectName, plan::ObjectName> gateways_by_account);

  void publish(const plan::PlanSet& plans) override;
  translate::Observed observed() const override { return proxies_.observed(); }
  // Raised when observed() may have changed.
  async::Signal& changed() { return changed_; }

  struct Metrics {
    base::Gauge streams;
    base::Counter refused;  // connections and requests that got no stream
    base::Counter reports;
  };
  const Metrics& metrics() const { return metrics_; }

 private:
  struct Connection;
  static async::Task<void> accept(PlanServer* self, net::Descriptor listening);
  static async::Task<void> serve(PlanServer* self, net::Descriptor socket, net::SocketAddress peer);
  static async::Task<void> forget_gone(PlanServer* self);
  async::Task<void> serve_requests(net::Stream& stream, const std::string& peer, bool& proven);
  async::Task<void> answer(conn::Exchange& exchange, const std::string& peer, bool& proven);
  async::Task<std::expected<std::pair<plan::ObjectName, Caller>, Refused>> admit(conn::Exchange& exchange);
  void tell_changed();
  async::Deadline proof_ends() const;

  async::Loop& loop_;
  PlanServerOptions options_;
  Identity identity_;
  Authenticate authenticate_;
  Proxies proxies_;
  std::map<plan::ObjectName, plan::ObjectName> gateways_by_account_;
  async::Signal published_;
  async::Signal changed_;
  async::StopSource stop_;
  async::TaskScope tasks_;
  conn::BufferPool buffers_;
  http::Limits limits_;
  net::TicketKeys ticket_keys_;
  net::TlsFront front_;
  Proxies::Stream last_stream_ = 0;
  std::uint32_t unproven_ = 0;
  Metrics metrics_;
};

}  // namespace cardea::cluster
