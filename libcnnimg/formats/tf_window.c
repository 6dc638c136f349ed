/* SPDX-License-Identifier: MIT */
/* tf_window.c - TensorFlow's operations on maps: convolutions, pooling, blocks, sizes, normalisation */
#include <string.h>

#include "formats/tf_graph.h"
#include "net/permute.h"

/* Most operations come channels last: they are written between two transpositions, which cancel. */
static bool is_first(const ci_tf_site *s) { return ci_tf_word(s->n, "data_format", "NCHW"); }
static int32_t to_first(const ci_tf_site *s, int32_t x) { return is_first(s) ? x : ci_put_to_first(s->b, x); }
static int32_t back(const ci_tf_site *s, int32_t y) { return is_first(s) ? y : ci_put_to_last(s->b, y); }

/* A list of four, by the data's format, as rows and columns. */
static bool pair(const ci_tf_site *s, const char *name, int64_t out[2]) {
  int64_t v[4];
  int32_t n = ci_tf_ints(s->n, name, v, 4);
  if (n < 0) return true;
  int at = is_first(s) ? 2 : 1;
  if (n != 4 || v[0] != 1 || v[is_first(s) ? 1 : 3] != 1) return false;
  out[0] = v[at], out[1] = v[at + 1];
  return true;
}

static bool explicit_pads(const ci_tf_site *s, ci_frame *w) {
  int64_t v[8];
  int at = is_first(s) ? 4 : 2;
  if (ci_tf_ints(s->n, "explicit_paddings", v, 8) != 8) return false;
  for (int i = 0; i < 2; i++) w->pads[i] = v[at + 2 * i], w->pads[i + 2] = v[at + 2 * i + 1];
  return true;
}

static bool frame(const ci_tf_site *s, ci_frame *w) {
  ci_frame_init(w);
  w->same = ci_tf_word(s->n, "padding", "SAME");
  bool ok = pair(s, "strides", w->stride) && pair(s, "dilations", w->dilation) && pair(s, "ksize", w->kernel);
  if (ok && !w->same && !ci_tf_word(s->n, "padding", "VALID"))
    ok = ci_tf_word(s->n, "padding", "EXPLICIT") && explicit_pads(s, w);
  if (!ok) ci_tf_fail(s, CNNIMG_UNSUPPORTED, "has strides, dilations or padding that are not known");
  return ok;
}

/* Rows and columns of a constant kernel; computed ones leave SAME to the operator. */
static bool kernel(const ci_tf_site *s, ci_frame *w) {
  const ci_tensor *t = ci_tf_const(s, 1);
  if (s->b->status || !t) return !s->b->status;
  if (t->rank != 4) return ci_tf_fail(s, CNNIMG_CORRUPT, "has a kernel that has not 4 dimensions") >= 0;
  w->kernel[0] = t->dim[0], w->kernel[1] = t->dim[1];
  return ci_frame_check(s->b, w, "a convolution");
}

/* ---- convolutions ------------------------------------------------------------------------------- */

/* The input that the first convolution reads, through what leaves channels as they are; -1: none. */
static int32_t input_of(const ci_tf_site *s) {
  static const char *const through[] = {"Identity", "Mul", "Sub",       "Add", "AddV2",
                                        "RealDiv",  "Pad", "MirrorPad", "Cast"};
  const ci_tf *g = s->g;
  const ci_tf_node *n = s->n;
  for (int steps = 0; steps < 64 && n->n_in; steps++) {
    const ci_tf_ref *in = &g->refs[n->first];
    n = n->n_in > 1 && !g->nodes[in[0].node].live ? &g->nodes[in[1].node] : &g->nodes[in[0].node];
    if (ci_text_is(n->op, "Placeholder")) return n->n_out ? n->out[0] : -1;
    bool passes = false;
    for (size_t i = 0; i < sizeof through / sizeof *through; i++)
      passes = passes || ci_text_is(n->op, through[i]);
    if (!passes) return -1;
  }
  return -1;
}

/* Where nobody says how many channels the picture has, its first kernel does. */
static void tell_input(const ci_tf_site *s) {
  const ci_tensor *t = ci_tf_const(s, 1);
  int32_t v = t && t->rank == 4 ? input_of(s) : -1;
  for (size_t i = 0; v >= 0 && i < s->b->p->n_inputs; i++) {
    ci_pinput *in = &s->b->p->inputs[i];
    int64_t *channels = &in->dim[is_first(s) ? 1 : 3];
    if (in->value == v && in->rank == 4 && !*channels && t->dim[2] > 0 && t->dim[2] <= INT32_MAX)
      *channels = t->dim[2];
  }
}

static int32_t conv2d(const ci_tf_site *s) {
  static const int32_t order[4] = {3, 2, 0, 1};
  ci_frame w;
  int32_t x = ci_tf_in(s, 0);
  if (!frame(s, &w) || !kernel(s, &w)) return -1;
  if (!ci_tf_const(s, 1)) w.kernel[0] = 0;
  tell_input(s);
  x = to_first(s, x);
  return back(s, ci_put_conv(s->b, x, &w, ci_tf_turned(s, 1, order), CI_NONE));
}

static int32_t depthwise(const ci_tf_site *s) {
  static const int32_t order[4] = {2, 3, 0, 1};
  const ci_tensor *t = ci_tf_const(s, 1);
  ci_frame w;
  int32_t x = ci_tf_in(s, 0);
  if (!frame(s, &w) || !kernel(s, &w)) return -1;
  if (!t) return ci_tf_fail(s, CNNIMG_UNSUPPORTED, "has a kernel that is computed");
  const int64_t dim[4] = {t->dim[2] * t->dim[3], 1, t->dim[0], t->dim[1]};
  w.groups = t->dim[2];
  if (!ci_frame_check(s->b, &w, "a depthwise convolution")) return -1;
  int32_t weight = ci_tf_turned(s, 1, order);
  if (weight < 0) return -1;
  if (s->b->p->values[weight].tensor->dim[1] != 1)
    memcpy(s->b->p->values[weight].tensor->dim, dim, sizeof dim); /* [I, m, h, w] joined in place */
  x = to_first(s, x);
  return back(s, ci_put_conv(s->b, x, &w, weight, CI_NONE));
}

/* How much more is cut off before the picture when `less` pixels less are wanted than the input by the stride: all that the
 * window touches beyond is cut in halves, the odd one behind. */
static int32_t cut_before(const ci_tf_site *s, const ci_frame *w, int32_t less) {
  ci_build *b = s->b;
  int64_t more[2], half[2], zero[2] = {0, 0}, two[2] = {2, 2};
  if (!w->same) return ci_build_ints(b, zero, 2);
  for (int i = 0; i < 2; i++) {
    more[i] = (w->kernel[i] - 1) * w->dilation[i] + 1 - w->stride[i];
    half[i] = more[i] > 0 ? more[i] / 2 : 0;
  }
  int32_t total = ci_build_op2(b, "Max", ci_build_op2(b, "Add", less, ci_build_ints(b, more, 2)),
                               ci_build_ints(b, zero, 2));
  return ci_build_op2(b, "Sub", ci_build_op2(b, "Div", total, ci_build_ints(b, two, 2)),
                      ci_build_ints(b, half, 2));
}

/* The map cut to rows and columns of `size`; nothing where it has them. */
static int32_t cut_to(const ci_tf_site *s, const ci_frame *w, int32_t y, int32_t size) {
  static const int64_t space[2] = {2, 3}, last[2] = {1, 2};
  ci_build *b = s->b;
  int32_t axes = ci_build_ints(b, space, 2);
  int32_t want = ci_build_op2(b, "Gather", size, ci_build_ints(b, is_first(s) ? space : last, 2));
  int32_t have = ci_build_op2(b, "Gather", ci_build_op1(b, "Shape", y), axes);
  int32_t from = cut_before(s, w, ci_build_op2(b, "Sub", have, want));
  const int32_t in[4] = {y, from, ci_build_op2(b, "Add", from, want), axes};
  return ci_build_node(b, "Slice", in, 4);
}

/* Its size is an input, too; the Reshape to it only refuses what the window cannot make. */
static int32_t deconv2d(const ci_tf_site *s) {
  static const int32_t order[4] = {3, 2, 0, 1};
  static const int64_t none[2] = {0, 0};
  ci_frame w;
  int32_t size = ci_tf_in(s, 0), x = ci_tf_in(s, 2);
  if (!frame(s, &w) || !kernel(s, &w)) return -1;
  if (!ci_tf_const(s, 1)) return ci_tf_fail(s, CNNIMG_UNSUPPORTED, "has a kernel that is computed");
  x = to_first(s, x);
  int32_t y = ci_put_deconv(s->b, x, &w, none, true, ci_tf_turned(s, 1, order), CI_NONE);
  return ci_build_op2(s->b, "Reshape", back(s, cut_to(s, &w, y, size)), size);
}

/* ---- pooling ------------------------------------------------------------------------------------------ */

static int32_t pool(const ci_tf_site *s, const char *type) {
  ci_frame w;
  int32_t x = ci_tf_in(s, 0);
  if (!frame(s, &w) || !ci_frame_check(s->b, &w, type)) return -1;
  x = to_first(s, x);
  return back(s, ci_put_pool(s->b, type, x, &w, false, false));
}

static int32_t max_pool(const ci_tf_site *s) { return pool(s, "MaxPool"); }
static int32_t average_pool(const ci_tf_site *s) { return pool(s, "AveragePool"); }

/* ---- channels -------------------------------------------------------------------------------------------- */

static int32_t bias_add(const ci_tf_site *s) {
  int32_t x = ci_tf_in(s, 0), bias = ci_tf_in(s, 1);
  if (is_first(s)) bias = ci_put_reshape(s->b, bias, (const int64_t[]){-1, 1, 1}, 3);
  return ci_build_op2(s->b, "Add", x, bias);
}

static int32_t batch_norm(const ci_tf_site *s) {
  int32_t in[5];
  if (ci_tf_int(s->n, "is_training", 1)) return ci_tf_fail(s, CNNIMG_UNSUPPORTED, "is still in training");
  for (int32_t i = 0; i < 5; i++) in[i] = ci_tf_in(s, i);
  in[0] = to_first(s, in[0]);
  int32_t y = ci_build_node(s->b, "BatchNormalization", in, 5);
  ci_build_attr_float(s->b, "epsilon", ci_tf_float(s->n, "epsilon", 1e-4f));
  return back(s, y);
}

static int32_t blocks(const ci_tf_site *s, const char *type) {
  int64_t block = ci_tf_int(s->n, "block_size", 0);
  int32_t x = to_first(s, ci_tf_in(s, 0));
  if (block < 1 || block > 256) return ci_tf_fail(s, CNNIMG_CORRUPT, "has an impossible block");
  int32_t y = ci_build_op1(s->b, type, x);
  ci_build_attr_int(s->b, "blocksize", block);
  return back(s, y);
}

static int32_t depth_to_space(const ci_tf_site *s) { return blocks(s, "DepthToSpace"); }
static int32_t space_to_depth(const ci_tf_site *s) { return blocks(s, "SpaceToDepth"); }

/* ---- sizes ------------------------------------------------------------------------------------------------- */

static int32_t resize(const ci_tf_site *s, const char *mode) {
  static const int64_t axes[2] = {1, 2};
  bool corners = ci_tf_int(s->n, "align_corners", 0), half = ci_tf_int(s->n, "half_pixel_centers", 0);
  int32_t in[4] = {ci_tf_in(s, 0), CI_NONE, CI_NONE, ci_tf_in(s, 1)};
  int32_t y = ci_build_node(s->b, "Resize", in, 4);
  ci_build_attr_ints(s->b, "axes", axes, 2);
  ci_build_attr_string(s->b, "mode", mode);
  ci_build_attr_string(s->b, "coordinate_transformation_mode",
                       corners ? "align_corners"
                       : half  ? "half_pixel"
                               : "asymmetric");
  if (!strcmp(mode, "nearest"))
    ci_build_attr_string(s->b, "nearest_mode", corners || half ? "round_prefer_ceil" : "floor");
  if (!strcmp(mode, "cubic") && half) { /* Keys' a, and no pixels from beyond the edge */
    ci_build_attr_float(s->b, "cubic_coeff_a", -0.5f);
    ci_build_attr_int(s->b, "exclude_outside", 1);
  }
  return y;
}

static int32_t bilinear(const ci_tf_site *s) { return resize(s, "linear"); }
static int32_t nearest(const ci_tf_site *s) { return resize(s, "nearest"); }
static int32_t bicubic(const ci_tf_site *s) { return resize(s, "cubic"); }

const ci_tf_op ci_tf_window_ops[] = {
    {"Conv2D", conv2d},
    {"DepthwiseConv2dNative", depthwise},
    {"Conv2DBackpropInput", deconv2d},
    {"MaxPool", max_pool},
    {"AvgPool", average_pool},
    {"BiasAdd", bias_add},
    {"FusedBatchNorm", batch_norm},
    {"FusedBatchNormV2", batch_norm},
    {"FusedBatchNormV3", batch_norm},
    {"DepthToSpace", depth_to_space},
    {"SpaceToDepth", space_to_depth},
    {"ResizeBilinear", bilinear},
    {"ResizeNearestNeighbor", nearest},
    {"ResizeBicubic", bicubic},
    {NULL, NULL},
};
