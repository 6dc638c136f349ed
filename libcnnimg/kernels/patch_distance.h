/* SPDX-License-Identifier: MIT */
/* patch_distance.h - how different two patches of whole numbers are; included by body.h */

/* Vectors of 2 * CI_LANES samples; sums of two neighbours' products are what the processors have an instruction for. */
typedef int16_t vh __attribute__((vector_size(CI_LANES * 4)));
typedef int16_t vh_any __attribute__((vector_size(CI_LANES * 4), aligned(2), may_alias));

INLINE vi squares(vh d) {
#if defined(__x86_64__) && CI_LANES == 4
  return (vi)__builtin_ia32_pmaddwd128(d, d);
#elif defined(__x86_64__) && CI_LANES == 8
  return (vi)__builtin_ia32_pmaddwd256(d, d);
#else
  vi even = (vi)d << 16 >> 16, odd = (vi)d >> 16; /* (the order of bytes does not matter: both are squared) */
  return even * even + odd * odd;
#endif
}

INLINE vh difference(const int16_t *a, const int16_t *b) { return *(const vh_any *)a - *(const vh_any *)b; }

INLINE int32_t total(vi v) {
  int32_t sum = 0;
  UNROLL
  for (int i = 0; i < CI_LANES; i++) sum += v[i];
  return sum;
}

/* n is a constant, but for patches of a size that nobody is in a hurry for. */
INLINE int32_t distance(const ci_patch_pair *p, const int32_t n) {
  static const int16_t keep[4 * CI_LANES] = {
#define FOUR -1, -1, -1, -1
#if CI_LANES > 8
    FOUR,
    FOUR,
    FOUR,
    FOUR,
#endif
#if CI_LANES > 4
    FOUR,
    FOUR,
#endif
    FOUR,
    FOUR
  };
#undef FOUR
  const int32_t step = 2 * CI_LANES, rest = n % step;
  const vh mask = *(const vh_any *)(keep + step - rest);
  vi sum = {0};
  for (int32_t y = 0; y < p->rows; y++) {
    const int16_t *a = p->a + y * p->a_step, *b = p->b + y * p->b_step;
    UNROLL
    for (int32_t i = 0; i + step <= n; i += step) sum += squares(difference(a + i, b + i));
    if (rest) sum += squares(difference(a + n - rest, b + n - rest) & mask);
    if (y & 1 && y + 1 < p->rows && total(sum) > p->stop) break;
  }
  return total(sum);
}

/* Only the samples that count. */
static int32_t distance_kept(const ci_patch_pair *p) {
  vi sum = {0};
  for (int32_t y = 0; y < p->rows; y++) {
    const int16_t *a = p->a + y * p->a_step, *b = p->b + y * p->b_step, *keep = p->keep + y * CI_PATCH_SPARE;
    for (int32_t i = 0; i < p->n; i += 2 * CI_LANES)
      sum += squares(difference(a + i, b + i) & *(const vh_any *)(keep + i));
    if (y & 1 && total(sum) > p->stop) break;
  }
  return total(sum);
}

static int32_t patch_distance(const ci_patch_pair *p) {
  if (p->keep) return distance_kept(p);
  return p->n == 21 ? distance(p, 21) : distance(p, p->n);
}
