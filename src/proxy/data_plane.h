// SPDX-License-Identifier: Apache-2.0
// DataPlane: workers that serve a set of plans. The only door into this room for control, standalone and app.
//
// All functions are called from one thread (the control thread), which also builds and frees what the workers read.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "plan/plan.h"
#include "proxy/settings.h"

namespace cardea::proxy {

class Metrics;  // proxy/metrics.h

// An address that was asked for and could not be bound; its listeners are not served there, all others are.
struct BindFailure {
  std::string address;  // as in plan::Listener::addresses or Settings::bind_addresses
  std::uint16_t port = 0;
  std::string reason;  // "Address already in use"
};

// A part of a plan that the data plane could not take (say a certificate that does not load); the rest is live.
struct Refusal {
  plan::ObjectName gateway;
  std::string part;  // "listener https", "certificate default/shop"
  std::string reason;
};

// What is true once every worker serves the plans given to apply().
struct Applied {
  std::vector<std::string> addresses;  // really bound, as text; wildcard binds appear as "0.0.0.0" and "::"
  std::vector<BindFailure> bind_failures;
  std::vector<Refusal> refusals;
};

class DataPlane {
 public:
  // Called on worker threads' behalf by the control thread with whole lines of the access log.
  using LogSink = std::function<void(std::string_view lines)>;

  // What a name that an endpoint gives in place of an address leads to at present (EndpointNames); none while that is not known.
  using Resolve = std::function<std::vector<base::IpAddress>(std::string_view name)>;

  // Its workers start with the first plans: those may set their number.
  static base::Result<std::unique_ptr<DataPlane>> start(Settings settings, LogSink access_log, Resolve resolve = {});
  virtual ~DataPlane() = default;  // ends at once what still runs

  // Brings the plans live and returns when every worker serves them: listeners that did not change are not reopened, and
  // requests under way finish under the tables that they began with.
  virtual Applied apply(const plan::PlanSet& plans) = 0;

  // The names that endpoints of what is live give, sorted; and to be called when one leads somewhere else: brings that live.
  virtual std::vector<std::string> names() const = 0;
  virtual void resolve_again() = 0;

  // Stops accepting, answers with `Connection: close`, closes idle connections. Returns at once; `drained` tells.
  virtual void begin_drain() = 0;
  virtual bool drained() const = 0;
  // Hands buffered log lines to the sink; call it a few times a second.
  virtual void flush_logs() = 0;

  virtual const Metrics& metrics() const = 0;
};

}  // namespace cardea::proxy
