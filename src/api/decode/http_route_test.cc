// SPDX-License-Identifier: Apache-2.0
#include "api/decode/decoding.h"

namespace cardea::api {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kFull = R"(apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  useDefaultGateways: None
  parentRefs:
  - {name: web}
  - {group: gateway.networking.k8s.io, kind: ListenerSet, namespace: infra, name: more, sectionName: a.b, port: 8080}
  - {group: "", kind: Service, name: cart}
  hostnames: [shop.example.com, "*.example.com"]
  rules:
  - name: cart
    matches:
    - path: {type: Exact, value: "/cart/%20x;a=1"}
      method: POST
      headers:
      - {name: X-Version, value: "2 beta"}
      - {type: RegularExpression, name: x-other, value: "[a-z]+"}
      queryParams:
      - {type: Exact, name: q, value: anything goes}
      - {type: RegularExpression, name: Q, value: ".*"}
    - {}
    filters:
    - {type: URLRewrite, urlRewrite: {hostname: inner.example.com}}
    backendRefs:
    - {name: cart, port: 80}
    - {group: example.com, kind: Bucket, namespace: files, name: images, weight: 0}
    timeouts: {request: 1m30s, backendRequest: 500ms}
    retry: {codes: [500, 503], attempts: 3, backoff: 10ms}
    sessionPersistence:
      sessionName: sid
      absoluteTimeout: 1h
      type: Cookie
      cookieConfig: {lifetimeType: Permanent}
  - backendRefs:
    - name: cart
      port: 81
      weight: 1000000
      filters: [{type: RequestHeaderModifier, requestHeaderModifier: {remove: [a]}}]
    sessionPersistence: {type: Header}
)";

TEST(DecodeHTTPRoute, EveryField) {
  for (const DecodeMode mode : {DecodeMode::Strict, DecodeMode::Lenient}) {
    const auto made = decode_as<HTTPRoute>(kFull, mode);
    const HTTPRouteSpec& spec = made->spec;
    EXPECT_EQ(spec.use_default_gateways, DefaultScope::None);
    EXPECT_EQ(spec.parent_refs,
              (std::vector<ParentReference>{
                  {"gateway.networking.k8s.io", "Gateway", "", "web", "", std::nullopt},
                  {"gateway.networking.k8s.io", "ListenerSet", "infra", "more", "a.b", std::uint16_t{8080}},
                  {"", "Service", "", "cart", "", std::nullopt}}));
    EXPECT_EQ(spec.hostnames, (std::vector<std::string>{"shop.example.com", "*.example.com"}));
    ASSERT_EQ(spec.rules.size(), 2u);
    const HTTPRouteRule& rule = spec.rules[0];
    EXPECT_EQ(rule.name, "cart");
    EXPECT_EQ(rule.timeouts.request, milliseconds(90'000));
    EXPECT_EQ(rule.timeouts.backend_request, milliseconds(500));
    ASSERT_TRUE(rule.retry.has_value());
    EXPECT_EQ(*rule.retry, (HTTPRouteRetry{{500, 503}, 3, milliseconds(10)}));
    ASSERT_TRUE(rule.session_persistence.has_value());
    EXPECT_EQ(*rule.session_persistence,
              (SessionPersistence{"sid", milliseconds(3'600'000), SessionPersistenceType::Cookie,
                                  CookieLifetimeType::Permanent}));
    EXPECT_EQ(spec.rules[1].session_persistence->type, SessionPersistenceType::Header);
    EXPECT_FALSE(spec.rules[1].retry.has_value());
    EXPECT_FALSE(spec.rules[1].timeouts.request.has_value());
  }
}

TEST(DecodeHTTPRoute, Matches) {
  const auto made = decode_as<HTTPRoute>(kFull);
  const auto& matches = made->spec.rules.at(0).matches;
  ASSERT_EQ(matches.size(), 2u);
  EXPECT_EQ(matches[0].path, (HTTPPathMatch{PathMatchType::Exact, "/cart/%20x;a=1"}));
  EXPECT_EQ(matches[0].method, Enum<HTTPMethod>(HTTPMethod::POST));
  EXPECT_EQ(matches[0].headers, (std::vector<NamedMatch>{{MatchType::Exact, "X-Version", "2 beta"},
                                                         {MatchType::RegularExpression, "x-other", "[a-z]+"}}));
  EXPECT_EQ(matches[0].query_params, (std::vector<NamedMatch>{{MatchType::Exact, "q", "anything goes"},
                                                              {MatchType::RegularExpression, "Q", ".*"}}));
  EXPECT_EQ(matches[1], HTTPRouteMatch{});
}

TEST(DecodeHTTPRoute, BackendRefs) {
  const auto made = decode_as<HTTPRoute>(kFull);
  const auto& refs = made->spec.rules.at(0).backend_refs;
  ASSERT_EQ(refs.size(), 2u);
  EXPECT_EQ(static_cast<const BackendRef&>(refs[0]), (BackendRef{{"", "Service", "", "cart", std::uint16_t{80}}, 1}));
  EXPECT_EQ(static_cast<const BackendRef&>(refs[1]),
            (BackendRef{{"example.com", "Bucket", "files", "images", std::nullopt}, 0}));
  const auto& filtered = made->spec.rules.at(1).backend_refs.at(0);
  EXPECT_EQ(filtered.weight, 1'000'000u);
  ASSERT_EQ(filtered.filters.size(), 1u);
  EXPECT_EQ(filtered.filters[0].type, RouteFilterType::RequestHeaderModifier);
}

TEST(DecodeHTTPRoute, Defaults) {
  const HTTPRouteMatch any{};
  EXPECT_EQ(any.path, (HTTPPathMatch{PathMatchType::PathPrefix, "/"}));
  for (const char* spec : {"{}", "{rules: [{}]}", "{rules: [{matches: [{}]}]}", "{rules: [{matches: []}]}",
                           "{rules: [{matches: [{path: {}}]}]}"}) {
    const auto made = decode_as<HTTPRoute>(
        std::string("{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a}, spec: ") + spec +
        "}");
    ASSERT_EQ(made->spec.rules.size(), 1u) << spec;
    EXPECT_EQ(made->spec.rules[0].matches, std::vector<HTTPRouteMatch>{any}) << spec;
  }
}

constexpr std::string_view kSpec =
    "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a}, spec: {@}}";
constexpr std::string_view kRule =
    "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a}, spec: {rules: [{@}]}}";
constexpr std::string_view kMatch =
    "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a}, spec: {rules: [{matches: "
    "[{@}]}]}}";

TEST(DecodeHTTPRoute, ParentRefs) {
  const char* const kRepeated =
      "spec.parentRefs[1]: must name another sectionName or port than parentRefs[0], which has the same parent";
  const char* const kUneven =
      "spec.parentRefs[1]: must set sectionName and port as parentRefs[0] does (each in both or in neither), which has "
      "the same parent";
  expect_errors(
      kSpec,
      {
          {"parentRefs: [{name: a}, {name: b}]", {}},
          {"parentRefs: [{name: a}, {name: a, namespace: b}]", {}},
          {"parentRefs: [{name: a}, {name: a, kind: ListenerSet}]", {}},
          {"parentRefs: [{name: a, sectionName: b}, {name: a, sectionName: c}]", {}},
          {"parentRefs: [{name: a, port: 1}, {name: a, port: 2}]", {}},
          {"parentRefs: [{name: a, port: 1, sectionName: b}, {name: a, port: 2, sectionName: b}]", {}},
          {"parentRefs: [{name: a}, {name: a}]", {kRepeated}},
          {"parentRefs: [{name: a, sectionName: b}, {name: a, sectionName: b}]", {kRepeated}},
          {"parentRefs: [{name: a, port: 1}, {name: a, port: 1}]", {kRepeated}},
          {"parentRefs: [{name: a}, {name: a, sectionName: b}]", {kUneven}},
          {"parentRefs: [{name: a, port: 1}, {name: a}]", {kUneven}},
          {"parentRefs: [{name: a, port: 1}, {name: a, sectionName: b}]", {kUneven}},
          {"parentRefs: [{port: 0}]",
           {"spec.parentRefs[0].name: is required", "spec.parentRefs[0].port: must be between 1 and 65535, not 0"}},
          {"useDefaultGateways: Yes",
           {"spec.useDefaultGateways: must be text, not true; put it in quotes (YAML takes yes, no, on, off, y and n "
            "for true or false)"}},
          {"useDefaultGateways: Both", {"spec.useDefaultGateways: must be one of None, All, not \"Both\""}},
      });
}

TEST(DecodeHTTPRoute, Paths) {
  const auto path_error = [](const std::string& text) {
    return std::vector<std::string>{"spec.rules[0].matches[0].path.value: " + text};
  };
  const auto not_contain = [&](const char* part) {
    return path_error(std::string("must not contain \"") + part + "\" for types Exact and PathPrefix");
  };
  expect_errors(
      kMatch, {
                  {"path: {value: \"/a-b._~!$&'()*+,;=:@%7e/\"}", {}},
                  {"path: {type: RegularExpression, value: '^no/#//slash[.]'}", {}},
                  {"path: {type: RegularExpression, value: ''}", {}},
                  {"path: {value: ''}", path_error("must start with \"/\" for types Exact and PathPrefix")},
                  {"path: {type: Exact, value: a}", path_error("must start with \"/\" for types Exact and PathPrefix")},
                  {"path: {value: /a//b}", not_contain("//")},
                  {"path: {value: /a/./b}", not_contain("/./")},
                  {"path: {value: /a/../b}", not_contain("/../")},
                  {"path: {value: /a%2fb}", not_contain("%2f")},
                  {"path: {value: /a%2Fb}", not_contain("%2F")},
                  {"path: {value: '/a#b'}", not_contain("#")},
                  {"path: {value: /a/..}", path_error("must not end with \"/..\" for types Exact and PathPrefix")},
                  {"path: {value: /a/.}", path_error("must not end with \"/.\" for types Exact and PathPrefix")},
                  {"path: {value: '/a b'}",
                   path_error("must hold only characters of a path for types Exact and PathPrefix, others "
                              "percent-encoded, not \"/a b\"")},
                  {"path: {value: /a%2}",
                   path_error("must hold only characters of a path for types Exact and PathPrefix, others "
                              "percent-encoded, not \"/a%2\"")},
                  {"path: {value: '/é'}",
                   path_error("must hold only characters of a path for types Exact and PathPrefix, others "
                              "percent-encoded, not \"/é\"")},
              });
  const std::string longest = "path: {type: RegularExpression, value: " + std::string(1024, 'x') + "}";
  const std::string too_long = "path: {type: RegularExpression, value: " + std::string(1025, 'x') + "}";
  expect_errors(kMatch,
                {{longest.c_str(), {}}, {too_long.c_str(), path_error("must have at most 1024 characters, not 1025")}});
}

TEST(DecodeHTTPRoute, HeadersQueryParamsAndMethods) {
  expect_errors(
      kMatch,
      {
          {"headers: [{name: a, value: b}, {name: A, value: b}]", {}},
          {"queryParams: [{name: a, value: ' b  '}, {name: A, value: b}]", {}},
          {"headers: [{name: a, value: b}, {name: a, value: c}]",
           {"spec.rules[0].matches[0].headers[1].name: must not repeat \"a\", which headers[0] has already"}},
          {"queryParams: [{name: a, value: b}, {name: a, value: c}]",
           {"spec.rules[0].matches[0].queryParams[1].name: must not repeat \"a\", which queryParams[0] has already"}},
          {"headers: [{name: 'a b', value: ''}]",
           {"spec.rules[0].matches[0].headers[0].name: must be an HTTP field name, not \"a b\"",
            "spec.rules[0].matches[0].headers[0].value: must not be empty"}},
          {"headers: [{name: a, value: 'b  c'}]",
           {"spec.rules[0].matches[0].headers[0].value: must be visible ASCII with single spaces or tabs between, not "
            "\"b "
            " c\""}},
          {"headers: [{type: Prefix}]",
           {"spec.rules[0].matches[0].headers[0].name: is required",
            "spec.rules[0].matches[0].headers[0].value: is required",
            "spec.rules[0].matches[0].headers[0].type: must be one of Exact, RegularExpression, not \"Prefix\""}},
          {"method: get",
           {"spec.rules[0].matches[0].method: must be one of GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE, "
            "PATCH, "
            "not \"get\""}},
      });
}

TEST(DecodeHTTPRoute, Rules) {
  expect_errors(
      kRule,
      {
          {"timeouts: {request: 1s, backendRequest: 1s}", {}},
          {"timeouts: {request: 0s, backendRequest: 1s}", {}},
          {"timeouts: {backendRequest: 1s}", {}},
          {"timeouts: {request: 1s, backendRequest: 1001ms}",
           {"spec.rules[0].timeouts.backendRequest: must not be longer than request"}},
          {"timeouts: {request: 1d}",
           {"spec.rules[0].timeouts.request: must be a duration of one to four whole numbers (up to 99999) with h, m, "
            "s or "
            "ms, as in \"1m30s\", not \"1d\""}},
          {"timeouts: {request: 5}",
           {"spec.rules[0].timeouts.request: must be text, not the number 5; put it in quotes"}},
          {"retry: {codes: [399]}", {"spec.rules[0].retry.codes[0]: must be between 400 and 599, not 399"}},
          {"retry: {codes: [500, 500]}",
           {"spec.rules[0].retry.codes[1]: must not repeat \"500\", which codes[0] has already"}},
          {"retry: {attempts: 0}", {"spec.rules[0].retry.attempts: must be at least 1, not 0"}},
          {"sessionPersistence: {absoluteTimeout: 1h, cookieConfig: {lifetimeType: Permanent}}", {}},
          {"sessionPersistence: {cookieConfig: {lifetimeType: Session}}", {}},
          {"sessionPersistence: {cookieConfig: {lifetimeType: Permanent}}",
           {"spec.rules[0].sessionPersistence.absoluteTimeout: is required when cookieConfig.lifetimeType is "
            "Permanent"}},
          {"sessionPersistence: {type: Header, cookieConfig: {}}",
           {"spec.rules[0].sessionPersistence.cookieConfig: must be left out unless type is Cookie"}},
          {"sessionPersistence: {idleTimeout: 1h}",
           {"spec.rules[0].sessionPersistence.idleTimeout: no such field; allowed: sessionName, absoluteTimeout, type, "
            "cookieConfig"}},
          {"backendRefs: [{name: a, port: 1, weight: 1000001}]",
           {"spec.rules[0].backendRefs[0].weight: must be between 0 and 1000000, not 1000001"}},
          {"backendRefs: [{name: a, port: 1, weight: -1}]",
           {"spec.rules[0].backendRefs[0].weight: must be between 0 and 1000000, not -1"}},
          {"backendRefs: [{name: a}]",
           {"spec.rules[0].backendRefs[0].port: is required when the backend is a Service"}},
          {"backendRefs: [{group: example.com, name: a}]", {}},
          {"backendRefs: [{kind: Other, name: a}]", {}},
      });
}

TEST(DecodeHTTPRoute, PrefixReplacementNeedsOnePrefix) {
  constexpr const char* kText =
      ": must not be ReplacePrefixMatch unless the rule has exactly one match, of path type PathPrefix";
  const std::string of_rule = std::string("spec.rules[0].filters[0].urlRewrite.path.type") + kText;
  const std::string of_redirect = std::string("spec.rules[0].filters[0].requestRedirect.path.type") + kText;
  const std::string of_backend = std::string("spec.rules[0].backendRefs[0].filters[0].urlRewrite.path.type") + kText;
  const std::string rewrite =
      "filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}}}]";
  const std::string redirect =
      "filters: [{type: RequestRedirect, requestRedirect: {path: {type: ReplacePrefixMatch, replacePrefixMatch: ''}}}]";
  const std::string backend = "backendRefs: [{name: a, port: 1, " + rewrite + "}]";
  const std::string prefix = ", matches: [{path: {value: /a}}]",
                    exact = ", matches: [{path: {type: Exact, value: /a}}]",
                    two = ", matches: [{path: {value: /a}}, {path: {value: /b}}]", none = ", matches: []";
  for (const auto& [filters, error] : {std::pair{rewrite, of_rule}, {redirect, of_redirect}, {backend, of_backend}}) {
    expect_errors(kRule, {{(filters).c_str(), {}},
                          {(filters + prefix).c_str(), {}},
                          {(filters + exact).c_str(), {error}},
                          {(filters + two).c_str(), {error}},
                          {(filters + none).c_str(), {error}}});
  }
  expect_errors(kRule,
                {{"filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /b}}}], "
                  "matches: [{path: {type: Exact, value: /a}}]",
                  {}}});
}

TEST(DecodeHTTPRoute, NoBackendsBesideARedirect) {
  expect_errors(kRule,
                {
                    {"filters: [{type: RequestRedirect, requestRedirect: {}}]", {}},
                    {"filters: [{type: RequestRedirect, requestRedirect: {}}], backendRefs: []", {}},
                    {"filters: [{type: RequestRedirect, requestRedirect: {}}], backendRefs: [{name: a, port: 1}]",
                     {"spec.rules[0].filters[0]: must not be RequestRedirect in a rule with backendRefs"}},
                });
}

TEST(DecodeHTTPRoute, Counts) {
  const auto repeat = [](const std::string& item, int count) {
    std::string text = "[";
    for (int i = 0; i < count; ++i) text += item + ",";
    return text + "]";
  };
  const std::string full = "rules: [{matches: " + repeat("{}", 64) + "}, {matches: " + repeat("{}", 64) + "}]";
  const std::string over = "rules: [{matches: " + repeat("{}", 64) + "}, {matches: " + repeat("{}", 64) + "}, {}]";
  const std::string rules = "rules: " + repeat("{}", 17), matches = "rules: [{matches: " + repeat("{}", 65) + "}]";
  const std::string hosts = "hostnames: " + repeat("a.b", 17), parents = "parentRefs: " + repeat("{name: a}", 33);
  const std::string backends = "rules: [{backendRefs: " + repeat("{name: a, port: 1}", 17) + "}]";
  const std::string headers = "rules: [{matches: [{headers: " + repeat("{name: a, value: b}", 17) + "}]}]";
  expect_errors(kSpec, {
                           {full.c_str(), {}},
                           {over.c_str(), {"spec.rules: must have at most 128 matches in all rules together, not 129"}},
                           {"rules: []", {"spec.rules: must have at least 1 item, not 0"}},
                           {rules.c_str(), {"spec.rules: must have at most 16 items, not 17"}},
                           {matches.c_str(), {"spec.rules[0].matches: must have at most 64 items, not 65"}},
                           {hosts.c_str(), {"spec.hostnames: must have at most 16 items, not 17"}},
                           {parents.c_str(), {"spec.parentRefs: must have at most 32 items, not 33"}},
                           {backends.c_str(), {"spec.rules[0].backendRefs: must have at most 16 items, not 17"}},
                           {headers.c_str(), {"spec.rules[0].matches[0].headers: must have at most 16 items, not 17"}},
                       });
}

TEST(DecodeHTTPRoute, RuleNamesAreUnique) {
  expect_errors(kSpec, {
                           {"rules: [{name: a}, {name: b}, {}, {}]", {}},
                           {"rules: [{name: a}, {name: b}, {name: a}]",
                            {"spec.rules[2].name: must not repeat \"a\", which rules[0] has already"}},
                       });
}

TEST(DecodeDuration, OfGep2257) {
  const auto read = [](std::string_view text) -> std::optional<milliseconds> {
    const auto all = decode_text(
        "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a}, spec: "
        "{rules: [{timeouts: {request: \"" +
        std::string(text) + "\"}}]}}");
    const auto* object = std::get_if<Object>(&all.at(0).outcome);
    if (!object) return std::nullopt;
    return std::get<Ref<HTTPRoute>>(*object)->spec.rules.at(0).timeouts.request;
  };
  EXPECT_EQ(read("0s"), milliseconds(0));
  EXPECT_EQ(read("1ms"), milliseconds(1));
  EXPECT_EQ(read("5m5ms"), milliseconds(300'005));
  EXPECT_EQ(read("1h1m1s1ms"), milliseconds(3'661'001));
  EXPECT_EQ(read("1s1h"), milliseconds(3'601'000));
  EXPECT_EQ(read("1s1s1s1s"), milliseconds(4000));
  EXPECT_EQ(read("99999h"), milliseconds(99999LL * 3'600'000));
  for (const std::string_view bad : {"", "1", "s", "1.5s", "-1s", "+1s", "1d", "1us", "1ns", "100000s", "1s1s1s1s1s",
                                     " 1s", "1s ", "1 s", "1S", "1sm", "1mss"}) {
    EXPECT_EQ(read(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace cardea::api
