// SPDX-License-Identifier: Apache-2.0
#include "proxy/filter/cors.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/strings.h"

namespace cardea::proxy {
namespace {

using Texts = std::map<std::string, std::string>;

// Fields by lower-case name, repeated ones joined.
Texts texts(const http::Fields& fields) {
  Texts all;
  for (const auto& field : fields) {
    std::string name;
    for (const char c : field.name) name += base::ascii_lower(c);
    std::string& value = all[name];
    value += (value.empty() ? "" : ", ") + std::string(field.value);
  }
  return all;
}

plan::Cors some() {
  plan::Cors cors;
  cors.allow_origins = {"https://www.foo.com", "https://*.bar.com"};
  cors.allow_credentials = true;
  cors.allow_methods = {"GET", "OPTIONS"};
  cors.allow_headers = {"x-header-1", "x-header-2"};
  cors.expose_headers = {"x-header-3", "x-header-4"};
  cors.max_age = std::chrono::seconds(3600);
  return cors;
}

plan::Cors stars(bool credentials) {
  plan::Cors cors;
  cors.allow_origins = cors.allow_methods = cors.allow_headers = cors.expose_headers = {"*"};
  cors.allow_credentials = credentials;
  return cors;
}

struct Exchange {
  http::TextArena arena;
  http::RequestHead request;
  http::ResponseHead response;
  std::optional<CorsFilter> filter;  // the response's fields point into it

  explicit Exchange(std::string_view method, const std::vector<std::pair<const char*, const char*>>& fields) {
    request.method = http::method_from(method);
    for (const auto& [name, value] : fields) request.fields.append(std::string_view(name), std::string_view(value));
  }
  Texts preflight(const plan::Cors& cors) {
    const auto announced = preflight_of(request, arena);
    EXPECT_TRUE(announced);
    if (announced) filter.emplace(cors).answer_preflight(cors_request(request), *announced, response);
    Texts all = texts(response.fields);
    EXPECT_EQ(all["vary"], "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
    all.erase("vary");
    return all;
  }
  Texts decorated(const plan::Cors& cors) {
    filter.emplace(cors).decorate(cors_request(request), response, arena);
    return texts(response.fields);
  }
};

TEST(Cors, OriginsAreComparedBySchemeHostAndPort) {
  plan::Cors cors;
  cors.allow_origins = {"https://www.foo.com", "https://*.bar.com", "http://a.b:8080", "http://*", "http://[::1]:81"};
  const CorsFilter filter(cors);
  for (const char* origin : {"https://www.foo.com", "https://WWW.foo.com:443", "https://a.bar.com", "https://a.b.bar.com",
                             "http://a.b:8080", "http://anything", "http://anything:80", "http://[::1]:81"}) {
    EXPECT_TRUE(filter.allows(origin)) << origin;
  }
  for (const char* origin : {"", "null", "*", "https://foo.com", "http://www.foo.com:443", "https://www.foo.com:8443", "https://bar.com",
                             "https://xbar.com", "https://.bar.com.evil", "https://a.bar.com:444", "http://x:81", "https://anything",
                             "https://www.foo.com/", "https://www.foo.com, https://a.bar.com", "ftp://www.foo.com", "https://",
                             "https://evil.com#.bar.com", "https://evil.com/.bar.com", "https://u@a.bar.com"}) {
    EXPECT_FALSE(filter.allows(origin)) << origin;
  }
  EXPECT_TRUE(CorsFilter(stars(false)).allows("null"));
  EXPECT_FALSE(CorsFilter(plan::Cors{}).allows("https://www.foo.com"));
}

TEST(Cors, KnowsAPreflight) {
  http::TextArena arena;
  EXPECT_TRUE(preflight_of(Exchange("OPTIONS", {{"Origin", "https://a"}, {"Access-Control-Request-Method", "PUT"}}).request, arena));
  EXPECT_FALSE(preflight_of(Exchange("GET", {{"Origin", "https://a"}, {"Access-Control-Request-Method", "PUT"}}).request, arena));
  EXPECT_FALSE(preflight_of(Exchange("OPTIONS", {{"Origin", "https://a"}}).request, arena));
  EXPECT_FALSE(preflight_of(Exchange("OPTIONS", {{"Access-Control-Request-Method", "PUT"}}).request, arena));
  EXPECT_FALSE(preflight_of(Exchange("OPTIONS", {{"Origin", "https://a"}, {"Access-Control-Request-Method", "P T"}}).request, arena));
}

TEST(Cors, AnswersAPreflight) {
  Exchange allowed("OPTIONS", {{"Origin", "https://xpto.www.bar.com"},
                               {"access-control-request-method", "GET"},
                               {"access-control-request-headers", "x-header-1, x-header-2"}});
  EXPECT_EQ(allowed.preflight(some()), (Texts{{"access-control-allow-origin", "https://xpto.www.bar.com"},
                                              {"access-control-allow-credentials", "true"},
                                              {"access-control-allow-methods", "GET, OPTIONS"},
                                              {"access-control-allow-headers", "x-header-1, x-header-2"},
                                              {"access-control-expose-headers", "x-header-3, x-header-4"},
                                              {"access-control-max-age", "3600"}}));
  Exchange denied("OPTIONS", {{"Origin", "https://foobar.com"}, {"access-control-request-method", "GET"}});
  EXPECT_EQ(denied.preflight(some()), Texts{});
  Exchange without_headers("OPTIONS", {{"Origin", "https://www.foo.com"}, {"access-control-request-method", "GET"}});
  EXPECT_FALSE(without_headers.preflight(some()).contains("access-control-allow-headers"));
}

TEST(Cors, AnswersStarsWithWhatWasAskedFor) {
  for (const bool credentials : {false, true}) {
    Exchange exchange("OPTIONS", {{"Origin", "https://foobar.com:12345"},
                                  {"access-control-request-method", "PUT"},
                                  {"access-control-request-headers", "x-a, X-B"}});
    Texts expected{{"access-control-allow-origin", "https://foobar.com:12345"},
                   {"access-control-allow-methods", "PUT"},
                   {"access-control-allow-headers", "x-a, X-B"},
                   {"access-control-max-age", "5"}};
    if (credentials) expected["access-control-allow-credentials"] = "true";
    if (!credentials) expected["access-control-expose-headers"] = "*";
    EXPECT_EQ(exchange.preflight(stars(credentials)), expected);
  }
}

TEST(Cors, ReplacesWhatTheBackendSaysOfCors) {
  Exchange exchange("GET", {{"Origin", "https://www.foo.com"}});
  exchange.response.fields.append("access-control-allow-origin", "*");
  exchange.response.fields.append("Access-Control-Allow-Methods", "DELETE");
  exchange.response.fields.append("Vary", "Accept");
  EXPECT_EQ(exchange.decorated(some()), (Texts{{"vary", "Accept, Origin"},
                                               {"access-control-allow-origin", "https://www.foo.com"},
                                               {"access-control-allow-credentials", "true"},
                                               {"access-control-expose-headers", "x-header-3, x-header-4"}}));
}

TEST(Cors, SaysNothingToOtherOriginsAndToNone) {
  Exchange other("GET", {{"Origin", "https://evil.com"}});
  other.response.fields.append("Access-Control-Allow-Origin", "*");
  EXPECT_EQ(other.decorated(some()), (Texts{{"vary", "Origin"}}));
  Exchange none("GET", {});
  EXPECT_EQ(none.decorated(stars(true)), (Texts{{"vary", "Origin"}}));
  Exchange twice("GET", {{"Origin", "https://www.foo.com"}, {"Origin", "https://evil.com"}});
  EXPECT_EQ(twice.decorated(some()), (Texts{{"vary", "Origin"}}));
}

TEST(Cors, LeavesVaryAloneWhereItSaysEnough) {
  for (const char* vary : {"*", "accept, ORIGIN"}) {
    Exchange exchange("GET", {});
    exchange.response.fields.append("Vary", std::string_view(vary));
    EXPECT_EQ(exchange.decorated(some()), (Texts{{"vary", vary}}));
  }
}

TEST(Cors, ExposesNamesWhereAStarMeansNothing) {
  const auto exposed = [](bool credentials, bool cookie) {
    Exchange exchange("GET", {{"Origin", "https://a"}});
    if (cookie) exchange.request.fields.append("Cookie", "a=b");
    for (const char* name : {"Content-Type", "X-One", "Set-Cookie", "x-two", "Access-Control-Max-Age"}) {
      exchange.response.fields.append(std::string_view(name), "1");
    }
    return exchange.decorated(stars(credentials))["access-control-expose-headers"];
  };
  EXPECT_EQ(exposed(false, false), "*");
  EXPECT_EQ(exposed(false, true), "X-One, x-two, Vary");
  EXPECT_EQ(exposed(true, false), "X-One, x-two, Vary");
}

TEST(Cors, RefusesTextsThatCannotBeSent) {
  EXPECT_TRUE(check_cors(some()));
  EXPECT_TRUE(check_cors(stars(true)));
  plan::Cors bad = some();
  bad.expose_headers.push_back("a\r\nb");
  EXPECT_FALSE(check_cors(bad));
}

}  // namespace
}  // namespace cardea::proxy
