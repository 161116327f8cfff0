// SPDX-License-Identifier: Apache-2.0
// PlanStream: the controller's side of one proxy's stream (plan/wire.h), once the exchange is answered. It has at most one
// plan under way: the next one is what is newest when the proxy has reported the last, however many there were meanwhile.
//
// Runs in its connection's task; control thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "async/loop.h"
#include "async/stop.h"
#include "base/result.h"
#include "cluster/proxies.h"
#include "conn/exchange.h"
#include "conn/line_channel.h"
#include "plan/plan.h"
#include "plan/wire.h"
#include "plan/wire_delta.h"

namespace cardea::cluster {

class PlanStream {
 public:
  struct Context {
    Proxies& proxies;
    async::Signal& published;         // there may be a newer plan, or the proxy may not have it any more
    std::function<void()> observed;   // called when a proxy reported something
    std::function<bool()> permitted;  // whether the proxy may still have plans of that Gateway
    async::StopToken stop;
    std::string controller;  // who we say we are
    std::string version;
    std::uint64_t stream_life = 0;  // milliseconds; then the proxy has to prove itself again
    std::uint64_t report_timeout = 0;
  };

  // `exchange` was answered with a head; `id` is this stream's alone. `pod`: the proxy's name, where its token told it.
  PlanStream(conn::Exchange& exchange, Context context, Proxies::Stream id, plan::ObjectName gateway, std::string pod);

  // Until one side ends; why, for the log.
  async::Task<std::string> run();
  const std::string& name() const { return pod_; }

 private:
  void take_in();
  void take(const plan::wire::Hello& hello);
  void take(const plan::wire::Report& report);
  void take(const plan::wire::Holding& holding);
  void take(const plan::wire::Take&) { taking_ = true; }
  void take(const plan::wire::Beat&) {}
  void take(const plan::wire::UnknownMessage&) {}
  void say_more();
  std::optional<std::string> next_text();
  void look_at_clock();
  async::Deadline next_deadline() const;
  void end(std::string why) {
    if (!ended_) ended_ = std::move(why);
  }

  conn::Exchange& exchange_;
  Context context_;
  const Proxies::Stream id_;
  const plan::ObjectName gateway_;
  std::string pod_;
  conn::LineChannel channel_;
  async::Loop& loop_;

  std::optional<std::string> ended_;
  bool hurry_ = false;  // there is more to do than was done
  bool connected_ = false;
  bool taking_ = false;
  plan::wire::Hashes held_;           // what the proxy said that it holds; until its first report of a plan of ours
  plan::Ref<plan::Plan> base_;        // the last plan of ours that it reported
  plan::Ref<plan::Plan> under_way_;   // the plan that it should report next
  std::optional<plan::wire::Delta> delta_;  // what is left to say of it
  async::Deadline beat_at_;
  async::Deadline silent_at_;
  async::Deadline report_due_ = async::kNever;
  async::Deadline life_ends_;
};

}  // namespace cardea::cluster
