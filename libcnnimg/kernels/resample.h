/* SPDX-License-Identifier: MIT */
/* resample.h - weighted sums of rows, and of the pixels of a row */
#ifndef CI_KERNEL_RESAMPLE_H
#define CI_KERNEL_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

/* Sums are made tap by tap in order, whatever the place and the number of samples. */

/* out[i] = sum of weights[t] * rows[t][i] for n samples, a multiple of 4. */
void ci_sum_rows(const float *const *rows, const float *weights, int32_t taps, int32_t n, float *out);

/* Pixels of four floats: pixel i is the sum of weights[i * room + t] * in[from[i] - origin + t] for count[i] taps. */
typedef struct ci_column_taps {
  const int32_t *from, *count;
  const float *weights;
  int32_t room;
} ci_column_taps;
void ci_sum_columns(const ci_column_taps *t, const float *in, int32_t origin, int32_t n, float *out);

#endif
