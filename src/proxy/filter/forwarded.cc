// SPDX-License-Identifier: Apache-2.0
#include "proxy/filter/forwarded.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/strings.h"
#include "http/forwarded.h"
#include "http/list.h"
#include "http/syntax.h"

namespace cardea::proxy {

namespace {

using base::IpAddress;
using http::HeaderId;

constexpr std::size_t kMaxElements = 64;  // of Forwarded, the last ones: more proxies in a row are not looked through

bool is_trusted(const IpAddress& address, const std::vector<base::IpRange>& trusted) {
  return std::ranges::any_of(trusted, [&](const base::IpRange& range) { return range.contains(address); });
}

std::string_view joined(const http::Fields& fields, HeaderId id, http::TextArena& arena) {
  return fields.has(id) ? fields.joined(http::header_name(id), arena) : std::string_view();
}

// From right to left, as long as who speaks is trusted.
IpAddress client_by_list(IpAddress client, std::string_view list, const std::vector<base::IpRange>& trusted) {
  while (!list.empty() && is_trusted(client, trusted)) {
    const std::size_t comma = list.rfind(',');
    const std::string_view item = base::trim(comma == std::string_view::npos ? list : list.substr(comma + 1));
    list = comma == std::string_view::npos ? std::string_view() : list.substr(0, comma);
    if (item.empty()) continue;
    const auto address = http::node_address(item);
    if (!address) break;
    client = *address;
  }
  return client;
}

struct ByForwarded {
  IpAddress client;
  http::ForwardedElement element;  // by whoever received the client's request
};

std::optional<ByForwarded> client_by_forwarded(IpAddress peer, std::string_view value, const std::vector<base::IpRange>& trusted,
                                               http::TextArena& arena) {
  std::array<http::ForwardedElement, kMaxElements> last;
  std::size_t count = 0;
  http::ForwardedElements elements(value, arena);
  while (const auto element = elements.next()) last[count++ % kMaxElements] = *element;
  if (elements.malformed()) return std::nullopt;
  ByForwarded found{peer, {}};
  for (std::size_t left = std::min(count, kMaxElements); left > 0 && is_trusted(found.client, trusted); --left) {
    const http::ForwardedElement& element = last[--count % kMaxElements];
    found.element = element;
    const auto address = http::node_address(element.for_node);
    if (!address) break;
    found.client = *address;
  }
  return found;
}

std::string_view or_else(std::string_view text, std::string_view otherwise) { return text.empty() ? otherwise : text; }

std::string_view known_scheme(std::string_view text) { return text == "http" || text == "https" ? text : std::string_view(); }

std::string_view digits_of(std::uint16_t port, http::TextArena& arena) {
  char* const text = arena.allocate(5);
  char* const end = std::to_chars(text, text + 5, port).ptr;
  arena.shrink_last(end);
  return {text, end};
}

void set_or_remove(http::Fields& fields, HeaderId id, std::string_view value) {
  if (value.empty()) {
    fields.remove(id);
  } else {
    fields.set(id, value);
  }
}

std::string_view element_of(std::string_view ip, std::string_view host, std::string_view proto, http::TextArena& arena) {
  const std::string_view named = host.empty() ? host : http::forwarded_value(host, arena);
  return arena.concat({"for=", http::forwarded_node(ip, arena), named.empty() ? "" : ";host=", named, ";proto=", proto});
}

// The port that the client called: what a trusted proxy says, or what follows from the scheme that it says.
std::string_view port_of(const DecidedClient& client, const Arrival& arrival, http::TextArena& arena) {
  if (!client.port.empty()) return client.port;
  if (client.proto.empty()) return digits_of(arrival.port, arena);
  return client.proto == "https" ? "443" : "80";
}

}  // namespace

DecidedClient decide_client(std::string_view peer, const http::Fields& fields, const std::vector<base::IpRange>& trusted,
                     http::TextArena& arena) {
  DecidedClient client{.ip = peer, .for_list = {}, .forwarded = {}, .proto = {}, .host = {}, .port = {}};
  if (trusted.empty()) return client;
  const auto address = base::parse_ip(peer);
  if (!address || !is_trusted(*address, trusted)) return client;

  const std::string_view list = joined(fields, HeaderId::XForwardedFor, arena);
  const std::string_view forwarded = joined(fields, HeaderId::Forwarded, arena);
  IpAddress decided = client_by_list(base::unmapped(*address), list, trusted);
  http::ForwardedElement element;
  if (!forwarded.empty()) {
    const auto found = client_by_forwarded(base::unmapped(*address), forwarded, trusted, arena);
    if (!found || (!list.empty() && found->client != decided)) return client;
    decided = found->client;
    element = found->element;
  }
  if (decided != base::unmapped(*address)) client.ip = arena.copy(base::to_string(decided));
  client.for_list = list;
  client.forwarded = forwarded;
  client.proto = known_scheme(or_else(fields.get(HeaderId::XForwardedProto), element.proto));
  client.host = or_else(fields.get(HeaderId::XForwardedHost), element.host);
  const std::string_view port = fields.get(HeaderId::XForwardedPort);
  if (base::parse_uint<std::uint16_t>(port)) client.port = port;
  return client;
}

void tell_forwarded(const DecidedClient& client, const Arrival& arrival, http::Fields& fields, http::TextArena& arena) {
  const std::string_view proto = or_else(client.proto, arrival.scheme);
  const std::string_view host = or_else(client.host, arrival.host);
  // A proxy that used one of the two fields is heard in the other one too.
  const bool behind_proxy = client.ip != arrival.peer;
  const std::string_view before = or_else(client.for_list, behind_proxy ? client.ip : "");
  const std::string_view port = port_of(client, arrival, arena);
  std::string_view elements = element_of(arrival.peer, arrival.host, arrival.scheme, arena);
  if (!client.forwarded.empty()) {
    elements = arena.concat({client.forwarded, ", ", elements});
  } else if (behind_proxy) {
    elements = arena.concat({element_of(client.ip, host, proto, arena), ", ", elements});
  }
  fields.set(HeaderId::XForwardedFor, before.empty() ? arrival.peer : arena.concat({before, ", ", arrival.peer}));
  fields.set(HeaderId::XForwardedProto, proto);
  set_or_remove(fields, HeaderId::XForwardedHost, host);
  fields.set(HeaderId::XForwardedPort, port);
  fields.set(HeaderId::XRealIp, client.ip);
  fields.set(HeaderId::Forwarded, elements);
}

void add_via(http::Version received, std::string_view name, http::Fields& fields, http::TextArena& arena) {
  const std::string_view version = received == http::Version::Http2 ? "2.0 " : received == http::Version::Http10 ? "1.0 " : "1.1 ";
  fields.append(HeaderId::Via, arena.concat({version, name}));
}

std::size_t count_in_via(const http::Fields& fields, std::string_view name) {
  if (!fields.has(HeaderId::Via)) return 0;
  std::size_t count = 0;
  for (const http::Field& field : fields) {
    if (field.id != HeaderId::Via) continue;
    http::ListItems items(field.value);
    while (const auto item = items.next()) {
      // received-protocol RWS received-by [ RWS comment ]
      const std::size_t space = item->find_first_of(" \t");
      if (space == std::string_view::npos) continue;
      const std::string_view by = base::trim(item->substr(space));
      count += by.substr(0, by.find_first_of(" \t")) == name;
    }
  }
  return count;
}

bool take_max_forwards(http::RequestHead& head, http::TextArena& arena) {
  const bool applies = head.method == http::Method::Options || head.method == http::Method::Trace;
  if (!applies || !head.fields.has(HeaderId::MaxForwards)) return true;
  const auto left = base::parse_uint<std::uint32_t>(head.fields.get(HeaderId::MaxForwards));
  if (!left) return true;
  if (*left == 0) return false;
  char* const text = arena.allocate(10);
  char* const end = std::to_chars(text, text + 10, *left - 1).ptr;
  arena.shrink_last(end);
  head.fields.set(HeaderId::MaxForwards, std::string_view(text, end));
  return true;
}

std::string_view traced_request(const http::RequestHead& head, http::TextArena& arena) {
  constexpr http::HeaderMask kPrivate = http::header_bit(HeaderId::Authorization) | http::header_bit(HeaderId::Cookie) |
                                        http::header_bit(HeaderId::ProxyAuthorization);
  const std::string_view version = head.version == http::Version::Http10 ? " HTTP/1.0\r\n" : head.version == http::Version::Http2 ? " HTTP/2.0\r\n" : " HTTP/1.1\r\n";
  std::size_t size = head.method_text.size() + 1 + head.target.size() + version.size();
  for (const http::Field& field : head.fields) size += field.name.size() + field.value.size() + 4;
  char* const text = arena.allocate(size);
  char* end = text;
  const auto put = [&](std::string_view part) { end = std::ranges::copy(part, end).out; };
  for (const std::string_view part : {head.method_text, std::string_view(" "), head.target, version}) put(part);
  for (const http::Field& field : head.fields) {
    if ((http::header_bit(field.id) & kPrivate) != 0) continue;
    for (const std::string_view part : {field.name, std::string_view(": "), field.value, std::string_view("\r\n")}) put(part);
  }
  arena.shrink_last(end);
  return {text, end};
}

}  // namespace cardea::proxy
