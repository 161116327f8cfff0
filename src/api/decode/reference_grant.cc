// SPDX-License-Identifier: Apache-2.0
#include "api/decode/kinds.h"

namespace cardea::api {

void read(Fields& in, ReferenceGrantFrom& out) {
  in.required("group", out.group, kGroup);
  in.required("kind", out.kind, kKindName);
  in.required("namespace", out.namespace_, kNamespaceName);
}

void read(Fields& in, ReferenceGrantTo& out) {
  in.required("group", out.group, kGroup);
  in.required("kind", out.kind, kKindName);
  in.optional("name", out.name, kObjectName);
}

void read(Fields& in, ReferenceGrantSpec& out) {
  in.required("from", out.from, ListRule{1, 16});
  in.required("to", out.to, ListRule{1, 16});
}

void read(Fields& in, ReferenceGrant& out) { in.required("spec", out.spec); }

}  // namespace cardea::api
