// SPDX-License-Identifier: Apache-2.0
// A perfect hash over (length, first, middle, last but one byte), checked by the compiler; then one exact comparison by
// words.
#include "http/header_id.h"

#include <array>
#include <cstring>

#include "http/syntax.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace cardea::http {
namespace {

constexpr std::size_t kCount = static_cast<std::size_t>(HeaderId::kCount);
constexpr std::size_t kLongest = 24;

constexpr std::array<std::string_view, kCount> kNames = {
    "",
    "Host",
    "Content-Length",
    "Transfer-Encoding",
    "Connection",
    "Upgrade",
    "Expect",
    "TE",
    "Trailer",
    "Keep-Alive",
    "Proxy-Connection",
    "HTTP2-Settings",
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Authorization",
    "Cache-Control",
    "Content-Encoding",
    "Content-Type",
    "Content-Range",
    "Cookie",
    "Date",
    "ETag",
    "Forwarded",
    "grpc-message",
    "grpc-status",
    "grpc-timeout",
    "Last-Modified",
    "Location",
    "Max-Forwards",
    "Origin",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Range",
    "Referer",
    "Retry-After",
    "Sec-WebSocket-Accept",
    "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Version",
    "Server",
    "Set-Cookie",
    "traceparent",
    "tracestate",
    "User-Agent",
    "Vary",
    "Via",
    "WWW-Authenticate",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Forwarded-Proto",
    "X-Real-IP",
    "X-Request-ID",
};

// A name in lower case, and the bits that must agree: of a letter all but 0x20, of bytes behind the name none.
constexpr std::size_t kWide = 32;
struct alignas(16) Pattern {
  char lower[kWide] = {};
  char decisive[kWide] = {};
  std::uint8_t size = 0;
};

constexpr std::array<Pattern, kCount> make_patterns() {
  std::array<Pattern, kCount> patterns;
  for (std::size_t id = 1; id < kCount; ++id) {
    patterns[id].size = static_cast<std::uint8_t>(kNames[id].size());
    for (std::size_t i = 0; i < kNames[id].size(); ++i) {
      const char c = to_lower(kNames[id][i]);
      patterns[id].lower[i] = c;
      patterns[id].decisive[i] = static_cast<char>(c >= 'a' && c <= 'z' ? 0xdf : 0xff);
    }
  }
  return patterns;
}
constexpr std::array<Pattern, kCount> kPatterns = make_patterns();

constexpr std::size_t slot(const char* name, std::size_t size, std::uint32_t seed) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(name[i]) & 0xdf); };
  const std::uint32_t key = at(0) | at(size - 2) << 8 | at(size / 2) << 16 | static_cast<std::uint32_t>(size) << 24;
  return (key * seed) >> 24;
}

struct Table {
  std::uint32_t seed = 0;
  std::array<std::uint8_t, 256> ids{};
};

constexpr bool fill(Table& table, std::uint32_t seed) {
  table.ids.fill(0);
  for (std::size_t id = 1; id < kCount; ++id) {
    std::uint8_t& place = table.ids[slot(kNames[id].data(), kNames[id].size(), seed)];
    if (place != 0) return false;
    place = static_cast<std::uint8_t>(id);
  }
  table.seed = seed;
  return true;
}

// Found by trying random odd numbers. When a new name collides, try others.
constexpr std::uint32_t kSeed = 0x843fdda7u;
constexpr Table make_table() {
  Table table;
  if (!fill(table, kSeed)) table.seed = 0;
  return table;
}
constexpr Table kTable = make_table();
static_assert(kTable.seed != 0, "two names share a slot: another seed is needed");

template <class Word>
bool same(const char* name, const Pattern& pattern, std::size_t offset) {
  Word a;
  Word b;
  Word decisive;
  std::memcpy(&a, name + offset, sizeof a);
  std::memcpy(&b, pattern.lower + offset, sizeof b);
  std::memcpy(&decisive, pattern.decisive + offset, sizeof decisive);
  return ((a ^ b) & decisive) == 0;
}

bool matches(const char* name, std::size_t size, const Pattern& pattern) {
  if (size >= 8) {
    for (std::size_t i = 0; i + 8 < size; i += 8) {
      if (!same<std::uint64_t>(name, pattern, i)) return false;
    }
    return same<std::uint64_t>(name, pattern, size - 8);
  }
  if (size >= 4) return same<std::uint32_t>(name, pattern, 0) && same<std::uint32_t>(name, pattern, size - 4);
  for (std::size_t i = 0; i < size; ++i) {
    if (!same<std::uint8_t>(name, pattern, i)) return false;
  }
  return true;
}

// Reads kWide bytes of `name`, however long it is.
bool matches_wide(const char* name, const Pattern& pattern) {
#if defined(__SSE2__)
  const auto load = [](const char* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); };
  const auto differ = [&](std::size_t offset) {
    return _mm_and_si128(_mm_xor_si128(load(name + offset), load(pattern.lower + offset)),
                         load(pattern.decisive + offset));
  };
  const __m128i any = _mm_or_si128(differ(0), differ(16));
  return _mm_movemask_epi8(_mm_cmpeq_epi8(any, _mm_setzero_si128())) == 0xffff;
#else
  return matches(name, pattern.size, pattern);
#endif
}

}  // namespace

HeaderId header_id(std::string_view name, std::size_t readable) {
  if (name.size() < 2 || name.size() > kLongest) return HeaderId::Unknown;
  const std::uint8_t id = kTable.ids[slot(name.data(), name.size(), kSeed)];
  const Pattern& pattern = kPatterns[id];
  if (pattern.size != name.size()) return HeaderId::Unknown;
  const bool found =
      readable >= kWide ? matches_wide(name.data(), pattern) : matches(name.data(), name.size(), pattern);
  return found ? static_cast<HeaderId>(id) : HeaderId::Unknown;
}

std::string_view header_name(HeaderId id) { return kNames[static_cast<std::size_t>(id)]; }

std::string_view lower_header_name(HeaderId id) {
  const Pattern& pattern = kPatterns[static_cast<std::size_t>(id)];
  return {pattern.lower, pattern.size};
}

}  // namespace cardea::http
