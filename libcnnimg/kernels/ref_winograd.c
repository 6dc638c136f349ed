/* SPDX-License-Identifier: MIT */
/* ref_winograd.c - the truth about F(4x4, 3x3), in plain C: the sums of points.h as matrices */
#include "kernels/ref_winograd.h"

#include "kernels/points.h"

/* to = line transform of six values. */
static void input_line(const float d[6], float to[6]) {
  const float a = WINO_A, b = WINO_B, aa = WINO_AA, bb = WINO_BB;
  const float m[6][6] = {{aa * bb, 0, -(aa + bb), 0, 1, 0}, {0, -a * bb, -bb, a, 1, 0},
                         {0, a * bb, -bb, -a, 1, 0},        {0, -b * aa, -aa, b, 1, 0},
                         {0, b * aa, -aa, -b, 1, 0},        {0, aa * bb, 0, -(aa + bb), 0, 1}};
  for (int i = 0; i < 6; i++) {
    to[i] = 0;
    for (int j = 0; j < 6; j++) to[i] += m[i][j] * d[j];
  }
}

static void output_line(const float d[6], float to[4]) {
  const float p[5] = {0, WINO_A, -WINO_A, WINO_B, -WINO_B};
  for (int i = 0; i < 4; i++) {
    to[i] = i == 3 ? d[5] : 0;
    for (int j = 0; j < 5; j++) {
      float power = 1;
      for (int n = 0; n < i; n++) power *= p[j];
      to[i] += power * d[j];
    }
  }
}

static void input_one(const ci_wino_input *a, int32_t t, int32_t c, float *v) {
  float d[6], rows[6][6], to[6];
  for (int y = 0; y < 6; y++) {
    for (int x = 0; x < 6; x++) d[x] = a->rows[y][(4 * t + x) * a->step + c];
    input_line(d, rows[y]);
  }
  for (int x = 0; x < 6; x++) {
    for (int y = 0; y < 6; y++) d[y] = rows[y][x];
    input_line(d, to);
    for (int y = 0; y < 6; y++) v[(size_t)(y * 6 + x) * a->plane] = to[y];
  }
}

void ci_ref_winograd_input(const ci_wino_input *a) {
  for (int32_t t = 0; t < a->tiles; t++)
    for (int32_t c = 0; c < a->channels; c++) input_one(a, t, c, a->v + (size_t)t * (size_t)a->channels + c);
}

void ci_ref_winograd_multiply(const ci_wino_multiply *a) {
  size_t width = (size_t)a->vectors;
  for (size_t i = 0; i < CI_WINO_PLANES; i++)
    for (int32_t t = 0; t < a->tiles; t++)
      for (size_t o = 0; o < width; o++) {
        const float *x = a->v + i * a->v_plane + (ptrdiff_t)t * a->v_step;
        const float *w = a->weights + i * (size_t)a->cin * width + o;
        float sum = 0;
        for (int32_t c = 0; c < a->cin; c++) sum += x[c] * w[(size_t)c * width];
        a->m[i * a->m_plane + (size_t)t * width + o] = sum;
      }
}

static float finish(const ci_wino_output *a, float x, int y, int32_t px, int32_t c) {
  x = ci_ref_act(x + a->bias[c], &a->act, c);
  if (a->residual[y]) x += a->residual[y][(ptrdiff_t)px * a->residual_step + c];
  return ci_ref_act(x, &a->act2, c);
}

static void output_one(const ci_wino_output *a, int32_t t, int32_t c, const float *m) {
  float d[6], columns[6][4], to[4];
  for (int x = 0; x < 6; x++) {
    for (int y = 0; y < 6; y++) d[y] = m[(size_t)(y * 6 + x) * a->plane];
    output_line(d, columns[x]);
  }
  for (int y = 0; y < 4; y++) {
    for (int x = 0; x < 6; x++) d[x] = columns[x][y];
    output_line(d, to);
    for (int x = 0; x < 4; x++)
      a->out[y][(ptrdiff_t)(4 * t + x) * a->out_step + c] = finish(a, to[x], y, 4 * t + x, c);
  }
}

void ci_ref_winograd_output(const ci_wino_output *a) {
  for (int32_t t = 0; t < a->tiles; t++)
    for (int32_t c = 0; c < a->vectors; c++) output_one(a, t, c, a->m + (ptrdiff_t)t * a->vectors + c);
}
