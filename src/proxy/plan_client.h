// SPDX-License-Identifier: Apache-2.0
// PlanClient: the proxy's end of the stream of plans (plan/wire.h). Calls every controller that there is, takes plans from
// one of them and reports to all. While none can be reached the last plan stays live.
//
// It proves who it is by a token, and believes a controller whose certificate is of the CA: both are files, read anew for
// each connection. One loop's thread, which is the one that calls DataPlane.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/loop.h"
#include "async/scope.h"
#include "async/stop.h"
#include "async/task.h"
#include "base/backoff.h"
#include "base/counters.h"
#include "base/ip.h"
#include "base/result.h"
#include "conn/buffer.h"
#include "conn/h1_client.h"
#include "http/limits.h"
#include "net/resolver.h"
#include "plan/plan.h"
#include "plan/wire.h"
#include "plan/wire_assembly.h"
#include "proxy/data_plane.h"

namespace cardea::proxy {

struct PlanClientOptions {
  struct Controller {
    std::string host;  // an IP address, or a name: every address that it has is a controller
    std::uint16_t port = 0;
  };
  std::vector<Controller> controllers;
  std::optional<plan::ObjectName> gateway{};  // whose plan is taken; nothing: whatever comes
  std::string token_file;
  std::string ca_file;
  std::string server_name{plan::wire::kAudience};  // that a controller's certificate must have
  std::string pod;                                 // who we say we are, where the token does not
  std::string version;
  std::string instance;  // of this run of the program
  std::chrono::milliseconds connect_timeout{5'000};  // for TCP, TLS and the answer's head
  std::chrono::milliseconds first_pause{100};        // before calling a controller again that could not be reached: it
  std::chrono::milliseconds longest_pause{5'000};    // doubles up to this
  std::chrono::milliseconds look_up_every{2'000};    // names
};

class PlanClient {
 public:
  // Brings a plan live and says what came of it: DataPlane::apply.
  using Apply = std::function<Applied(const plan::PlanSet& plans)>;
  // The addresses of a name.
  using LookUp = std::function<async::Task<base::Result<net::Resolved>>(std::string name)>;

  PlanClient(async::Loop& loop, PlanClientOptions options, Apply apply, LookUp look_up);
  ~PlanClient();
  PlanClient(const PlanClient&) = delete;
  PlanClient& operator=(const PlanClient&) = delete;

  // Until stop(), which ends every stream properly.
  async::Task<void> run();
  void stop();

  // From now on we tell that no traffic should come here.
  void begin_drain();
  // Asks the data plane again for what could not be bound.
  void apply_again();

  // Null before the first.
  const plan::Ref<plan::Plan>& plan() const { return plan_; }
  const plan::wire::Report& report() const { return report_; }
  // Why controllers cannot be reached, one line each; for people.
  std::vector<std::string> problems() const;

  struct Metrics {
    base::Gauge controllers;  // with a stream
    base::Counter streams;    // that were begun
    base::Counter failures;   // to have one, and streams that broke
    base::Counter plans;      // that were brought live
    base::Counter parts;      // that were received
  };
  const Metrics& metrics() const { return metrics_; }

 private:
  struct Link;    // to one controller
  class Talk;     // one stream
  friend class Talk;

  static async::Task<void> look_for_controllers(PlanClient* self);
  static async::Task<void> follow(PlanClient* self, std::shared_ptr<Link> link);
  async::Task<base::Result<>> talk(Link& link);
  async::Task<base::Result<>> converse(Link& link, conn::H1Client& client, async::Deadline deadline);
  async::Task<base::Result<std::vector<base::IpPort>>> addresses_of(const PlanClientOptions::Controller& controller);
  void set_controllers(const std::vector<base::IpPort>& found);

  void bring_live(plan::wire::Assembly::Made made);
  void apply_plan();
  void tell_report();

  async::Loop& loop_;
  PlanClientOptions options_;
  Apply apply_;
  LookUp look_up_;
  conn::BufferPool buffers_;
  http::Limits limits_;
  plan::wire::Assembly assembly_;
  plan::Ref<plan::Plan> plan_;
  std::vector<plan::wire::Refusal> not_understood_;
  plan::wire::Report report_;
  std::uint64_t report_version_ = 0;
  bool draining_ = false;

  std::map<base::IpPort, std::shared_ptr<Link>> links_;
  const Link* source_ = nullptr;  // whose plans we take
  async::Signal changed_;         // the report, or the source
  async::StopSource stop_;
  async::TaskScope tasks_;
  std::map<std::string, std::string> unknown_names_;  // why
  Metrics metrics_;
};

}  // namespace cardea::proxy
