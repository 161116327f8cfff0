// SPDX-License-Identifier: Apache-2.0
// RouteCompiler: from a set of plans to a RouteTable. Keeps what tables share (compiled expressions, backend slots) and
// reuses every part of the previous table whose plan did not change: a listener by pointer or hash, then a virtual
// host, then a rule. So one changed route costs its virtual host, and pointer copies for the rest.
//
// One per data plane, used on the control thread, outlived by no table.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "plan/plan.h"
#include "proxy/effective_settings.h"
#include "proxy/route_table.h"

namespace cardea::proxy {

class RouteCompiler {
 public:
  // Both outlive the compiler and its tables.
  RouteCompiler(Metrics& metrics, SettingsTable& settings)
      : metrics_(metrics), settings_(settings), slots_(std::make_shared<BackendSlots>()) {}

  // `default_addresses`: where listeners without addresses of their own listen. `previous` may be null.
  std::shared_ptr<const RouteTable> compile(const plan::PlanSet& plans, std::span<const std::string> default_addresses,
                                            const RouteTable* previous);

  BackendSlots& slots() { return *slots_; }

 private:
  class Pass;

  Metrics& metrics_;
  SettingsTable& settings_;
  RegexCache regexes_;
  std::shared_ptr<BackendSlots> slots_;
};

}  // namespace cardea::proxy
