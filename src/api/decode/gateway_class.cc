// SPDX-License-Identifier: Apache-2.0
#include "api/decode/kinds.h"

namespace cardea::api {

void read(Fields& in, GatewayClassSpec& out) {
  in.required("controllerName", out.controller_name, kControllerName);
  in.optional("parametersRef", out.parameters_ref);
  in.optional("description", out.description, TextRule{.max = 64});
}

void read(Fields& in, GatewayClass& out) { in.required("spec", out.spec); }

}  // namespace cardea::api
