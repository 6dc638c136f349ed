/* SPDX-License-Identifier: MIT */
/* test_drawn.c - thousands of convolutions drawn from a seed: every table against sums in double, parts against wholes */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"

#define DRAWS 2400
#define MOST_MACS 1500000 /* of one draw, so that all of them take seconds */
#define BOUND 1e-5        /* of the largest output: what a table may differ from the sum in double */

static const ci_kernels *table[8];
static int n_tables;

static int32_t between(uint32_t *seed, int32_t low, int32_t high) {
  return low + (int32_t)next_below(seed, (uint32_t)(high - low + 1));
}

/* Small numbers more often than large ones. */
static int32_t channels(uint32_t *seed) {
  static const int32_t most[] = {4, 16, 33, 72, 150};
  return between(seed, 1, most[next_below(seed, 5)]);
}

typedef struct drawn {
  int32_t cin, cout, h, w, kernel[2], stride[2], dilation, pads[4], group;
  bool transposed, bias, residual;
  int32_t act;
} drawn;

static drawn draw(uint32_t *seed) {
  static const int32_t kernels[] = {3, 3, 3, 3, 1, 2, 4, 5, 7, 9, 11};
  drawn d = {.cin = channels(seed), .cout = channels(seed), .group = 1, .dilation = 1};
  d.h = between(seed, 1, 40), d.w = between(seed, 1, 40);
  d.kernel[0] = kernels[next_below(seed, 11)];
  d.kernel[1] = next_below(seed, 4) ? d.kernel[0] : kernels[next_below(seed, 11)];
  d.transposed = next_below(seed, 6) == 0;
  for (int i = 0; i < 2; i++) d.stride[i] = next_below(seed, 3) ? 1 : between(seed, 1, 3);
  if (next_below(seed, 4) == 0) d.dilation = between(seed, 2, 3);
  for (int i = 0; i < 4; i++)
    d.pads[i] = next_below(seed, 3) ? d.kernel[i % 2] / 2 * d.dilation : between(seed, 0, 3);
  if (!d.transposed && next_below(seed, 6) == 0) d.group = d.cout = d.cin;
  d.bias = next_below(seed, 3), d.residual = next_below(seed, 4) == 0,
  d.act = between(seed, CI_ACT_NONE, CI_ACT_LEAKY);
  return d;
}

/* Rows (i 0) or columns (1) of the output; < 1: the window does not fit. */
static int32_t size_of(const drawn *d, int i) {
  int32_t in = i ? d->w : d->h, reach = (d->kernel[i] - 1) * d->dilation + 1,
          pads = d->pads[i] + d->pads[i + 2];
  if (d->transposed) return (in - 1) * d->stride[i] + reach - pads;
  return in + pads < reach ? 0 : (in + pads - reach) / d->stride[i] + 1;
}

static bool is_small(const drawn *d) {
  int64_t h = size_of(d, 0), w = size_of(d, 1);
  int64_t pixels = d->transposed ? (int64_t)d->h * d->w : h * w;
  return h > 0 && w > 0 && h * w < 4000 &&
         pixels * d->kernel[0] * d->kernel[1] * (d->cin / d->group) * d->cout <= MOST_MACS;
}

static void build(example *e, const drawn *d, uint32_t seed) {
  char name[128];
  snprintf(name, sizeof name, "%d to %d, %dx%d, kernel %dx%d, stride %d", d->cin, d->cout, d->w, d->h,
           d->kernel[1], d->kernel[0], d->stride[0]);
  example_begin(e, name, seed);
  example_map(e, d->cin, d->h, d->w, NULL);
  int64_t first = d->transposed ? d->cin : d->cout, second = d->transposed ? d->cout : d->cin / d->group;
  example_const(e, 4, (const int64_t[4]){first, second, d->kernel[0], d->kernel[1]}, NULL);
  if (d->bias || d->residual) example_const(e, 1, (const int64_t[1]){d->cout}, NULL);
  if (d->residual) example_map(e, d->cout, size_of(d, 0), size_of(d, 1), NULL);
  ci_node *n = example_node(e, d->transposed ? CI_OP_conv_transpose : CI_OP_conv);
  for (int i = 0; i < 2; i++)
    n->p.kernel[i] = d->kernel[i], n->p.stride[i] = d->stride[i], n->p.dilation[i] = d->dilation;
  for (int i = 0; i < 4; i++) n->p.pads[i] = d->pads[i];
  n->p.group = d->group;
  if (d->residual) n->residual = 3;
  n->act.kind = d->act, n->act.a = 0.25f;
  example_finish(e);
}

/* ---- what it should be, in double ------------------------------------------------------------ */

static double weight(const example *e, const drawn *d, int32_t o, int32_t i, int32_t ky, int32_t kx) {
  const float *w = ci_const(e->g, e->n->in[1])->data;
  int32_t row = d->transposed ? i : o, column = d->transposed ? o : i,
          columns = d->transposed ? d->cout : d->cin / d->group;
  return (double)w[((row * columns + column) * d->kernel[0] + ky) * d->kernel[1] + kx];
}

/* The input that tap k of output o meets along one axis; -1: none. */
static int32_t meets(const drawn *d, int axis, int32_t o, int32_t k) {
  int32_t size = axis ? d->w : d->h, at = o * d->stride[axis] - d->pads[axis] + k * d->dilation;
  if (d->transposed) {
    at = o + d->pads[axis] - k * d->dilation;
    if (at < 0 || at % d->stride[axis]) return -1;
    at /= d->stride[axis];
  }
  return at < 0 || at >= size ? -1 : at;
}

static double sum_of(const example *e, const drawn *d, int32_t o, int32_t y, int32_t x) {
  int32_t each = d->cin / d->group, first = d->group > 1 ? o / (d->cout / d->group) * each : 0;
  double sum = 0;
  for (int32_t ky = 0; ky < d->kernel[0]; ky++)
    for (int32_t kx = 0; kx < d->kernel[1]; kx++) {
      int32_t iy = meets(d, 0, y, ky), ix = meets(d, 1, x, kx);
      for (int32_t i = 0; i < each && iy >= 0 && ix >= 0; i++)
        sum += (double)e->data[0][((first + i) * d->h + iy) * d->w + ix] * weight(e, d, o, i, ky, kx);
    }
  return sum;
}

static double expected(const example *e, const drawn *d, int32_t o, int32_t y, int32_t x) {
  double v = sum_of(e, d, o, y, x);
  if (d->bias || d->residual) v += (double)((const float *)ci_const(e->g, e->n->in[2])->data)[o];
  if (v < 0) v *= d->act == CI_ACT_RELU ? 0 : d->act == CI_ACT_LEAKY ? 0.25 : 1;
  return d->residual ? v + (double)e->data[3][(o * e->out.h + y) * e->out.w + x] : v;
}

/* ---- the comparison ------------------------------------------------------------------------------ */

static void check_table(const example *e, const ci_kernels *k, const double *want, double largest,
                        uint32_t *seed) {
  ci_rect whole = ci_rect_whole(e->out), r;
  float *all = malloc(rect_floats(e->out, whole) * sizeof *all);
  example_run(e, k, whole, e->data, all);
  for (size_t j = 0; j < rect_floats(e->out, whole); j++)
    if (!(fabs((double)all[j] - want[j]) <= BOUND * largest))
      fail_msg("%s, %s: %.8g instead of %.8g of at most %.3g", e->name, k->name, (double)all[j], want[j],
               largest);
  r.x0 = between(seed, 0, e->out.w - 1), r.x1 = between(seed, r.x0 + 1, e->out.w);
  r.y0 = between(seed, 0, e->out.h - 1), r.y1 = between(seed, r.y0 + 1, e->out.h);
  float *part = malloc(rect_floats(e->out, r) * sizeof *part);
  example_run(e, k, r, e->data, part);
  size_t wide = (size_t)(r.x1 - r.x0);
  for (int32_t c = 0, at = 0; c < e->out.c; c++)
    for (int32_t y = r.y0; y < r.y1; y++, at++)
      if (memcmp(part + (size_t)at * wide, all + (c * e->out.h + y) * e->out.w + r.x0, wide * sizeof *all))
        fail_msg("%s, %s: a part has other bytes", e->name, k->name);
  free(part), free(all);
}

static void check(const drawn *d, uint32_t seed) {
  example e;
  build(&e, d, seed);
  size_t n = rect_floats(e.out, ci_rect_whole(e.out)), j = 0;
  double *want = malloc(n * sizeof *want), largest = 1;
  for (int32_t o = 0; o < e.out.c; o++)
    for (int32_t y = 0; y < e.out.h; y++)
      for (int32_t x = 0; x < e.out.w; x++, j++)
        largest = fmax(largest, fabs(want[j] = expected(&e, d, o, y, x)));
  for (int t = 0; t < n_tables; t++) check_table(&e, table[t], want, largest, &seed);
  free(want);
  example_free(&e);
}

static void test_drawn(void **state) {
  (void)state;
  uint32_t seed = 2026;
  n_tables = tables(table);
  for (int i = 0; i < DRAWS;) {
    drawn d = draw(&seed);
    if (!is_small(&d)) continue;
    check(&d, (uint32_t)i++);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_drawn)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
