// SPDX-License-Identifier: Apache-2.0
#include "http/uri.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "http/syntax.h"

namespace cardea::http {
namespace {

// --- Authority -------------------------------------------------------------------------------------------------------

bool is_ipv6(std::string_view text) {
  char copy[INET6_ADDRSTRLEN];
  if (text.size() >= sizeof copy) return false;
  *std::copy(text.begin(), text.end(), copy) = '\0';
  in6_addr address;
  return std::memchr(copy, '\0', text.size()) == nullptr && inet_pton(AF_INET6, copy, &address) == 1;
}

enum : std::uint8_t { kPlain = 1, kUpper = 2, kDot = 4 };
constexpr std::array<std::uint8_t, 256> kNameBytes = [] {
  std::array<std::uint8_t, 256> table{};
  for (int c = 0; c < 128; ++c) {
    const char byte = static_cast<char>(c);
    if (is_class(byte, kUnreserved)) table[static_cast<std::size_t>(c)] = byte != to_lower(byte) ? kUpper : kPlain;
  }
  table['.'] = kDot;
  return table;
}();

struct Host {
  std::size_t size = 0;  // 0: malformed
  bool is_normal = false;
};

// Labels that are not empty; one final dot may follow.
Host read_name(std::string_view text) {
  std::uint8_t last = kDot;
  std::uint8_t seen = 0;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    const std::uint8_t kind = kNameBytes[static_cast<unsigned char>(text[i])];
    if (kind == 0) break;
    if ((kind & last & kDot) != 0) return {};
    seen |= kind;
    last = kind;
  }
  return {i, (seen & kUpper) == 0 && last != kDot};
}

Host read_host(std::string_view text) {
  if (text.empty() || text[0] != '[') return read_name(text);
  const std::size_t close = text.find(']');
  if (close == std::string_view::npos || !is_ipv6(text.substr(1, close - 1))) return {};
  return {close + 1, false};
}

// "" and ":" name no port (RFC 3986 section 3.2.3).
std::optional<std::uint16_t> parse_port(std::string_view text) {
  if (text.empty()) return 0;
  if (text[0] != ':' || text.size() > 6) return std::nullopt;
  if (text.size() == 1) return 0;
  std::uint32_t port = 0;
  for (char c : text.substr(1)) {
    if (!is_class(c, kDigit)) return std::nullopt;
    port = port * 10 + static_cast<std::uint32_t>(c - '0');
  }
  if (port == 0 || port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

// --- Path ------------------------------------------------------------------------------------------------------------

struct Escape {
  unsigned char byte = 0;
  bool valid = false;
};

Escape read_escape(const char* at, const char* end) {
  if (end - at < 3) return {};
  const int high = hex_value(at[1]);
  const int low = hex_value(at[2]);
  if (high < 0 || low < 0) return {};
  return {static_cast<unsigned char>(high << 4 | low), true};
}

bool is_separator(unsigned char byte) { return byte == '/' || byte == '\\'; }

bool is_normal_escape(const char* at, const char* end) {
  const Escape escape = read_escape(at, end);
  if (!escape.valid || escape.byte == 0 || is_separator(escape.byte)) return false;
  if (is_class(static_cast<char>(escape.byte), kUnreserved)) return false;
  return at[1] < 'a' && at[2] < 'a';
}

// "." or "..", also with parameters as some servers read them ("..;x").
enum class Dots : std::uint8_t { None, One, Two, Hidden };
Dots dots(std::string_view segment) {
  std::size_t count = 0;
  while (count < segment.size() && count < 3 && segment[count] == '.') ++count;
  if (count == 0 || count == 3) return Dots::None;
  if (count == segment.size()) return count == 1 ? Dots::One : Dots::Two;
  return segment[count] == ';' ? Dots::Hidden : Dots::None;
}

// Whether the segment that begins here is not empty before another one, and no dot segment.
bool is_normal_segment(const char* begin, const char* end) {
  if (begin == end) return true;
  if (*begin == '/') return false;
  if (*begin != '.') return true;
  return dots({begin, static_cast<std::size_t>(std::find(begin, end, '/') - begin)}) == Dots::None;
}

bool is_normal(std::string_view path) {
  if (path.empty() || path[0] != '/') return false;
  const char* const end = path.data() + path.size();
  for (const char* at = path.data(); at != end; ++at) {
    if (*at == '/') {
      if (!is_normal_segment(at + 1, end)) return false;
    } else if (*at == '%') {
      if (!is_normal_escape(at, end)) return false;
      at += 2;
    } else if (!is_class(*at, kPathChar)) {
      return false;
    }
  }
  return true;
}

// Whether a kept %2F or %5C would make a dot segment for a backend that decodes it.
bool hides_dots(std::string_view segment) {
  std::size_t begin = 0;
  while (true) {
    const std::size_t first = std::min(segment.find("%2F", begin), segment.find("%5C", begin));
    const bool split = begin != 0 || first != std::string_view::npos;
    if (split && dots(segment.substr(begin, first - begin)) != Dots::None) return true;
    if (first == std::string_view::npos) return false;
    begin = first + 3;
  }
}

// Writes one segment after another to a text that always begins with '/'.
class PathBuilder {
 public:
  PathBuilder(char* out, EncodedSeparators separators) : begin_(out), out_(out), separators_(separators) {
    *out_++ = '/';
  }

  // `raw` has no '/'. `last`: no '/' follows it.
  Fault add(std::string_view raw, bool last) {
    char* const segment = out_;
    if (const Fault fault = decode(raw); fault != Fault::None) return fault;
    const std::string_view text(segment, static_cast<std::size_t>(out_ - segment));
    if (separators_ == EncodedSeparators::Keep && hides_dots(text)) return Fault::HiddenDotSegment;
    switch (dots(text)) {
      case Dots::Hidden:
        return Fault::HiddenDotSegment;
      case Dots::One:
        out_ = segment;
        return Fault::None;
      case Dots::Two:
        out_ = segment;
        return pop();
      case Dots::None:
        break;
    }
    if (!text.empty() && !last) *out_++ = '/';
    return Fault::None;
  }

  char* end() const { return out_; }

 private:
  Fault decode(std::string_view raw) {
    const char* const end = raw.data() + raw.size();
    for (const char* at = raw.data(); at != end; ++at) {
      if (*at != '%') {
        if (!is_class(*at, kPathChar)) return Fault::BadTarget;
        *out_++ = *at;
        continue;
      }
      const Escape escape = read_escape(at, end);
      if (!escape.valid) return Fault::BadPercentEncoding;
      if (const Fault fault = put(escape.byte); fault != Fault::None) return fault;
      at += 2;
    }
    return Fault::None;
  }

  Fault put(unsigned char byte) {
    if (is_class(static_cast<char>(byte), kUnreserved)) {
      *out_++ = static_cast<char>(byte);
      return Fault::None;
    }
    if (byte == 0) return Fault::EncodedNul;
    if (is_separator(byte) && separators_ == EncodedSeparators::Refuse) return Fault::EncodedSeparator;
    constexpr const char* kHex = "0123456789ABCDEF";
    *out_++ = '%';
    *out_++ = kHex[byte >> 4];
    *out_++ = kHex[byte & 15];
    return Fault::None;
  }

  Fault pop() {
    if (out_ == begin_ + 1) return Fault::PathAboveRoot;
    do {
      --out_;
    } while (out_[-1] != '/');
    return Fault::None;
  }

  char* const begin_;
  char* out_;
  const EncodedSeparators separators_;
};

// --- Query -----------------------------------------------------------------------------------------------------------

std::string_view decode_param(std::string_view text, TextArena& arena) {
  if (text.find_first_of("%+") == std::string_view::npos) return text;
  char* const begin = arena.allocate(text.size());
  char* out = begin;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at != end; ++at) {
    const Escape escape = *at == '%' ? read_escape(at, end) : Escape{};
    if (escape.valid) at += 2;
    *out++ = escape.valid ? static_cast<char>(escape.byte) : *at == '+' ? ' ' : *at;
  }
  return {begin, static_cast<std::size_t>(out - begin)};
}

}  // namespace

std::optional<Authority> parse_authority(std::string_view text) {
  const Host host = read_host(text);
  if (host.size == 0) return std::nullopt;
  const auto port = parse_port(text.substr(host.size));
  if (!port) return std::nullopt;
  return Authority{text.substr(0, host.size), *port, host.is_normal};
}

std::string_view normal_host(std::string_view host, TextArena& arena) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const bool upper = std::any_of(host.begin(), host.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  return upper ? arena.lower_case(host) : host;
}

NormalPath normalize_path(std::string_view path, EncodedSeparators separators, TextArena& arena) {
  if (is_normal(path)) return {path, Fault::None};
  if (path.empty() || path[0] != '/') return {{}, Fault::BadTarget};
  char* const begin = arena.allocate(path.size() + 1);
  PathBuilder builder(begin, separators);
  std::string_view rest = path.substr(1);
  while (true) {
    const std::size_t slash = rest.find('/');
    const bool last = slash == std::string_view::npos;
    if (const Fault fault = builder.add(rest.substr(0, slash), last); fault != Fault::None) return {{}, fault};
    if (last) break;
    rest.remove_prefix(slash + 1);
  }
  arena.shrink_last(builder.end());
  return {{begin, static_cast<std::size_t>(builder.end() - begin)}, Fault::None};
}

std::optional<QueryParam> QueryParams::next() {
  while (!rest_.empty()) {
    const std::size_t amp = rest_.find('&');
    const std::string_view pair = rest_.substr(0, amp);
    rest_ = amp == std::string_view::npos ? std::string_view() : rest_.substr(amp + 1);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const std::string_view value = equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    return QueryParam{decode_param(pair.substr(0, equals), *arena_), decode_param(value, *arena_)};
  }
  return std::nullopt;
}

}  // namespace cardea::http
