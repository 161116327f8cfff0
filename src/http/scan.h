// SPDX-License-Identifier: Apache-2.0
// Scans that the HTTP/1 parser spends its time in, sixteen bytes at a step where the machine can. None reads at or
// beyond `end`.
#pragma once

#include <bit>
#include <cstdint>

#include "http/syntax.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace cardea::http {

// The first byte that a field value cannot hold (CR among them), or `end`.
inline const char* scan_value(const char* at, const char* end) {
#if defined(__SSE2__)
  const __m128i controls = _mm_set1_epi8(0x1f);
  const __m128i tab = _mm_set1_epi8('\t');
  const __m128i del = _mm_set1_epi8(0x7f);
  while (end - at >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i control =
        _mm_andnot_si128(_mm_cmpeq_epi8(bytes, tab), _mm_cmpeq_epi8(_mm_min_epu8(bytes, controls), bytes));
    const int mask = _mm_movemask_epi8(_mm_or_si128(control, _mm_cmpeq_epi8(bytes, del)));
    if (mask != 0) return at + std::countr_zero(static_cast<unsigned>(mask));
    at += 16;
  }
#endif
  while (at != end && is_class(*at, kFieldChar)) ++at;
  return at;
}

// The first byte that is not a tchar, or `end`.
inline const char* scan_token(const char* at, const char* end) {
  while (at != end && is_class(*at, kTokenChar)) ++at;
  return at;
}

// The first ':' within the next 32 bytes, or nullptr when there is none or too few bytes to look at.
inline const char* near_colon([[maybe_unused]] const char* at, [[maybe_unused]] const char* end) {
#if defined(__SSE2__)
  const __m128i colon = _mm_set1_epi8(':');
  for (int step = 0; step < 2 && end - at >= 16; ++step, at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, colon)));
    if (mask != 0) return at + std::countr_zero(mask);
  }
#endif
  return nullptr;
}

// The first byte that is neither kQueryChar nor '%', or `end`.
inline const char* scan_target(const char* at, const char* end) {
#if defined(__SSE2__)
  const auto all = [](char c) { return _mm_set1_epi8(c); };
  while (end - at >= 16) {
    const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i below = _mm_cmpgt_epi8(all(0x21), x);                        // as signed: also above 127
    const __m128i quotes = _mm_cmpeq_epi8(_mm_or_si128(x, all(1)), all('#'));  // " #
    const __m128i angles = _mm_cmpeq_epi8(_mm_or_si128(x, all(2)), all('>'));  // < >
    const __m128i slash = _mm_or_si128(_mm_cmpeq_epi8(x, all('\\')), _mm_cmpeq_epi8(x, all('^')));
    const __m128i braces = _mm_andnot_si128(_mm_cmpeq_epi8(x, all('~')), _mm_cmpgt_epi8(x, all('z')));  // { | } DEL
    const __m128i quote = _mm_cmpeq_epi8(x, all('`'));
    const __m128i bad = _mm_or_si128(_mm_or_si128(_mm_or_si128(below, quotes), _mm_or_si128(angles, slash)),
                                     _mm_or_si128(braces, quote));
    const int mask = _mm_movemask_epi8(bad);
    if (mask != 0) return at + std::countr_zero(static_cast<unsigned>(mask));
    at += 16;
  }
#endif
  while (at != end && (is_class(*at, kQueryChar) || *at == '%')) ++at;
  return at;
}

// Whether a path that scan_target() has passed may be other than normal: it holds '%', '[', ']' or '?', or a '/' before
// '/' or '.'.
inline bool is_suspect_path(const char* at, const char* end) {
#if defined(__SSE2__)
  const auto all = [](char c) { return _mm_set1_epi8(c); };
  while (end - at > 16) {
    const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i next = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + 1));
    const __m128i slash_or_dot = _mm_or_si128(_mm_cmpeq_epi8(next, all('/')), _mm_cmpeq_epi8(next, all('.')));
    const __m128i segment = _mm_and_si128(_mm_cmpeq_epi8(x, all('/')), slash_or_dot);
    const __m128i brackets = _mm_or_si128(_mm_cmpeq_epi8(x, all('[')), _mm_cmpeq_epi8(x, all(']')));
    const __m128i others = _mm_or_si128(_mm_cmpeq_epi8(x, all('%')), _mm_cmpeq_epi8(x, all('?')));
    if (_mm_movemask_epi8(_mm_or_si128(segment, _mm_or_si128(brackets, others))) != 0) return true;
    at += 16;
  }
#endif
  for (; at != end; ++at) {
    if (!is_class(*at, kPathChar)) return true;
    if (*at == '/' && end - at > 1 && (at[1] == '/' || at[1] == '.')) return true;
  }
  return false;
}

}  // namespace cardea::http
