// SPDX-License-Identifier: Apache-2.0
#include "plan/hash.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "base/hash.h"
#include "plan/sample_plan.h"

namespace cardea::plan {
namespace {

// The hash of a part after each of these edits; all must differ, and none may be zero.
template <class Part>
void expect_all_differ(const Part& part, const std::vector<std::function<void(Part&)>>& edits) {
  std::set<Hash> seen{seal(part)->hash};
  EXPECT_FALSE(seal(part)->hash.is_zero());
  for (std::size_t i = 0; i < edits.size(); ++i) {
    Part edited = part;
    edits[i](edited);
    EXPECT_TRUE(seen.insert(seal(edited)->hash).second) << "edit " << i << " does not show in the hash";
  }
}

TEST(PlanHash, IsTheSameForTheSameContent) {
  const auto one = sample_plan();
  const auto two = sample_plan();
  EXPECT_NE(one->routing, two->routing);
  EXPECT_EQ(one->routing->hash, two->routing->hash);
  EXPECT_EQ(one->endpoints->hash, two->endpoints->hash);
  EXPECT_EQ(one->secrets->hash, two->secrets->hash);
}

TEST(PlanHash, DoesNotCountWhatStoodInTheHashField) {
  Backend backend{"a/b:1", BackendProtocol::Http1, {}};
  const auto before = seal(backend);
  backend.hash.bytes[0] = 1;
  EXPECT_EQ(seal(backend)->hash, before->hash);
}

TEST(PlanHash, EveryFieldOfAListenerCounts) {
  expect_all_differ<Listener>(*sample_plan()->routing->listeners[1],
                              {
                                  [](Listener& l) { l.from_listener_set = false; },
                                  [](Listener& l) { l.owner.namespace_ = "x"; },
                                  [](Listener& l) { l.owner.name = "x"; },
                                  [](Listener& l) { l.name = "x"; },
                                  [](Listener& l) { l.addresses.pop_back(); },
                                  [](Listener& l) { l.port = 1; },
                                  [](Listener& l) { l.bind_port = 1; },
                                  [](Listener& l) { l.advertised_port = 1; },
                                  [](Listener& l) { l.protocol = Protocol::TLS; },
                                  [](Listener& l) { l.hostname = "x"; },
                                  [](Listener& l) { l.tls.reset(); },
                                  [](Listener& l) { l.tls->mode = TlsMode::Passthrough; },
                                  [](Listener& l) { l.tls->certificates.clear(); },
                                  [](Listener& l) { l.tls->clients.reset(); },
                                  [](Listener& l) { l.tls->clients->ca_bundles.clear(); },
                                  [](Listener& l) { l.tls->clients->mode = ClientValidationMode::AllowValidOnly; },
                                  [](Listener& l) { l.tls->min_version = ""; },
                                  [](Listener& l) { l.virtual_hosts.clear(); },
                                  [](Listener& l) { l.virtual_hosts[0] = seal(VirtualHost{}); },
                              });
}

TEST(PlanHash, EveryFieldOfAVirtualHostCounts) {
  expect_all_differ<VirtualHost>(*sample_plan()->routing->listeners[0]->virtual_hosts[0],
                                 {
                                     [](VirtualHost& h) { h.hostname = "x"; },
                                     [](VirtualHost& h) { h.matches.pop_back(); },
                                     [](VirtualHost& h) { std::swap(h.matches[0], h.matches[1]); },
                                     [](VirtualHost& h) { h.matches[0].path.type = PathMatchType::PathPrefix; },
                                     [](VirtualHost& h) { h.matches[0].path.value = "/x"; },
                                     [](VirtualHost& h) { h.matches[0].method = ""; },
                                     [](VirtualHost& h) { h.matches[0].headers.pop_back(); },
                                     [](VirtualHost& h) { h.matches[0].headers[1].type = StringMatchType::Exact; },
                                     [](VirtualHost& h) { h.matches[0].headers[0].name = "x"; },
                                     [](VirtualHost& h) { h.matches[0].headers[0].value = "x"; },
                                     [](VirtualHost& h) { h.matches[0].query_params.clear(); },
                                     [](VirtualHost& h) { h.matches[0].query_params[0].value = "x"; },
                                     [](VirtualHost& h) { h.matches[0].rule = seal(Rule{}); },
                                 });
}

TEST(PlanHash, EveryFieldOfABackendCounts) {
  expect_all_differ<Backend>(*sample_plan()->routing->backends[0],
                             {
                                 [](Backend& b) { b.id = "x"; },
                                 [](Backend& b) { b.tls.reset(); },
                                 [](Backend& b) { b.tls->hostname = "x"; },
                                 [](Backend& b) { b.tls->subject_alt_names.clear(); },
                                 [](Backend& b) { b.tls->subject_alt_names[0].type = SubjectAltNameType::Hostname; },
                                 [](Backend& b) { b.tls->subject_alt_names[0].value = "x"; },
                                 [](Backend& b) { b.tls->ca_bundles.clear(); },
                                 [](Backend& b) { b.tls->system_roots = false; },
                                 [](Backend& b) { b.tls->min_version = ""; },
                             });
}

TEST(PlanHash, EveryFieldOfARuleCounts) {
  const auto backend = seal(Backend{"shop/cart:80", BackendProtocol::Http1, {}});
  expect_all_differ<Rule>(
      *sample_rule(backend, "cart"),
      {
          [](Rule& r) { r.kind = RouteKind::GRPCRoute; },
          [](Rule& r) { r.route.namespace_ = "x"; },
          [](Rule& r) { r.route.name = "x"; },
          [](Rule& r) { r.index = 1; },
          [](Rule& r) { r.name = ""; },
          [](Rule& r) { r.filters.pop_back(); },
          [](Rule& r) { std::get<RequestHeaderModifier>(r.filters[0]).set[0].value = "x"; },
          [](Rule& r) { std::get<RequestHeaderModifier>(r.filters[0]).add[0].name = "x"; },
          [](Rule& r) { std::get<RequestHeaderModifier>(r.filters[0]).remove.clear(); },
          [](Rule& r) { std::get<RequestRedirect>(r.filters[2]).scheme.reset(); },
          [](Rule& r) { std::get<RequestRedirect>(r.filters[2]).hostname = ""; },
          [](Rule& r) { std::get<RequestRedirect>(r.filters[2]).path = ReplacePrefixMatch{"", "/"}; },
          [](Rule& r) { std::get<RequestRedirect>(r.filters[2]).path = {}; },
          [](Rule& r) { std::get<RequestRedirect>(r.filters[2]).port.reset(); },
          [](Rule& r) { std::get<RequestRedirect>(r.filters[2]).status_code = 302; },
          [](Rule& r) { std::get<UrlRewrite>(r.filters[4]).hostname.reset(); },
          [](Rule& r) { std::get<ReplacePrefixMatch>(std::get<UrlRewrite>(r.filters[4]).path).prefix = "/x"; },
          [](Rule& r) { std::get<UnresolvedFilter>(r.filters[5]).reason = "x"; },
          [](Rule& r) { std::get<RequestMirror>(r.filters[6]).backend = seal(Backend{"x", BackendProtocol::Http1, {}}); },
          [](Rule& r) { std::get<RequestMirror>(r.filters[6]).numerator = 2; },
          [](Rule& r) { std::get<RequestMirror>(r.filters[6]).denominator = 2; },
          [](Rule& r) { std::get<RequestMirror>(r.filters[7]).id = "x"; },
          [](Rule& r) { std::get<RequestMirror>(r.filters[7]).fault = BackendFault::NotPermitted; },
          [](Rule& r) { std::get<Cors>(r.filters[8]).allow_origins.clear(); },
          [](Rule& r) { std::get<Cors>(r.filters[8]).allow_credentials = false; },
          [](Rule& r) { std::get<Cors>(r.filters[8]).allow_methods.pop_back(); },
          [](Rule& r) { std::get<Cors>(r.filters[8]).allow_headers.clear(); },
          [](Rule& r) { std::get<Cors>(r.filters[8]).expose_headers.clear(); },
          [](Rule& r) { std::get<Cors>(r.filters[8]).max_age = std::chrono::seconds(61); },
          [](Rule& r) { r.backends.pop_back(); },
          [](Rule& r) { r.backends[0].weight = 91; },
          [](Rule& r) { r.backends[0].backend = seal(Backend{"x", BackendProtocol::Http1, {}}); },
          [](Rule& r) { r.backends[1].fault = BackendFault::NotPermitted; },
          [](Rule& r) { r.backends[1].id = "x"; },
          [](Rule& r) { r.backends[1].filters.clear(); },
          [](Rule& r) { r.timeouts.request.reset(); },
          [](Rule& r) { r.timeouts.backend_request.reset(); },
          [](Rule& r) { r.retry.reset(); },
          [](Rule& r) { r.retry->codes.pop_back(); },
          [](Rule& r) { r.retry->attempts.reset(); },
          [](Rule& r) { r.retry->backoff.reset(); },
      });
}

TEST(PlanHash, EveryFieldOfEndpointsAndSecretsCounts) {
  const auto plan = sample_plan();
  expect_all_differ<BackendEndpoints>(*plan->endpoints->backends[0],
                                      {
                                          [](BackendEndpoints& b) { b.backend_id = "x"; },
                                          [](BackendEndpoints& b) { b.endpoints.pop_back(); },
                                          [](BackendEndpoints& b) { b.endpoints[0].address = "x"; },
                                          [](BackendEndpoints& b) { b.endpoints[0].port = 1; },
                                          [](BackendEndpoints& b) { b.endpoints[0].ready = false; },
                                          [](BackendEndpoints& b) { b.endpoints[0].serving = false; },
                                          [](BackendEndpoints& b) { b.endpoints[0].terminating = true; },
                                      });
  expect_all_differ<Certificate>(*plan->secrets->certificates[0], {
                                                                      [](Certificate& c) { c.id = "x"; },
                                                                      [](Certificate& c) { c.chain_pem = "x"; },
                                                                      [](Certificate& c) { c.key_pem = "redacted"; },
                                                                  });
  expect_all_differ<Routing>(*plan->routing, {
                                                 [](Routing& r) { r.listeners.pop_back(); },
                                                 [](Routing& r) { std::swap(r.listeners[0], r.listeners[1]); },
                                                 [](Routing& r) { r.backends.clear(); },
                                                 [](Routing& r) { r.client_certificate = ""; },
                                             });
  expect_all_differ<Endpoints>(*plan->endpoints, {[](Endpoints& e) { e.backends.clear(); }});
  expect_all_differ<Secrets>(*plan->secrets, {
                                                [](Secrets& s) { s.certificates.clear(); },
                                                [](Secrets& s) { s.ca_bundles.clear(); },
                                            });
  expect_all_differ<CaBundle>(*plan->secrets->ca_bundles[0],
                              {[](CaBundle& b) { b.id = "x"; }, [](CaBundle& b) { b.pem = "x"; }});
}

}  // namespace
}  // namespace cardea::plan
