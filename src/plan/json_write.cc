// SPDX-License-Identifier: Apache-2.0
// Everything but filters, which have a file of their own.
#include "plan/json_write.h"

#include "base/clock.h"
#include "plan/names.h"

namespace cardea::plan::internal {

namespace {

Value empty_object() { return Value(Value::Object{}); }
Value empty_array() { return Value(Value::Array{}); }

template <class Match>
Value write_name_matches(const std::vector<Match>& matches) {
  Value list = empty_array();
  for (const Match& match : matches) {
    Value& item = list.push(empty_object());
    add_unless(item, "type", to_string(match.type), to_string(StringMatchType::Exact));
    item.add("name", match.name);
    item.add("value", match.value);
  }
  return list;
}

Value write_match(const RouteMatch& match, const NameOfRule& name_of) {
  Value object = empty_object();
  Value path = empty_object();
  add_unless(path, "type", to_string(match.path.type), to_string(PathMatchType::PathPrefix));
  add_unless(path, "value", match.path.value, "/");
  if (!path.as_object().empty()) object.add("path", std::move(path));
  add_unless(object, "method", match.method, "");
  add_unless_empty(object, "headers", write_name_matches(match.headers));
  add_unless_empty(object, "queryParams", write_name_matches(match.query_params));
  object.add("rule", name_of(*match.rule));
  return object;
}

Value write_backend_ref(const BackendRef& ref, const NameOfBackend& name_of) {
  Value object = empty_object();
  object.add("backend", ref.backend ? name_of(*ref.backend) : ref.id);
  add_unless(object, "weight", std::int64_t{ref.weight}, std::int64_t{1});
  add_unless(object, "fault", to_string(ref.fault), to_string(BackendFault::None));
  add_unless_empty(object, "filters", write_filters(ref.filters, name_of));
  return object;
}

Value write_timeouts(const Timeouts& timeouts) {
  Value object = empty_object();
  if (timeouts.request) object.add("request", base::format_duration(*timeouts.request));
  if (timeouts.backend_request) object.add("backendRequest", base::format_duration(*timeouts.backend_request));
  return object;
}

Value write_retry(const Retry& retry) {
  Value object = empty_object();
  Value codes = empty_array();
  for (const std::uint16_t code : retry.codes) codes.push(Value(int{code}));
  add_unless_empty(object, "codes", std::move(codes));
  if (retry.attempts) object.add("attempts", std::int64_t{*retry.attempts});
  if (retry.backoff) object.add("backoff", base::format_duration(*retry.backoff));
  return object;
}

Value write_session(const SessionPersistence& session) {
  Value object = empty_object();
  add_unless(object, "type", to_string(session.type), to_string(SessionType::Cookie));
  object.add("name", session.name);
  add_unless_empty(object, "paths", write_strings(session.paths));
  if (session.absolute_timeout) object.add("absoluteTimeout", base::format_duration(*session.absolute_timeout));
  add_unless(object, "permanent", session.permanent, false);
  return object;
}

Value write_backend_tls(const BackendTls& tls) {
  Value object = empty_object();
  object.add("hostname", tls.hostname);
  Value names = empty_array();
  for (const SubjectAltName& name : tls.subject_alt_names) {
    Value& item = names.push(empty_object());
    item.add("type", to_string(name.type));
    item.add("value", name.value);
  }
  add_unless_empty(object, "subjectAltNames", std::move(names));
  add_unless_empty(object, "caBundles", write_strings(tls.ca_bundles));
  add_unless(object, "systemRoots", tls.system_roots, false);
  add_unless(object, "minVersion", tls.min_version, "");
  return object;
}

Value write_clients(const ClientValidation& clients) {
  Value object = empty_object();
  object.add("mode", to_string(clients.mode));
  add_unless_empty(object, "caBundles", write_strings(clients.ca_bundles));
  return object;
}

Value write_tls(const ListenerTls& tls) {
  Value object = empty_object();
  object.add("mode", to_string(tls.mode));
  add_unless_empty(object, "certificates", write_strings(tls.certificates));
  if (tls.clients) object.add("clients", write_clients(*tls.clients));
  add_unless(object, "minVersion", tls.min_version, "");
  return object;
}

}  // namespace

void add_unless_empty(Value& object, const char* name, Value list) {
  if (list.is_array() ? !list.as_array().empty() : !list.as_object().empty()) object.add(name, std::move(list));
}

Value write_strings(const std::vector<std::string>& strings) {
  Value list = empty_array();
  for (const std::string& text : strings) list.push(text);
  return list;
}

std::string to_text(const ObjectName& name) { return name.namespace_ + "/" + name.name; }

std::string name_by_id(const Backend& backend) { return backend.id; }

Value write_backend(const Backend& backend) {
  Value object = empty_object();
  object.add("id", backend.id);
  add_unless(object, "protocol", to_string(backend.protocol), to_string(BackendProtocol::Http1));
  if (backend.tls) object.add("tls", write_backend_tls(*backend.tls));
  return object;
}

Value write_rule(const Rule& rule, const NameOfBackend& name_of) {
  Value object = empty_object();
  add_unless(object, "kind", to_string(rule.kind), to_string(RouteKind::HTTPRoute));
  object.add("route", to_text(rule.route));
  object.add("index", std::int64_t{rule.index});
  add_unless(object, "name", rule.name, "");
  add_unless_empty(object, "filters", write_filters(rule.filters, name_of));
  Value backends = empty_array();
  for (const BackendRef& ref : rule.backends) backends.push(write_backend_ref(ref, name_of));
  add_unless_empty(object, "backends", std::move(backends));
  add_unless_empty(object, "timeouts", write_timeouts(rule.timeouts));
  if (rule.retry) object.add("retry", write_retry(*rule.retry));
  if (rule.session) object.add("session", write_session(*rule.session));
  return object;
}

Value write_virtual_host(const VirtualHost& host, const NameOfRule& name_of) {
  Value object = empty_object();
  add_unless(object, "hostname", host.hostname, "");
  Value matches = empty_array();
  for (const RouteMatch& match : host.matches) matches.push(write_match(match, name_of));
  add_unless_empty(object, "matches", std::move(matches));
  return object;
}

Value write_listener(const Listener& listener, Value virtual_hosts) {
  Value object = empty_object();
  object.add("name", listener.name);
  object.add("owner", to_text(listener.owner));
  add_unless(object, "fromListenerSet", listener.from_listener_set, false);
  add_unless_empty(object, "addresses", write_strings(listener.addresses));
  object.add("port", int{listener.port});
  add_unless(object, "bindPort", int{listener.bind_port}, int{listener.port});
  add_unless(object, "advertisedPort", int{listener.advertised_port}, int{listener.port});
  object.add("protocol", to_string(listener.protocol));
  add_unless(object, "hostname", listener.hostname, "");
  if (listener.tls) object.add("tls", write_tls(*listener.tls));
  add_unless_empty(object, "virtualHosts", std::move(virtual_hosts));
  return object;
}

Value write_backend_endpoints(const BackendEndpoints& backend) {
  Value object = empty_object();
  object.add("backend", backend.backend_id);
  Value list = empty_array();
  for (const Endpoint& endpoint : backend.endpoints) {
    Value& item = list.push(empty_object());
    item.add("address", endpoint.address);
    item.add("port", int{endpoint.port});
    add_unless(item, "ready", endpoint.ready, true);
    add_unless(item, "serving", endpoint.serving, true);
    add_unless(item, "terminating", endpoint.terminating, false);
  }
  add_unless_empty(object, "endpoints", std::move(list));
  return object;
}

Value write_certificate(const Certificate& certificate, Redact redact) {
  Value object = empty_object();
  object.add("id", certificate.id);
  object.add("chain", certificate.chain_pem);
  object.add("key", redact == Redact::Yes ? std::string("redacted") : certificate.key_pem);
  return object;
}

Value write_ca_bundle(const CaBundle& bundle) {
  Value object = empty_object();
  object.add("caBundle", bundle.id);
  object.add("certificates", bundle.pem);
  return object;
}

Value write_settings(const Settings& settings) {
  Value object = empty_object();
  for (const Setting& setting : settings.values) object.add(setting.name, setting.value);
  return object;
}

}  // namespace cardea::plan::internal
