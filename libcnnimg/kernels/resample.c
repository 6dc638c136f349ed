/* SPDX-License-Identifier: MIT */
/* resample.c - weighted sums of rows and of pixels, four floats at a time */
#include "kernels/resample.h"

#include <string.h>

typedef float four __attribute__((vector_size(16)));

static inline four load(const float *p) {
  four v;
  memcpy(&v, p, sizeof v);
  return v;
}

static inline void store(float *p, four v) { memcpy(p, &v, sizeof v); }

void ci_sum_rows(const float *const *rows, const float *weights, int32_t taps, int32_t n, float *out) {
  for (int32_t i = 0; i < n; i += 4) {
    four sum = weights[0] * load(rows[0] + i);
    for (int32_t t = 1; t < taps; t++) sum += weights[t] * load(rows[t] + i);
    store(out + i, sum);
  }
}

void ci_sum_columns(const ci_column_taps *c, const float *in, int32_t origin, int32_t n, float *out) {
  const float *weights = c->weights;
  for (int32_t i = 0; i < n; i++, weights += c->room, out += 4) {
    const float *p = in + (ptrdiff_t)(c->from[i] - origin) * 4;
    four sum = weights[0] * load(p);
    for (int32_t t = 1; t < c->count[i]; t++) sum += weights[t] * load(p + (ptrdiff_t)t * 4);
    store(out, sum);
  }
}
