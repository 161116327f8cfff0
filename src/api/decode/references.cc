// SPDX-License-Identifier: Apache-2.0
#include "api/decode/kinds.h"

namespace cardea::api {
namespace {

// A Service is reached by one of its ports; other kinds may need none.
void check_port(Fields& in, const BackendObjectReference& out) {
  if (!in.sound()) return;
  in.rule(!out.group.empty() || out.kind != "Service" || out.port.has_value(), {"port"},
          "is required when the backend is a Service");
}

void read_backend(Fields& in, BackendObjectReference& out) {
  in.optional("group", out.group, kGroup);
  in.optional("kind", out.kind, kKindName);
  in.required("name", out.name, kObjectName);
  in.optional("namespace", out.namespace_, kNamespaceName);
  in.optional("port", out.port, kPort);
}

}  // namespace

void read(Fields& in, ParentReference& out) {
  in.optional("group", out.group, kGroup);
  in.optional("kind", out.kind, kKindName);
  in.optional("namespace", out.namespace_, kNamespaceName);
  in.required("name", out.name, kObjectName);
  in.optional("sectionName", out.section_name, kSectionName);
  in.optional("port", out.port, kPort);
}

void read(Fields& in, ParentGatewayReference& out) {
  in.optional("group", out.group, kGroup);
  in.optional("kind", out.kind, kKindName);
  in.optional("namespace", out.namespace_, kNamespaceName);
  in.required("name", out.name, kObjectName);
}

void read(Fields& in, BackendObjectReference& out) {
  read_backend(in, out);
  check_port(in, out);
}

void read(Fields& in, BackendRef& out) {
  read_backend(in, out);
  in.optional("weight", out.weight, IntRule{0, 1'000'000});
  check_port(in, out);
}

void read(Fields& in, SecretObjectReference& out) {
  in.optional("group", out.group, kGroup);
  in.optional("kind", out.kind, kKindName);
  in.required("name", out.name, kObjectName);
  in.optional("namespace", out.namespace_, kNamespaceName);
}

void read(Fields& in, ObjectReference& out) {
  in.required("group", out.group, kGroup);
  in.required("kind", out.kind, kKindName);
  in.required("name", out.name, kObjectName);
  in.optional("namespace", out.namespace_, kNamespaceName);
}

void read(Fields& in, LocalObjectReference& out) {
  in.required("group", out.group, kGroup);
  in.required("kind", out.kind, kKindName);
  in.required("name", out.name, kObjectName);
}

}  // namespace cardea::api
