// SPDX-License-Identifier: Apache-2.0
#include "app/flags.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <functional>
#include <sstream>
#include <utility>

#include "api/selector_text.h"
#include "base/clock.h"
#include "base/ip.h"
#include "base/strings.h"
#include "http/syntax.h"
#include "net/tls_settings.h"

namespace cardea::app {
namespace {

constexpr std::string_view kAbout =
    "Cardea, a gateway for the Kubernetes Gateway API.\n\n"
    "  cardea serve PATH...   serves a folder of manifests, no cluster needed\n"
    "  cardea controller      the Gateway API of a Kubernetes cluster: statuses, proxies and their plans\n"
    "  cardea proxy           the data plane of one Gateway in a cluster, told by `cardea controller`\n"
    "  cardea echo            a backend for trials that answers with what it received\n"
    "  cardea version         what this program was built from\n\n"
    "`cardea COMMAND --help` tells more.\n";

constexpr std::string_view kServeAbout =
    "Serves the Gateways in manifests of the Gateway API and follows every change to them.\n\n"
    "PATH is a file, or a folder with its sub-folders, in which files that end in .yaml, .yml or .json\n"
    "are read; names that start with a dot are passed over. Files hold one or several objects (YAML\n"
    "documents, or a List).\n";

constexpr std::string_view kServeNotes =
    "Durations are written like 500ms, 15s, 2m or 1h30m; sizes in bytes or like 64k, 1M, 2G.\n"
    "Signals: TERM and INT drain and end, a second one ends at once; HUP reads all files again.\n"
    "Exit codes: 0 ended as asked, 1 could not start or go on, 2 wrong arguments.";

constexpr std::string_view kProxyAbout =
    "Serves the plan of one Gateway, which it takes from the controllers of a cluster.\n\n"
    "It calls every controller, takes plans from one of them and reports to all; while none can be reached the\n"
    "last plan stays live. In a cluster the controller starts these by itself, one Deployment a Gateway.\n";

constexpr std::string_view kProxyNotes =
    "Signals: TERM and INT drain and end, a second one ends at once; HUP opens the access log again.\n"
    "Exit codes: 0 ended as asked, 1 could not start, 2 wrong arguments.";

constexpr std::string_view kControllerAbout =
    "Serves the Gateway API of a Kubernetes cluster: makes proxies for each Gateway, tells them their plans,\n"
    "and writes statuses. Of several replicas one writes; all tell plans.\n";

constexpr std::string_view kControllerNotes =
    "SELECTOR is written as for kubectl: team=shop,tier in (a,b),!internal.\n"
    "Signals: TERM and INT give the lease back and end.\n"
    "Exit codes: 0 ended as asked, 1 could not start, 2 wrong arguments.";

constexpr std::string_view kEchoAbout =
    "Answers every request with 200 and JSON that says who it is and what it received.\n\n"
    "A path that ends in /status/NNN is answered with that status, ?delay=500ms waits first, ?bytes=64k\n"
    "answers with that many bytes, and a request field X-Echo-Set-Header: Name: value adds a field to the\n"
    "response.\n\n"
    "A WebSocket gets its messages back, and so does a call of gRPC, whatever its service and method:\n"
    "each message as it comes. Its metadata x-echo-name says who answered; x-echo-grpc-status: 5 is\n"
    "answered with that status, x-echo-delay: 500ms waits first.\n";

// Takes the text of one flag.
using Parse = std::function<base::Result<>(const std::string& text)>;

// Runs `parse`; CLI11 wants what is wrong thrown.
void parse_or_throw(const std::string& flag, const Parse& parse, const std::string& text) {
  if (const auto parsed = parse(text); !parsed) throw CLI::ValidationError(flag, parsed.error().message);
}

// Puts what was parsed into `value`, or says that `text` is not `expected`.
template <class T, class U>
base::Result<> take(T& value, const std::optional<U>& parsed, std::string_view text, std::string_view expected) {
  if (!parsed) return base::fail(fmt::format("\"{}\" is not {}", text, expected));
  value = static_cast<T>(*parsed);
  return {};
}

// Adds flags that fill in values, each with its default in the help text.
class Flags {
 public:
  explicit Flags(CLI::App& app) : app_(app) {}

  void group(std::string name) { group_ = std::move(name); }

  void duration(std::string_view name, std::chrono::milliseconds& value, std::string_view help) {
    const auto parse = [&value](const std::string& text) {
      return take(value, base::parse_duration(text), text, "a duration such as 500ms, 15s or 2m");
    };
    add(name, "DURATION", parse, help, base::format_duration(value));
  }
  template <class T>
  void size(std::string_view name, T& value, std::string_view help) {
    const auto parse = [&value](const std::string& text) {
      return take(value, parse_size(text), text, "a size such as 4096, 64k or 1M");
    };
    add(name, "SIZE", parse, help, format_size(value));
  }
  template <class T>
  void number(std::string_view name, T& value, std::string_view help) {
    const auto parse = [&value](const std::string& text) {
      return take(value, base::parse_uint<T>(text), text, "a number that fits");
    };
    add(name, "NUMBER", parse, help, std::to_string(value));
  }
  CLI::Option* text(std::string_view name, std::string_view kind, Parse parse, std::string_view help,
                    std::string default_text = {}) {
    return add(name, kind, std::move(parse), help, std::move(default_text));
  }
  void list(std::string_view name, std::string_view kind, Parse parse, std::string_view help,
            std::string default_text = {}) {
    const std::string flag = fmt::format("--{}", name);
    const auto each = [flag, parse = std::move(parse)](const std::vector<std::string>& texts) {
      for (const std::string& one : texts) parse_or_throw(flag, parse, one);
    };
    CLI::Option* const option =
        app_.add_option_function<std::vector<std::string>>(flag, each, text_with_default(help, default_text));
    option->type_name(std::string(kind))->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    option->allow_extra_args(false)->group(group_);
  }
  void yes(std::string_view name, bool& value, std::string_view help) {
    app_.add_flag(fmt::format("--{}", name), value, std::string(help))->group(group_);
  }

 private:
  static std::string text_with_default(std::string_view help, const std::string& default_text) {
    return default_text.empty() ? std::string(help) : fmt::format("{} [{}]", help, default_text);
  }
  CLI::Option* add(std::string_view name, std::string_view kind, Parse parse, std::string_view help,
                   std::string default_text) {
    const std::string flag = fmt::format("--{}", name);
    const auto one = [flag, parse = std::move(parse)](const std::string& text) { parse_or_throw(flag, parse, text); };
    CLI::Option* const option =
        app_.add_option_function<std::string>(flag, one, text_with_default(help, default_text));
    return option->type_name(std::string(kind))->group(group_);
  }

  CLI::App& app_;
  std::string group_ = "Options";
};

void add_log_level(Flags& flags, base::LogLevel& level) {
  const auto parse = [&level](const std::string& text) {
    return take(level, base::parse_log_level(text), text, "debug, info, warn, error or off");
  };
  flags.text("log-level", "LEVEL", parse, "debug, info, warn, error or off; the log goes to stderr", "info");
}

base::Result<> add_port_map(ServeSettings& settings, const std::string& text) {
  const auto parts = base::split(text, '=');
  const auto port = [&parts](std::size_t i) { return base::parse_uint<std::uint16_t>(parts[i]).value_or(0); };
  if (parts.size() != 2 || port(0) == 0 || port(1) == 0) {
    return base::fail(fmt::format("\"{}\" is not a listener's port and the port to bind, such as 80=8080", text));
  }
  if (!settings.port_map.emplace(port(0), port(1)).second) {
    return base::fail(fmt::format("port {} is mapped twice", port(0)));
  }
  return {};
}

base::Result<> add_address(std::vector<std::string>& addresses, const std::string& text) {
  const auto ip = base::parse_ip(text);
  if (!ip) return base::fail(fmt::format("\"{}\" is not an IP address", text));
  addresses.push_back(base::to_string(*ip));
  return {};
}

base::Result<> take_listen_at(ListenAt& value, const std::string& text) {
  const auto parsed = parse_listen_at(text);
  if (!parsed) return std::unexpected(parsed.error());
  value = *parsed;
  return {};
}

// For flags that take any text.
template <class T>
Parse keep(T& value) {
  return [&value](const std::string& text) -> base::Result<> {
    value = text;
    return {};
  };
}

// "cardea-controller.cardea-system.svc:18000", "10.0.0.7:18000", "[::1]:18000".
base::Result<> add_controller(ProxySettings& settings, const std::string& text) {
  const std::size_t colon = text.rfind(':');
  const auto port = colon == std::string::npos ? std::nullopt : base::parse_uint<std::uint16_t>(std::string_view(text).substr(colon + 1));
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const bool name_or_ip = !host.empty() && (!host.contains(':') || base::parse_ip(host));
  if (!port || *port == 0 || !name_or_ip) return base::fail(fmt::format("\"{}\" is not HOST:PORT", text));
  settings.controllers.push_back({std::move(host), *port});
  return {};
}

base::Result<> take_gateway(std::optional<plan::ObjectName>& gateway, const std::string& text) {
  const auto parts = base::split(text, '/');
  if (parts.size() != 2 || parts[0].empty() || parts[1].empty()) return base::fail(fmt::format("\"{}\" is not NAMESPACE/NAME", text));
  gateway = plan::ObjectName{std::string(parts[0]), std::string(parts[1])};
  return {};
}

void add_bind(Flags& flags, proxy::Settings& proxy) {
  flags.list("bind", "ADDRESS", [&proxy](const std::string& text) { return add_address(proxy.bind_addresses, text); },
             "where Gateways without spec.addresses listen; repeatable", "all of IPv4 and IPv6");
}

void add_access_log(Flags& flags, std::optional<std::string>& access_log) {
  const auto parse = [&access_log](const std::string& text) -> base::Result<> {
    access_log = text.empty() ? "-" : text;
    return {};
  };
  flags
      .text("access-log", "[FILE]", parse, "one JSON line per request into FILE; without FILE, or with -, to stdout [off]")
      ->expected(0, 1);
}

void add_proxy_flags(Flags& flags, ProxySettings& settings) {
  flags.group("Whom it asks");
  flags.list("controller", "HOST:PORT", [&settings](const std::string& text) { return add_controller(settings, text); },
             "where plans come from: an address, or a name whose every address is a controller; repeatable");
  flags.text("gateway", "NAMESPACE/NAME", [&settings](const std::string& text) { return take_gateway(settings.gateway, text); },
             "the plan of any other Gateway is refused");
  flags.text("token-file", "FILE", keep(settings.token_file), "a ServiceAccount token for the audience cardea-controller", settings.token_file);
  flags.text("ca-file", "FILE", keep(settings.ca_file), "PEM of the CAs that a controller's certificate may be of", settings.ca_file);

  flags.group("Where it listens");
  add_bind(flags, settings.proxy);
  flags.text("admin", "ADDRESS:PORT", [&settings](const std::string& text) { return take_listen_at(settings.admin, text); },
             "/status, /plan, /metrics, /readyz, /livez, /build; *:PORT is all of IPv4 and IPv6, port 0 a free one", to_string(settings.admin));

  flags.group("What it tells");
  add_access_log(flags, settings.access_log);
  add_log_level(flags, settings.log_level);
}

base::Result<> take_selector(cluster::WatchScope& scope, const std::string& text) {
  auto selector = api::parse_selector(text);
  if (!selector) return std::unexpected(std::move(selector).error());
  scope.namespace_selector = *std::move(selector);
  return {};
}

void add_controller_flags(Flags& flags, ControllerSettings& settings) {
  flags.group("The cluster");
  flags.text("kubeconfig", "FILE", keep(settings.kubeconfig), "how to reach the API server [the pod's own, $KUBECONFIG, ~/.kube/config]");
  flags.text("context", "NAME", keep(settings.context), "of the kubeconfig [its current one]");
  flags.text("namespace", "NAME", keep(settings.namespace_), "where the lease is [the pod's own, the context's]");
  flags.text("controller-name", "NAME", keep(settings.controller_name), "GatewayClasses that name it are ours", settings.controller_name);
  flags.list("watch-namespace", "NAME", [&settings](const std::string& text) -> base::Result<> {
    settings.scope.namespaces.push_back(text);
    return {};
  }, "only objects in it are looked at; repeatable", "all");
  flags.text("watch-namespace-selector", "SELECTOR", [&settings](const std::string& text) { return take_selector(settings.scope, text); },
             "only objects in namespaces with such labels are looked at [all]");
  flags.yes("no-leader-election", settings.no_leader_election, "this is the only replica");
  flags.duration("lease-duration", settings.lease.duration, "how long others wait for a leader that does not renew its lease");
  flags.duration("lease-renew-within", settings.lease.renew_within, "a leader that could not renew it for so long stops leading");
  flags.duration("lease-retry", settings.lease.retry, "between attempts to hold or renew it");

  flags.group("Proxies");
  flags.text("plans", "ADDRESS:PORT", [&settings](const std::string& text) { return take_listen_at(settings.plans, text); },
             "where proxies get their plans; *:PORT is all of IPv4 and IPv6", to_string(settings.plans));
  flags.text("plans-address", "HOST:PORT", keep(settings.plans_address),
             "where proxies reach that: every address of it is a replica [cardea-controller.NAMESPACE.svc:PORT]");
  flags.text("proxy-image", "IMAGE", keep(settings.proxy_image), "what proxies are made of", settings.proxy_image);

  flags.group("What it tells");
  flags.text("admin", "ADDRESS:PORT", [&settings](const std::string& text) { return take_listen_at(settings.admin, text); },
             "/status, /plan, /metrics, /readyz, /livez, /build; *:PORT is all of IPv4 and IPv6, port 0 a free one", to_string(settings.admin));
  add_log_level(flags, settings.log_level);

  flags.group("Limits and time-outs");
  flags.duration("kube-request-timeout", settings.kube.request_timeout, "of a request to the API server, with all trying again");
  flags.duration("kube-connect-timeout", settings.kube.connect_timeout, "for a connection to the API server");
  flags.number("kube-max-requests", settings.kube.max_requests, "under way at once; watches do not count");
  flags.size("kube-max-answer-bytes", settings.kube.max_answer_bytes, "of the API server; a larger one is an error");
  flags.size("kube-max-event-bytes", settings.kube.max_watch_line_bytes, "an event of a watch; a larger one is an error");
  flags.number("kube-page-size", settings.page_size, "objects in a page of a list");
  flags.duration("status-hold", settings.status_hold, "how long proxies may take to acknowledge before a status says Pending");
  flags.number("status-writes", settings.status_writes, "statuses that are written at once");
  flags.duration("plan-stream-life", settings.plan_server.stream_life, "of a proxy's stream of plans; then it has to prove itself again");
  flags.duration("plan-report-timeout", settings.plan_server.report_timeout, "for a proxy to say that a plan it was sent is live");
  flags.duration("plan-proof-timeout", settings.plan_server.proof_timeout, "for each of a proxy's handshake, head and token");
  flags.number("plan-max-unproven", settings.plan_server.max_unproven, "connections of proxies that have not proven themselves; more are closed");
}

void add_serve_flags(Flags& flags, ServeSettings& settings) {
  flags.group("Where it listens");
  add_bind(flags, settings.proxy);
  flags.list("port-map", "PORT=PORT", [&settings](const std::string& text) { return add_port_map(settings, text); },
             "80=8080 listens on 8080 for listeners of port 80; repeatable");
  flags.yes("advertise-port-map", settings.advertise_port_map, "redirects name the mapped port, not the listener's");
  flags.text("admin", "ADDRESS:PORT", [&settings](const std::string& text) { return take_listen_at(settings.admin, text); },
             "/status, /plan, /metrics, /readyz, /livez, /build; *:PORT is all of IPv4 and IPv6, port 0 a free one", to_string(settings.admin));

  flags.group("What it tells");
  flags.text("status-dir", "DIR", keep(settings.status_dir), "writes the status of every object there, as KIND.NAMESPACE.NAME.yaml");
  add_access_log(flags, settings.access_log);
  add_log_level(flags, settings.log_level);
}

// Settings of whoever runs a data plane.
template <class Settings>
void add_run_flags(Flags& flags, Settings& settings) {
  flags.group("How it runs");
  flags.number("workers", settings.proxy.workers, "threads that serve; 0: as many as there are CPUs for this process");
  flags.duration("drain-timeout", settings.drain_timeout, "how long requests under way may take to end after TERM");
  flags.size("access-log-buffer-bytes", settings.proxy.access_log_buffer_bytes,
             "per worker; lines that do not fit are dropped and counted");
}

void add_limits(Flags& flags, proxy::Settings& proxy) {
  flags.group("Limits (0: none, where it says so)");
  flags.size("max-request-line-bytes", proxy.max_request_line_bytes, "longer: 414");
  flags.size("max-head-bytes", proxy.max_head_bytes, "request line and fields together; larger: 431");
  flags.number("max-fields", proxy.max_fields, "fields of a request; more: 431");
  flags.size("max-trailer-bytes", proxy.max_trailer_bytes, "trailer section of a request; larger: 431");
  flags.size("max-chunk-line-bytes", proxy.max_chunk_line_bytes, "a chunk's size with its extensions; longer: 400");
  flags.size("max-chunk-extension-bytes", proxy.max_chunk_extension_bytes, "extensions of all chunks of a body; more: 400");
  flags.size("max-response-head-bytes", proxy.max_response_head_bytes, "head of a backend's response; larger: 502");
  flags.size("max-request-body-bytes", proxy.max_request_body_bytes, "larger: 413; 0: none");
  flags.number("max-requests-per-connection", proxy.max_requests_per_connection, "then the connection is closed; 0: none");
  flags.number("max-connections", proxy.max_connections, "of clients, per worker; 0: none");
  flags.number("max-idle-per-endpoint", proxy.max_idle_per_endpoint, "pooled connections of a worker to one endpoint");
  flags.number("backend-http2-max-streams", proxy.backend_http2_max_streams, "of an HTTP/2 connection to a backend, if that allows as many");
  flags.size("backend-http2-window-bytes", proxy.backend_http2_window_bytes, "of a backend's response in HTTP/2 that is not read yet");
  flags.number("connect-attempts", proxy.connect_attempts, "endpoints tried when connecting fails");
  flags.number("max-mirrors", proxy.max_mirrors, "copies of requests under way in a worker; more are dropped and counted");
  flags.size("max-mirror-bytes", proxy.max_mirror_bytes, "of a copy's body that waits to be sent; more: the copy is dropped and counted");
  flags.size("max-replay-bytes", proxy.max_replay_bytes, "of a request body kept for rules with retry; a larger one is not sent again");
}

base::Result<> add_trusted_proxies(proxy::Settings& proxy, const std::string& text) {
  for (const std::string_view part : base::split(text, ',')) {
    const auto range = base::parse_ip_range(base::trim(part));
    if (!range) return std::unexpected(range.error());
    proxy.trusted_proxies.push_back(*range);
  }
  return {};
}

base::Result<> take_via(proxy::Settings& proxy, const std::string& text) {
  if (text != "off" && !http::is_token(text)) return base::fail(fmt::format("\"{}\" cannot be a name in Via", text));
  proxy.via = text == "off" ? "" : text;
  return {};
}

base::Result<> take_percent(unsigned& value, const std::string& text) {
  return take(value, base::parse_uint<unsigned>(text, 100), text, "a number from 0 to 100");
}

void add_forwarding(Flags& flags, proxy::Settings& proxy) {
  flags.group("What it believes and tells");
  flags.list("trusted-proxies", "RANGE",
             [&proxy](const std::string& text) { return add_trusted_proxies(proxy, text); },
             "10.0.0.0/8: proxies whose X-Forwarded-* and Forwarded are believed; repeatable, or separated by commas", "none");
  flags.text("via", "NAME", [&proxy](const std::string& text) { return take_via(proxy, text); },
             "its name in Via; off: no Via is sent", proxy.via);
  flags.text("trace-sampling", "PERCENT",
             [&proxy](const std::string& text) { return take_percent(proxy.trace_sampling_percent, text); },
             "of the traces that begin here, how many ask to be recorded", std::to_string(proxy.trace_sampling_percent));
}

void add_http2_limits(Flags& flags, proxy::Settings& proxy) {
  conn::H2FloodLimits& floods = proxy.http2_floods;
  flags.group("HTTP/2 (limits of a client's connection; those without a unit within 30 s, 0: none)");
  flags.number("http2-max-streams", proxy.http2_max_streams, "open at once; more are refused");
  flags.size("http2-stream-window-bytes", proxy.http2_stream_window_bytes, "of a request body that is not read yet");
  flags.size("http2-backlog-bytes", proxy.http2_backlog_bytes, "of responses that the connection has not taken yet");
  flags.number("http2-max-resets", floods.max_resets, "streams reset by the client or for its faults");
  flags.number("http2-max-settings", floods.max_settings, "SETTINGS frames");
  flags.number("http2-max-pings", floods.max_pings, "PING frames, beside those that data earns");
  flags.number("http2-max-window-updates", floods.max_window_updates, "WINDOW_UPDATE frames, beside those that data earns");
  flags.number("http2-max-small-windows", floods.max_small_windows, "pieces of responses that a window makes tiny");
  flags.number("http2-max-empty-data", floods.max_empty_data, "DATA frames that hold nothing and end nothing");
  flags.number("http2-max-other-frames", floods.max_other_frames, "PRIORITY and unknown frames");
  flags.number("http2-max-continuations", floods.max_continuations, "CONTINUATION frames of one field list");
}

void add_timeouts(Flags& flags, proxy::Settings& proxy) {
  flags.group("Time-outs (0s: none)");
  flags.duration("request-head-timeout", proxy.request_head_timeout, "from a request's first byte to the end of its head: 408");
  flags.duration("tls-handshake-timeout", proxy.tls_handshake_timeout, "from accept to the end of the handshake");
  flags.duration("idle-timeout", proxy.idle_timeout, "between requests of a client's connection");
  flags.duration("body-idle-timeout", proxy.body_idle_timeout, "without a byte of a request body that is waited for: 408");
  flags.duration("http2-stall-timeout", proxy.http2_stall_timeout, "a client takes nothing of a stream's response: it is reset");
  flags.duration("connect-timeout", proxy.connect_timeout, "for a connection to an endpoint");
  flags.duration("backend-idle-timeout", proxy.backend_idle_timeout, "of a pooled connection to an endpoint");
  flags.duration("retry-backoff", proxy.retry_backoff, "least wait before another try, of rules with retry but no backoff");
  flags.duration("mirror-timeout", proxy.mirror_timeout, "of a copy of a request: without progress, and for its answer");
  flags.duration("request-timeout", proxy.request_timeout, "for rules without timeouts.request");
  flags.duration("backend-request-timeout", proxy.backend_request_timeout, "for rules without timeouts.backendRequest");
}

base::Result<> take_tls_version(net::TlsVersion& version, const std::string& text) {
  if (text != "1.2" && text != "1.3") return base::fail(fmt::format("\"{}\" is not 1.2 or 1.3", text));
  version = text == "1.3" ? net::TlsVersion::Tls13 : net::TlsVersion::Tls12;
  return {};
}

// Names apart by commas or, as OpenSSL wants them, by colons.
base::Result<> take_ciphers(std::string& ciphers, std::string text) {
  std::ranges::replace(text, ',', ':');
  ciphers = std::move(text);
  return {};
}

void add_tls(Flags& flags, net::TlsRules& tls) {
  flags.group("TLS of listeners");
  flags.text("tls-min-version", "VERSION", [&tls](const std::string& text) { return take_tls_version(tls.min_version, text); },
             "1.2 or 1.3", "1.2");
  flags.text("tls-ciphers", "NAMES", [&tls](const std::string& text) { return take_ciphers(tls.ciphers, text); },
             "of TLS 1.2, by OpenSSL's names, in order of preference", "ECDHE with AES-GCM or ChaCha20");
  flags.text("tls-cipher-suites", "NAMES", [&tls](const std::string& text) { return take_ciphers(tls.cipher_suites, text); },
             "of TLS 1.3", "OpenSSL's");
}

base::Result<> check(const proxy::Settings& settings) {
  if (auto known = net::check_rules(settings.tls); !known) return known;
  if (settings.max_request_line_bytes > settings.max_head_bytes) {
    return base::fail("--max-request-line-bytes is larger than --max-head-bytes, of which it is a part");
  }
  if (settings.backend_http2_window_bytes < 1024 || settings.backend_http2_window_bytes >= 1u << 31) {
    return base::fail("--backend-http2-window-bytes must be from 1k to 2147483647");
  }
  if (settings.http2_max_streams == 0) return base::fail("--http2-max-streams must be at least 1");
  if (settings.http2_stream_window_bytes == 0 || settings.http2_stream_window_bytes > 0x7fffffff) {
    return base::fail("--http2-stream-window-bytes must be from 1 to 2147483647 (RFC 9113 section 6.9.1)");
  }
  if (settings.http2_backlog_bytes < 16 * 1024) return base::fail("--http2-backlog-bytes must be at least 16k");
  if (settings.backend_http2_max_streams == 0) return base::fail("--backend-http2-max-streams must be at least 1");
  if (settings.connect_attempts == 0) return base::fail("--connect-attempts must be at least 1");
  return {};
}

base::Result<> check(const ControllerSettings& settings) {
  if (!settings.scope.namespaces.empty() && settings.scope.namespace_selector) {
    return base::fail("--watch-namespace and --watch-namespace-selector are not of use together");
  }
  if (settings.lease.retry.count() == 0 || settings.lease.renew_within < settings.lease.retry ||
      settings.lease.duration <= settings.lease.renew_within) {
    return base::fail("--lease-retry must be less than --lease-renew-within, and that less than --lease-duration");
  }
  const cluster::PlanServerLimits& plans = settings.plan_server;
  if (plans.max_unproven == 0 || plans.stream_life.count() == 0 || plans.report_timeout.count() == 0 || plans.proof_timeout.count() == 0) {
    return base::fail("--plan-max-unproven, --plan-stream-life, --plan-report-timeout and --plan-proof-timeout must be more than 0");
  }
  if (settings.kube.max_requests == 0 || settings.status_writes == 0 || settings.page_size == 0) {
    return base::fail("--kube-max-requests, --status-writes and --kube-page-size must be at least 1");
  }
  return {};
}

Exit usage(const CLI::App& app, std::string_view wrong) {
  std::string program = app.get_name();
  if (const auto used = app.get_subcommands(); !used.empty()) program += " " + used.front()->get_name();
  return {kExitUsage, fmt::format("{}: {}\nTry: {} --help\n", program, wrong, program)};
}

Exit exit_of(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream out, unused;
  return app.exit(error, out, unused) == 0 ? Exit{0, out.str()} : usage(app, error.what());
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
  constexpr std::string_view kUnits = "kmg";
  std::uint64_t unit = 1;
  if (!text.empty()) {
    const std::size_t at = kUnits.find(base::ascii_lower(text.back()));
    if (at != std::string_view::npos) {
      unit = std::uint64_t{1} << (10 * (at + 1));
      text.remove_suffix(1);
    }
  }
  const auto number = base::parse_uint64(text, (std::uint64_t{1} << 62) / unit);
  if (!number) return std::nullopt;
  return *number * unit;
}

std::string format_size(std::uint64_t bytes) {
  constexpr std::array<std::pair<unsigned, char>, 3> kUnits{{{30, 'G'}, {20, 'M'}, {10, 'k'}}};
  for (const auto& [shift, letter] : kUnits) {
    if (bytes > 0 && bytes % (std::uint64_t{1} << shift) == 0) return fmt::format("{}{}", bytes >> shift, letter);
  }
  return std::to_string(bytes);
}

std::variant<Command, Exit> parse_flags(std::vector<std::string> arguments) {
  ServeSettings serve;
  serve.admin = *parse_listen_at("127.0.0.1:9901");
  ControllerSettings controller;
  controller.admin = serve.admin;
  controller.plans = *parse_listen_at("*:9443");
  EchoSettings echo;
  echo.name = "echo";

  CLI::App app{std::string(kAbout), "cardea"};
  app.get_formatter()->column_width(40);

  CLI::App* const serve_app = app.add_subcommand("serve", std::string(kServeAbout))->group("");
  serve_app->footer(std::string(kServeNotes));
  serve_app->add_option("PATH", serve.paths, "manifests: files or folders")->required();
  Flags serve_flags(*serve_app);
  add_serve_flags(serve_flags, serve);
  add_run_flags(serve_flags, serve);
  add_limits(serve_flags, serve.proxy);
  add_http2_limits(serve_flags, serve.proxy);
  add_timeouts(serve_flags, serve.proxy);
  add_forwarding(serve_flags, serve.proxy);
  add_tls(serve_flags, serve.proxy.tls);

  ProxySettings proxy;
  proxy.admin = serve.admin;
  CLI::App* const proxy_app = app.add_subcommand("proxy", std::string(kProxyAbout))->group("");
  proxy_app->footer(std::string(kProxyNotes));
  Flags proxy_flags(*proxy_app);
  add_proxy_flags(proxy_flags, proxy);
  add_run_flags(proxy_flags, proxy);
  proxy_flags.duration("drain-delay", proxy.drain_delay, "how long it goes on as before after TERM, so that everybody hears that it goes");
  add_limits(proxy_flags, proxy.proxy);
  add_http2_limits(proxy_flags, proxy.proxy);
  add_timeouts(proxy_flags, proxy.proxy);
  add_forwarding(proxy_flags, proxy.proxy);
  add_tls(proxy_flags, proxy.proxy.tls);

  CLI::App* const controller_app = app.add_subcommand("controller", std::string(kControllerAbout))->group("");
  controller_app->footer(std::string(kControllerNotes));
  Flags controller_flags(*controller_app);
  add_controller_flags(controller_flags, controller);

  CLI::App* const echo_app = app.add_subcommand("echo", std::string(kEchoAbout))->group("");
  Flags echo_flags(*echo_app);
  echo_flags.list("listen", "ADDRESS:PORT",
                  [&echo](const std::string& text) { return take_listen_at(echo.listen.emplace_back(), text); },
                  "where it listens, HTTP/1.1 and HTTP/2; repeatable; *:PORT is all of IPv4 and IPv6, port 0 a free one",
                  "127.0.0.1:8080, unless --listen-tls is given");
  echo_flags.list("listen-tls", "ADDRESS:PORT",
                  [&echo](const std::string& text) { return take_listen_at(echo.listen_tls.emplace_back(), text); },
                  "the same with TLS; repeatable");
  echo_flags.text("tls-certificate", "FILE", keep(echo.tls_certificate), "its chain in PEM [one that it makes itself]");
  echo_flags.text("tls-key", "FILE", keep(echo.tls_key), "the chain's private key in PEM");
  echo_flags.text("name", "NAME", keep(echo.name), "who it says it is", "echo");
  add_log_level(echo_flags, echo.log_level);

  bool version = false;
  app.add_flag("--version", version, "Print what this program was built from and exit");
  CLI::App* const version_app = app.add_subcommand("version", "Prints what this program was built from.")->group("");

  try {
    std::ranges::reverse(arguments);  // as CLI11 takes a vector
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return exit_of(app, error);
  }
  if (const auto fine = check(serve.proxy); !fine) return usage(app, fine.error().message);
  if (const auto fine = check(proxy.proxy); !fine) return usage(app, fine.error().message);
  if (*proxy_app && proxy.controllers.empty()) return usage(app, "--controller is missing");
  if (const auto fine = check(controller); !fine) return usage(app, fine.error().message);
  serve.proxy.access_log = serve.access_log.has_value();
  proxy.proxy.access_log = proxy.access_log.has_value();
  if (echo.tls_certificate.has_value() != echo.tls_key.has_value()) {
    return usage(app, "--tls-certificate and --tls-key are of use together only");
  }
  if (echo.listen.empty() && echo.listen_tls.empty()) echo.listen.push_back(*parse_listen_at("127.0.0.1:8080"));
  if (*serve_app) return Command{std::move(serve)};
  if (*controller_app) return Command{std::move(controller)};
  if (*proxy_app) return Command{std::move(proxy)};
  if (*echo_app) return Command{std::move(echo)};
  if (*version_app || version) return Command{VersionSettings{}};
  return usage(app, "what to do is missing: serve, controller, proxy, echo or version");
}

}  // namespace cardea::app
