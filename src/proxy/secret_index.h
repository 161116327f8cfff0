// SPDX-License-Identifier: Apache-2.0
// The Secrets of a set of plans by Gateway and id, while TLS contexts are built of them. Control thread.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "plan/plan.h"

namespace cardea::proxy {

class SecretIndex {
 public:
  // `plans` outlive this.
  explicit SecretIndex(const plan::PlanSet& plans);

  // Null: the Gateway's plan has none of that id.
  const plan::Certificate* certificate(const plan::ObjectName& gateway, const std::string& id) const;
  const plan::CaBundle* ca_bundle(const plan::ObjectName& gateway, const std::string& id) const;

 private:
  template <class Part>
  using Index = std::map<std::pair<plan::ObjectName, std::string>, const Part*>;

  Index<plan::Certificate> certificates_;
  Index<plan::CaBundle> ca_bundles_;
};

// A part's hash as bytes, to be appended to the identity of what is built of it.
std::string identity_of(const plan::Hash& hash);

}  // namespace cardea::proxy
