// SPDX-License-Identifier: Apache-2.0
#include "proxy/choose_backend.h"

#include "proxy/worker.h"

namespace cardea::proxy {

Failure choose_backend(Request& request) {
  if (resume_session(request)) return {request.backend->fault, ""};
  request.backend = pick_backend(*request.rule, request.worker.random());
  if (!request.backend) return {Reason::NoBackends, ""};
  return {request.backend->fault, ""};
}

}  // namespace cardea::proxy
