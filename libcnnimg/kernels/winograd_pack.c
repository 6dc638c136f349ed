/* SPDX-License-Identifier: MIT */
/* winograd_pack.c - transforms square weights and puts them where the products of Winograd's tiles read them */
#include "kernels/kernels.h"
#include "kernels/points.h"

static int32_t vectors_of(const ci_kernels *k, int32_t cout) { return (cout + k->lanes - 1) / k->lanes; }

int32_t ci_wino_blocks(const ci_kernels *k, int32_t cout) {
  int32_t most = CI_WINO_WIDTH / k->lanes;
  return (vectors_of(k, cout) + most - 1) / most;
}

int32_t ci_wino_block_first(const ci_kernels *k, int32_t cout, int32_t b) {
  return ci_conv_block_first(vectors_of(k, cout), ci_wino_blocks(k, cout), b);
}

size_t ci_wino_packed_floats(const ci_kernels *k, const ci_wino_tile *t, int32_t cout, int32_t cin) {
  size_t all = (size_t)vectors_of(k, cout) * (size_t)k->lanes * (size_t)cin * (size_t)ci_wino_planes(t);
  return (all + CI_SLOPE_PAD - 1) / CI_SLOPE_PAD * CI_SLOPE_PAD;
}

/* ---- the transform ------------------------------------------------------------------- */

/* What r weights in a line are multiplied by at each of n points. */
typedef struct matrix {
  int32_t n, r;
  double at[CI_WINO_MOST][CI_WINO_MOST];
} matrix;

static matrix matrix_of(int32_t n, int32_t r) {
  static const double points6[5] = {0, WINO6_A, -WINO6_A, WINO6_B, -WINO6_B};
  static const double points8[7] = {0, WINO8_A, -WINO8_A, WINO8_B, -WINO8_B, WINO8_C, -WINO8_C};
  const double *p = n == 6 ? points6 : points8;
  matrix m = {.n = n, .r = r};
  for (int i = 0; i < n - 1; i++) {
    double value = 1;
    for (int j = 0; j < n - 1; j++)
      if (j != i) value /= p[i] - p[j];
    for (int x = 0; x < r; x++, value *= p[i]) m.at[i][x] = value;
  }
  m.at[n - 1][r - 1] = 1;
  return m;
}

enum { TOGETHER = 8 }; /* output channels */
typedef double lanes[TOGETHER];

/* to[a] += the matrix's row a times g, along one line of weights. */
static void add_line(const matrix *m, int column, const lanes g, lanes to[CI_WINO_MOST]) {
  for (int a = 0; a < m->n; a++)
    for (int c = 0; c < TOGETHER; c++) to[a][c] += m->at[a][column] * g[c];
}

/* The samples of the weights from input channel i to `there` output channels from o, planes `step` floats apart. */
static void transform(const matrix m[2], const ci_conv_weights *w, int32_t o, int32_t there, int32_t i,
                      float *to, size_t step) {
  lanes half[CI_WINO_MOST][CI_WINO_MOST] = {{{0}}}; /* [row of weights][sample along the row] */
  for (int y = 0; y < m[0].r; y++)
    for (int x = 0; x < m[1].r; x++) {
      lanes g = {0};
      for (int c = 0; c < there; c++) g[c] = w->w[(o + c) * w->so + i * w->si + y * w->sy + x * w->sx];
      add_line(&m[1], x, g, half[y]);
    }
  for (int a = 0; a < m[1].n; a++) {
    lanes line[CI_WINO_MOST] = {{0}};
    for (int y = 0; y < m[0].r; y++) add_line(&m[0], y, half[y][a], line);
    for (int b = 0; b < m[0].n; b++)
      for (int c = 0; c < there; c++) to[(size_t)(b * m[1].n + a) * step + (size_t)c] = (float)line[b][c];
  }
}

/* ---- places ------------------------------------------------------------------------------ */

/* Where input channel i's weights to the first output channel of a group begin in a plane. */
static size_t place(const ci_kernels *k, int32_t cin, int32_t vectors, int32_t i, int32_t first, int32_t nv) {
  int32_t part = i / CI_WINO_PART * CI_WINO_PART, left = cin - part;
  if (left > CI_WINO_PART) left = CI_WINO_PART;
  return ((size_t)part * (size_t)vectors + (size_t)left * (size_t)first + (size_t)(i - part) * (size_t)nv) *
         (size_t)k->lanes;
}

/* A group of vectors of a block; c0: its first channel. Channels past cout stay zero. */
static void pack_group(const ci_kernels *k, const matrix m[2], const ci_conv_weights *w, int32_t vectors,
                       int32_t first, int32_t nv, int32_t c0, float *to) {
  size_t plane = (size_t)w->cin * (size_t)(vectors * k->lanes);
  int32_t end = c0 + nv * k->lanes < w->cout ? c0 + nv * k->lanes : w->cout;
  for (int32_t i = 0; i < w->cin; i++) {
    float *line = to + place(k, w->cin, vectors, i, first, nv);
    for (int32_t c = c0; c < end; c += TOGETHER)
      transform(m, w, c, end - c < TOGETHER ? end - c : TOGETHER, i, line + (c - c0), plane);
  }
}

/* A block: for each plane, for each part of the input channels, for each group of vectors: for each input channel of the
 * part, the group's output channels. */
void ci_wino_pack(const ci_kernels *k, const ci_wino_tile *t, const ci_conv_weights *w, float *to) {
  const matrix m[2] = {matrix_of(t->ny, w->kh), matrix_of(t->nx, w->kw)};
  for (int32_t b = 0; b < ci_wino_blocks(k, w->cout); b++) {
    int32_t v0 = ci_wino_block_first(k, w->cout, b), vectors = ci_wino_block_first(k, w->cout, b + 1) - v0;
    int32_t groups = ci_wino_groups(k->wino_vecs, vectors);
    for (int32_t g = 0; g < groups; g++) {
      int32_t first = ci_conv_block_first(vectors, groups, g),
              next = ci_conv_block_first(vectors, groups, g + 1);
      pack_group(k, m, w, vectors, first, next - first, (v0 + first) * k->lanes, to);
    }
    to += (size_t)ci_wino_planes(t) * (size_t)w->cin * (size_t)(vectors * k->lanes);
  }
}
