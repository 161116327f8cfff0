// SPDX-License-Identifier: Apache-2.0
#include "api/decode/rules.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cardea::api {
namespace {

struct RuleCase {
  const char* name;
  bool (*is)(std::string_view);
  std::vector<std::string> yes;
  std::vector<std::string> no;
};

const std::string kLabel63(63, 'a');
const std::string kLabel64(64, 'a');

TEST(Rules, Tables) {
  const std::vector<RuleCase> cases{
      {"label1123", is_label1123, {"a", "0", "a-b", kLabel63}, {"", "-a", "a-", "A", "a.b", "a_b", "a b", kLabel64}},
      {"label1035", is_label1035, {"a", "a-0"}, {"", "0a", "a.b", kLabel64}},
      {"subdomain",
       is_subdomain,
       {"a", "a.b", "a-b.0", kLabel64 + ".a"},
       {"", ".", "a.", ".a", "a..b", "a.-b", "A.b", "*.a", "a\n"}},
      {"group", is_group, {"", "a.b"}, {"A", "."}},
      {"kind", is_kind, {"A", "HTTPRoute", "a-1"}, {"", "1a", "a-", "-a", "a.b", "a b"}},
      {"hostname", is_hostname, {"a", "*.a", "a.b"}, {"", "*", "*.", "*a", "a.*", "**.a", "*.*.a", "a:1", "A.b"}},
      {"token", is_token, {"a", "X-Y_z", "!#$%&'*+-.^_`|~"}, {"", "a b", "a:", "a/b", "é", "a\r"}},
      {"header value",
       is_header_value,
       {"a", "a b", "a\tb", "\"a\""},
       {"", " a", "a ", "a  b", "a\t b", "a\n", "é", "a\x7f"}},
      {"no line end", has_no_line_end, {"", "  a  ", "é"}, {"a\r", "\na", std::string("a\0b", 3)}},
      {"controller",
       is_domain_prefixed_path,
       {"a/b", "a.b/c/d", "a/~%!$&'()*+,;=:"},
       {"", "a", "a/", "/a", "A/b", "a/b c", "a/b#"}},
      {"path", is_path, {"/", "a", "/a%20b", "/-._~!$&'()*+,;=:@"}, {"", "%", "%2", "%2g", "a b", "?", "#", "[", "é"}},
      {"cors origin",
       is_cors_origin,
       {"*", "http://a", "https://a.b-c:8443", "https://*.a", "https://*", "http://*:80", "https://A.B"},
       {"", "a", "ftp://a", "http://", "http://a:", "http://a:123456", "http://a:b", "http://a/", "http://a..b",
        "http://.a", "http://a.*", "http://*.", "**", "http://a_b"}},
      {"absolute uri",
       is_absolute_uri,
       {"a://", "spiffe://a/b?c#d", "http://a"},
       {"", "://a", "a", "a:b", "a:/b", "/a://b", "?://"}},
      {"listener protocol",
       is_listener_protocol,
       {"HTTP", "a", "My-Proto", "a.b/C1", "ex.com/foo"},
       {"", "-", "a-", "a.b", "a_b", "a.b/", "/c", "a.b/c-d", "A/c"}},
      {"address type",
       is_address_type,
       {"IPAddress", "Hostname", "NamedAddress", "a.b/c", "test/fake-invalid-type"},
       {"", "ip", "hostname", "a.b", "/a", "a/", "a/b c"}},
      {"qualified name",
       is_qualified_name,
       {"a", "A_b.c-1", "a.b/C", kLabel63, "a/" + kLabel63},
       {"", "-a", "a-", "/a", "a/", "A.b/c", "a/b/c", kLabel64, "a b", "a/" + kLabel64}},
      {"label value", is_label_value, {"", "a", "A_b.c-1", kLabel63}, {"-a", "a-", ".", "a b", kLabel64}},
      {"well-known CA", is_well_known_ca, {"System", "a.b/c"}, {"", "system", "Other", "a.b/", "/c"}},
      {"gRPC service", is_grpc_service, {"a", "A.b_1", ".a"}, {"", ".", "a.", "a..b", "1a", "a-b", "a/b"}},
      {"gRPC method", is_grpc_method, {"a", "_", "A1"}, {"", "1", "a.b", "a-b", "a/b"}},
      {"data key", is_data_key, {"a", "tls.crt", "A-b_c", ".a"}, {"", ".", "..", "..a", "...", "a/b", "a b"}},
      {"port name", is_port_name, {"a", "http-2", "1a"}, {"", "80", "A", "-a", "a-", "a--b", "abcdefghijklmnop"}},
      {"ip",
       is_ip,
       {"1.2.3.4", "::", "::1", "2001:db8::1"},
       {"", "1.2.3", "1.2.3.256", "01.2.3.4", "a", ":::", "1.2.3.4:80"}},
  };
  for (const RuleCase& one : cases) {
    for (const std::string& text : one.yes) EXPECT_TRUE(one.is(text)) << one.name << ": " << text;
    for (const std::string& text : one.no) EXPECT_FALSE(one.is(text)) << one.name << ": " << text;
  }
}

}  // namespace
}  // namespace cardea::api
