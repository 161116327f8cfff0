// SPDX-License-Identifier: Apache-2.0
#include "plan/names.h"

#include <array>

namespace cardea::plan {

namespace {

// In the order of the enumerators.
template <class Enum>
constexpr int kWords = 0;
template <>
constexpr std::array<std::string_view, 2> kWords<StringMatchType> = {"Exact", "RegularExpression"};
template <>
constexpr std::array<std::string_view, 3> kWords<PathMatchType> = {"Exact", "PathPrefix", "RegularExpression"};
template <>
constexpr std::array<std::string_view, 3> kWords<BackendProtocol> = {"HTTP1", "HTTP2", "Negotiated"};
template <>
constexpr std::array<std::string_view, 6> kWords<BackendFault> = {"None", "NotFound", "NotPermitted", "InvalidKind",
                                                                  "UnsupportedProtocol", "InvalidTls"};
template <>
constexpr std::array<std::string_view, 2> kWords<RouteKind> = {"HTTPRoute", "GRPCRoute"};
template <>
constexpr std::array<std::string_view, 5> kWords<Protocol> = {"HTTP", "HTTPS", "TLS", "TCP", "UDP"};
template <>
constexpr std::array<std::string_view, 2> kWords<TlsMode> = {"Terminate", "Passthrough"};
template <>
constexpr std::array<std::string_view, 2> kWords<SubjectAltNameType> = {"Hostname", "URI"};
template <>
constexpr std::array<std::string_view, 2> kWords<ClientValidationMode> = {"AllowValidOnly", "AllowInsecureFallback"};
template <>
constexpr std::array<std::string_view, 2> kWords<SessionType> = {"Cookie", "Header"};
template <>
constexpr std::array<std::string_view, 2> kWords<AuthProtocol> = {"HTTP", "GRPC"};

template <class Enum>
std::string_view word(Enum value) {
  return kWords<Enum>[static_cast<std::size_t>(value)];
}

}  // namespace

std::string_view to_string(StringMatchType type) { return word(type); }
std::string_view to_string(PathMatchType type) { return word(type); }
std::string_view to_string(BackendProtocol protocol) { return word(protocol); }
std::string_view to_string(BackendFault fault) { return word(fault); }
std::string_view to_string(RouteKind kind) { return word(kind); }
std::string_view to_string(Protocol protocol) { return word(protocol); }
std::string_view to_string(TlsMode mode) { return word(mode); }
std::string_view to_string(SubjectAltNameType type) { return word(type); }
std::string_view to_string(ClientValidationMode mode) { return word(mode); }
std::string_view to_string(SessionType type) { return word(type); }
std::string_view to_string(AuthProtocol protocol) { return word(protocol); }

template <class Enum>
std::optional<Enum> parse_name(std::string_view text) {
  for (std::size_t i = 0; i < kWords<Enum>.size(); ++i) {
    if (kWords<Enum>[i] == text) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

template <class Enum>
std::string words_of() {
  std::string words;
  for (const std::string_view each : kWords<Enum>) {
    if (!words.empty()) words += ", ";
    words += each;
  }
  return words;
}

template std::optional<StringMatchType> parse_name(std::string_view);
template std::optional<PathMatchType> parse_name(std::string_view);
template std::optional<BackendProtocol> parse_name(std::string_view);
template std::optional<BackendFault> parse_name(std::string_view);
template std::optional<RouteKind> parse_name(std::string_view);
template std::optional<Protocol> parse_name(std::string_view);
template std::optional<TlsMode> parse_name(std::string_view);
template std::optional<SubjectAltNameType> parse_name(std::string_view);
template std::optional<ClientValidationMode> parse_name(std::string_view);
template std::optional<SessionType> parse_name(std::string_view);
template std::optional<AuthProtocol> parse_name(std::string_view);
template std::string words_of<StringMatchType>();
template std::string words_of<PathMatchType>();
template std::string words_of<BackendProtocol>();
template std::string words_of<BackendFault>();
template std::string words_of<RouteKind>();
template std::string words_of<Protocol>();
template std::string words_of<TlsMode>();
template std::string words_of<SubjectAltNameType>();
template std::string words_of<ClientValidationMode>();
template std::string words_of<SessionType>();
template std::string words_of<AuthProtocol>();

}  // namespace cardea::plan
