/* SPDX-License-Identifier: MIT */
/* test_conv_fft.c - which convolutions run by Fourier tiles, that examples cover them, and their error against sums in double */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness.h"
#include "ops/conv_fft.h"

static void make(example *e, int32_t cin, int32_t cout, int32_t kernel, int32_t side, int32_t group) {
  const int64_t weight[4] = {cout, cin / group, kernel, kernel}, bias = cout;
  example_begin(e, "large", (uint32_t)(cin * 131 + kernel));
  example_map(e, cin, side, side, NULL);
  example_const(e, 4, weight, NULL);
  example_const(e, 1, &bias, NULL);
  ci_node *n = example_node(e, CI_OP_conv);
  n->p.group = group;
  n->p.kernel[0] = n->p.kernel[1] = kernel;
  for (int i = 0; i < 4; i++) n->p.pads[i] = kernel / 2;
  example_finish(e);
}

/* Pixel (x, y) of channel c, in double; the sum of magnitudes too. */
static double direct(const example *e, int32_t c, int32_t y, int32_t x, double *sum) {
  ci_shape s = e->in[0];
  int32_t k = e->n->p.kernel[0], cin = s.c / e->n->p.group, first = e->n->p.group > 1 ? c : 0;
  const float *w = (const float *)ci_const(e->g, e->n->in[1])->data + (size_t)c * (size_t)(cin * k * k);
  double v = ((const float *)ci_const(e->g, e->n->in[2])->data)[c];
  *sum = fabs(v);
  for (int32_t i = 0; i < cin; i++)
    for (int32_t ky = 0; ky < k; ky++)
      for (int32_t kx = 0; kx < k; kx++) {
        int32_t iy = y + ky - k / 2, ix = x + kx - k / 2;
        if (iy < 0 || ix < 0 || iy >= s.h || ix >= s.w) continue;
        double p =
            (double)e->data[0][((size_t)(first + i) * (size_t)s.h + (size_t)iy) * (size_t)s.w + (size_t)ix] *
            w[(i * k + ky) * k + kx];
        v += p;
        *sum += fabs(p);
      }
  return v;
}

/* The largest error of a table's answer as a part of the sum of magnitudes, over a grid of pixels. */
static double error_of(const example *e, const ci_kernels *k) {
  ci_rect whole = ci_rect_whole(e->out);
  float *got = malloc(rect_floats(e->out, whole) * sizeof *got);
  double worst = 0, sum;
  example_run(e, k, whole, e->data, got);
  for (int32_t c = 0; c < e->out.c; c += 3)
    for (int32_t y = 0; y < e->out.h; y += 5)
      for (int32_t x = c % 4; x < e->out.w; x += 7) {
        double want = direct(e, c, y, x, &sum);
        size_t at = ((size_t)c * (size_t)e->out.h + (size_t)y) * (size_t)e->out.w + (size_t)x;
        worst = fmax(worst, got[at] == got[at] ? fabs(got[at] - want) / sum : INFINITY);
      }
  free(got);
  return worst;
}

/* Sums of magnitudes are many times the result, so this is far below what a single rounding of the result is. */
static void test_error(void **state) {
  (void)state;
  static const int32_t shapes[][5] = {{16, 16, 5, 36, 1}, {64, 8, 9, 40, 1}, {3, 24, 13, 50, 1},
                                      {12, 5, 21, 60, 1}, {4, 4, 45, 70, 1}, {20, 20, 9, 48, 20},
                                      {9, 9, 31, 64, 9},  {6, 6, 55, 64, 6}};
  const ci_kernels *k[8];
  int n = tables(k);
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    example e;
    make(&e, shapes[i][0], shapes[i][1], shapes[i][2], shapes[i][3], shapes[i][4]);
    int32_t size = ci_fft_size(e.n, e.in[0], e.out);
    if (!size)
      fail_msg("%d x %d, %d to %d channels: no tiles", shapes[i][2], shapes[i][2], shapes[i][0],
               shapes[i][1]);
    for (int t = 0; t < n; t++) {
      double error = error_of(&e, k[t]);
      if (!(error <= 2.5e-7))
        fail_msg("%s, %d x %d, %d to %d channels, tiles of %d: error %.3g", k[t]->name, shapes[i][2],
                 shapes[i][2], shapes[i][0], shapes[i][1], size, error);
    }
    example_free(&e);
  }
}

/* Every size of tiles, dense and depth-wise but for the smallest, has an example in golden.txt. */
static void test_examples(void **state) {
  (void)state;
  size_t count, dense[4] = {0}, single[4] = {0};
  example *e = examples_load(&count);
  for (size_t i = 0; i < count; i++) {
    int32_t size = e[i].n->op == CI_OP_conv ? ci_fft_size(e[i].n, e[i].in[0], e[i].out) : 0;
    for (int j = 0; j < 4; j++) (e[i].n->p.group > 1 ? single : dense)[j] += size == 16 << j;
  }
  examples_free(e, count);
  for (int j = 0; j < 4; j++)
    if (!dense[j] || (j && !single[j])) fail_msg("no example has tiles of %d", 16 << j);
}

/* The choice is a table: these rows stand for it. Sizes are those of tests/bench/large_kernels. */
static void test_choice(void **state) {
  (void)state;
  static const int32_t rows[][6] = {/* kernel, from, to, group, side, tiles */
                                    {3, 64, 64, 1, 256, 0},     {5, 1, 64, 1, 256, 0},
                                    {9, 64, 64, 1, 256, 32},    {9, 64, 64, 1, 4, 0},
                                    {31, 64, 64, 1, 256, 64},   {31, 64, 64, 64, 256, 128},
                                    {51, 64, 64, 64, 256, 128}, {3, 64, 64, 64, 256, 0},
                                    {31, 1, 1, 1, 1, 0},        {9, 512, 512, 1, 256, 16}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    ci_node n = {.op = CI_OP_conv};
    ci_params_init(&n.p);
    n.p.kernel[0] = n.p.kernel[1] = rows[i][0];
    n.p.group = rows[i][3];
    const ci_shape in = {rows[i][1], rows[i][4], rows[i][4]}, out = {rows[i][2], rows[i][4], rows[i][4]};
    assert_int_equal(ci_fft_size(&n, in, out), rows[i][5]);
    n.p.stride[0] = 2;
    assert_int_equal(ci_fft_size(&n, in, out), 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_error), cmocka_unit_test(test_examples),
                                     cmocka_unit_test(test_choice)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
