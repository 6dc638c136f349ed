/* SPDX-License-Identifier: MIT */
/* ref_winograd.c - the truth about Winograd's tiles, in plain C: the sums of points.h as matrices */
#include "kernels/ref_winograd.h"

#include "kernels/points.h"

enum { MOST = CI_WINO_MOST };

static const float *points(int n) {
  static const float six[5] = {0, WINO6_A, -WINO6_A, WINO6_B, -WINO6_B};
  static const float eight[7] = {0, WINO8_A, -WINO8_A, WINO8_B, -WINO8_B, WINO8_C, -WINO8_C};
  return n == 6 ? six : eight;
}

/* Coefficients of the product of (x - p) over the finite points but number `skip`; the last is 1. Returns how many. */
static int polynomial(int n, int skip, float c[MOST]) {
  const float *p = points(n);
  int count = 1;
  c[0] = 1;
  for (int i = 0; i < n - 1; i++) {
    if (i == skip) continue;
    c[count] = 0;
    for (int j = count; j >= 0; j--) c[j] = (j ? c[j - 1] : 0) - (j < count ? p[i] * c[j] : 0);
    count++;
  }
  return count;
}

/* to = line transform of n samples. */
static void input_line(int n, const float *d, float *to) {
  for (int i = 0; i < n; i++) {
    float c[MOST + 1], sum = 0;
    int count = polynomial(n, i, c); /* i = n - 1: infinity, which leaves out none */
    for (int j = 0; j < count; j++) sum += c[j] * d[j];
    to[i] = sum;
  }
}

static void output_line(int n, int m, const float *d, float *to) {
  for (int i = 0; i < m; i++) {
    to[i] = i == m - 1 ? d[n - 1] : 0;
    for (int j = 0; j < n - 1; j++) {
      float power = 1;
      for (int k = 0; k < i; k++) power *= points(n)[j];
      to[i] += power * d[j];
    }
  }
}

static void input_one(const ci_wino_input *a, int32_t t, int32_t c, float *v) {
  float d[MOST], rows[MOST][MOST], to[MOST];
  int ny = a->tile.ny, nx = a->tile.nx;
  for (int y = 0; y < ny; y++) {
    for (int x = 0; x < nx; x++) d[x] = a->rows[y][t * a->tile_step + x * a->step + c];
    input_line(nx, d, rows[y]);
  }
  for (int x = 0; x < nx; x++) {
    for (int y = 0; y < ny; y++) d[y] = rows[y][x];
    input_line(ny, d, to);
    for (int y = 0; y < ny; y++) v[(size_t)(y * nx + x) * a->plane] = to[y];
  }
}

void ci_ref_winograd_input(const ci_wino_input *a) {
  for (int32_t t = 0; t < a->tiles; t++)
    for (int32_t c = 0; c < a->channels; c++) input_one(a, t, c, a->v + (size_t)t * (size_t)a->channels + c);
}

/* Weights of one plane from input channels i to i + n on; the table has one group a block. */
static void multiply_part(const ci_wino_multiply *a, const float *v, const float *w, int32_t i, int32_t n,
                          float *m) {
  for (int32_t t = 0; t < a->tiles; t++)
    for (int32_t o = 0; o < a->vectors; o++) {
      const float *x = v + (ptrdiff_t)t * a->v_step + i;
      float sum = 0, *to = m + (ptrdiff_t)t * a->vectors + o;
      for (int32_t c = 0; c < n; c++) sum += x[c] * w[(ptrdiff_t)(i + c) * a->vectors + o];
      *to = i ? *to + sum : sum;
    }
}

void ci_ref_winograd_multiply(const ci_wino_multiply *a) {
  size_t floats = (size_t)a->cin * (size_t)a->vectors;
  for (size_t k = 0; k < (size_t)a->planes; k++)
    for (int32_t i = 0; i < a->cin; i += CI_WINO_PART)
      multiply_part(a, a->v + k * a->v_plane, a->weights + k * floats, i,
                    a->cin - i < CI_WINO_PART ? a->cin - i : CI_WINO_PART, a->m + k * a->m_plane);
}

static float finish(const ci_wino_output *a, float x, int y, int32_t px, int32_t c) {
  x = ci_ref_act(x + a->bias[c], &a->act, c);
  if (a->residual[y]) x += a->residual[y][(ptrdiff_t)px * a->residual_step + c];
  return ci_ref_act(x, &a->act2, c);
}

static void output_one(const ci_wino_output *a, int32_t t, int32_t c, const float *in) {
  float d[MOST], columns[MOST][MOST], to[MOST];
  const ci_wino_tile *s = &a->tile;
  for (int x = 0; x < s->nx; x++) {
    for (int y = 0; y < s->ny; y++) d[y] = in[(size_t)(y * s->nx + x) * a->plane];
    output_line(s->ny, s->my, d, columns[x]);
  }
  for (int y = 0; y < s->my; y++) {
    for (int x = 0; x < s->nx; x++) d[x] = columns[x][y];
    output_line(s->nx, s->mx, d, to);
    for (int x = 0; x < s->mx; x++)
      a->out[y][(ptrdiff_t)(s->mx * t + x) * a->out_step + c] = finish(a, to[x], y, s->mx * t + x, c);
  }
}

void ci_ref_winograd_output(const ci_wino_output *a) {
  for (int32_t t = 0; t < a->tiles; t++)
    for (int32_t c = 0; c < a->vectors; c++) output_one(a, t, c, a->in + (ptrdiff_t)t * a->vectors + c);
}
