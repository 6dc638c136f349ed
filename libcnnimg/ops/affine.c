/* SPDX-License-Identifier: MIT */
/* affine.c - each channel times a number plus a number, both computed: what follows moments */
#include <string.h>

#include "kernels/kinds.h"
#include "ops/common.h"

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  int status = ci_op_count(n, 2, 2, err);
  if (!status) status = ci_op_map(g, n, in, 0, err);
  if (!status) status = ci_op_map(g, n, in, 1, err);
  if (!status && (in[1].h != 1 || in[1].w != 1 || in[1].c != 2 * (int64_t)in[0].c))
    status = ci_op_fail(n, err, CNNIMG_CORRUPT, "%d x %d x %d numbers for %d channels", in[1].c, in[1].h, in[1].w,
                        in[0].c);
  return status ? status : ci_op_shape(g, n, in, in[0].c, in[0].h, in[0].w, out, err);
}

static ci_rect need(const ci_node *n, const ci_shape *in, ci_shape out, int32_t k, ci_rect r) {
  (void)n, (void)out;
  return k == 1 ? ci_rect_whole(in[1]) : ci_rect_clip(r, in[k]);
}

/* Scales and shifts, each padded to a pixel. */
static size_t scratch(const ci_node *n, const ci_shape *in, ci_shape out, int32_t width) {
  (void)n, (void)in, (void)width;
  return 2 * (size_t)ci_channel_stride(out.c) * sizeof(float);
}

static void run(const ci_call *c) {
  int32_t cs = c->out->cs, channels = c->out->map.c;
  const float *numbers = ci_view_at(&c->in[1], 0, 0);
  float *scale = c->scratch, *shift = scale + cs;
  memset(scale, 0, 2 * (size_t)cs * sizeof *scale);
  memcpy(scale, numbers, (size_t)channels * sizeof *scale);
  memcpy(shift, numbers + channels, (size_t)channels * sizeof *shift);
  for (int32_t y = c->rect.y0; y < c->rect.y1; y++) {
    float *out = ci_out_row(c, y);
    c->k->binary_vec(K_MUL, false, out, ci_view_at(c->in, c->rect.x0, y), scale, ci_row_pixels(c), cs);
    c->k->binary_vec(K_ADD, false, out, out, shift, ci_row_pixels(c), cs);
    ci_op_act_row(c, y);
  }
}

static uint64_t macs(const ci_node *n, const ci_graph *g, const ci_shape *in, ci_shape out) {
  (void)n, (void)g, (void)in;
  return (uint64_t)out.c;
}

const ci_op ci_op_affine = {"Affine", shape, need, ci_pack_act, scratch, run, macs, NULL, NULL, NULL};
