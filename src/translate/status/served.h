// SPDX-License-Identifier: Apache-2.0
// What was observed of one Gateway, ready to be asked about each of its listeners.
#pragma once

#include <map>
#include <string>

#include "plan/diff.h"
#include "translate/model.h"
#include "translate/observed.h"

namespace cardea::translate {

class ServedGateway {
 public:
  // `observed` must outlive it.
  ServedGateway(const GatewayModel& gateway, const Observed& observed);

  const Observed& observed() const { return observed_; }
  // Null: nothing was observed of it yet.
  const GatewayObserved* own() const { return own_; }
  // The plan that the data plane serves, or null.
  const plan::Plan* plan() const { return own_ ? own_->served.get() : nullptr; }
  // Whether it serves this listener as it is now; its routes may still be on their way.
  bool serves(const plan::Listener& wanted) const;
  // ": waiting for web-cardea-1, web-cardea-2", for messages; empty when nobody lags behind.
  std::string laggards() const;
  // Why the data plane could not take the listener, or null.
  const Refusal* refusal_of(const ListenerModel& listener) const;

 private:
  const Observed& observed_;
  const GatewayObserved* own_ = nullptr;
  std::map<plan::ListenerId, const plan::Listener*> listeners_;
};

}  // namespace cardea::translate
