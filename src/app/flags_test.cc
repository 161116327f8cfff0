// SPDX-License-Identifier: Apache-2.0
#include "app/flags.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace cardea::app {
namespace {

using namespace std::chrono_literals;

std::variant<Command, Exit> parse(std::vector<std::string> arguments) { return parse_flags(std::move(arguments)); }

ServeSettings serve(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "serve");
  auto parsed = parse(std::move(arguments));
  if (const auto* const exit = std::get_if<Exit>(&parsed)) {
    ADD_FAILURE() << exit->text;
    return {};
  }
  return std::get<ServeSettings>(std::get<Command>(parsed));
}

Exit refused(std::vector<std::string> arguments) {
  auto parsed = parse(std::move(arguments));
  if (const auto* const exit = std::get_if<Exit>(&parsed)) return *exit;
  ADD_FAILURE() << "these arguments were taken";
  return {};
}

TEST(Flags, ServeHasDefaultsForEverythingButPaths) {
  const ServeSettings settings = serve({"shop"});
  EXPECT_EQ(settings.paths, std::vector<std::string>{"shop"});
  EXPECT_EQ(to_string(settings.admin), "127.0.0.1:9901");
  EXPECT_EQ(settings.drain_timeout, 30s);
  EXPECT_TRUE(settings.proxy.bind_addresses.empty());
  EXPECT_FALSE(settings.status_dir || settings.access_log || settings.proxy.access_log || settings.advertise_port_map);
  EXPECT_EQ(settings.proxy.connect_timeout, proxy::Settings().connect_timeout);
}

TEST(Flags, ServeTakesPathsAndFlagsInAnyOrder) {
  const ServeSettings settings =
      serve({"a", "--port-map", "80=8080", "b.yaml", "--port-map=443=8443", "--bind", "127.0.0.1", "c", "--bind", "::1",
             "--advertise-port-map", "--admin", "[::1]:0", "--status-dir", "out", "--workers", "2"});
  EXPECT_EQ(settings.paths, (std::vector<std::string>{"a", "b.yaml", "c"}));
  EXPECT_EQ(settings.port_map, (std::map<std::uint16_t, std::uint16_t>{{80, 8080}, {443, 8443}}));
  EXPECT_EQ(settings.proxy.bind_addresses, (std::vector<std::string>{"127.0.0.1", "::1"}));
  EXPECT_TRUE(settings.advertise_port_map);
  EXPECT_EQ(to_string(settings.admin), "[::1]:0");
  EXPECT_EQ(settings.status_dir, "out");
  EXPECT_EQ(settings.proxy.workers, 2u);
}

TEST(Flags, RulesOfTls) {
  const net::TlsRules rules = serve({"x", "--tls-min-version", "1.3", "--tls-ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384,ECDHE-RSA-AES256-GCM-SHA384",
                                     "--tls-cipher-suites", "TLS_AES_256_GCM_SHA384,TLS_CHACHA20_POLY1305_SHA256"})
                                  .proxy.tls;
  EXPECT_EQ(rules.min_version, net::TlsVersion::Tls13);
  EXPECT_EQ(rules.ciphers, "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384");
  EXPECT_EQ(rules.cipher_suites, "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256");
}

TEST(Flags, EveryLimitAndTimeoutHasAFlag) {
  const proxy::Settings proxy =
      serve({"x", "--max-request-line-bytes", "1k", "--max-head-bytes", "2K", "--max-fields", "3", "--max-trailer-bytes",
             "4", "--max-response-head-bytes", "5k", "--max-request-body-bytes", "6M", "--max-requests-per-connection", "7",
             "--max-connections", "8", "--request-head-timeout", "9s", "--tls-handshake-timeout", "10s", "--idle-timeout",
             "11s", "--body-idle-timeout", "12s", "--connect-timeout", "13ms", "--backend-idle-timeout", "1m30s",
             "--max-idle-per-endpoint", "14", "--connect-attempts", "15", "--request-timeout", "16s",
             "--backend-request-timeout", "0s", "--access-log-buffer-bytes", "17k", "--max-chunk-line-bytes", "18",
             "--max-chunk-extension-bytes", "19", "--retry-backoff", "20ms", "--max-replay-bytes", "21",
             "--max-mirrors", "22", "--max-mirror-bytes", "23", "--mirror-timeout", "24s", "--external-auth-timeout", "29s", "--max-auth-answer-bytes", "30k",
             "--backend-http2-max-streams", "25", "--backend-http2-window-bytes", "26k",
             "--backend-http2-ping-interval", "27s", "--backend-http2-ping-timeout", "28s", "--max-endpoint-names", "29",
             "--max-endpoint-name-addresses", "30", "--min-name-ttl", "31s", "--max-name-ttl", "32s"})
          .proxy;
  EXPECT_EQ(proxy.max_request_line_bytes, 1024u);
  EXPECT_EQ(proxy.max_head_bytes, 2048u);
  EXPECT_EQ(proxy.max_fields, 3u);
  EXPECT_EQ(proxy.max_trailer_bytes, 4u);
  EXPECT_EQ(proxy.max_chunk_line_bytes, 18u);
  EXPECT_EQ(proxy.max_chunk_extension_bytes, 19u);
  EXPECT_EQ(proxy.max_response_head_bytes, 5u * 1024);
  EXPECT_EQ(proxy.max_request_body_bytes, 6u << 20);
  EXPECT_EQ(proxy.max_requests_per_connection, 7u);
  EXPECT_EQ(proxy.max_connections, 8u);
  EXPECT_EQ(proxy.request_head_timeout, 9s);
  EXPECT_EQ(proxy.tls_handshake_timeout, 10s);
  EXPECT_EQ(proxy.idle_timeout, 11s);
  EXPECT_EQ(proxy.body_idle_timeout, 12s);
  EXPECT_EQ(proxy.connect_timeout, 13ms);
  EXPECT_EQ(proxy.backend_idle_timeout, 90s);
  EXPECT_EQ(proxy.max_idle_per_endpoint, 14u);
  EXPECT_EQ(proxy.connect_attempts, 15u);
  EXPECT_EQ(proxy.request_timeout, 16s);
  EXPECT_EQ(proxy.backend_request_timeout, 0s);
  EXPECT_EQ(proxy.access_log_buffer_bytes, 17u * 1024);
  EXPECT_EQ(proxy.retry_backoff, 20ms);
  EXPECT_EQ(proxy.max_replay_bytes, 21u);
  EXPECT_EQ(proxy.max_mirrors, 22u);
  EXPECT_EQ(proxy.max_mirror_bytes, 23u);
  EXPECT_EQ(proxy.mirror_timeout, 24s);
  EXPECT_EQ(proxy.external_auth_timeout, 29s);
  EXPECT_EQ(proxy.max_auth_answer_bytes, 30u * 1024);
  EXPECT_EQ(proxy.backend_http2_max_streams, 25u);
  EXPECT_EQ(proxy.backend_http2_window_bytes, 26u * 1024);
  EXPECT_EQ(proxy.names.max_names, 29u);
  EXPECT_EQ(proxy.names.max_addresses, 30u);
  EXPECT_EQ(proxy.names.min_ttl, 31s);
  EXPECT_EQ(proxy.names.max_ttl, 32s);
  EXPECT_EQ(proxy.backend_http2_ping_interval, 27s);
  EXPECT_EQ(proxy.backend_http2_ping_timeout, 28s);
}

TEST(Flags, EveryLimitOfTheControllerHasAFlag) {
  const auto settings = std::get<ControllerSettings>(std::get<Command>(
      parse({"controller", "--kube-request-timeout", "1s", "--kube-connect-timeout", "2s", "--kube-max-requests", "3",
             "--kube-max-answer-bytes", "4k", "--kube-max-event-bytes", "5k", "--kube-page-size", "6", "--lease-duration", "9s",
             "--lease-renew-within", "8s", "--lease-retry", "7s", "--status-hold", "10ms", "--status-writes", "11",
             "--plan-stream-life", "12m", "--plan-report-timeout", "13s", "--plan-proof-timeout", "14s", "--plan-max-unproven",
             "15", "--outage-grace", "16s"})));
  EXPECT_EQ(settings.kube.request_timeout, 1s);
  EXPECT_EQ(settings.kube.connect_timeout, 2s);
  EXPECT_EQ(settings.kube.max_requests, 3u);
  EXPECT_EQ(settings.kube.max_answer_bytes, 4u * 1024);
  EXPECT_EQ(settings.kube.max_watch_line_bytes, 5u * 1024);
  EXPECT_EQ(settings.page_size, 6u);
  EXPECT_EQ(settings.lease.retry, 7s);
  EXPECT_EQ(settings.lease.renew_within, 8s);
  EXPECT_EQ(settings.lease.duration, 9s);
  EXPECT_EQ(settings.status_hold, 10ms);
  EXPECT_EQ(settings.status_writes, 11u);
  EXPECT_EQ(settings.plan_server.stream_life, 12min);
  EXPECT_EQ(settings.plan_server.report_timeout, 13s);
  EXPECT_EQ(settings.plan_server.proof_timeout, 14s);
  EXPECT_EQ(settings.plan_server.max_unproven, 15u);
  EXPECT_EQ(settings.outage_grace, 16s);
}

TEST(Flags, BackendsAndTheirEndpoints) {
  const proxy::Settings proxy = serve({"x", "--load-balancing-policy", "Hash", "--load-balancing-hash-on", "Header", "--load-balancing-hash-name",
                                       "x-user", "--backend-tls-min-version", "1.3", "--backend-tls-cipher-suites", "TLS_AES_256_GCM_SHA384"})
                                    .proxy;
  EXPECT_EQ(proxy.load_balancing, proxy::LoadBalancing::Hash);
  EXPECT_EQ(proxy.hash_on, proxy::HashOn::Header);
  EXPECT_EQ(proxy.hash_name, "x-user");
  EXPECT_EQ(proxy.backend_tls.min_version, net::TlsVersion::Tls13);
  EXPECT_EQ(proxy.backend_tls.cipher_suites, "TLS_AES_256_GCM_SHA384");
  EXPECT_EQ(proxy.tls, net::TlsRules());
}

TEST(Flags, WhoIsBelievedAndWhatIsTold) {
  const proxy::Settings proxy = serve({"x", "--trusted-proxies", "10.0.0.0/8, ::1", "--trusted-proxies", "192.0.2.1", "--via",
                                       "edge", "--trace-sampling", "5"})
                                    .proxy;
  std::vector<std::string> trusted;
  for (const auto& range : proxy.trusted_proxies) trusted.push_back(base::to_string(range));
  EXPECT_EQ(trusted, (std::vector<std::string>{"10.0.0.0/8", "::1/128", "192.0.2.1/32"}));
  EXPECT_EQ(proxy.via, "edge");
  EXPECT_EQ(proxy.trace_sampling_percent, 5u);
  EXPECT_EQ(serve({"x", "--via", "off"}).proxy.via, "");
  EXPECT_EQ(serve({"x"}).proxy.via, "cardea");
}

TEST(Flags, AccessLogGoesToStdoutUnlessAFileIsNamed) {
  EXPECT_EQ(serve({"x", "--access-log"}).access_log, "-");
  EXPECT_EQ(serve({"x", "--access-log", "-"}).access_log, "-");
  EXPECT_EQ(serve({"x", "--access-log=log.json"}).access_log, "log.json");
  EXPECT_EQ(serve({"x", "--access-log", "--workers", "1"}).access_log, "-");
  EXPECT_TRUE(serve({"x", "--access-log"}).proxy.access_log);
}

TEST(Flags, WrongArgumentsAreNamed) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{"controller", "--watch-namespace", "a", "--watch-namespace-selector", "b=c"}, "not of use together"},
      {{"controller", "--watch-namespace-selector", "a b"}, "not a requirement"},
      {{"controller", "--kube-max-requests", "0"}, "at least 1"},
      {{"controller", "--plan-max-unproven", "0"}, "more than 0"},
      {{"controller", "--lease-duration", "5s"}, "less than --lease-duration"},
      {{}, "serve, controller, proxy, echo or version"},
      {{"server"}, "server"},
      {{"serve"}, "PATH"},
      {{"serve", "x", "--port-map", "80"}, "80=8080"},
      {{"serve", "x", "--port-map", "80=0"}, "port"},
      {{"serve", "x", "--port-map", "80=1", "--port-map", "80=2"}, "twice"},
      {{"serve", "x", "--bind", "localhost"}, "IP address"},
      {{"serve", "x", "--admin", "9901"}, "ADDRESS:PORT"},
      {{"serve", "x", "--drain-timeout", "30"}, "duration"},
      {{"serve", "x", "--max-head-bytes", "64kb"}, "size"},
      {{"serve", "x", "--max-request-line-bytes", "65k"}, "--max-head-bytes"},
      {{"serve", "x", "--workers", "-1"}, "--workers"},
      {{"serve", "x", "--connect-attempts", "0"}, "--connect-attempts"},
      {{"serve", "x", "--log-level", "loud"}, "debug"},
      {{"serve", "x", "--trusted-proxies", "10.0.0.0/33"}, "10.0.0.0/33"},
      {{"serve", "x", "--via", "two words"}, "token"},
      {{"serve", "x", "--tls-min-version", "1.1"}, "one of 1.2, 1.3"},
      {{"serve", "x", "--tls-ciphers", "ROT13"}, "ROT13"},
      {{"serve", "x", "--tls-cipher-suites", "TLS_AES_128_GCM_SHA256,ROT13"}, "ROT13"},
      {{"serve", "x", "--trace-sampling", "101"}, "from 0 to 100"},
      {{"serve", "x", "--http2-backlog-bytes", "15k"}, "from 16384"},
      {{"serve", "x", "--load-balancing-policy", "random"}, "LeastOfTwo, RoundRobin, Random, Hash"},
      {{"serve", "x", "--load-balancing-hash-on", "Cookie"}, "--load-balancing-hash-name"},
      {{"serve", "x", "--backend-tls-ciphers", "ROT13"}, "ROT13"},
      {{"serve", "x", "--min-name-ttl", "0s"}, "--min-name-ttl must be at least 1s"},
      {{"proxy", "--controller", "a.test:1", "--min-name-ttl", "999ms"}, "--min-name-ttl must be at least 1s"},
      {{"proxy"}, "--controller"},
      {{"serve", "x", "--no-such-flag"}, "--no-such-flag"},
      {{"echo", "--listen", "x"}, "ADDRESS:PORT"},
      {{"echo", "--tls-key", "x"}, "--tls-certificate"},
  };
  for (const auto& [arguments, named] : cases) {
    const Exit exit = refused(arguments);
    EXPECT_EQ(exit.code, kExitUsage) << exit.text;
    EXPECT_NE(exit.text.find(named), std::string::npos) << exit.text;
  }
}

TEST(Flags, HelpShowsDefaults) {
  const Exit exit = refused({"serve", "--help"});
  EXPECT_EQ(exit.code, 0);
  for (const char* const text : {"[127.0.0.1:9901]", "[30s]", "[64k]", "[1m15s]", "--max-trailer-bytes", "Exit codes"}) {
    EXPECT_NE(exit.text.find(text), std::string::npos) << text << "\n" << exit.text;
  }
  EXPECT_EQ(refused({"--help"}).code, 0);
}

TEST(Flags, EchoListensOnLoopbackUnlessTold) {
  const auto echo = std::get<EchoSettings>(std::get<Command>(parse({"echo"})));
  ASSERT_EQ(echo.listen.size(), 1u);
  EXPECT_EQ(to_string(echo.listen[0]), "127.0.0.1:8080");
  const auto two = std::get<EchoSettings>(
      std::get<Command>(parse({"echo", "--listen", "127.0.0.1:1", "--listen", "[::1]:2", "--name", "cart"})));
  EXPECT_EQ(two.listen.size(), 2u);
  EXPECT_EQ(two.name, "cart");
  const auto tls = std::get<EchoSettings>(std::get<Command>(
      parse({"echo", "--listen-tls", "127.0.0.1:3", "--tls-certificate", "a", "--tls-key", "b"})));
  EXPECT_TRUE(tls.listen.empty());
  EXPECT_EQ(tls.listen_tls.size(), 1u);
  EXPECT_EQ(tls.tls_certificate, "a");
  EXPECT_EQ(tls.tls_key, "b");
}

}  // namespace
}  // namespace cardea::app
