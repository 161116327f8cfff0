// SPDX-License-Identifier: Apache-2.0
#include "proxy/trace_context.h"

#include <array>
#include <cstdint>

#include "http/trace_context.h"

namespace cardea::proxy {

namespace {

using http::HeaderId;

void put_hex(char* to, std::uint64_t bits) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (int i = 15; i >= 0; --i, bits >>= 4) to[i] = kDigits[bits & 15];
}

std::uint64_t next_nonzero(Random& random) {
  std::uint64_t bits = 0;
  while (bits == 0) bits = random.next();
  return bits;
}

// "00-<trace-id>-<parent-id>-<flags>"
std::string_view make_traceparent(bool sampled, Random& random, http::TextArena& arena) {
  char* const text = arena.allocate(http::kTraceparentSize);
  text[0] = text[1] = '0';
  text[2] = text[35] = text[52] = '-';
  put_hex(text + 3, random.next());
  put_hex(text + 19, next_nonzero(random));
  put_hex(text + 36, next_nonzero(random));
  text[53] = '0';
  text[54] = sampled ? '1' : '0';
  return {text, http::kTraceparentSize};
}

}  // namespace

std::string_view carry_trace(http::Fields& fields, unsigned sampling_percent, Random& random, http::TextArena& arena) {
  const bool one = fields.count(HeaderId::Traceparent) == 1;
  const auto trace = one ? http::trace_id_of(fields.get(HeaderId::Traceparent)) : std::nullopt;
  const bool has_state = fields.has(HeaderId::Tracestate);
  if (trace) {
    const bool good = !has_state || http::is_tracestate(fields.joined(http::header_name(HeaderId::Tracestate), arena));
    if (!good) fields.remove(HeaderId::Tracestate);
    return *trace;
  }
  if (has_state) fields.remove(HeaderId::Tracestate);
  const std::string_view made = make_traceparent(random.below(100) < sampling_percent, random, arena);
  fields.set(HeaderId::Traceparent, made);
  return made.substr(3, 32);
}

}  // namespace cardea::proxy
