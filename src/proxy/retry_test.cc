// SPDX-License-Identifier: Apache-2.0
#include "proxy/retry.h"

#include <gtest/gtest.h>

namespace cardea::proxy {
namespace {

using namespace std::chrono_literals;

using Closing = conn::ClientExchange::Closing;

const Tried kConnectFailed{.failure = {Reason::ConnectFailed, ""}};
const Tried kReset{.failure = {Reason::BackendReset, ""}, .connected = true, .unanswered = true};
const Tried kStale{.failure = {Reason::BackendReset, ""}, .connected = true, .reused = true, .unanswered = true};
const Tried kTimedOut{.failure = {Reason::BackendTimeout, ""}, .connected = true};
const Tried kUnwanted{.failure = {}, .unwanted = true, .connected = true};

plan::Retry policy(std::uint32_t attempts, std::vector<std::uint16_t> codes = {}) {
  return {std::move(codes), attempts, 100ms};
}

TEST(Retries, AnAnswerIsTheEnd) {
  const plan::Retry rule = policy(3);
  Retries retries(&rule, {});
  EXPECT_EQ(retries.after(Tried{.failure = {}, .connected = true}, http::Method::Get, true, true), Next::Finish);
}

TEST(Retries, WithoutAPolicyOtherEndpointsAreTriedWhenConnectingFails) {
  Settings settings;
  settings.connect_attempts = 3;
  Retries retries(nullptr, settings);
  EXPECT_EQ(retries.after(kConnectFailed, http::Method::Post, true, true), Next::AtOnce);
  EXPECT_EQ(retries.after(kConnectFailed, http::Method::Post, true, true), Next::AtOnce);
  EXPECT_EQ(retries.after(kConnectFailed, http::Method::Post, true, true), Next::Finish);
}

TEST(Retries, WithoutAPolicyNoOtherEndpointIsTheEnd) {
  Retries retries(nullptr, {});
  EXPECT_EQ(retries.after(kConnectFailed, http::Method::Get, true, false), Next::Finish);
}

TEST(Retries, AStaleConnectionIsRenewedOnce) {
  Retries retries(nullptr, {});
  EXPECT_EQ(retries.after(kStale, http::Method::Get, true, true), Next::OnNew);
  EXPECT_EQ(retries.after(kStale, http::Method::Get, true, true), Next::Finish);
}

TEST(Retries, WhatMayHaveBeenSeenIsRepeatedOnlyWhenIdempotent) {
  Tried stale = kStale;
  EXPECT_EQ(Retries(nullptr, {}).after(stale, http::Method::Post, true, true), Next::Finish);
  stale.sent = false;
  EXPECT_EQ(Retries(nullptr, {}).after(stale, http::Method::Post, true, true), Next::OnNew);
}

TEST(Retries, WhatTheBackendRefusedIsRepeatedWhateverTheMethod) {
  Retries retries(nullptr, {});
  Tried refused = kReset;
  refused.closing = Closing::Refused;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(retries.after(refused, http::Method::Post, true, true), Next::AtOnce);
  EXPECT_EQ(retries.after(refused, http::Method::Post, true, true), Next::Finish);
}

TEST(Retries, ByHttp1OnceWhateverTheMethod) {
  Retries retries(nullptr, {});
  Tried wants = kReset;
  wants.closing = Closing::WantsHttp1;
  EXPECT_EQ(retries.after(wants, http::Method::Post, true, true), Next::OverHttp1);
  EXPECT_EQ(retries.after(wants, http::Method::Post, true, true), Next::Finish);
  EXPECT_EQ(Retries(nullptr, {}).after(wants, http::Method::Post, false, true), Next::Finish);
}

TEST(Retries, WhereNobodyIsAnotherEndpointIsTried) {
  Tried silent = kStale;
  silent.failure.reason = Reason::BackendTimeout;
  silent.closing = Closing::Silent;
  EXPECT_EQ(Retries(nullptr, {}).after(silent, http::Method::Get, true, true), Next::AtOnce);
  EXPECT_EQ(Retries(nullptr, {}).after(silent, http::Method::Post, true, true), Next::Finish);
  silent.reused = false;
  EXPECT_EQ(Retries(nullptr, {}).after(silent, http::Method::Get, true, true), Next::Finish);
  const plan::Retry rule = policy(1);
  EXPECT_EQ(Retries(&rule, {}).after(silent, http::Method::Post, true, true), Next::AfterBackoff);
}

TEST(Retries, NothingIsRepeatedOnceAnythingLeftOrTheBodyIsGone) {
  for (const Tried& tried : {kConnectFailed, kReset, kStale, kTimedOut, kUnwanted}) {
    const plan::Retry rule = policy(3);
    EXPECT_EQ(Retries(&rule, {}).after(tried, http::Method::Get, false, true), Next::Finish);
  }
}

TEST(Retries, AttemptsAreRetriesAfterTheFirst) {
  for (const Tried& tried : {kReset, kTimedOut, kUnwanted}) {
    const plan::Retry rule = policy(2, {503});
    Retries retries(&rule, {});
    EXPECT_EQ(retries.after(tried, http::Method::Post, true, true), Next::AfterBackoff);
    EXPECT_EQ(retries.after(tried, http::Method::Post, true, true), Next::AfterBackoff);
    EXPECT_EQ(retries.after(tried, http::Method::Post, true, true), Next::Finish);
  }
}

TEST(Retries, TheOnlyEndpointIsTriedAgainByPolicy) {
  const plan::Retry rule = policy(1);
  Retries retries(&rule, {});
  EXPECT_EQ(retries.after(kConnectFailed, http::Method::Get, true, false), Next::AfterBackoff);
  EXPECT_EQ(retries.after(kConnectFailed, http::Method::Get, true, false), Next::Finish);
}

TEST(Retries, OtherFailuresAreNotRepeated) {
  for (const Reason reason : {Reason::BackendMalformed, Reason::BackendTruncated, Reason::RequestTimeout, Reason::Draining,
                              Reason::ClientAborted, Reason::BodyTooLarge}) {
    const Tried tried{.failure = {reason, ""}, .connected = true};
    const plan::Retry rule = policy(3);
    EXPECT_EQ(Retries(&rule, {}).after(tried, http::Method::Get, true, true), Next::Finish) << name_of(reason);
  }
}

TEST(Retries, AStatusIsUnwantedWhileTriesAreLeft) {
  const plan::Retry rule = policy(1, {500, 503});
  Retries retries(&rule, {});
  EXPECT_TRUE(retries.wants(503));
  EXPECT_FALSE(retries.wants(502));
  retries.after(kUnwanted, http::Method::Get, true, true);
  EXPECT_FALSE(retries.wants(503));
  EXPECT_FALSE(Retries(nullptr, {}).wants(503));
}

TEST(Retries, BackoffIsNeverLessThanAskedForAndDoubles) {
  Random random(1);
  const plan::Retry rule = policy(10);
  Retries retries(&rule, {});
  for (const auto least : {100ms, 200ms, 400ms, 800ms, 800ms}) {
    retries.after(kReset, http::Method::Get, true, true);
    for (int i = 0; i < 100; ++i) {
      const auto wait = retries.backoff(random);
      EXPECT_GE(wait, least);
      EXPECT_LE(wait, least + least / 2);
    }
  }
}

}  // namespace
}  // namespace cardea::proxy
