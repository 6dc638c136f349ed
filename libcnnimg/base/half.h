/* SPDX-License-Identifier: MIT */
/* half.h - IEEE half precision to single and back, one number at a time */
#ifndef CI_HALF_H
#define CI_HALF_H

#include <stdint.h>
#include <string.h>

/* Exact. */
static inline float ci_half_to_float(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000u) << 16, e = h >> 10 & 31u, m = h & 1023u, bits;
  float f = (float)m * 0x1p-24f; /* what a half without leading one is worth */
  memcpy(&bits, &f, sizeof bits);
  if (e == 31) bits = 0x7f800000u | m << 13;
  else if (e) bits = (e + 112) << 23 | m << 13;
  bits |= sign;
  memcpy(&f, &bits, sizeof f);
  return f;
}

/* To the nearest, ties to even; over 65519 is infinite, what is no number stays none. */
static inline uint16_t ci_half_from_float(float f) {
  uint32_t bits, sign;
  memcpy(&bits, &f, sizeof bits);
  sign = bits >> 16 & 0x8000u;
  bits &= 0x7fffffffu;
  if (bits > 0x7f800000u) return (uint16_t)(sign | 0x7e00u | (bits >> 13 & 0x3ffu));
  if (bits >= 0x477ff000u) return (uint16_t)(sign | 0x7c00u);
  if (bits < 0x38800000u) { /* below the least half with a leading one: in steps of 2^-24 */
    uint32_t e = bits >> 23, m = (bits & 0x7fffffu) | 0x800000u, shift = 126 - e;
    if (shift > 24) return (uint16_t)sign;
    uint32_t rest = m & ((1u << shift) - 1), half = 1u << (shift - 1);
    m >>= shift;
    return (uint16_t)(sign | (m + (rest > half || (rest == half && (m & 1)))));
  }
  return (uint16_t)(sign | (bits - 0x38000000u + 0xfffu + (bits >> 13 & 1u)) >> 13);
}

#endif
