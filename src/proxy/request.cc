// SPDX-License-Identifier: Apache-2.0
#include "proxy/request.h"

#include "proxy/worker.h"

namespace cardea::proxy {

const EffectiveSettings& Request::all_settings() const {
  if (listener) return listener->settings();
  return bind ? bind->settings() : worker.all_settings();
}

}  // namespace cardea::proxy
