// SPDX-License-Identifier: Apache-2.0
// The joint: what one Gateway's data plane must do, as an immutable value. `translate` makes it, `proxy` obeys it, and
// neither knows the other. It speaks the words of the Gateway API (v1.6.1) and holds resolved facts only: no references
// to look up, no status, no live pointers, no compiled regular expressions, no resolved names.
//
// Structural sharing: parts are held by pointers to immutable values (Ref). A part's identity is the hash of its
// content, so an unchanged part of the next plan is the same pointer, also after a trip over the wire. Any thread may
// read.
//
// Parts with versions of their own: Routing (listeners, rules, backends), Endpoints (addresses per backend; a pod that
// comes or goes never rebuilds a route table), Secrets (certificates, keys, CAs) and Settings.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/hash.h"

namespace cardea::plan {

template <class T>
using Ref = std::shared_ptr<const T>;

// The first 128 bits of SHA-256 over a part's canonical JSON form (parts inside it stand in by their own hash).
using Hash = base::Hash128;

// namespace/name of an object of a kind that the context names.
struct ObjectName {
  std::string namespace_;
  std::string name;
  auto operator<=>(const ObjectName&) const = default;
};

// --- Matches (HTTPRoute rules[].matches[]) ---------------------------------------------------------------------------

enum class StringMatchType : std::uint8_t { Exact, RegularExpression };  // RE2, the whole value must match
enum class PathMatchType : std::uint8_t { Exact, PathPrefix, RegularExpression };

struct PathMatch {
  PathMatchType type = PathMatchType::PathPrefix;
  std::string value = "/";  // in the normal form that requests are brought to; RegularExpression: as written
  bool operator==(const PathMatch&) const = default;
};
struct HeaderMatch {
  StringMatchType type = StringMatchType::Exact;
  std::string name;  // lower case; each name once
  std::string value;
  bool operator==(const HeaderMatch&) const = default;
};
struct QueryParamMatch {
  StringMatchType type = StringMatchType::Exact;
  std::string name;  // case-sensitive; each name once
  std::string value;
  bool operator==(const QueryParamMatch&) const = default;
};

// --- Backends --------------------------------------------------------------------------------------------------------

enum class BackendProtocol : std::uint8_t {
  Http1,       // HTTP/1.1, in TLS too
  Http2,       // HTTP/2: in plain text by prior knowledge, in TLS by ALPN
  Negotiated,  // in TLS what ALPN chooses; in plain text HTTP/1.1
};

enum class SubjectAltNameType : std::uint8_t { Hostname, URI };
struct SubjectAltName {
  SubjectAltNameType type = SubjectAltNameType::Hostname;
  std::string value;
  bool operator==(const SubjectAltName&) const = default;
};

// TLS to a backend (BackendTLSPolicy; facts, 6.17): never anything else than this, and never without verification.
struct BackendTls {
  std::string hostname;  // the SNI; also what the certificate must name, unless there are
  std::vector<SubjectAltName> subject_alt_names;  // any one of which it must name instead
  std::vector<std::string> ca_bundles;            // ids in Secrets
  bool system_roots = false;                      // also trust what the system trusts
  std::string min_version;                        // "1.2" or "1.3"; empty: as the settings say
  bool operator==(const BackendTls&) const = default;
};

// One per Service port, shared by every rule that names it; `endpoints` of the plan holds its addresses under `id`.
struct Backend {
  std::string id;  // "namespace/name:port" of the Service
  BackendProtocol protocol = BackendProtocol::Http1;
  std::optional<BackendTls> tls{};
  Hash hash{};
};
inline bool same_content(const Backend& a, const Backend& b) {
  return a.id == b.id && a.protocol == b.protocol && a.tls == b.tls;
}

// Why a backendRef cannot be served: the share of requests that its weight stands for gets 500.
enum class BackendFault : std::uint8_t {
  None,
  NotFound,             // Service or its port is missing
  NotPermitted,         // no ReferenceGrant
  InvalidKind,          // not a Service
  UnsupportedProtocol,  // appProtocol does not fit, or needs what this version cannot do
  InvalidTls,           // a BackendTLSPolicy asks for TLS that cannot be had as it asks
};

// --- Filters ---------------------------------------------------------------------------------------------------------

struct Header {
  std::string name;  // as written
  std::string value;
};
struct HeaderModifier {
  std::vector<Header> set;
  std::vector<Header> add;
  std::vector<std::string> remove;
};
struct RequestHeaderModifier : HeaderModifier {};
struct ResponseHeaderModifier : HeaderModifier {};

struct ReplaceFullPath {
  std::string value;
};
struct ReplacePrefixMatch {
  std::string prefix;  // the PathPrefix of the rule's one match
  std::string value;
};
using PathModifier = std::variant<std::monostate, ReplaceFullPath, ReplacePrefixMatch>;

struct RequestRedirect {
  std::optional<std::string> scheme;
  std::optional<std::string> hostname;
  PathModifier path;
  std::optional<std::uint16_t> port;  // absent: the rules of section 6.5 of the facts apply (scheme, then listener)
  std::uint16_t status_code = 302;
};
struct UrlRewrite {
  std::optional<std::string> hostname;
  PathModifier path;
};
// A copy of the request for another backend, whose response is thrown away. `numerator` of `denominator` requests are
// copied, by chance.
struct RequestMirror {
  std::string id;  // always: for logs and metrics; "namespace/name:port"
  BackendFault fault = BackendFault::None;  // not None: no copy is sent, and the request goes its way
  Ref<Backend> backend;                     // null exactly when `fault` is not None
  std::uint32_t numerator = 100;
  std::uint32_t denominator = 100;
};
// The gateway answers preflights and decorates responses (Fetch standard, section 3.3; facts, 6.13).
struct Cors {
  std::vector<std::string> allow_origins;  // "scheme://host[:port]", lower case, without the scheme's own port; "*" in
                                           // place of the host's first labels, or alone for every origin
  bool allow_credentials = false;
  std::vector<std::string> allow_methods;  // as written, as all of the following; "*" alone: all
  std::vector<std::string> allow_headers;
  std::vector<std::string> expose_headers;
  std::chrono::seconds max_age{5};
};
enum class AuthProtocol : std::uint8_t {
  HTTP,  // the request without its body is asked again of the service: 200 lets it pass
  GRPC,  // envoy.service.auth.v3.Authorization
};
// Another service decides whether the request may go on (GEP-1494; facts, 6.15). Whatever fails: it may not.
struct ExternalAuth {
  AuthProtocol protocol = AuthProtocol::HTTP;
  std::string id;  // always: for logs and metrics; "namespace/name:port"
  BackendFault fault = BackendFault::None;    // not None: nothing passes
  Ref<Backend> backend;                       // null exactly when `fault` is not None
  std::string path{};                         // HTTP: put before the request's path; "/check", never with a final slash
  std::vector<std::string> request_headers{};   // lower case. HTTP: shown beside those that always are; GRPC: empty shows all
  std::vector<std::string> response_headers{};  // HTTP; lower case: taken over into the request; empty: all
  std::uint32_t max_body_bytes = 0;             // of the request's body, which is shown too; 0: it is not
};
// A filter that could not be resolved, or that this version does not know: the request is answered with 500, never
// forwarded without it.
struct UnresolvedFilter {
  std::string reason;
};
using Filter = std::variant<RequestHeaderModifier, ResponseHeaderModifier, RequestRedirect, UrlRewrite, RequestMirror,
                            Cors, ExternalAuth, UnresolvedFilter>;

// --- backendRefs -----------------------------------------------------------------------------------------------------

struct BackendRef {
  std::uint32_t weight = 1;
  BackendFault fault = BackendFault::None;
  std::string id;        // always: for logs and metrics; "namespace/name:port"
  Ref<Backend> backend;  // null exactly when `fault` is not None
  std::vector<Filter> filters;
};

// --- Rules -----------------------------------------------------------------------------------------------------------

enum class RouteKind : std::uint8_t { HTTPRoute, GRPCRoute };

// 0 means "no limit" here, as "0s" does in the spec; absent means the data plane's default.
struct Timeouts {
  std::optional<std::chrono::milliseconds> request;
  std::optional<std::chrono::milliseconds> backend_request;
};

// HTTPRoute rules[].retry. Connection errors and attempts that took too long are tried again whatever `codes` says.
struct Retry {
  std::vector<std::uint16_t> codes;       // ascending, each once
  std::optional<std::uint32_t> attempts;  // after the first; absent: the data plane's default
  std::optional<std::chrono::milliseconds> backoff;
};

enum class SessionType : std::uint8_t { Cookie, Header };

// Session persistence (rules[].sessionPersistence; facts, 1.13, 6.16): a client that shows the token of this rule stays
// with the endpoint that gave it.
struct SessionPersistence {
  SessionType type = SessionType::Cookie;
  std::string name;                // of the cookie or the field: a token (RFC 9110 section 5.6.2)
  std::vector<std::string> paths;  // what the cookie's Path is chosen from, by the request; empty: always "/"
  std::optional<std::chrono::milliseconds> absolute_timeout;  // of the session, from its begin; never 0
  bool permanent = false;          // the client keeps the cookie for `absolute_timeout`; else as long as its own session
};

struct Rule {
  RouteKind kind = RouteKind::HTTPRoute;
  ObjectName route;
  std::uint32_t index = 0;  // its place in the route's rules
  std::string name;         // rules[].name, may be empty
  std::vector<Filter> filters;
  std::vector<BackendRef> backends;  // empty or all weights 0, and no redirect: 500
  Timeouts timeouts;
  std::optional<Retry> retry;
  std::optional<SessionPersistence> session;
  Hash hash;
};

// One match of one rule. A rule with several matches appears several times, each with the same `rule`.
struct RouteMatch {
  PathMatch path;
  std::string method;  // upper case; empty: any
  std::vector<HeaderMatch> headers;
  std::vector<QueryParamMatch> query_params;
  Ref<Rule> rule;
  bool operator==(const RouteMatch&) const = default;  // the same rule, not an equal one
};

// --- Listeners -------------------------------------------------------------------------------------------------------

// What a listener serves for one (effective, already intersected) hostname. `matches` stands in the order of the spec's
// precedence (facts, 6.2): the first that fits wins.
struct VirtualHost {
  std::string hostname;  // lower case; "*.example.com" for a wildcard; empty: every host
  std::vector<RouteMatch> matches;
  Hash hash;
};

enum class Protocol : std::uint8_t { HTTP, HTTPS, TLS, TCP, UDP };

enum class TlsMode : std::uint8_t { Terminate, Passthrough };

enum class ClientValidationMode : std::uint8_t {
  AllowValidOnly,         // a handshake without a valid certificate fails
  AllowInsecureFallback,  // a certificate is asked for, whatever comes of it
};

// What is asked of clients' certificates (Gateway spec.tls.frontend; facts, 6.18).
struct ClientValidation {
  std::vector<std::string> ca_bundles;  // ids in Secrets
  ClientValidationMode mode = ClientValidationMode::AllowValidOnly;
};

struct ListenerTls {
  TlsMode mode = TlsMode::Terminate;
  std::vector<std::string> certificates;  // ids in Secrets; empty: every handshake for this listener is refused
  std::optional<ClientValidation> clients{};
  std::string min_version{};  // "1.2" or "1.3"; empty: as the settings say
};

struct Listener {
  // Who it belongs to, for logs and metrics: the Gateway, or the ListenerSet that adds it, and the listener's name.
  bool from_listener_set = false;
  ObjectName owner;
  std::string name;

  std::vector<std::string> addresses;  // IP addresses to bind; empty: those that the data plane was told (--bind)
  std::uint16_t port = 0;              // as in the spec
  std::uint16_t bind_port = 0;         // where it really listens (--port-map)
  std::uint16_t advertised_port = 0;   // what a redirect names when it takes "the listener's port"
  Protocol protocol = Protocol::HTTP;
  std::string hostname;  // lower case; wildcard allowed; empty: every host
  std::optional<ListenerTls> tls;
  // Most specific hostname first. A request that nothing under a hostname matches falls through to the next hostname
  // that matches it, within this listener only (precedence is over rules; isolation is between listeners).
  std::vector<Ref<VirtualHost>> virtual_hosts;
  Hash hash;
};

struct Routing {
  std::vector<Ref<Listener>> listeners;  // in the order of the spec's conflict resolution
  std::vector<Ref<Backend>> backends;    // by id, each once
  // What is shown to backends in TLS: an id in Secrets. Empty: nothing; one that is not there: no such backend is reached.
  std::string client_certificate{};
  Hash hash{};
};

// --- Endpoints -------------------------------------------------------------------------------------------------------

struct Endpoint {
  std::string address;  // an IP address, or a name that the data plane resolves and follows
  std::uint16_t port = 0;
  bool ready = true;  // EndpointSlice conditions; ready false and serving and terminating: a last resort
  bool serving = true;
  bool terminating = false;
  auto operator<=>(const Endpoint&) const = default;
};

struct BackendEndpoints {
  std::string backend_id;
  std::vector<Endpoint> endpoints;  // sorted, each (address, port) once; only those that may ever be used
  Hash hash;
};

struct Endpoints {
  std::vector<Ref<BackendEndpoints>> backends;  // by backend_id
  Hash hash;
};

// --- Secrets ---------------------------------------------------------------------------------------------------------

struct Certificate {
  std::string id;  // "namespace/name" of the Secret
  std::string chain_pem;
  std::string key_pem;
  Hash hash;
};

// Certificates to trust. No secret, but it comes and goes like one.
struct CaBundle {
  std::string id;  // "namespace/name" of the ConfigMap
  std::string pem;
  Hash hash;
};

struct Secrets {
  std::vector<Ref<Certificate>> certificates;  // by id
  std::vector<Ref<CaBundle>> ca_bundles{};     // by id
  Hash hash{};
};

// --- Settings --------------------------------------------------------------------------------------------------------

// One setting by its name in the catalogue (plan/setting.h), its value as canonical text: checked already.
struct Setting {
  std::string name;  // "limits.maxHeadBytes"
  std::string value;
  auto operator<=>(const Setting&) const = default;
};

// What this Gateway's parameters set; everything else is as the data plane was started with.
struct Settings {
  std::vector<Setting> values;  // by name, each once
  Hash hash;
};

// --- The plan --------------------------------------------------------------------------------------------------------

struct Plan {
  ObjectName gateway;
  std::int64_t generation = 0;  // of the Gateway, for acknowledgements
  Ref<Routing> routing;
  Ref<Endpoints> endpoints;
  Ref<Secrets> secrets;
  Ref<Settings> settings{};
};

// Plans by Gateway (sorted by `gateway`): what one data plane serves. In Kubernetes that is one plan a process.
using PlanSet = std::vector<Ref<Plan>>;

}  // namespace cardea::plan
