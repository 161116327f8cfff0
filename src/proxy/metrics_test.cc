// SPDX-License-Identifier: Apache-2.0
#include "proxy/metrics.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>

#include "base/strings.h"
#include "plan/hash.h"

namespace cardea::proxy {
namespace {

plan::Listener listener(std::string name, bool from_set = false) {
  plan::Listener listener;
  listener.owner = {"infra", from_set ? "extra" : "shop"};
  listener.from_listener_set = from_set;
  listener.name = std::move(name);
  return listener;
}

plan::Ref<plan::Rule> rule(std::string route, std::uint32_t index = 0, std::string name = "") {
  plan::Rule rule;
  rule.route = {"team", std::move(route)};
  rule.index = index;
  rule.name = std::move(name);
  return plan::seal(std::move(rule));
}

const plan::ObjectName kGateway{"infra", "shop"};

TEST(StatusCounters, UsualCodesByThemselvesOthersByClass) {
  StatusCounters counters;
  for (const std::uint16_t code : {200, 200, 299, 418, 499, 100, 599, 600, 99, 0}) counters.record(code);
  std::string text;
  for (std::size_t i = 0; i < StatusCounters::kSize; ++i) {
    if (counters.value(i))
      text += std::string(StatusCounters::label(i)) + "=" + std::to_string(counters.value(i)) + " ";
  }
  EXPECT_EQ(text, "200=2 499=1 1xx=1 2xx=1 4xx=1 5xx=1 other=3 ");
}

TEST(StatusCounters, EveryCodeHasItsLabel) {
  for (std::size_t i = 0; i < StatusCounters::kCodes.size(); ++i) {
    StatusCounters counters;
    counters.record(StatusCounters::kCodes[i]);
    EXPECT_EQ(counters.value(i), 1u);
    EXPECT_EQ(StatusCounters::label(i), std::to_string(StatusCounters::kCodes[i]));
  }
}

TEST(Metrics, EqualLabelsAreOneSeries) {
  Metrics metrics(2);
  const auto https = metrics.listener(kGateway, listener("https"));
  EXPECT_EQ(metrics.listener(kGateway, listener("https")), https);
  EXPECT_NE(metrics.listener(kGateway, listener("http")), https);
  EXPECT_NE(metrics.listener(kGateway, listener("https", true)), https);
  EXPECT_NE(metrics.listener({"infra", "other"}, listener("https")), https);
  const auto cart = metrics.rule(https, rule("cart"));
  EXPECT_EQ(metrics.rule(https, rule("cart")), cart);
  EXPECT_NE(metrics.rule(https, rule("cart", 1)), cart);
  EXPECT_NE(metrics.rule(https, rule("cart", 0, "canary")), cart);
  const auto backend = metrics.backend(cart, "team/cart:80");
  EXPECT_EQ(metrics.backend(cart, "team/cart:80"), backend);
  EXPECT_NE(metrics.backend(cart, "team/cart:81"), backend);
  EXPECT_EQ(metrics.bind("::", 80), metrics.bind("::", 80));
}

TEST(Metrics, AListenersIdIsNeverGivenTwice) {
  Metrics metrics(1);
  std::set<std::uint64_t> ids;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(ids.insert(metrics.listener(kGateway, listener("https"))->id).second);
  EXPECT_FALSE(ids.contains(0));
}

TEST(Metrics, AnUnusedSeriesIsNotOnThePage) {
  Metrics metrics(1);
  const auto https = metrics.listener(kGateway, listener("https"));
  const auto cart = metrics.rule(https, rule("cart"));
  EXPECT_FALSE(metrics.render().contains("cart"));
  cart->counters.at(0).responses.record(200);
  EXPECT_TRUE(metrics.render().contains("cart"));
}

TEST(Metrics, ThePageAddsWorkersAndSpeaksGatewayApi) {
  Metrics metrics(3);
  const auto https = metrics.listener(kGateway, listener("https", true));
  const auto cart = metrics.rule(https, rule("cart", 2, "canary"));
  const auto backend = metrics.backend(cart, "team/cart:80");
  const auto bind = metrics.bind("::", 8443);
  cart->counters.at(0).responses.record(200);
  cart->counters.at(2).responses.record(200);
  cart->counters.at(2).responses.record(503);
  cart->counters.at(1).duration.record(700);
  cart->counters.at(1).duration.record(2'000'000);
  https->counters.at(0).failures.record(Reason::ConnectFailed);
  https->counters.at(0).tls_resumed.add(2);
  https->counters.at(0).responses.record(404);
  backend->counters.at(0).attempts.add(4);
  backend->counters.at(1).failures.record(Reason::BackendReset);
  bind->counters.at(0).active_connections.add(3);
  bind->counters.at(1).active_connections.sub(1);
  metrics.worker(1).log_lines_dropped.add(5);

  const std::string page = metrics.render();
  const std::string in =
      "gateway_namespace=\"infra\",gateway_name=\"shop\",listener_set_namespace=\"infra\","
      "listener_set_name=\"extra\",listener=\"https\"";
  const std::string of = in + ",route_kind=\"HTTPRoute\",route_namespace=\"team\",route_name=\"cart\",rule=\"canary\"";
  const std::string to = of + ",backend_namespace=\"team\",backend_name=\"cart\",backend_port=\"80\"";
  for (const std::string& line : {
           "cardea_http_requests_total{" + of + ",code=\"200\"} 2",
           "cardea_http_requests_total{" + of + ",code=\"503\"} 1",
           "cardea_http_requests_total{" + in + ",code=\"404\"} 1",
           "cardea_http_request_duration_seconds_bucket{" + of + ",le=\"0.0005\"} 0",
           "cardea_http_request_duration_seconds_bucket{" + of + ",le=\"0.001\"} 1",
           "cardea_http_request_duration_seconds_bucket{" + of + ",le=\"1\"} 1",
           "cardea_http_request_duration_seconds_bucket{" + of + ",le=\"2.5\"} 2",
           "cardea_http_request_duration_seconds_bucket{" + of + ",le=\"+Inf\"} 2",
           "cardea_http_request_duration_seconds_sum{" + of + "} 2.000700",
           "cardea_http_request_duration_seconds_count{" + of + "} 2",
           "cardea_http_failures_total{" + in + ",reason=\"connect_failed\",side=\"backend\"} 1",
           "cardea_tls_handshakes_total{" + in + ",resumed=\"true\"} 2",
           "cardea_backend_attempts_total{" + to + "} 4",
           "cardea_backend_failures_total{" + to + ",reason=\"backend_reset\",side=\"backend\"} 1",
           std::string("cardea_client_connections_active{address=\"::\",port=\"8443\"} 2"),
           std::string("cardea_access_log_dropped_lines_total{worker=\"1\"} 5"),
       }) {
    EXPECT_TRUE(page.contains("\n" + line + "\n")) << line << "\n" << page;
  }
}

// The rules of the text exposition format that a scraper insists on.
TEST(Metrics, ThePageIsWellFormed) {
  Metrics metrics(1);
  const auto odd = metrics.rule(metrics.listener(kGateway, listener("a\"b\\c\nd")), rule("cart"));
  odd->counters.at(0).responses.record(200);
  odd->counters.at(0).duration.record(1);
  const std::string page = metrics.render();
  EXPECT_TRUE(page.contains(R"(listener="a\"b\\c\nd")"));
  std::set<std::string> names, lines;
  std::string current;
  ASSERT_TRUE(page.ends_with('\n'));
  for (const auto line : base::split(std::string_view(page).substr(0, page.size() - 1), '\n')) {
    if (line.starts_with("# HELP ")) {
      current = std::string(base::split(line, ' ')[2]);
      EXPECT_TRUE(names.insert(current).second) << "metric twice: " << current;
    } else if (line.starts_with("# TYPE ")) {
      EXPECT_EQ(base::split(line, ' ')[2], current);
    } else {
      EXPECT_TRUE(line.starts_with(current)) << line;
      const std::size_t space = line.rfind(' ');
      EXPECT_TRUE(lines.insert(std::string(line.substr(0, space))).second) << "series twice: " << line;
      EXPECT_EQ(line.substr(space + 1).find_first_not_of("0123456789.-"), std::string_view::npos) << line;
    }
  }
  EXPECT_GT(names.size(), 10u);
}

TEST(Metrics, ASeriesGoesWithItsLastHolder) {
  Metrics metrics(1);
  auto https = metrics.listener(kGateway, listener("https"));
  auto cart = metrics.rule(https, rule("cart"));
  cart->counters.at(0).responses.record(200);
  https.reset();
  EXPECT_EQ(metrics.series(), 2u);
  cart.reset();
  EXPECT_EQ(metrics.series(), 0u);
  EXPECT_FALSE(metrics.render().contains("cart"));
}

TEST(Metrics, WorkersCountWhileThePageIsRead) {
  Metrics metrics(2);
  const auto cart = metrics.rule(metrics.listener(kGateway, listener("https")), rule("cart"));
  constexpr int kRequests = 20'000;
  std::atomic<int> running = 2;
  std::vector<std::thread> workers;
  for (unsigned i = 0; i < 2; ++i) {
    workers.emplace_back([&, i] {
      for (int n = 0; n < kRequests; ++n) {
        cart->counters.at(i).responses.record(200);
        cart->counters.at(i).duration.record(static_cast<std::uint64_t>(n));
      }
      --running;
    });
  }
  while (running > 0) EXPECT_FALSE(metrics.render().empty());
  for (auto& worker : workers) worker.join();
  EXPECT_TRUE(metrics.render().contains("code=\"200\"} " + std::to_string(2 * kRequests) + "\n"));
}

}  // namespace
}  // namespace cardea::proxy
