// SPDX-License-Identifier: Apache-2.0
// Filters in the JSON form: an object with one member, whose name is the filter's type.
#include "plan/json_read.h"
#include "plan/json_write.h"
#include "plan/names.h"

namespace cardea::plan::internal {

namespace {

Value write_headers(const std::vector<Header>& headers) {
  Value list(Value::Array{});
  for (const Header& header : headers) {
    Value& item = list.push(Value(Value::Object{}));
    item.add("name", header.name);
    item.add("value", header.value);
  }
  return list;
}

Value write_modifier(const HeaderModifier& modifier) {
  Value object(Value::Object{});
  add_unless_empty(object, "set", write_headers(modifier.set));
  add_unless_empty(object, "add", write_headers(modifier.add));
  add_unless_empty(object, "remove", write_strings(modifier.remove));
  return object;
}

void add_path(Value& object, const PathModifier& path) {
  if (const auto* full = std::get_if<ReplaceFullPath>(&path)) {
    object.add("path", Value(Value::Object{})).add("replaceFullPath", full->value);
  } else if (const auto* prefix = std::get_if<ReplacePrefixMatch>(&path)) {
    Value& member = object.add("path", Value(Value::Object{}));
    member.add("prefix", prefix->prefix);
    member.add("replacePrefixMatch", prefix->value);
  }
}

Value write_mirror(const RequestMirror& mirror, const NameOfBackend& name_of) {
  Value object(Value::Object{});
  object.add("backend", mirror.backend ? name_of(*mirror.backend) : mirror.id);
  add_unless(object, "fault", to_string(mirror.fault), to_string(BackendFault::None));
  add_unless(object, "numerator", std::int64_t{mirror.numerator}, std::int64_t{RequestMirror{}.numerator});
  add_unless(object, "denominator", std::int64_t{mirror.denominator}, std::int64_t{RequestMirror{}.denominator});
  return object;
}

Value write_cors(const Cors& cors) {
  Value object(Value::Object{});
  add_unless_empty(object, "allowOrigins", write_strings(cors.allow_origins));
  add_unless(object, "allowCredentials", cors.allow_credentials, false);
  add_unless_empty(object, "allowMethods", write_strings(cors.allow_methods));
  add_unless_empty(object, "allowHeaders", write_strings(cors.allow_headers));
  add_unless_empty(object, "exposeHeaders", write_strings(cors.expose_headers));
  add_unless(object, "maxAge", std::int64_t{cors.max_age.count()}, std::int64_t{Cors{}.max_age.count()});
  return object;
}

Value write_auth(const ExternalAuth& auth, const NameOfBackend& name_of) {
  Value object(Value::Object{});
  add_unless(object, "protocol", to_string(auth.protocol), to_string(AuthProtocol::HTTP));
  object.add("backend", auth.backend ? name_of(*auth.backend) : auth.id);
  add_unless(object, "fault", to_string(auth.fault), to_string(BackendFault::None));
  add_unless(object, "path", auth.path, "");
  add_unless_empty(object, "requestHeaders", write_strings(auth.request_headers));
  add_unless_empty(object, "responseHeaders", write_strings(auth.response_headers));
  add_unless(object, "maxBodyBytes", std::int64_t{auth.max_body_bytes}, std::int64_t{0});
  return object;
}

struct FilterWriter {
  Value& list;
  const NameOfBackend& name_of;

  Value& add(const char* type, Value value) const {
    return list.push(Value(Value::Object{})).add(type, std::move(value));
  }
  void operator()(const RequestHeaderModifier& filter) const { add("requestHeaderModifier", write_modifier(filter)); }
  void operator()(const ResponseHeaderModifier& filter) const { add("responseHeaderModifier", write_modifier(filter)); }
  void operator()(const RequestRedirect& filter) const {
    Value& object = add("requestRedirect", Value(Value::Object{}));
    if (filter.scheme) object.add("scheme", *filter.scheme);
    if (filter.hostname) object.add("hostname", *filter.hostname);
    add_path(object, filter.path);
    if (filter.port) object.add("port", int{*filter.port});
    add_unless(object, "statusCode", int{filter.status_code}, 302);
  }
  void operator()(const UrlRewrite& filter) const {
    Value& object = add("urlRewrite", Value(Value::Object{}));
    if (filter.hostname) object.add("hostname", *filter.hostname);
    add_path(object, filter.path);
  }
  void operator()(const RequestMirror& filter) const { add("requestMirror", write_mirror(filter, name_of)); }
  void operator()(const Cors& filter) const { add("cors", write_cors(filter)); }
  void operator()(const ExternalAuth& filter) const { add("externalAuth", write_auth(filter, name_of)); }
  void operator()(const UnresolvedFilter& filter) const {
    add("unresolved", Value(Value::Object{})).add("reason", filter.reason);
  }
};

std::vector<Header> read_headers(const std::optional<Node>& node) {
  return read_list<Header>(node, [](const Node& item) {
    Members members(item);
    return Header{members.string("name"), members.string("value")};
  });
}

void read_modifier(const Node& node, HeaderModifier& modifier) {
  Members members(node);
  modifier.set = read_headers(members.find("set"));
  modifier.add = read_headers(members.find("add"));
  modifier.remove = read_strings(members.find("remove"));
}

PathModifier read_path(const std::optional<Node>& node) {
  if (!node) return {};
  Members members(*node);
  if (const auto full = members.find("replaceFullPath")) return ReplaceFullPath{full->string()};
  return ReplacePrefixMatch{members.string("prefix"), members.string("replacePrefixMatch")};
}

RequestRedirect read_redirect(const Node& node) {
  Members members(node);
  RequestRedirect filter;
  if (const auto scheme = members.find("scheme")) filter.scheme = scheme->string();
  if (const auto hostname = members.find("hostname")) filter.hostname = hostname->string();
  filter.path = read_path(members.find("path"));
  if (const auto port = members.find("port")) filter.port = port->number<std::uint16_t>();
  filter.status_code = members.number<std::uint16_t>("statusCode", filter.status_code);
  return filter;
}

UrlRewrite read_rewrite(const Node& node) {
  Members members(node);
  UrlRewrite filter;
  if (const auto hostname = members.find("hostname")) filter.hostname = hostname->string();
  filter.path = read_path(members.find("path"));
  return filter;
}

// The backend that a filter names, unless it has a fault; the id is the backend's own where the document names it otherwise.
template <class Filter>
void read_target(const Node& node, Members& members, const Backends& backends, Filter& filter) {
  filter.id = members.string("backend");
  filter.fault = members.word("fault", filter.fault);
  if (filter.fault == BackendFault::None) filter.backend = find_backend(node, backends, filter.id);
  if (filter.backend) filter.id = filter.backend->id;
}

RequestMirror read_mirror(const Node& node, const Backends& backends) {
  Members members(node);
  RequestMirror filter;
  read_target(node, members, backends, filter);
  filter.numerator = members.number("numerator", filter.numerator);
  filter.denominator = members.number("denominator", filter.denominator);
  if (filter.denominator == 0) node.fail("has a denominator of 0");
  return filter;
}

Cors read_cors(const Node& node) {
  Members members(node);
  Cors filter;
  filter.allow_origins = read_strings(members.find("allowOrigins"));
  filter.allow_credentials = members.boolean("allowCredentials", false);
  filter.allow_methods = read_strings(members.find("allowMethods"));
  filter.allow_headers = read_strings(members.find("allowHeaders"));
  filter.expose_headers = read_strings(members.find("exposeHeaders"));
  if (const auto age = members.find("maxAge")) filter.max_age = std::chrono::seconds(age->number<std::int32_t>());
  return filter;
}

ExternalAuth read_auth(const Node& node, const Backends& backends) {
  Members members(node);
  ExternalAuth filter;
  filter.protocol = members.word("protocol", filter.protocol);
  read_target(node, members, backends, filter);
  filter.path = members.string("path", "");
  filter.request_headers = read_strings(members.find("requestHeaders"));
  filter.response_headers = read_strings(members.find("responseHeaders"));
  filter.max_body_bytes = members.number("maxBodyBytes", filter.max_body_bytes);
  return filter;
}

Filter read_filter(const Node& node, const Backends& backends) {
  Members members(node);
  if (const auto body = members.find("requestHeaderModifier")) {
    RequestHeaderModifier filter;
    read_modifier(*body, filter);
    return filter;
  }
  if (const auto body = members.find("responseHeaderModifier")) {
    ResponseHeaderModifier filter;
    read_modifier(*body, filter);
    return filter;
  }
  if (const auto body = members.find("requestRedirect")) return read_redirect(*body);
  if (const auto body = members.find("urlRewrite")) return read_rewrite(*body);
  if (const auto body = members.find("requestMirror")) return read_mirror(*body, backends);
  if (const auto body = members.find("cors")) return read_cors(*body);
  if (const auto body = members.find("externalAuth")) return read_auth(*body, backends);
  if (const auto body = members.find("unresolved")) return UnresolvedFilter{Members(*body).string("reason")};
  node.fail("names no filter that is known");
  return UnresolvedFilter{};
}

}  // namespace

Value write_filters(const std::vector<Filter>& filters, const NameOfBackend& name_of) {
  Value list(Value::Array{});
  for (const Filter& filter : filters) std::visit(FilterWriter{list, name_of}, filter);
  return list;
}

std::vector<Filter> read_filters(const std::optional<Node>& node, const Backends& backends) {
  return read_list<Filter>(node, [&](const Node& item) { return read_filter(item, backends); });
}

}  // namespace cardea::plan::internal
