// SPDX-License-Identifier: Apache-2.0
#include "proxy/filter/cors.h"

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "http/list.h"
#include "http/syntax.h"

namespace cardea::proxy {

namespace {

using http::HeaderId;

constexpr std::string_view kAllowOrigin = "Access-Control-Allow-Origin";
constexpr std::string_view kAllowCredentials = "Access-Control-Allow-Credentials";
constexpr std::string_view kAllowMethods = "Access-Control-Allow-Methods";
constexpr std::string_view kAllowHeaders = "Access-Control-Allow-Headers";
constexpr std::string_view kExposeHeaders = "Access-Control-Expose-Headers";
constexpr std::string_view kMaxAge = "Access-Control-Max-Age";
constexpr std::string_view kRequestMethod = "Access-Control-Request-Method";
constexpr std::string_view kRequestHeaders = "Access-Control-Request-Headers";

bool is_star(const std::vector<std::string>& items) { return items.size() == 1 && items.front() == "*"; }

bool says_something_of_cors(const http::Field& field) {
  constexpr std::array kOurs = {kAllowOrigin, kAllowCredentials, kAllowMethods, kAllowHeaders, kExposeHeaders, kMaxAge};
  return field.id == HeaderId::Unknown && field.name.size() >= kMaxAge.size() &&
         std::ranges::any_of(kOurs, [&](std::string_view name) { return base::iequals(field.name, name); });
}

void vary_by_origin(http::Fields& fields) {
  for (const http::Field& field : fields) {
    if (field.id != HeaderId::Vary) continue;
    http::ListItems items(field.value);
    while (const auto item = items.next()) {
      if (*item == "*" || base::iequals(*item, "Origin")) return;
    }
  }
  fields.append(HeaderId::Vary, "Origin");
}

// Names that scripts see without being told (Fetch standard, CORS-safelisted response-header names), and never.
bool needs_no_exposure(std::string_view name) {
  constexpr std::array<std::string_view, 9> kNames = {"Cache-Control", "Content-Language", "Content-Length",
                                                      "Content-Type",  "Expires",          "Last-Modified",
                                                      "Pragma",        "Set-Cookie",       "Set-Cookie2"};
  return std::ranges::any_of(kNames, [&](std::string_view known) { return base::iequals(known, name); });
}

// "*" means nothing with credentials, so the names are listed.
std::string_view names_of(const http::Fields& fields, http::TextArena& arena) {
  std::string_view list;
  for (const http::Field& field : fields) {
    if (needs_no_exposure(field.name) || says_something_of_cors(field)) continue;
    list = list.empty() ? field.name : arena.concat({list, ", ", field.name});
  }
  return list;
}

}  // namespace

CorsRequest cors_request(const http::RequestHead& request) {
  CorsRequest found;
  if (request.fields.count(HeaderId::Origin) == 1) found.origin = request.fields.get(HeaderId::Origin);
  found.credentials = request.fields.has(HeaderId::Cookie) || request.fields.has(HeaderId::Authorization);
  return found;
}

std::optional<Announced> preflight_of(const http::RequestHead& request, http::TextArena& arena) {
  if (request.method != http::Method::Options || !request.fields.has(HeaderId::Origin)) return std::nullopt;
  const http::Field* method = request.fields.find(kRequestMethod);
  if (!method || !http::is_token(method->value)) return std::nullopt;
  return Announced{http::method_from(method->value), method->value, request.fields.joined(kRequestHeaders, arena)};
}

CorsFilter::CorsFilter(const plan::Cors& plan)
    : any_origin_(is_star(plan.allow_origins)),
      any_method_(is_star(plan.allow_methods)),
      any_header_(is_star(plan.allow_headers)),
      expose_all_(std::ranges::find(plan.expose_headers, "*") != plan.expose_headers.end()),
      credentials_(plan.allow_credentials),
      methods_(base::join(plan.allow_methods, ", ")),
      headers_(base::join(plan.allow_headers, ", ")),
      exposed_(base::join(plan.expose_headers, ", ")),
      max_age_(std::to_string(plan.max_age.count())) {
  for (const std::string& text : plan.allow_origins) {
    auto origin = parse(text);
    if (!origin) continue;  // "*"
    if (origin->host.starts_with('*')) {
      origin->below = true;
      origin->host.erase(0, 1);
    }
    origins_.push_back(*std::move(origin));
  }
}

std::optional<CorsFilter::Origin> CorsFilter::parse(std::string_view text) {
  Origin origin;
  const std::string lower = base::to_lower(text);
  std::string_view rest = lower;
  origin.secure = rest.starts_with("https://");
  if (!origin.secure && !rest.starts_with("http://")) return std::nullopt;
  rest.remove_prefix(origin.secure ? 8 : 7);
  origin.port = origin.secure ? 443 : 80;
  // The colon of a port is behind the brackets of an IPv6 address.
  const std::size_t colon = rest.find(':', rest.starts_with('[') ? rest.find(']') : 0);
  if (colon != std::string_view::npos) {
    const auto port = base::parse_uint<std::uint16_t>(rest.substr(colon + 1));
    if (!port) return std::nullopt;
    origin.port = *port;
  }
  origin.host = rest.substr(0, colon);
  if (origin.host.empty() || origin.host.find_first_of("/?#@ \t,") != std::string::npos) return std::nullopt;
  return origin;
}

bool CorsFilter::Origin::fits(const Origin& other) const {
  if (secure != other.secure || port != other.port) return false;
  return below ? other.host.size() > host.size() && other.host.ends_with(host) : other.host == host;
}

bool CorsFilter::allows(std::string_view origin) const {
  if (origin.empty()) return false;
  if (any_origin_) return true;
  const auto parsed = parse(origin);
  return parsed && std::ranges::any_of(origins_, [&](const Origin& allowed) { return allowed.fits(*parsed); });
}

void CorsFilter::name_origin(const CorsRequest& request, http::ResponseHead& response) const {
  response.fields.append(kAllowOrigin, request.origin);
  if (credentials_) response.fields.append(kAllowCredentials, "true");
}

void CorsFilter::answer_preflight(const CorsRequest& request, const Announced& announced, http::ResponseHead& response) const {
  response.fields.append(HeaderId::Vary, "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
  if (!allows(request.origin)) return;
  name_origin(request, response);
  const std::string_view methods = any_method_ ? announced.method_text : methods_;
  if (!methods.empty()) response.fields.append(kAllowMethods, methods);
  const std::string_view headers = any_header_ ? announced.fields : headers_;
  if (!headers.empty() && !announced.fields.empty()) response.fields.append(kAllowHeaders, headers);
  if (!exposed_.empty() && !(expose_all_ && credentials_)) response.fields.append(kExposeHeaders, exposed_);
  response.fields.append(kMaxAge, max_age_);
}

void CorsFilter::decorate(const CorsRequest& request, http::ResponseHead& response, http::TextArena& arena) const {
  response.fields.remove_if(says_something_of_cors);
  vary_by_origin(response.fields);
  if (!allows(request.origin)) return;
  const bool list_names = expose_all_ && (credentials_ || request.credentials);
  const std::string_view exposed = list_names ? names_of(response.fields, arena) : exposed_;
  name_origin(request, response);
  if (!exposed.empty()) response.fields.append(kExposeHeaders, exposed);
}

base::Result<> check_cors(const plan::Cors& filter) {
  for (const auto* list : {&filter.allow_methods, &filter.allow_headers, &filter.expose_headers}) {
    for (const std::string& name : *list) {
      if (!http::is_token(name)) return base::fail("\"" + name + "\" in CORS is neither a method nor a field name");
    }
  }
  return {};
}

}  // namespace cardea::proxy
