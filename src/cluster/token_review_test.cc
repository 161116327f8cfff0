// SPDX-License-Identifier: Apache-2.0
#include "cluster/token_review.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace cardea::cluster {
namespace {

std::expected<Caller, Refused> of(std::string_view status) {
  return caller_of(*base::parse_json(std::string(R"({"kind":"TokenReview","status":)") + std::string(status) + "}"));
}

TEST(TokenReview, AServiceAccountWithItsPod) {
  const auto caller = of(R"({"authenticated": true, "audiences": ["cardea-controller"], "user": {"username":
      "system:serviceaccount:shop:web-cardea", "extra": {"authentication.kubernetes.io/pod-name": ["web-cardea-7d4b9c-x2x8z"]}}})");
  ASSERT_TRUE(caller) << caller.error().why;
  EXPECT_EQ(caller->account, (plan::ObjectName{"shop", "web-cardea"}));
  EXPECT_EQ(caller->pod, "web-cardea-7d4b9c-x2x8z");
}

TEST(TokenReview, ATokenWithoutAPod) {
  const auto caller = of(R"({"authenticated": true, "audiences": ["cardea-controller"], "user": {"username":
      "system:serviceaccount:shop:web"}})");
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->pod, "");
}

TEST(TokenReview, Refusals) {
  struct Case {
    std::string_view status;
    std::uint16_t answer;
    std::string_view why;
  };
  const Case cases[] = {
      {R"({"authenticated": false, "error": "token has expired"})", 401, "the token is not good: token has expired"},
      {R"({})", 401, "the token is not good: the API server does not know it"},
      {R"({"authenticated": true, "user": {"username": "system:serviceaccount:a:b"}})", 401, "the token is not made for cardea-controller"},
      {R"({"authenticated": true, "audiences": ["https://kubernetes.default.svc"], "user": {"username": "system:serviceaccount:a:b"}})", 401,
       "the token is not made for cardea-controller"},
      {R"({"authenticated": true, "audiences": ["cardea-controller"], "user": {"username": "admin"}})", 403, "admin is no ServiceAccount"},
      {R"({"authenticated": true, "audiences": ["cardea-controller"], "user": {"username": "system:serviceaccount:a:b:c"}})", 403,
       "system:serviceaccount:a:b:c is no ServiceAccount"},
  };
  for (const Case& one : cases) {
    const auto caller = of(one.status);
    ASSERT_FALSE(caller) << one.status;
    EXPECT_EQ(caller.error().status, one.answer);
    EXPECT_EQ(caller.error().why, one.why);
  }
}

}  // namespace
}  // namespace cardea::cluster
