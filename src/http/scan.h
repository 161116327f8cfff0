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
  if (end - at < 32) return nullptr;
  const __m128i colon = _mm_set1_epi8(':');
  const auto matches = [&](const char* from) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, colon)));
  };
  if (const unsigned mask = matches(at); mask != 0) return at + std::countr_zero(mask);
  if (const unsigned mask = matches(at + 16); mask != 0) return at + 16 + std::countr_zero(mask);
#endif
  return nullptr;
}

}  // namespace cardea::http
