// SPDX-License-Identifier: Apache-2.0
// What the CRDs of Gateway API v1.6.1 and Kubernetes demand of single values: one rule per type of the API. The pattern
// that a rule stands for is given beside it where it is not the type's plain meaning.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace cardea::api {

struct TextRule {
  std::size_t min = 0;
  std::size_t max = std::numeric_limits<std::size_t>::max();  // in characters
  bool (*is)(std::string_view) = nullptr;
  std::string_view allowed{};  // completes "must be "
  // Holds in lenient mode too: what could do harm if it were passed on.
  bool (*is_safe)(std::string_view) = nullptr;
};

struct IntRule {
  std::int64_t min = std::numeric_limits<std::int64_t>::min();
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
};

struct ListRule {
  std::size_t min = 0;
  std::size_t max = std::numeric_limits<std::size_t>::max();
};

struct MapRule {
  std::size_t max = std::numeric_limits<std::size_t>::max();
  TextRule key;
  TextRule value;
  bool secret = false;  // errors say nothing of a value
};

// Predicates; all take the whole text.
bool is_label1123(std::string_view text);  // RFC 1123 label
bool is_label1035(std::string_view text);  // RFC 1035 label
bool is_subdomain(std::string_view text);  // RFC 1123 subdomain
bool is_group(std::string_view text);      // a subdomain, or empty for the core group
bool is_kind(std::string_view text);
bool is_hostname(std::string_view text);      // a subdomain, perhaps after "*."
bool is_token(std::string_view text);         // RFC 9110 token
bool is_header_value(std::string_view text);  // visible ASCII, single spaces or tabs inside
bool has_no_line_end(std::string_view text);  // no CR, LF or NUL
bool is_domain_prefixed_path(std::string_view text);
bool is_path(std::string_view text);  // characters of RFC 3986 paths with %XX
bool is_cors_origin(std::string_view text);
bool is_absolute_uri(std::string_view text);
bool is_listener_protocol(std::string_view text);
bool is_address_type(std::string_view text);
bool is_qualified_name(std::string_view text);  // label and annotation keys
bool is_label_value(std::string_view text);
bool is_well_known_ca(std::string_view text);
bool is_grpc_service(std::string_view text);
bool is_grpc_method(std::string_view text);
bool is_data_key(std::string_view text);   // of Secret and ConfigMap
bool is_port_name(std::string_view text);  // IANA service name
bool is_ip(std::string_view text);

// Types of the Gateway API.
inline constexpr TextRule kAnyText{};
inline constexpr TextRule kObjectName{.min = 1, .max = 253};
inline constexpr TextRule kNamespaceName{1, 63, is_label1123,
                                         "lower-case letters, digits and '-', as in \"my-namespace\""};
inline constexpr TextRule kGroup{0, 253, is_group,
                                 "empty or a lower-case domain name, as in \"gateway.networking.k8s.io\""};
inline constexpr TextRule kKindName{1, 63, is_kind, "letters, digits and '-', starting with a letter"};
inline constexpr TextRule kSectionName{1, 253, is_subdomain,
                                       "lower-case letters, digits, '-' and '.', as in \"http-1\""};
inline constexpr TextRule kHostname{
    1, 253, is_hostname, "a lower-case host name without port, perhaps with \"*\" as its first label", is_hostname};
inline constexpr TextRule kPreciseHostname{1, 253, is_subdomain, "a lower-case host name without port or wildcard",
                                           is_subdomain};
inline constexpr TextRule kControllerName{1, 253, is_domain_prefixed_path,
                                          "a domain and a path, as in \"example.net/controller\""};
inline constexpr TextRule kHeaderName{1, 256, is_token, "an HTTP field name", is_token};
inline constexpr TextRule kHeaderValue{1, 4096, is_header_value, "visible ASCII with single spaces or tabs between",
                                       has_no_line_end};
inline constexpr TextRule kAbsoluteURI{1, 253, is_absolute_uri,
                                       "a URI with scheme and authority, as in \"spiffe://domain/id\""};
inline constexpr TextRule kAnnotationValue{.max = 4096};
inline constexpr TextRule kLabelValue{
    0, 63, is_label_value, "empty, or letters, digits, '-', '_' and '.' that start and end with a letter or digit"};
inline constexpr TextRule kQualifiedName{
    1, 317, is_qualified_name,
    "a name of up to 63 letters, digits, '-', '_' and '.', perhaps after a lower-case domain and '/'"};
inline constexpr IntRule kPort{1, 65535};

}  // namespace cardea::api
