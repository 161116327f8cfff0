// SPDX-License-Identifier: Apache-2.0
// What a person reads in the log of `cardea serve`: what is served where, what changed, and what is wrong. Pure but for
// Report, which remembers what it has said. Control thread only.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "control/control_loop.h"
#include "plan/plan.h"
#include "translate/observed.h"
#include "translate/status/status.h"

namespace cardea::app {

// "Gateway shop/http, listener web: HTTP port 80 at 127.0.0.1:8080; hosts shop.localhost, *.shop.localhost; 3 routes"
std::vector<std::string> describe_listeners(const plan::Plan& plan, const translate::Observed& observed,
                                            const std::vector<std::string>& bind_addresses);

// The conditions of a status that are not as they should be:
// "HTTPRoute shop/cart (parent http): ResolvedRefs is False, BackendNotFound: Service shop/cart does not exist"
std::vector<std::string> complaints(const translate::ObjectStatus& status);

// "Gateway shop/http: 1 listener added, 2 changed; endpoints of 3 backends"
std::string describe_change(const control::Outcome::GatewayChange& change);

class Report {
 public:
  explicit Report(std::vector<std::string> bind_addresses) : bind_addresses_(std::move(bind_addresses)) {}

  // Logs what a run of the control loop did.
  void after(const control::Outcome& outcome, const control::ControlLoop& control);
  // Logs the problems of the sources that are new, and those that are gone. `what`: "manifests", "status files".
  void problems(const std::string& what, const std::vector<std::string>& now);
  void notes(const std::vector<std::string>& notes);

 private:
  void statuses(const control::Outcome& outcome, const control::ControlLoop& control);

  std::vector<std::string> bind_addresses_;
  std::map<std::string, std::set<std::string>> problems_;             // by `what`
  std::map<api::ObjectId, std::vector<std::string>> complaints_;      // that were said
  std::map<plan::ObjectName, std::vector<std::string>> listeners_;    // lines that were said
};

}  // namespace cardea::app
