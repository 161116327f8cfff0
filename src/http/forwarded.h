// SPDX-License-Identifier: Apache-2.0
// The field Forwarded (RFC 7239), and the addresses in it and in X-Forwarded-For. Pure; no trust is decided here.
//
//   Forwarded = element *( "," element )     element = [ pair ] *( ";" [ pair ] )     pair = token "=" ( token / quoted )
//   node      = ( IPv4 / "[" IPv6 "]" / "unknown" / "_" obfuscated ) [ ":" port ]
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/ip.h"
#include "http/text_arena.h"

namespace cardea::http {

// One hop, as whoever received the request from it described it. Absent parameters are empty.
struct ForwardedElement {
  std::string_view for_node;
  std::string_view host;
  std::string_view proto;
};

// The elements from left to right, which is from the client to us. Quoted strings are unescaped into the arena.
class ForwardedElements {
 public:
  ForwardedElements(std::string_view value, TextArena& arena) : rest_(value), arena_(arena) {}
  // Nothing at the end, and after an error.
  std::optional<ForwardedElement> next();
  bool malformed() const { return malformed_; }

 private:
  bool read_pair(ForwardedElement& element);
  std::optional<std::string_view> read_value();
  std::string_view take_token();
  bool take(char c);
  void skip_blanks();
  std::optional<ForwardedElement> fail();

  std::string_view rest_;
  TextArena& arena_;
  bool malformed_ = false;
};

// The address of a node, with or without port and brackets; nothing for "unknown", obfuscated and malformed ones.
std::optional<base::IpAddress> node_address(std::string_view node);

// A value of a Forwarded parameter: quoted where it is no token.
std::string_view forwarded_value(std::string_view text, TextArena& arena);
// An address as a node: IPv6 in brackets and quotes.
std::string_view forwarded_node(std::string_view ip, TextArena& arena);

}  // namespace cardea::http
