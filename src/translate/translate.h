// SPDX-License-Identifier: Apache-2.0
// Translation: what the resources mean. The only door into this room.
//
// A pure function: same arguments, same answer; no clock, no I/O, no global. Any thread may call it. It never fails: what
// is wrong with an object becomes a condition in that object's status, and everything else goes on.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/resources.h"
#include "plan/plan.h"
#include "translate/observed.h"
#include "translate/options.h"
#include "translate/status/status.h"

namespace cardea::translate {

struct Memory;

struct Translation {
  // One plan for every Gateway that is ours and accepted, sorted by name.
  plan::PlanSet plans;
  // One for every object whose status is ours to write, sorted by `object`. Equal to the one before: the same pointer.
  std::vector<std::shared_ptr<const ObjectStatus>> statuses;
  // What a person should hear once and no status can say ("GatewayClass x is of controller y: left alone").
  std::vector<std::string> notes;
  // For the next translation: results of steps whose inputs will be the same.
  std::shared_ptr<const Memory> memory;
};

// `previous` is only for speed and sharing: parts of its plans and its statuses are used again where they are equal, so
// that whoever compares pointers sees what changed.
Translation translate(const api::Resources& resources, const Observed& observed, const Options& options,
                      const Translation* previous = nullptr);

}  // namespace cardea::translate
