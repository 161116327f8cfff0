// SPDX-License-Identifier: Apache-2.0
#include "plan/hash.h"

#include "base/hash.h"
#include "base/json.h"
#include "plan/json_write.h"

namespace cardea::plan {

namespace {

using base::Value;
using namespace internal;

Hash hash_of(const Value& value) { return base::hash128(base::to_json(value)); }

template <class Part>
std::string hash_name(const Part& part) {
  return base::to_hex(part.hash);
}

template <class Part>
Value hash_names(const std::vector<Ref<Part>>& parts) {
  Value list(Value::Array{});
  for (const auto& part : parts) list.push(hash_name(*part));
  return list;
}

template <class Part>
Ref<Part> sealed(Part part, const Value& content) {
  part.hash = hash_of(content);
  return std::make_shared<const Part>(std::move(part));
}

}  // namespace

Ref<Backend> seal(Backend part) {
  const Value content = write_backend(part);
  return sealed(std::move(part), content);
}

Ref<Rule> seal(Rule part) {
  const Value content = write_rule(part, hash_name<Backend>);
  return sealed(std::move(part), content);
}

Ref<VirtualHost> seal(VirtualHost part) {
  const Value content = write_virtual_host(part, hash_name<Rule>);
  return sealed(std::move(part), content);
}

Ref<Listener> seal(Listener part) {
  const Value content = write_listener(part, hash_names(part.virtual_hosts));
  return sealed(std::move(part), content);
}

Ref<Routing> seal(Routing part) {
  Value content(Value::Object{});
  content.add("listeners", hash_names(part.listeners));
  content.add("backends", hash_names(part.backends));
  content.add("clientCertificate", part.client_certificate);
  return sealed(std::move(part), content);
}

Ref<BackendEndpoints> seal(BackendEndpoints part) {
  const Value content = write_backend_endpoints(part);
  return sealed(std::move(part), content);
}

Ref<Endpoints> seal(Endpoints part) {
  const Value content = hash_names(part.backends);
  return sealed(std::move(part), content);
}

Ref<Certificate> seal(Certificate part) {
  const Value content = write_certificate(part, Redact::No);
  return sealed(std::move(part), content);
}

Ref<CaBundle> seal(CaBundle part) {
  const Value content = write_ca_bundle(part);
  return sealed(std::move(part), content);
}

Ref<Secrets> seal(Secrets part) {
  Value content(Value::Object{});
  content.add("certificates", hash_names(part.certificates));
  content.add("caBundles", hash_names(part.ca_bundles));
  return sealed(std::move(part), content);
}

Ref<Settings> seal(Settings part) {
  const Value content = write_settings(part);
  return sealed(std::move(part), content);
}

Ref<Plan> seal(Plan plan) {
  if (!plan.routing) plan.routing = seal(Routing{});
  if (!plan.endpoints) plan.endpoints = seal(Endpoints{});
  if (!plan.secrets) plan.secrets = seal(Secrets{});
  if (!plan.settings) plan.settings = seal(Settings{});
  return std::make_shared<const Plan>(std::move(plan));
}

}  // namespace cardea::plan
