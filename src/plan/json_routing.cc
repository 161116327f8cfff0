// SPDX-License-Identifier: Apache-2.0
// Reads the routing part: backends and rules by their names, then the listeners that use them.
#include <map>

#include "plan/hash.h"
#include "plan/json_read.h"

namespace cardea::plan::internal {

namespace {

std::vector<Ref<Backend>> read_backends(const std::optional<Node>& node, Backends& by_id) {
  return read_list<Ref<Backend>>(node, [&](const Node& item) {
    auto sealed = seal(read_backend(item));
    if (!by_id.emplace(sealed->id, sealed).second) item.fail("stands there twice");
    return sealed;
  });
}

BackendRef read_backend_ref(const Node& node, const Backends& backends) {
  Members members(node);
  BackendRef ref;
  ref.id = members.string("backend");
  ref.weight = members.number<std::uint32_t>("weight", ref.weight);
  ref.fault = members.word("fault", ref.fault);
  ref.filters = read_filters(members.find("filters"), backends);
  if (ref.fault != BackendFault::None) return ref;
  ref.backend = find_backend(node, backends, ref.id);
  if (ref.backend) ref.id = ref.backend->id;
  return ref;
}

Timeouts read_timeouts(const std::optional<Node>& node) {
  Timeouts timeouts;
  if (!node) return timeouts;
  Members members(*node);
  if (const auto request = members.find("request")) timeouts.request = request->duration();
  if (const auto backend = members.find("backendRequest")) timeouts.backend_request = backend->duration();
  return timeouts;
}

Retry read_retry(const Node& node) {
  Members members(node);
  Retry retry;
  retry.codes = read_list<std::uint16_t>(members.find("codes"), [](const Node& item) { return item.number<std::uint16_t>(); });
  if (const auto attempts = members.find("attempts")) retry.attempts = attempts->number<std::uint32_t>();
  if (const auto backoff = members.find("backoff")) retry.backoff = backoff->duration();
  return retry;
}

SessionPersistence read_session(const Node& node) {
  Members members(node);
  SessionPersistence session;
  session.type = members.word("type", session.type);
  session.name = members.string("name");
  session.paths = read_strings(members.find("paths"));
  if (const auto timeout = members.find("absoluteTimeout")) session.absolute_timeout = timeout->duration();
  session.permanent = members.boolean("permanent", false);
  const bool endless = !session.absolute_timeout || session.absolute_timeout->count() <= 0;
  if (endless && (session.permanent || session.absolute_timeout)) node.fail("needs an absoluteTimeout above 0");
  return session;
}

void read_rule_of_document(const Node& node, const Backends& backends, Rules& by_id) {
  Members members(node);
  const std::string id = members.string("id");
  Rule rule = read_rule(members, backends);
  if (!by_id.emplace(id, seal(std::move(rule))).second) node.fail("stands there twice");
}

template <class Match>
std::vector<Match> read_name_matches(const std::optional<Node>& node) {
  return read_list<Match>(node, [](const Node& item) {
    Members members(item);
    const auto type = members.word("type", StringMatchType::Exact);
    return Match{type, members.string("name"), members.string("value")};
  });
}

Ref<VirtualHost> read_virtual_host(const Node& node, const Rules& rules) {
  Members members(node);
  VirtualHost host;
  host.hostname = members.string("hostname", "");
  host.matches =
      read_list<RouteMatch>(members.find("matches"), [&](const Node& item) { return read_match(item, rules); });
  return seal(std::move(host));
}

BackendTls read_backend_tls(const Node& node) {
  Members members(node);
  BackendTls tls;
  tls.hostname = members.string("hostname");
  tls.subject_alt_names = read_list<SubjectAltName>(members.find("subjectAltNames"), [](const Node& item) {
    Members name(item);
    const auto type = name.word("type", SubjectAltNameType::Hostname);
    return SubjectAltName{type, name.string("value")};
  });
  tls.ca_bundles = read_strings(members.find("caBundles"));
  tls.system_roots = members.boolean("systemRoots", false);
  tls.min_version = members.string("minVersion", "");
  return tls;
}

ClientValidation read_clients(const Node& node) {
  Members members(node);
  ClientValidation clients;
  clients.mode = members.word("mode", clients.mode);
  clients.ca_bundles = read_strings(members.find("caBundles"));
  return clients;
}

ListenerTls read_tls(const Node& node) {
  Members members(node);
  ListenerTls tls;
  tls.mode = members.word("mode", tls.mode);
  tls.certificates = read_strings(members.find("certificates"));
  if (const auto clients = members.find("clients")) tls.clients = read_clients(*clients);
  tls.min_version = members.string("minVersion", "");
  return tls;
}

Ref<Listener> read_listener_of_document(const Node& node, const Rules& rules) {
  Members members(node);
  Listener listener = read_listener(members);
  listener.virtual_hosts = read_list<Ref<VirtualHost>>(
      members.find("virtualHosts"), [&](const Node& item) { return read_virtual_host(item, rules); });
  return seal(std::move(listener));
}

}  // namespace

Backend read_backend(const Node& node) {
  Members members(node);
  Backend backend;
  backend.id = members.string("id");
  backend.protocol = members.word("protocol", backend.protocol);
  if (const auto tls = members.find("tls")) backend.tls = read_backend_tls(*tls);
  return backend;
}

Rule read_rule(Members& members, const Backends& backends) {
  Rule rule;
  rule.kind = members.word("kind", rule.kind);
  if (const auto route = members.required("route")) rule.route = route->object_name();
  rule.index = members.number<std::uint32_t>("index", rule.index);
  rule.name = members.string("name", "");
  rule.filters = read_filters(members.find("filters"), backends);
  rule.backends = read_list<BackendRef>(members.find("backends"),
                                        [&](const Node& item) { return read_backend_ref(item, backends); });
  rule.timeouts = read_timeouts(members.find("timeouts"));
  if (const auto retry = members.find("retry")) rule.retry = read_retry(*retry);
  if (const auto session = members.find("session")) rule.session = read_session(*session);
  return rule;
}

RouteMatch read_match(const Node& node, const Rules& rules) {
  Members members(node);
  RouteMatch match;
  if (const auto path = members.find("path")) {
    Members path_members(*path);
    match.path.type = path_members.word("type", match.path.type);
    match.path.value = path_members.string("value", match.path.value);
  }
  match.method = members.string("method", "");
  match.headers = read_name_matches<HeaderMatch>(members.find("headers"));
  match.query_params = read_name_matches<QueryParamMatch>(members.find("queryParams"));
  const auto rule = rules.find(members.string("rule"));
  if (rule == rules.end()) {
    node.fail("names a rule that is not among routing.rules");
    match.rule = seal(Rule{});
  } else {
    match.rule = rule->second;
  }
  return match;
}

Listener read_listener(Members& members) {
  Listener listener;
  listener.name = members.string("name");
  if (const auto owner = members.required("owner")) listener.owner = owner->object_name();
  listener.from_listener_set = members.boolean("fromListenerSet", false);
  listener.addresses = read_strings(members.find("addresses"));
  if (const auto port = members.required("port")) listener.port = port->number<std::uint16_t>();
  listener.bind_port = members.number("bindPort", listener.port);
  listener.advertised_port = members.number("advertisedPort", listener.port);
  if (const auto protocol = members.required("protocol")) listener.protocol = protocol->word(listener.protocol);
  listener.hostname = members.string("hostname", "");
  if (const auto tls = members.find("tls")) listener.tls = read_tls(*tls);
  return listener;
}

Ref<Backend> find_backend(const Node& node, const Backends& backends, const std::string& name) {
  const auto found = backends.find(name);
  if (found != backends.end()) return found->second;
  node.fail("names a backend that is not among routing.backends");
  return nullptr;
}

Ref<Routing> read_routing(const std::optional<Node>& node) {
  Routing routing;
  if (!node) return seal(std::move(routing));
  Members members(*node);
  Backends backends;
  Rules rules;
  routing.backends = read_backends(members.find("backends"), backends);
  if (const auto list = members.find("rules")) {
    for (const Node& item : list->items()) read_rule_of_document(item, backends, rules);
  }
  routing.client_certificate = members.string("clientCertificate", "");
  routing.listeners =
      read_list<Ref<Listener>>(members.find("listeners"), [&](const Node& item) { return read_listener_of_document(item, rules); });
  return seal(std::move(routing));
}

}  // namespace cardea::plan::internal
