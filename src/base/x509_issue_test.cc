// SPDX-License-Identifier: Apache-2.0
#include "base/x509_issue.h"

#include <gtest/gtest.h>

#include "base/x509.h"

namespace cardea::base {
namespace {

Validity validity() { return {*parse_rfc3339("2024-01-01T00:00:00Z"), *parse_rfc3339("2044-01-01T00:00:00Z")}; }

TEST(X509Issue, ACertificateOfACa) {
  const auto ca = make_ca("Cardea", validity());
  ASSERT_TRUE(ca) << ca.error().message;
  EXPECT_EQ(check_ca_bundle(ca->certificate_pem).value_or(0), 1u);
  const auto issued = issue_server_certificate(*ca, {"cardea-controller", "other.example"}, validity());
  ASSERT_TRUE(issued) << issued.error().message;
  const auto info = check_certificate(issued->certificate_pem + ca->certificate_pem, issued->key_pem);
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->dns_names, (std::vector<std::string>{"cardea-controller", "other.example"}));
  EXPECT_EQ(format_rfc3339(info->not_before), "2024-01-01T00:00:00Z");
  EXPECT_EQ(format_rfc3339(info->not_after), "2044-01-01T00:00:00Z");
  EXPECT_EQ(info->key_type, KeyType::Ecdsa);
}

TEST(X509Issue, EachIsAnother) {
  const auto one = make_ca("Cardea", validity());
  const auto two = make_ca("Cardea", validity());
  ASSERT_TRUE(one && two);
  EXPECT_NE(one->certificate_pem, two->certificate_pem);
  EXPECT_FALSE(issue_server_certificate({one->certificate_pem, two->key_pem}, {"a"}, validity()));
  EXPECT_FALSE(issue_server_certificate({"", ""}, {"a"}, validity()));
  EXPECT_FALSE(issue_server_certificate(*one, {}, validity()));
}

}  // namespace
}  // namespace cardea::base
