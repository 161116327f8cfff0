// SPDX-License-Identifier: Apache-2.0
#include "proxy/secret_index.h"

namespace cardea::proxy {

SecretIndex::SecretIndex(const plan::PlanSet& plans) {
  for (const auto& plan : plans) {
    if (!plan->secrets) continue;
    for (const auto& certificate : plan->secrets->certificates) certificates_[{plan->gateway, certificate->id}] = certificate.get();
    for (const auto& bundle : plan->secrets->ca_bundles) ca_bundles_[{plan->gateway, bundle->id}] = bundle.get();
  }
}

const plan::Certificate* SecretIndex::certificate(const plan::ObjectName& gateway, const std::string& id) const {
  const auto found = certificates_.find({gateway, id});
  return found == certificates_.end() ? nullptr : found->second;
}

const plan::CaBundle* SecretIndex::ca_bundle(const plan::ObjectName& gateway, const std::string& id) const {
  const auto found = ca_bundles_.find({gateway, id});
  return found == ca_bundles_.end() ? nullptr : found->second;
}

std::string identity_of(const plan::Hash& hash) {
  return {reinterpret_cast<const char*>(hash.bytes.data()), hash.bytes.size()};
}

}  // namespace cardea::proxy
