// SPDX-License-Identifier: Apache-2.0
// A plan with one of everything, for the tests of this room.
#pragma once

#include "plan/hash.h"
#include "plan/plan.h"

namespace cardea::plan {

struct SampleOptions {
  std::string cart_path = "/cart";
  std::string cart_address = "127.0.0.1";
  std::string key = "KEY";
};

inline Ref<Rule> sample_rule(const Ref<Backend>& backend, const std::string& name) {
  Rule rule;
  rule.route = {"shop", name};
  rule.name = "only";
  rule.filters = {
      RequestHeaderModifier{{{{"X-Set", "1"}}, {{"X-Add", "2"}}, {"X-Remove"}}},
      ResponseHeaderModifier{{{}, {}, {"Server"}}},
      RequestRedirect{"https", "shop.localhost", ReplaceFullPath{"/"}, 8443, 301},
      RequestRedirect{},
      UrlRewrite{"inside", ReplacePrefixMatch{"/cart", "/"}},
      UnresolvedFilter{"ExtensionRef to Unknown/x is not known"},
      RequestMirror{backend->id, BackendFault::None, backend, 1, 3},
      RequestMirror{"shop/gone:80", BackendFault::NotFound, nullptr},
      Cors{{"https://*.shop.localhost"}, true, {"GET", "PUT"}, {"X-Id"}, {"X-Trace"}, std::chrono::seconds(60)},
      ExternalAuth{AuthProtocol::HTTP, backend->id, BackendFault::None, backend, "/check", {"cookie"}, {"x-user"}, 1024},
      ExternalAuth{AuthProtocol::GRPC, "shop/gone:80", BackendFault::NotFound, nullptr},
  };
  rule.backends.push_back({90, BackendFault::None, backend->id, backend, {}});
  rule.backends.push_back({10, BackendFault::NotFound, "shop/gone:80", nullptr, {ResponseHeaderModifier{}}});
  rule.timeouts.request = std::chrono::seconds(10);
  rule.timeouts.backend_request = std::chrono::milliseconds(0);
  rule.retry = Retry{{500, 503}, 2, std::chrono::milliseconds(100)};
  rule.session = SessionPersistence{SessionType::Cookie, "stay", {"/cart"}, std::chrono::hours(1), true};
  return seal(std::move(rule));
}

inline Ref<Plan> sample_plan(const SampleOptions& options = {}) {
  const auto cart = seal(Backend{
      "shop/cart:80", BackendProtocol::Http1,
      BackendTls{"cart.internal", {{SubjectAltNameType::URI, "spiffe://cart"}}, {"shop/ca"}, true, "1.3"}, {}});
  const auto rule = sample_rule(cart, "cart");

  VirtualHost host;
  host.hostname = "*.shop.localhost";
  RouteMatch exact;
  exact.path = {PathMatchType::Exact, options.cart_path};
  exact.method = "GET";
  exact.headers = {{StringMatchType::Exact, "x-version", "2"}, {StringMatchType::RegularExpression, "x-user", "a.*"}};
  exact.query_params = {{StringMatchType::Exact, "q", ""}};
  exact.rule = rule;
  RouteMatch any;
  any.rule = rule;
  host.matches = {exact, any};

  Listener http;
  http.owner = {"shop", "web"};
  http.name = "http";
  http.port = 80;
  http.bind_port = 8080;
  http.advertised_port = 80;
  http.virtual_hosts = {seal(host)};
  Listener https = http;
  https.from_listener_set = true;
  https.owner = {"shop", "extra"};
  https.name = "https";
  https.addresses = {"127.0.0.1", "::1"};
  https.port = https.advertised_port = 443;
  https.bind_port = 8443;
  https.protocol = Protocol::HTTPS;
  https.hostname = "*.shop.localhost";
  https.tls = ListenerTls{TlsMode::Terminate, {"shop/certificate"},
                          ClientValidation{{"shop/ca"}, ClientValidationMode::AllowInsecureFallback}, "1.3"};

  Routing routing;
  routing.listeners = {seal(http), seal(https)};
  routing.backends = {cart};
  routing.client_certificate = "shop/certificate";
  Endpoints endpoints;
  endpoints.backends = {seal(BackendEndpoints{
      "shop/cart:80", {{options.cart_address, 9000, true, true, false}, {"cart.local", 9001, false, true, true}}, {}})};
  Secrets secrets;
  secrets.certificates = {seal(Certificate{"shop/certificate", "CHAIN", options.key, {}})};
  secrets.ca_bundles = {seal(CaBundle{"shop/ca", "CA", {}})};
  return seal(Plan{{"shop", "web"}, 7, seal(routing), seal(endpoints), seal(secrets),
                   seal(Settings{{{"limits.maxFields", "64"}, {"timeouts.idle", "30s"}}, {}})});
}

}  // namespace cardea::plan
