/* SPDX-License-Identifier: MIT */
/* vdsr_mat.c - VDSR (Kim 2016) as its authors published it: MATLAB cells model.weight{20} and model.bias{20} */
#include <string.h>

#include "archs/arch.h"

#define SIDE 3

/* [O, I, W, H] as MATLAB's dimensions lie; it drops those of 1, of the last layer the O. */
static bool is_bank(const ci_tensor *t, int64_t out, int64_t in) {
  return t && t->dtype == CI_F32 && t->rank >= 2 && t->dim[t->rank - 1] == SIDE &&
         t->dim[t->rank - 2] == SIDE && t->count == (size_t)(out * in * SIDE * SIDE);
}

static int32_t layers(const ci_store *s) { return ci_store_run(s, "model/weight/%d"); }

static int64_t width(const ci_store *s) { return ci_store_dim(s, 0, "model/weight/0"); }

static int bid(const ci_store *s) {
  int32_t n = layers(s);
  int64_t w = width(s);
  if (n < 3 || w < 1 || w > 65536 || s->n != 2 * (size_t)n || ci_store_run(s, "model/bias/%d") != n) return 0;
  return is_bank(ci_store_get(s, "model/weight/0"), w, 1) &&
                 is_bank(ci_store_get(s, "model/weight/%d", n - 1), 1, w)
             ? 80
             : 0;
}

/* The taps of each filter stand column by column. */
static int32_t turned(ci_build *b, int32_t i, int64_t out, int64_t in) {
  const int64_t dim[4] = {out, in, SIDE, SIDE};
  const ci_entry *e = ci_store_find(b->s, "model/weight/%d", i);
  if (b->status) return -1;
  if (!e || !is_bank(e->tensor, out, in))
    return ci_build_fail(b, CNNIMG_UNSUPPORTED, "model/weight/%d has another shape", i);
  ci_build_weight(b, "%s", e->name); /* taken */
  ci_tensor *t = ci_tensor_new(CI_F32, 4, dim);
  const float *from = e->tensor->data;
  for (int64_t k = 0; t && k < out * in; k++, from += SIDE * SIDE)
    for (int y = 0; y < SIDE; y++)
      for (int x = 0; x < SIDE; x++) ((float *)t->owned)[(k * SIDE + y) * SIDE + x] = from[x * SIDE + y];
  return ci_build_tensor(b, t);
}

static int32_t bias(ci_build *b, int32_t i, int64_t out) {
  const ci_tensor *t = ci_store_get(b->s, "model/bias/%d", i);
  if (b->status) return -1;
  if (!t || t->dtype != CI_F32 || t->count != (size_t)out)
    return ci_build_fail(b, CNNIMG_UNSUPPORTED, "model/bias/%d has another shape", i);
  ci_build_weight(b, "model/bias/%d", i); /* taken */
  return ci_build_floats(b, t->data, t->count);
}

static int32_t build(ci_build *b) {
  int32_t n = layers(b->s), image = ci_build_input(b, "image", 1), x = image;
  int64_t w = width(b->s);
  for (int32_t i = 0; i < n; i++) {
    int64_t in = i ? w : 1, out = i < n - 1 ? w : 1;
    x = ci_build_conv_values(b, x, (ci_conv_spec){.pad = SIDE / 2}, turned(b, i, out, in), bias(b, i, out));
    if (i < n - 1) x = ci_build_op1(b, "Relu", x);
  }
  ci_build_card(b, "task", "upscale");
  ci_build_card(b, "scale", "1"); /* of the network: the picture is enlarged before it */
  ci_build_card(b, "colour", "y");
  return ci_build_op2(b, "Add", image, x);
}

const ci_arch ci_arch_vdsr_mat = {"VDSR", bid, build};
