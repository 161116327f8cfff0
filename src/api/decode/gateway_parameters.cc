// SPDX-License-Identifier: Apache-2.0
#include "api/decode/kinds.h"

namespace cardea::api {

void read(Fields& in, GatewayParameters& out) {
  out.spec = base::Value(base::Value::Object{});
  const base::Value* spec = in.take("spec");
  if (!spec || spec->is_null()) return;
  if (spec->is_object()) {
    out.spec = *spec;
  } else {
    in.fail({"spec"}, "must be an object");
  }
}

}  // namespace cardea::api
