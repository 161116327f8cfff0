// SPDX-License-Identifier: Apache-2.0
#include "cluster/token_review.h"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "base/strings.h"
#include "plan/wire.h"

namespace cardea::cluster {
namespace {

constexpr std::string_view kServiceAccount = "system:serviceaccount:";
constexpr std::string_view kPodName = "authentication.kubernetes.io/pod-name";

base::Value review_of(std::string token) {
  base::Value spec(base::Value::Object{});
  spec.add("token", std::move(token));
  spec.add("audiences", base::Value::Array{base::Value(plan::wire::kAudience)});
  base::Value review(base::Value::Object{});
  review.add("apiVersion", "authentication.k8s.io/v1");
  review.add("kind", "TokenReview");
  review.add("spec", std::move(spec));
  return review;
}

bool has_audience(const base::Value& review) {
  const base::Value* audiences = kube::value_at(review, {"status", "audiences"});
  if (!audiences || !audiences->is_array()) return false;
  return std::ranges::any_of(audiences->as_array(), [](const base::Value& audience) {
    return audience.is_string() && audience.as_string() == plan::wire::kAudience;
  });
}

std::string pod_of(const base::Value& review) {
  const base::Value* names = kube::value_at(review, {"status", "user", "extra", kPodName});
  if (!names || !names->is_array() || names->as_array().empty() || !names->as_array().front().is_string()) return {};
  return names->as_array().front().as_string();
}

}  // namespace

std::expected<Caller, Refused> caller_of(const base::Value& review) {
  const base::Value* authenticated = kube::value_at(review, {"status", "authenticated"});
  if (!authenticated || !authenticated->is_bool() || !authenticated->as_bool()) {
    const std::string_view why = kube::text_at(review, {"status", "error"});
    return std::unexpected(Refused{401, fmt::format("the token is not good: {}", why.empty() ? "the API server does not know it" : why)});
  }
  // A server that does not know of audiences answers without them, and has not looked.
  if (!has_audience(review)) return std::unexpected(Refused{401, fmt::format("the token is not made for {}", plan::wire::kAudience)});
  const std::string_view user = kube::text_at(review, {"status", "user", "username"});
  const auto parts = base::split(user.starts_with(kServiceAccount) ? user.substr(kServiceAccount.size()) : std::string_view(), ':');
  if (parts.size() != 2 || parts[0].empty() || parts[1].empty()) {
    return std::unexpected(Refused{403, fmt::format("{} is no ServiceAccount", user)});
  }
  return Caller{{std::string(parts[0]), std::string(parts[1])}, pod_of(review)};
}

async::Task<std::expected<Caller, Refused>> review_token(kube::Client* client, std::string token) {
  const auto answer = co_await client->create(kube::resource::kTokenReviews, "", review_of(std::move(token)));
  if (!answer) {
    base::log_warn("a proxy's token cannot be reviewed: {}", answer.error().message);
    co_return std::unexpected(Refused{503, "the token cannot be reviewed now"});
  }
  co_return caller_of(*answer);
}

}  // namespace cardea::cluster
