// SPDX-License-Identifier: Apache-2.0
#include "app/setting_flags.h"

#include <fmt/format.h>

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/strings.h"
#include "plan/setting.h"
#include "proxy/setting_members.h"

namespace cardea::app {
namespace {

using plan::SettingKind;
using plan::SettingRule;

struct SettingFlag {
  std::string_view name;
  std::string_view setting;
  std::string_view help;
  std::string_view default_text{};  // empty: as it stands in the settings
  std::string_view type{};          // empty: as its kind is called
};

constexpr std::array kRunning{
    SettingFlag{"workers", "workers", "threads that serve; 0: as many as there are CPUs for this process"},
    SettingFlag{"access-log-buffer-bytes", "limits.accessLogBufferBytes", "per worker; lines that do not fit are dropped and counted"},
};

constexpr std::array kLimits{
    SettingFlag{"max-request-line-bytes", "limits.maxRequestLineBytes", "longer: 414"},
    SettingFlag{"max-head-bytes", "limits.maxHeadBytes", "request line and fields together; larger: 431"},
    SettingFlag{"max-fields", "limits.maxFields", "fields of a request; more: 431"},
    SettingFlag{"max-trailer-bytes", "limits.maxTrailerBytes", "trailer section of a request; larger: 431"},
    SettingFlag{"max-chunk-line-bytes", "limits.maxChunkLineBytes", "a chunk's size with its extensions; longer: 400"},
    SettingFlag{"max-chunk-extension-bytes", "limits.maxChunkExtensionBytes", "extensions of all chunks of a body; more: 400"},
    SettingFlag{"max-response-head-bytes", "limits.maxResponseHeadBytes", "head of a backend's response; larger: 502"},
    SettingFlag{"max-request-body-bytes", "limits.maxRequestBodyBytes", "larger: 413; 0: none"},
    SettingFlag{"max-requests-per-connection", "limits.maxRequestsPerConnection", "then the connection is closed; 0: none"},
    SettingFlag{"max-connections", "limits.maxConnections", "of clients, per worker; 0: none"},
    SettingFlag{"max-idle-per-endpoint", "limits.maxIdlePerEndpoint", "pooled connections of a worker to one endpoint"},
    SettingFlag{"backend-http2-max-streams", "limits.backendHttp2MaxStreams", "of an HTTP/2 connection to a backend, if that allows as many"},
    SettingFlag{"backend-http2-window-bytes", "limits.backendHttp2WindowBytes", "of a backend's response in HTTP/2 that is not read yet"},
    SettingFlag{"connect-attempts", "limits.connectAttempts", "endpoints tried when connecting fails"},
    SettingFlag{"max-auth-answer-bytes", "limits.maxAuthAnswerBytes", "of an authorization service's answer by gRPC; more: 503"},
    SettingFlag{"max-mirrors", "limits.maxMirrors", "copies of requests under way in a worker; more are dropped and counted"},
    SettingFlag{"max-mirror-bytes", "limits.maxMirrorBytes", "of a copy's body that waits to be sent; more: the copy is dropped and counted"},
    SettingFlag{"max-replay-bytes", "limits.maxReplayBytes", "of a request body kept for rules with retry; a larger one is not sent again"},
};

constexpr std::array kHttp2{
    SettingFlag{"http2-max-streams", "limits.http2MaxStreams", "open at once; more are refused"},
    SettingFlag{"http2-stream-window-bytes", "limits.http2StreamWindowBytes", "of a request body that is not read yet"},
    SettingFlag{"http2-backlog-bytes", "limits.http2BacklogBytes", "of responses that the connection has not taken yet"},
    SettingFlag{"http2-max-resets", "limits.http2MaxResets", "streams reset by the client or for its faults"},
    SettingFlag{"http2-max-settings", "limits.http2MaxSettings", "SETTINGS frames"},
    SettingFlag{"http2-max-pings", "limits.http2MaxPings", "PING frames, beside those that data earns"},
    SettingFlag{"http2-max-window-updates", "limits.http2MaxWindowUpdates", "WINDOW_UPDATE frames, beside those that data earns"},
    SettingFlag{"http2-max-small-windows", "limits.http2MaxSmallWindows", "pieces of responses that a window makes tiny"},
    SettingFlag{"http2-max-empty-data", "limits.http2MaxEmptyData", "DATA frames that hold nothing and end nothing"},
    SettingFlag{"http2-max-other-frames", "limits.http2MaxOtherFrames", "PRIORITY and unknown frames"},
    SettingFlag{"http2-max-continuations", "limits.http2MaxContinuations", "CONTINUATION frames of one field list"},
};

constexpr std::array kTimeouts{
    SettingFlag{"request-head-timeout", "timeouts.requestHead", "from a request's first byte to the end of its head: 408"},
    SettingFlag{"tls-handshake-timeout", "timeouts.tlsHandshake", "from accept to the end of the handshake"},
    SettingFlag{"idle-timeout", "timeouts.idle", "between requests of a client's connection"},
    SettingFlag{"body-idle-timeout", "timeouts.bodyIdle", "without a byte of a request body that is waited for: 408"},
    SettingFlag{"http2-stall-timeout", "timeouts.http2Stall", "a client takes nothing of a stream's response: it is reset"},
    SettingFlag{"connect-timeout", "timeouts.connect", "for a connection to an endpoint"},
    SettingFlag{"backend-idle-timeout", "timeouts.backendIdle", "of a pooled connection to an endpoint"},
    SettingFlag{"backend-http2-ping-interval", "timeouts.backendHttp2PingInterval",
                "of silence, while requests wait, until a backend is asked by PING whether it is there"},
    SettingFlag{"backend-http2-ping-timeout", "timeouts.backendHttp2Ping", "for its answer: then it is gone"},
    SettingFlag{"retry-backoff", "timeouts.retryBackoff", "least wait before another try, of rules with retry but no backoff"},
    SettingFlag{"mirror-timeout", "timeouts.mirror", "of a copy of a request: without progress, and for its answer"},
    SettingFlag{"external-auth-timeout", "timeouts.externalAuth", "of asking an authorization service, to its whole answer"},
    SettingFlag{"request-timeout", "timeouts.request", "for rules without timeouts.request"},
    SettingFlag{"backend-request-timeout", "timeouts.backendRequest", "for rules without timeouts.backendRequest"},
};

constexpr std::array kBalancing{
    SettingFlag{"load-balancing-policy", "loadBalancing.policy", "how a backend's endpoint is chosen: LeastOfTwo, RoundRobin, Random or Hash"},
    SettingFlag{"load-balancing-hash-on", "loadBalancing.hashOn", "of Hash: SourceAddress, Header or Cookie"},
    SettingFlag{"load-balancing-hash-name", "loadBalancing.hashName", "the name of that header or cookie", "none"},
};

constexpr std::array kTelling{
    SettingFlag{"trusted-proxies", "trustedProxies",
                "10.0.0.0/8: proxies whose X-Forwarded-* and Forwarded are believed; repeatable, or separated by commas", "none", "RANGE"},
    SettingFlag{"via", "via", "its name in Via; off: no Via is sent", "cardea"},
    SettingFlag{"trace-sampling", "traceSampling", "of the traces that begin here, how many ask to be recorded", {}, "PERCENT"},
};

constexpr std::array kTls{
    SettingFlag{"tls-min-version", "tls.minVersion", "1.2 or 1.3", "1.2", "VERSION"},
    SettingFlag{"tls-ciphers", "tls.ciphers", "of TLS 1.2, by OpenSSL's names, in order of preference", "ECDHE with AES-GCM or ChaCha20"},
    SettingFlag{"tls-cipher-suites", "tls.cipherSuites", "of TLS 1.3", "OpenSSL's"},
};

constexpr std::array kBackendTls{
    SettingFlag{"backend-tls-min-version", "backendTls.minVersion", "1.2 or 1.3; a BackendTLSPolicy's own option comes first", "1.2", "VERSION"},
    SettingFlag{"backend-tls-ciphers", "backendTls.ciphers", "of TLS 1.2, by OpenSSL's names, in order of preference", "ECDHE with AES-GCM or ChaCha20"},
    SettingFlag{"backend-tls-cipher-suites", "backendTls.cipherSuites", "of TLS 1.3", "OpenSSL's"},
};

bool is_list(SettingKind kind) { return kind == SettingKind::CidrList || kind == SettingKind::NameList; }

std::string_view type_of(SettingKind kind) {
  switch (kind) {
    case SettingKind::Duration: return "DURATION";
    case SettingKind::Count: return "NUMBER";
    case SettingKind::Bytes: return "SIZE";
    case SettingKind::NameList: return "NAMES";
    default: return "NAME";
  }
}

std::string default_of(const SettingFlag& flag, const SettingRule& rule, const proxy::Settings& settings) {
  if (!flag.default_text.empty()) return std::string(flag.default_text);
  const std::string text = proxy::member_text(settings, flag.setting);
  return rule.kind == SettingKind::Bytes ? format_size(*base::parse_uint<std::uint64_t>(text)) : text;
}

// `text` in the form that the catalogue judges: sizes in bytes, and no spaces in lists.
base::Result<std::string> plain(const SettingRule& rule, const std::string& text) {
  if (rule.kind == SettingKind::Bytes) {
    const auto size = parse_size(text);
    if (!size) return base::fail(fmt::format("\"{}\" is not a size such as 4096, 64k or 1M", text));
    return std::to_string(*size);
  }
  if (!is_list(rule.kind)) return text;
  std::vector<std::string> items;
  for (const std::string_view item : base::split(text, ',')) items.emplace_back(base::trim(item));
  return base::join(items, ",");
}

void add(FlagList& flags, const SettingFlag& flag, proxy::Settings& settings) {
  const SettingRule& rule = *plan::find_setting(flag.setting);
  // What earlier ones of a flag that may be given again have said.
  const auto before = std::make_shared<std::string>();
  const auto take = [&settings, &rule, before](const std::string& text) -> base::Result<> {
    const auto given = plain(rule, text);
    if (!given) return std::unexpected(given.error());
    const auto canonical = plan::canonical_setting(rule, *given);
    if (!canonical) return base::fail(fmt::format("\"{}\" is wrong: it {}", text, canonical.error().message));
    *before += before->empty() || !is_list(rule.kind) ? "" : ",";
    *before = is_list(rule.kind) ? *before + *canonical : *canonical;
    proxy::set_member(settings, {std::string(rule.name), *before});
    return {};
  };
  const auto shape = rule.kind == SettingKind::CidrList ? Flag::Shape::Repeatable : Flag::Shape::One;
  flags.text(flag.name, flag.type.empty() ? type_of(rule.kind) : flag.type, take, flag.help, default_of(flag, rule, settings), shape);
}

void add_all(FlagList& flags, std::span<const SettingFlag> table, proxy::Settings& settings) {
  for (const SettingFlag& flag : table) add(flags, flag, settings);
}

}  // namespace

void add_running_flags(FlagList& flags, proxy::Settings& settings) { add_all(flags, kRunning, settings); }

void add_setting_flags(FlagList& flags, proxy::Settings& settings) {
  flags.group("Limits (0: none, where it says so)");
  add_all(flags, kLimits, settings);
  flags.group("HTTP/2 (limits of a client's connection; those without a unit within 30 s, 0: none)");
  add_all(flags, kHttp2, settings);
  flags.group("Time-outs (0s: none)");
  add_all(flags, kTimeouts, settings);
  flags.group("Which endpoint");
  add_all(flags, kBalancing, settings);
  flags.group("What it believes and tells");
  add_all(flags, kTelling, settings);
  flags.group("TLS of listeners");
  add_all(flags, kTls, settings);
  flags.group("TLS to backends");
  add_all(flags, kBackendTls, settings);
}

base::Result<> check(const proxy::Settings& settings) {
  if (settings.max_request_line_bytes > settings.max_head_bytes) {
    return base::fail("--max-request-line-bytes is larger than --max-head-bytes, of which it is a part");
  }
  if (settings.names.min_ttl < std::chrono::seconds(1)) {
    return base::fail("--min-name-ttl must be at least 1s: a name of TTL 0 would be asked for without pause");
  }
  const bool named = settings.hash_on != proxy::HashOn::SourceAddress;
  if (named && settings.hash_name.empty()) return base::fail("--load-balancing-hash-on Header or Cookie needs --load-balancing-hash-name");
  return {};
}

}  // namespace cardea::app
