// SPDX-License-Identifier: Apache-2.0
#include "proxy/session.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "http/cookie.h"
#include "proxy/request.h"
#include "proxy/text_hash.h"
#include "proxy/worker.h"

namespace cardea::proxy {
namespace {

constexpr std::size_t kDigits = 16;
constexpr int kMaxTokens = 8;

std::uint64_t seconds_now() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count());
}

// At least one second, so that no session ends within its first answer.
std::uint64_t seconds_of(std::chrono::milliseconds duration) {
  return static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(duration).count());
}

std::optional<std::uint64_t> read_number(std::string_view digits) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

// The clocks of replicas differ; a begin that is further in the future is nobody's that we told.
constexpr std::uint64_t kClockSkew = 300;

bool is_over(const plan::SessionPersistence& session, const SessionToken& token) {
  if (!session.absolute_timeout) return false;
  const std::uint64_t now = seconds_now();
  if (token.began > now) return token.began - now > kClockSkew;
  return now - token.began >= seconds_of(*session.absolute_timeout);
}

bool follow(Request& request, std::string_view text) {
  const CompiledRule& rule = *request.rule;
  const auto token = read_token(text);
  if (!token || is_over(*rule.plan->session, *token)) return false;
  for (const CompiledBackendRef& backend : rule.backends) {
    if (!backend.slot) continue;
    EndpointLease endpoint = request.worker.balancer().find(*backend.slot, token->endpoint ^ backend.session_salt);
    if (!endpoint) continue;
    request.backend = &backend;
    request.session.endpoint = std::move(endpoint);
    request.session.shown = *token;
    return true;
  }
  return false;
}

// RFC 6265 section 5.1.4: whether a client shows a cookie of that Path with a request for `target`.
bool is_under(std::string_view target, std::string_view path) {
  if (!target.starts_with(path)) return false;
  const std::string_view rest = target.substr(path.size());
  return rest.empty() || rest.front() == '/' || rest.front() == '?';
}

std::string_view cookie_path(const plan::SessionPersistence& session, std::string_view target) {
  std::string_view longest = "/";
  for (const std::string& path : session.paths) {
    if (path.size() > longest.size() && is_under(target, path)) longest = path;
  }
  return longest;
}

bool is_secure(const Request& request) { return request.listener->is_tls() || request.from.proto == "https"; }

// SameSite is Lax, not Strict: a client that follows a link from elsewhere must not lose its endpoint. Secure where the
// client is known to come by TLS, since it would not keep the cookie otherwise.
std::string_view write_cookie(Request& request, const plan::SessionPersistence& session, std::string_view token) {
  http::TextArena& arena = request.exchange.arena;
  std::string_view age;
  if (session.permanent) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, seconds_of(*session.absolute_timeout)).ptr;
    age = arena.concat({"; Max-Age=", {digits, end}});
  }
  return arena.concat({session.name, "=", token, "; Path=", cookie_path(session, request.client_target), age,
                       "; HttpOnly; SameSite=Lax", is_secure(request) ? "; Secure" : ""});
}

}  // namespace

std::string_view write_token(const SessionToken& token, http::TextArena& arena) {
  char digits[kDigits];
  const auto end = std::to_chars(digits, digits + kDigits, token.endpoint, 16).ptr;
  const std::string_view zeros("0000000000000000", kDigits - static_cast<std::size_t>(end - digits));
  if (token.began == 0) return arena.concat({zeros, {digits, end}});
  char begin[kDigits];
  const auto begin_end = std::to_chars(begin, begin + kDigits, token.began, 16).ptr;
  return arena.concat({zeros, {digits, end}, "-", {begin, begin_end}});
}

std::optional<SessionToken> read_token(std::string_view text) {
  const auto endpoint = read_number(text.substr(0, kDigits));
  if (text.size() < kDigits || !endpoint) return std::nullopt;
  if (text.size() == kDigits) return SessionToken{*endpoint, 0};
  const auto began = text[kDigits] == '-' ? read_number(text.substr(kDigits + 1)) : std::nullopt;
  if (!began) return std::nullopt;
  return SessionToken{*endpoint, *began};
}

std::uint64_t session_salt(const plan::Rule& rule, std::string_view backend_id) {
  std::uint64_t hash = chain_hash(kHashStart, rule.route.namespace_);
  hash = chain_hash(hash, rule.route.name);
  // By its name, so that a rule which is put before it changes nothing.
  const std::string place = rule.name.empty() ? "#" + std::to_string(rule.index) : rule.name;
  hash = chain_hash(hash, place);
  hash = chain_hash(hash, rule.kind == plan::RouteKind::GRPCRoute ? "GRPCRoute" : "HTTPRoute");
  return chain_hash(hash, backend_id);
}

std::uint64_t session_endpoint(std::uint64_t salt, const EndpointState& endpoint) { return salt ^ endpoint.hash; }

bool resume_session(Request& request) {
  const auto& session = request.rule->plan->session;
  if (!session) return false;
  // Several cookies of one name are of overlapping paths; a client that shows more than a few does so to make work.
  int tries = kMaxTokens;
  const auto shown = [&](std::string_view text) { return follow(request, text) || --tries == 0; };
  const http::Fields& fields = request.head().fields;
  if (session->type == plan::SessionType::Cookie) {
    http::find_cookie(fields, session->name, shown);
  } else if (const http::Field* field = fields.find(session->name)) {
    follow(request, field->value);
  }
  return static_cast<bool>(request.session.endpoint);
}

EndpointLease leave_backend(Request& request, const TriedEndpoints& tried, BalanceBy by) {
  const auto& backends = request.rule->backends;
  Random& random = request.worker.random();
  const CompiledBackendRef* const first = pick_backend(*request.rule, random);
  if (!first || !request.backend->plan->filters.empty()) return {};
  const auto start = static_cast<std::size_t>(first - backends.data());
  for (std::size_t i = 0; i < backends.size(); ++i) {
    const CompiledBackendRef& backend = backends[(start + i) % backends.size()];
    const bool fit = backend.slot && backend.fault == Reason::None && backend.plan->weight > 0 && backend.plan->filters.empty();
    if (!fit || &backend == request.backend) continue;
    EndpointLease endpoint = request.worker.balancer().pick(*backend.slot, random, tried, by);
    if (!endpoint) continue;
    request.backend = &backend;
    return endpoint;
  }
  return {};
}

void note_endpoint(Request& request, const EndpointState& endpoint) {
  if (request.rule->plan->session) request.session.answering = session_endpoint(request.backend->session_salt, endpoint);
}

void tell_session(Request& request, http::ResponseHead& response) {
  const auto& session = request.rule->plan->session;
  const RequestSession& known = request.session;
  if (!session || known.answering == 0) return;
  SessionToken token = known.shown;
  const bool same = known.shown.endpoint == known.answering;
  if (!same) token = {known.answering, session->absolute_timeout ? seconds_now() : 0};
  if (session->type == plan::SessionType::Header) {
    response.fields.set(session->name, write_token(token, request.exchange.arena));
  } else if (!same) {
    response.fields.append(http::HeaderId::SetCookie, write_cookie(request, *session, write_token(token, request.exchange.arena)));
  }
}

}  // namespace cardea::proxy
