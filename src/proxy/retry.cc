// SPDX-License-Identifier: Apache-2.0
#include "proxy/retry.h"

#include <algorithm>

namespace cardea::proxy {
namespace {

using Closing = conn::ClientExchange::Closing;

constexpr std::uint32_t kDefaultAttempts = 1;  // where the policy names no number
constexpr std::uint32_t kMaxDoublings = 3;

bool is_tried_again(const Tried& tried) {
  return tried.unwanted || !tried.connected || tried.failure.reason == Reason::BackendReset ||
         tried.failure.reason == Reason::BackendTimeout;
}

}  // namespace

Retries::Retries(const plan::Retry* policy, const Settings& settings)
    : policy_(policy),
      base_(policy ? policy->backoff.value_or(settings.retry_backoff) : settings.retry_backoff),
      left_(policy ? policy->attempts.value_or(kDefaultAttempts) : 0),
      connects_(settings.connect_attempts - 1) {}

bool Retries::wants(std::uint16_t status) const { return left_ > 0 && std::ranges::binary_search(policy_->codes, status); }

Next Retries::once_more() {
  if (left_ == 0) return Next::Finish;
  --left_;
  ++made_;
  return Next::AfterBackoff;
}

Next Retries::after(const Tried& tried, http::Method method, bool repeatable, bool another) {
  if (!tried.failure && !tried.unwanted) return Next::Finish;
  if (!repeatable || tried.failure.reason == Reason::Draining || tried.failure.reason == Reason::RequestTimeout) return Next::Finish;
  if (!tried.connected && tried.failure.reason != Reason::BackendTimeout && another && connects_ > 0) {
    --connects_;
    return Next::AtOnce;
  }
  if (tried.closing == Closing::Refused && refusals_ > 0) {
    --refusals_;
    return Next::AtOnce;
  }
  if (tried.closing == Closing::WantsHttp1 && !over_http1_) {
    over_http1_ = true;
    return Next::OverHttp1;
  }
  const bool silent = tried.closing == Closing::Silent;
  const bool stale = tried.reused && tried.unanswered && (silent || tried.failure.reason == Reason::BackendReset);
  if (stale && !renewed_ && (!tried.sent || http::is_idempotent(method))) {
    renewed_ = true;
    return silent ? Next::AtOnce : Next::OnNew;
  }
  return is_tried_again(tried) ? once_more() : Next::Finish;
}

std::chrono::milliseconds Retries::least_backoff() const {
  const std::uint32_t doublings = std::min(made_ > 0 ? made_ - 1 : 0, kMaxDoublings);
  return base_ * (1u << doublings);
}

std::chrono::milliseconds Retries::backoff(Random& random) const {
  const auto least = least_backoff();
  const auto spread = static_cast<std::uint32_t>(std::min<std::int64_t>(least.count() / 2, 60'000));
  return least + std::chrono::milliseconds(random.below(spread + 1));
}

}  // namespace cardea::proxy
