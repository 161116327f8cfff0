// SPDX-License-Identifier: Apache-2.0
#include "api/decode/kinds.h"

namespace cardea::api {

// The label is set by every API server, so selectors may count on it.
void read(Fields& in, Namespace& out) {
  in.ignored(Shape::Object, {"spec"});
  out.metadata.labels.set(std::string(kNamespaceNameLabel), out.metadata.name);
}

}  // namespace cardea::api
