// SPDX-License-Identifier: Apache-2.0
// Reads the parts that change without routing: endpoints, secrets and settings.
#include <algorithm>

#include "plan/hash.h"
#include "plan/json_read.h"
#include "plan/setting.h"

namespace cardea::plan::internal {

namespace {

Endpoint read_endpoint(const Node& node) {
  Members members(node);
  Endpoint endpoint;
  endpoint.address = members.string("address");
  if (const auto port = members.required("port")) endpoint.port = port->number<std::uint16_t>();
  endpoint.ready = members.boolean("ready", endpoint.ready);
  endpoint.serving = members.boolean("serving", endpoint.serving);
  endpoint.terminating = members.boolean("terminating", endpoint.terminating);
  return endpoint;
}

}  // namespace

BackendEndpoints read_backend_endpoints(const Node& node) {
  Members members(node);
  BackendEndpoints backend;
  backend.backend_id = members.string("backend");
  backend.endpoints = read_list<Endpoint>(members.find("endpoints"), read_endpoint);
  return backend;
}

Certificate read_certificate(const Node& node) {
  Members members(node);
  Certificate certificate;
  certificate.id = members.string("id");
  certificate.chain_pem = members.string("chain");
  certificate.key_pem = members.string("key");
  return certificate;
}

CaBundle read_ca_bundle(const Node& node) {
  Members members(node);
  CaBundle bundle;
  bundle.id = members.string("caBundle");
  bundle.pem = members.string("certificates");
  return bundle;
}

Ref<Endpoints> read_endpoints(const std::optional<Node>& node) {
  Endpoints endpoints;
  endpoints.backends = read_list<Ref<BackendEndpoints>>(node, [](const Node& item) { return seal(read_backend_endpoints(item)); });
  return seal(std::move(endpoints));
}

Ref<Secrets> read_secrets(const std::optional<Node>& node) {
  Secrets secrets;
  if (node) {
    for (const Node& item : node->items()) {
      if (item.value().find("caBundle")) secrets.ca_bundles.push_back(seal(read_ca_bundle(item)));
      else secrets.certificates.push_back(seal(read_certificate(item)));
    }
  }
  return seal(std::move(secrets));
}

Ref<Settings> read_settings(const std::optional<Node>& node) {
  Settings settings;
  if (node) {
    for (const base::Member& member : node->members()) {
      const Node value = node->member(member);
      const SettingRule* rule = find_setting(member.name);
      if (!rule) {
        value.fail("is no setting");
      } else if (auto text = canonical_setting(*rule, value.string())) {
        settings.values.push_back({member.name, *text});
      } else {
        value.fail(text.error().message);
      }
    }
  }
  std::ranges::sort(settings.values);
  return seal(std::move(settings));
}

}  // namespace cardea::plan::internal
