/* SPDX-License-Identifier: MIT */
/* emit.c - what readers of graphs write in common */
#include "formats/emit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST 4096 /* a window, a stride, a pad */

void ci_frame_init(ci_frame *w) {
  *w = (ci_frame){.kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}, .groups = 1};
}

bool ci_frame_check(ci_build *b, const ci_frame *w, const char *what) {
  bool ok = w->groups >= 1 && w->groups <= 65536;
  for (int i = 0; i < 2; i++) {
    ok = ok && w->kernel[i] >= 1 && w->kernel[i] <= LARGEST && w->stride[i] >= 1 && w->stride[i] <= LARGEST;
    ok = ok && w->dilation[i] >= 1 && w->dilation[i] <= LARGEST;
  }
  for (int i = 0; i < 4; i++) ok = ok && w->pads[i] >= 0 && w->pads[i] <= LARGEST;
  if (ok) return true;
  ci_build_fail(b, CNNIMG_CORRUPT, "%.100s has an impossible window, stride or padding", what);
  return false;
}

static int64_t reach(const ci_frame *w, int axis) { return (w->kernel[axis] - 1) * w->dilation[axis] + 1; }

/* SAME with a stride of 1 does not depend on the size; with others it does, and the operator is left to say so. */
static void padding(ci_build *b, const ci_frame *w) {
  int64_t pads[4];
  memcpy(pads, w->pads, sizeof pads);
  if (w->same && (w->stride[0] != 1 || w->stride[1] != 1 || !w->kernel[0])) {
    ci_build_attr_string(b, "auto_pad", "SAME_UPPER");
    return;
  }
  for (int i = 0; i < 2 && w->same; i++) {
    pads[i] = (reach(w, i) - 1) / 2;
    pads[i + 2] = reach(w, i) - 1 - pads[i];
  }
  ci_build_attr_ints(b, "pads", pads, 4);
}

int32_t ci_put_conv(ci_build *b, int32_t x, const ci_frame *w, int32_t weight, int32_t bias) {
  int32_t y = ci_build_node(b, "Conv", (const int32_t[]){x, weight, bias}, 3);
  ci_build_attr_ints(b, "strides", w->stride, 2);
  ci_build_attr_ints(b, "dilations", w->dilation, 2);
  ci_build_attr_int(b, "group", w->groups);
  padding(b, w);
  return y;
}

/* What is cut from, or added to, all that the window touches: (size - 1) * stride + reach pixels. */
static void deconv_ends(const ci_frame *w, bool cover, int axis, int64_t *pads, int64_t *out_pad) {
  int64_t more = reach(w, axis) - w->stride[axis]; /* than the input by the stride */
  if (!w->same) {
    if (cover && more < 0) *out_pad -= more;
    return;
  }
  pads[axis] = more > 0 ? more / 2 : 0, pads[axis + 2] = more > 0 ? more - more / 2 : 0;
  *out_pad = more < 0 ? -more : 0;
}

int32_t ci_put_deconv(ci_build *b, int32_t x, const ci_frame *w, const int64_t out_pads[2], bool cover,
                      int32_t weight, int32_t bias) {
  int64_t pads[4], extra[2] = {out_pads[0], out_pads[1]};
  memcpy(pads, w->pads, sizeof pads);
  for (int i = 0; i < 2; i++) deconv_ends(w, cover, i, pads, &extra[i]);
  int32_t y = ci_build_node(b, "ConvTranspose", (const int32_t[]){x, weight, bias}, 3);
  ci_build_attr_ints(b, "strides", w->stride, 2);
  ci_build_attr_ints(b, "dilations", w->dilation, 2);
  ci_build_attr_ints(b, "pads", pads, 4);
  ci_build_attr_int(b, "group", w->groups);
  if (extra[0] || extra[1]) ci_build_attr_ints(b, "output_padding", extra, 2);
  return y;
}

int32_t ci_put_pool(ci_build *b, const char *type, int32_t x, const ci_frame *w, bool ceil, bool count_pads) {
  int32_t y = ci_build_op1(b, type, x);
  ci_build_attr_ints(b, "kernel_shape", w->kernel, 2);
  ci_build_attr_ints(b, "strides", w->stride, 2);
  padding(b, w);
  if (ceil) ci_build_attr_int(b, "ceil_mode", 1);
  if (count_pads && !strcmp(type, "AveragePool")) ci_build_attr_int(b, "count_include_pad", 1);
  return y;
}

int32_t ci_put_transpose(ci_build *b, int32_t x, const int64_t *order, size_t n) {
  int32_t y = ci_build_op1(b, "Transpose", x);
  ci_build_attr_ints(b, "perm", order, n);
  return y;
}

int32_t ci_put_to_last(ci_build *b, int32_t x) {
  return ci_put_transpose(b, x, (const int64_t[]){0, 2, 3, 1}, 4);
}
int32_t ci_put_to_first(ci_build *b, int32_t x) {
  return ci_put_transpose(b, x, (const int64_t[]){0, 3, 1, 2}, 4);
}

int32_t ci_put_many(ci_build *b, const char *type, const int32_t *in, size_t n) {
  char name[64];
  if (b->status) return -1;
  if (n > INT32_MAX || b->p->n_nodes >= CI_EMIT_NODES)
    return ci_build_fail(b, CNNIMG_LIMIT, "the network has more than %d operations", CI_EMIT_NODES);
  snprintf(name, sizeof name, "v%zu", b->p->n_values);
  int32_t out = ci_program_add_value(b->p, name, NULL);
  snprintf(name, sizeof name, "%.40s_%zu", type, b->p->n_nodes);
  if (out < 0 || !ci_program_add_node(b->p, type, name, in, (int32_t)n, &out, 1))
    return ci_build_fail(b, CNNIMG_NOMEM, "no memory for the network");
  return out;
}

int32_t ci_put_reshape(ci_build *b, int32_t x, const int64_t *dim, size_t n) {
  return ci_build_op2(b, "Reshape", x, ci_build_ints(b, dim, n));
}

int32_t ci_put_slice(ci_build *b, int32_t x, const int64_t *starts, const int64_t *ends, const int64_t *axes,
                     size_t n) {
  int32_t in[4] = {x, ci_build_ints(b, starts, n), ci_build_ints(b, ends, n), ci_build_ints(b, axes, n)};
  return ci_build_node(b, "Slice", in, 4);
}

int32_t ci_put_clip(ci_build *b, int32_t x, float lo, float hi) {
  int32_t in[3] = {x, ci_build_scalar(b, lo), ci_build_scalar(b, hi)};
  return ci_build_node(b, "Clip", in, 3);
}

int32_t ci_put_resize(ci_build *b, int32_t x, float rows, float columns, const char *mode) {
  const float scales[4] = {1, 1, rows, columns};
  bool nearest = !strcmp(mode, "nearest");
  int32_t in[3] = {x, CI_NONE, ci_build_floats(b, scales, 4)};
  int32_t y = ci_build_node(b, "Resize", in, 3);
  ci_build_attr_string(b, "mode", mode);
  ci_build_attr_string(b, "coordinate_transformation_mode", nearest ? "asymmetric" : "half_pixel");
  if (nearest) ci_build_attr_string(b, "nearest_mode", "floor");
  return y;
}

int32_t ci_put_per_channel(ci_build *b, const float *v, size_t n) {
  const int64_t dim[3] = {(int64_t)n, 1, 1};
  ci_tensor *t = ci_tensor_new(CI_F32, 3, dim);
  if (t && n) memcpy(t->owned, v, n * sizeof *v);
  return ci_build_tensor(b, t);
}

int32_t ci_put_filled(ci_build *b, size_t n, float v) {
  const int64_t dim[1] = {(int64_t)n};
  ci_tensor *t = ci_tensor_new(CI_F32, 1, dim);
  for (size_t i = 0; t && i < n; i++) ((float *)t->owned)[i] = v;
  return ci_build_tensor(b, t);
}
