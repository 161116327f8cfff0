// SPDX-License-Identifier: Apache-2.0
#include "api/decode/kinds.h"

namespace cardea::api {

void read(Fields& in, ListenerSetSpec& out) {
  in.required("parentRef", out.parent_ref);
  read_listeners(in, out.listeners);
}

void read(Fields& in, ListenerSet& out) { in.required("spec", out.spec); }

}  // namespace cardea::api
