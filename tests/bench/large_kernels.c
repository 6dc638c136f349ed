/* SPDX-License-Identifier: MIT */
/* large_kernels.c - seconds of large convolutions: direct, and by Fourier tiles of every size; where ops/conv_fft.c's costs are from */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ops/conv_fft.h"

enum { RUNS = 3 };

typedef struct trial {
  ci_graph *g;
  const ci_node *n;
  ci_shape in[3], out;
  ci_view from, to;
} trial;

static void fill(float *v, size_t n, float scale) {
  uint32_t seed = 1;
  for (size_t i = 0; i < n; i++) {
    seed = seed * 1664525u + 1013904223u;
    v[i] = scale * ((float)(seed >> 8) / 8388608.0f - 1);
  }
}

static int32_t constant(ci_graph *g, int32_t rank, const int64_t *dim) {
  ci_tensor *t = ci_tensor_new(CI_F32, rank, dim);
  if (!t) abort();
  fill((float *)(uintptr_t)t->data, t->count, 1.0f / 64);
  return ci_graph_add_value(g, "w", t);
}

static ci_view view_of(ci_shape s) {
  ci_view v = {.map = s, .rect = {0, 0, s.w, s.h}, .cs = ci_channel_stride(s.c), .ring = s.h};
  v.row_stride = (size_t)s.w * (size_t)v.cs;
  v.data = ci_aligned_zero((size_t)s.h * v.row_stride * sizeof(float));
  if (!v.data) abort();
  return v;
}

static trial trial_new(int32_t kernel, int32_t cin, int32_t cout, int32_t group, int32_t side) {
  trial t = {.g = ci_graph_new(), .in = {{cin, side, side}}, .out = {cout, side, side}};
  const int64_t dim[4] = {cout, cin / group, kernel, kernel};
  int32_t in[3] = {ci_graph_add_value(t.g, "x", NULL), constant(t.g, 4, dim), constant(t.g, 1, dim)};
  ci_node *n = ci_graph_add_node(t.g, CI_OP_conv, "conv", in, 3, "y");
  n->p.kernel[0] = n->p.kernel[1] = kernel;
  n->p.group = group;
  for (int i = 0; i < 4; i++) n->p.pads[i] = kernel / 2;
  t.n = n;
  t.from = view_of(t.in[0]);
  t.to = view_of(t.out);
  fill(t.from.data, (size_t)side * t.from.row_stride, 1);
  return t;
}

static void trial_free(trial *t) {
  ci_aligned_free(t->from.data);
  ci_aligned_free(t->to.data);
  ci_graph_free(t->g);
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* size 0: direct, by giving the vector loops the reference's number. */
static double measure(const trial *t, int32_t size) {
  static const ci_allocator heap = {NULL, NULL, NULL};
  ci_kernels k = *ci_kernels_best();
  cnnimg_error err;
  size_t bytes;
  void *packed;
  const size_t floats[3] = {size ? ci_fft_weights(t->n, t->in[0], t->out, &k, size) : 0,
                            ci_conv_bias_floats(t->out.c)};
  if (!size) k.isa = CI_ISA_REF;
  int status = size ? ci_pack_new(t->g, t->n, t->out.c, floats, &heap, (ci_packed **)&packed, &bytes, &err)
                    : ci_op_conv.pack(t->g, t->n, t->in, t->out, &k, &heap, &packed, &bytes, &err);
  if (status) return NAN;
  if (size)
    ci_fft_weights_pack(t->n, t->in[0], t->out, &k, size, ci_const(t->g, t->n->in[1])->data,
                        ((ci_packed *)packed)->part[0]);
  size_t scratch = ci_op_conv.scratch(t->n, t->in, t->out, t->out.w);
  if (size && ci_fft_scratch(t->n, t->in[0], t->out, size) > scratch)
    scratch = ci_fft_scratch(t->n, t->in[0], t->out, size);
  ci_rect part = ci_rect_whole(t->out);
  if (!size) part.y0 = t->out.h / 2, part.y1 = part.y0 + (t->out.h + 15) / 16; /* every row costs the same */
  const ci_call c = {t->n, packed, &k, &t->from, &t->to, part, ci_aligned_zero(scratch), NULL};
  double best = INFINITY;
  for (int i = 0; i < RUNS && c.scratch; i++) {
    double s = seconds();
    if (size) ci_fft_run(&c, size);
    else ci_op_conv.run(&c);
    best = fmin(best, seconds() - s);
  }
  ci_aligned_free(c.scratch);
  ci_big_free(&heap, packed);
  return best * t->out.h / (part.y1 - part.y0);
}

static void row(int32_t kernel, int32_t cin, int32_t cout, int32_t group, int32_t side) {
  trial t = trial_new(kernel, cin, cout, group, side);
  double direct = measure(&t, 0);
  int32_t chosen = ci_fft_size(t.n, t.in[0], t.out);
  printf("%2d x %2d %4d -> %3d %-10s %9.2f", kernel, kernel, cin, cout, group > 1 ? "depth-wise" : "",
         direct * 1e3);
  for (int32_t size = 16; size <= 128; size *= 2) {
    size_t floats = ci_fft_weights(t.n, t.in[0], t.out, ci_kernels_best(), size);
    if (size < kernel + 3 || floats > (size_t)32 << 20) {
      printf("  %20s", "-");
      continue;
    }
    double s = measure(&t, size);
    printf("  %8.2f %5.2f (%4.2f)", s * 1e3, direct / s, 1 / ci_fft_cost(t.n, t.in[0], t.out, size));
  }
  printf("  %d\n", chosen);
  fflush(stdout);
  trial_free(&t);
}

int main(int argc, char **argv) {
  static const int32_t kernels[] = {5, 7, 9, 11, 13, 15, 21, 31, 51};
  static const int32_t channels[][2] = {{1, 64}, {3, 64}, {16, 16}, {64, 64}, {64, 3}, {128, 128}};
  int32_t side = argc > 1 ? atoi(argv[1]) : 256;
  if (side < 1 || side > 4096) return 2;
  printf(
      "kernels %s, maps of %d x %d, one thread; milliseconds, times as fast as direct (as expected); chosen "
      "size\n",
      ci_kernels_best()->name, side, side);
  printf("%34s  %20s  %20s  %20s  %20s\n", "direct", "16", "32", "64", "128");
  for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++) {
    for (size_t c = 0; c < sizeof channels / sizeof *channels; c++)
      row(kernels[k], channels[c][0], channels[c][1], 1, side);
    row(kernels[k], 64, 64, 64, side);
  }
  return 0;
}
