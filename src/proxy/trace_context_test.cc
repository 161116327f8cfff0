// SPDX-License-Identifier: Apache-2.0
#include "proxy/trace_context.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "http/trace_context.h"

namespace cardea::proxy {
namespace {

using http::HeaderId;

constexpr std::string_view kParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

struct Traced {
  http::TextArena arena;
  http::Fields fields;
  Random random{1};
  std::string_view carry(unsigned sampling = 100) { return carry_trace(fields, sampling, random, arena); }
};

TEST(TraceContext, AValidOneGoesOnUntouched) {
  Traced traced;
  traced.fields.append("traceparent", kParent);
  traced.fields.append("tracestate", "a=1");
  traced.fields.append("tracestate", "b=2");
  EXPECT_EQ(traced.carry(), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(traced.fields.get(HeaderId::Traceparent), kParent);
  EXPECT_EQ(traced.fields.count(HeaderId::Tracestate), 2u);
}

TEST(TraceContext, ABadStateIsDroppedAlone) {
  Traced traced;
  traced.fields.append("traceparent", kParent);
  traced.fields.append("tracestate", "no state");
  EXPECT_EQ(traced.carry(), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_FALSE(traced.fields.has(HeaderId::Tracestate));
}

TEST(TraceContext, WithoutAValidOneATraceBegins) {
  std::set<std::string> seen;
  for (int kind = 0; kind < 3; ++kind) {
    Traced traced;
    traced.random = Random(static_cast<std::uint64_t>(kind));
    if (kind == 1) traced.fields.append("traceparent", "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01");
    if (kind == 2) {
      traced.fields.append("traceparent", kParent);
      traced.fields.append("traceparent", kParent);
    }
    traced.fields.append("tracestate", "a=1");
    const auto trace = traced.carry();
    const auto parent = traced.fields.get(HeaderId::Traceparent);
    EXPECT_EQ(http::trace_id_of(parent), trace);
    EXPECT_TRUE(parent.ends_with("-01")) << parent;
    EXPECT_EQ(traced.fields.count(HeaderId::Traceparent), 1u);
    EXPECT_FALSE(traced.fields.has(HeaderId::Tracestate));
    EXPECT_TRUE(seen.insert(std::string(trace)).second);
  }
}

TEST(TraceContext, AsManyAreSampledAsWasAskedFor) {
  Random random(7);
  int sampled = 0;
  for (int i = 0; i < 1000; ++i) {
    Traced traced;
    carry_trace(traced.fields, 25, random, traced.arena);
    sampled += traced.fields.get(HeaderId::Traceparent).ends_with("1");
  }
  EXPECT_GT(sampled, 200);
  EXPECT_LT(sampled, 300);
  Traced none;
  none.carry(0);
  EXPECT_TRUE(none.fields.get(HeaderId::Traceparent).ends_with("-00"));
}

}  // namespace
}  // namespace cardea::proxy
