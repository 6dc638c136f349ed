/* SPDX-License-Identifier: MIT */
/* ncnn_weights.c - ncnn's .bin (numbers in the order of the layers), and the layers that hold weights */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "formats/elements.h"
#include "formats/ncnn.h"

enum { TAG_FLOAT = 0, TAG_SCALED = 0x0002C056, TAG_HALF = 0x01306B47, TAG_INT8 = 0x000D4B38 };
#define TABLE 256

/* ---- .bin ---------------------------------------------------------------------------------------------------- */

static bool count_of(int32_t rank, const int64_t *dim, size_t *n) {
  *n = 1;
  for (int32_t i = 0; i < rank; i++)
    if (dim[i] < 1 || !ci_mul(*n, (size_t)dim[i], n)) return false;
  return *n <= (size_t)CI_TENSOR_MOST;
}

static int32_t short_of(ci_ncnn_net *n, const ci_ncnn_layer *l) {
  ci_ncnn_refuse(n, l, CNNIMG_CORRUPT, "the file of weights ends before its numbers do");
  return -1;
}

static int32_t take(ci_ncnn_net *n, const ci_ncnn_layer *l, int32_t rank, const int64_t *dim, uint8_t bytes) {
  ci_elements e = {.type = {CI_E_FLOAT, bytes}, .rank = rank, .name = l->name};
  size_t count = 0, size = 0, budget = SIZE_MAX;
  ci_tensor *t = NULL;
  if (n->b->status) return -1;
  if (!count_of(rank, dim, &count) || !ci_mul(count, bytes, &size)) return short_of(n, l);
  size = ci_round_up(size, 4);
  e.data = size <= ci_cursor_left(&n->bin) ? ci_cursor_take(&n->bin, size) : NULL;
  if (!e.data) return short_of(n, l);
  e.bytes = size;
  memcpy(e.dim, dim, (size_t)rank * sizeof *dim);
  int status = ci_elements_tensor(&e, &budget, &t, n->b->err);
  if (status) return n->b->status = status, -1;
  return ci_build_tensor(n->b, t);
}

/* 256 floats, then a byte a weight that says which. */
static int32_t take_table(ci_ncnn_net *n, const ci_ncnn_layer *l, int32_t rank, const int64_t *dim) {
  const int64_t of_table[1] = {TABLE};
  int32_t table = take(n, l, 1, of_table, sizeof(float));
  size_t count;
  if (n->b->status) return -1;
  if (!count_of(rank, dim, &count) || ci_round_up(count, 4) > ci_cursor_left(&n->bin)) return short_of(n, l);
  const uint8_t *index = ci_cursor_take(&n->bin, ci_round_up(count, 4));
  const float *v = n->b->p->values[table].tensor->data;
  ci_tensor *t = ci_tensor_new(CI_F32, rank, dim);
  for (size_t i = 0; t && i < count; i++) ((float *)t->owned)[i] = v[index[i]];
  return ci_build_tensor(n->b, t);
}

int32_t ci_ncnn_tagged(ci_ncnn_net *n, const ci_ncnn_layer *l, int32_t rank, const int64_t *dim) {
  if (n->b->status) return -1;
  uint32_t tag = ci_cursor_u32(&n->bin, false);
  if (n->bin.bad) return short_of(n, l);
  if (tag == TAG_FLOAT || tag == TAG_SCALED) return take(n, l, rank, dim, sizeof(float));
  if (tag == TAG_HALF) return take(n, l, rank, dim, 2);
  if (tag != TAG_INT8) return take_table(n, l, rank, dim);
  ci_ncnn_refuse(n, l, CNNIMG_UNSUPPORTED, "its weights are quantised to int8, which is not read");
  return -1;
}

int32_t ci_ncnn_plain(ci_ncnn_net *n, const ci_ncnn_layer *l, int32_t rank, const int64_t *dim) {
  return take(n, l, rank, dim, sizeof(float));
}

int32_t ci_ncnn_plain_channels(ci_ncnn_net *n, const ci_ncnn_layer *l, int64_t c) {
  const int64_t dim[3] = {c, 1, 1};
  return take(n, l, 3, dim, sizeof(float));
}

/* ---- convolutions -------------------------------------------------------------------------------------------- */

typedef struct window {
  int64_t kernel[2], dilation[2], stride[2], pads[4]; /* height, width; top, left, bottom, right */
  int64_t in, out, groups;                            /* channels */
  bool same_upper, same_lower, bias;
  double pad_value;
} window;

/* Parameters come as of the width, and of the height where it differs. */
static void pair(ci_ncnn_net *n, ci_ncnn_layer *l, int32_t width, int32_t height, int32_t least,
                 int64_t *to) {
  to[1] = ci_ncnn_within(n, l, width, 1, least, 1 << 12);
  to[0] = ci_ncnn_within(n, l, height, (int32_t)to[1], least, 1 << 12);
}

static void read_pads(ci_ncnn_net *n, ci_ncnn_layer *l, window *w) {
  int32_t left = ci_ncnn_within(n, l, 4, 0, -234, 1 << 12),
          top = ci_ncnn_within(n, l, 14, left, -234, 1 << 12);
  int32_t right = ci_ncnn_within(n, l, 15, left, -234, 1 << 12);
  int32_t bottom = ci_ncnn_within(n, l, 16, top, -234, 1 << 12);
  int32_t all[4] = {top, left, bottom, right};
  w->same_upper = left == -233, w->same_lower = left == -234;
  for (int i = 0; i < 4; i++) {
    bool same = w->same_upper || w->same_lower;
    if (same ? all[i] != left : all[i] < 0)
      ci_ncnn_refuse(n, l, CNNIMG_UNSUPPORTED, "padding of mixed kinds");
    w->pads[i] = same ? 0 : all[i];
  }
}

static window read_window(ci_ncnn_net *n, ci_ncnn_layer *l, bool grouped) {
  window w = {.out = ci_ncnn_within(n, l, 0, 0, 1, 1 << 20)};
  int64_t size = ci_ncnn_within(n, l, 6, 0, 1, INT32_MAX);
  pair(n, l, 1, 11, 1, w.kernel);
  pair(n, l, 2, 12, 1, w.dilation);
  pair(n, l, 3, 13, 1, w.stride);
  read_pads(n, l, &w);
  w.bias = ci_ncnn_within(n, l, 5, 0, 0, 1);
  w.groups = grouped ? ci_ncnn_within(n, l, 7, 1, 1, 1 << 20) : 1;
  if (ci_ncnn_int(n, l, 8, 0))
    ci_ncnn_refuse(n, l, CNNIMG_UNSUPPORTED, "it computes in int8, which is not supported");
  int64_t slice = w.out * w.kernel[0] * w.kernel[1]; /* at most 2^44 */
  w.in = size / slice * w.groups;
  if (size % slice || w.out % w.groups)
    ci_ncnn_refuse(n, l, CNNIMG_CORRUPT, "its count of weights does not go with its kernel and channels");
  return w;
}

static void write_attrs(ci_build *b, const window *w) {
  ci_build_attr_ints(b, "kernel_shape", w->kernel, 2);
  ci_build_attr_ints(b, "strides", w->stride, 2);
  ci_build_attr_ints(b, "dilations", w->dilation, 2);
  if (w->same_upper || w->same_lower)
    ci_build_attr_string(b, "auto_pad", w->same_upper ? "SAME_UPPER" : "SAME_LOWER");
  else ci_build_attr_ints(b, "pads", w->pads, 4);
  ci_build_attr_int(b, "group", w->groups);
}

static int32_t bias_of(ci_ncnn_net *n, const ci_ncnn_layer *l, int64_t out, bool has) {
  return has ? ci_ncnn_plain(n, l, 1, &out) : CI_NONE;
}

static int32_t pad_with(ci_ncnn_net *n, int32_t x, window *w) {
  const int64_t pads[8] = {0, 0, w->pads[0], w->pads[1], 0, 0, w->pads[2], w->pads[3]};
  const int32_t in[3] = {x, ci_build_ints(n->b, pads, 8), ci_build_scalar(n->b, (float)w->pad_value)};
  memset(w->pads, 0, sizeof w->pads);
  return ci_build_node(n->b, "Pad", in, 3);
}

static void put_window(ci_ncnn_net *n, ci_ncnn_layer *l, const window *w, int32_t y, double factor) {
  const ci_ncnn_blob *x = ci_ncnn_in(n, l, 0);
  double ratio = w->stride[0] == w->stride[1] ? x->ratio * factor : 0;
  y = ci_ncnn_activate(n, l, y);
  ci_ncnn_put(n, l, 0,
              (ci_ncnn_blob){.value = y, .dims = x->dims, .c = w->out, .ratio = ratio, .origin = -1});
}

static void check_window_input(ci_ncnn_net *n, const ci_ncnn_layer *l, const window *w) {
  ci_ncnn_blob *x = ci_ncnn_in(n, l, 0);
  bool single = x->dims == 1 && w->kernel[0] == 1 && w->kernel[1] == 1;
  if (x->dims != 3 && !single) ci_ncnn_refuse(n, l, CNNIMG_UNSUPPORTED, "it is no convolution of a map");
  ci_ncnn_channels(n, l, x, w->in);
}

static void convolve(ci_ncnn_net *n, ci_ncnn_layer *l, bool grouped) {
  window w = read_window(n, l, grouped);
  w.pad_value = ci_ncnn_num(l, 18, 0);
  ci_ncnn_within(n, l, 19, 0, 0, 0); /* weights as a second blob */
  if (n->b->status) return;
  check_window_input(n, l, &w);
  const int64_t dim[4] = {w.out, w.in / w.groups, w.kernel[0], w.kernel[1]};
  int32_t x = ci_ncnn_in(n, l, 0)->value;
  int32_t weight = ci_ncnn_tagged(n, l, 4, dim), bias = bias_of(n, l, w.out, w.bias);
  if (w.pad_value != 0) x = pad_with(n, x, &w);
  int32_t y = ci_build_node(n->b, "Conv", (const int32_t[]){x, weight, bias}, 3);
  write_attrs(n->b, &w);
  put_window(n, l, &w, y, 1.0 / (double)w.stride[0]);
}

static void conv(ci_ncnn_net *n, ci_ncnn_layer *l) { convolve(n, l, false); }
static void conv_grouped(ci_ncnn_net *n, ci_ncnn_layer *l) { convolve(n, l, true); }

/* ncnn has outputs before inputs in each group, a transposed convolution of ONNX the other way. */
static int32_t exchanged(ci_ncnn_net *n, int32_t weight, const window *w) {
  int64_t in = w->in / w->groups, out = w->out / w->groups;
  size_t taps = (size_t)(w->kernel[0] * w->kernel[1]);
  const int64_t dim[4] = {w->in, out, w->kernel[0], w->kernel[1]};
  if (n->b->status) return -1;
  const float *from = n->b->p->values[weight].tensor->data;
  ci_tensor *t = ci_tensor_new(CI_F32, 4, dim);
  for (int64_t g = 0; t && g < w->groups; g++)
    for (int64_t i = 0; i < in; i++)
      for (int64_t o = 0; o < out; o++)
        memcpy((float *)t->owned + (size_t)((g * in + i) * out + o) * taps,
               from + (size_t)((g * out + o) * in + i) * taps, taps * sizeof(float));
  return ci_build_tensor(n->b, t);
}

static void deconvolve(ci_ncnn_net *n, ci_ncnn_layer *l, bool grouped) {
  window w = read_window(n, l, grouped);
  int32_t right = ci_ncnn_within(n, l, 18, 0, 0, 64);
  const int64_t more[2] = {ci_ncnn_within(n, l, 19, right, 0, 64), right};
  ci_ncnn_within(n, l, 20, 0, 0, 0); /* a result of a fixed size */
  ci_ncnn_within(n, l, 21, 0, 0, 0);
  ci_ncnn_within(n, l, 28, 0, 0, 0);
  if (w.same_upper || w.same_lower)
    ci_ncnn_refuse(n, l, CNNIMG_UNSUPPORTED, "a transposed convolution without a padding of its own");
  if (n->b->status) return;
  check_window_input(n, l, &w);
  const int64_t dim[4] = {w.out, w.in / w.groups, w.kernel[0], w.kernel[1]};
  int32_t weight = exchanged(n, ci_ncnn_tagged(n, l, 4, dim), &w), bias = bias_of(n, l, w.out, w.bias);
  const int32_t in[3] = {ci_ncnn_in(n, l, 0)->value, weight, bias};
  int32_t y = ci_build_node(n->b, "ConvTranspose", in, 3);
  write_attrs(n->b, &w);
  if (more[0] || more[1]) ci_build_attr_ints(n->b, "output_padding", more, 2);
  put_window(n, l, &w, y, (double)w.stride[0]);
}

static void deconv(ci_ncnn_net *n, ci_ncnn_layer *l) { deconvolve(n, l, false); }
static void deconv_grouped(ci_ncnn_net *n, ci_ncnn_layer *l) { deconvolve(n, l, true); }

/* ---- inner product ------------------------------------------------------------------------------------------- */

/* Of a blob of one dimension it is a convolution with a kernel of one pixel; a map is laid out in one row before. */
static int32_t inner(ci_ncnn_net *n, const ci_ncnn_layer *l, int64_t in, int64_t out, bool has_bias) {
  const ci_ncnn_blob *x = ci_ncnn_in(n, l, 0);
  bool row = x->dims == 3 && (x->c != in || x->ratio > 0); /* without a ratio it is one pixel */
  const int64_t dim[4] = {out, in, 1, 1}, back[4] = {1, out, 1, 1};
  int32_t weight = ci_ncnn_tagged(n, l, row ? 2 : 4, dim), bias = bias_of(n, l, out, has_bias);
  if (!row) return ci_build_conv_values(n->b, x->value, (ci_conv_spec){0}, weight, bias);
  int32_t flat = ci_build_op1(n->b, "Flatten", x->value);
  int32_t y = ci_build_node(n->b, "Gemm", (const int32_t[]){flat, weight, bias}, 3);
  ci_build_attr_int(n->b, "transB", 1);
  return ci_build_op2(n->b, "Reshape", y, ci_build_ints(n->b, back, 4));
}

static void inner_product(ci_ncnn_net *n, ci_ncnn_layer *l) {
  int64_t out = ci_ncnn_within(n, l, 0, 0, 1, 1 << 24), size = ci_ncnn_within(n, l, 2, 0, 1, INT32_MAX);
  bool has_bias = ci_ncnn_within(n, l, 1, 0, 0, 1);
  if (ci_ncnn_int(n, l, 8, 0))
    ci_ncnn_refuse(n, l, CNNIMG_UNSUPPORTED, "it computes in int8, which is not supported");
  if (size % out) ci_ncnn_refuse(n, l, CNNIMG_CORRUPT, "its count of weights does not go with its outputs");
  if (!n->b->status && ci_ncnn_in(n, l, 0)->dims == 2)
    ci_ncnn_refuse(n, l, CNNIMG_UNSUPPORTED, "products of matrices are not supported");
  if (n->b->status) return;
  int32_t y = ci_ncnn_activate(n, l, inner(n, l, size / out, out, has_bias));
  ci_ncnn_put(n, l, 0, (ci_ncnn_blob){.value = y, .dims = 1, .c = out, .origin = -1});
}

/* ---- constants ------------------------------------------------------------------------------------------------ */

static void memory_data(ci_ncnn_net *n, ci_ncnn_layer *l) {
  int64_t w = ci_ncnn_within(n, l, 0, 0, 1, 1 << 24), h = ci_ncnn_within(n, l, 1, 0, 0, 1 << 24);
  int64_t c = ci_ncnn_within(n, l, 2, 0, 0, 1 << 24);
  bool plain = ci_ncnn_within(n, l, 21, 1, 0, 1);
  ci_ncnn_within(n, l, 11, 0, 0, 0); /* depth */
  int32_t dims = c ? 3 : h ? 2 : 1, rank = dims == 2 ? 3 : 4;
  const int64_t map[4] = {1, c, h, w}, plane[4] = {1, h, w, 0}, row[4] = {1, w, 1, 1};
  const int64_t *dim = dims == 3 ? map : dims == 2 ? plane : row;
  int32_t y = plain ? ci_ncnn_plain(n, l, rank, dim) : ci_ncnn_tagged(n, l, rank, dim);
  ci_ncnn_put(n, l, 0,
              (ci_ncnn_blob){.value = y,
                             .dims = dims,
                             .c = dims == 3   ? c
                                  : dims == 1 ? w
                                              : 0,
                             .origin = -1});
}

const ci_ncnn_named ci_ncnn_weighted[] = {{"Convolution", conv, 1},
                                          {"ConvolutionDepthWise", conv_grouped, 1},
                                          {"Deconvolution", deconv, 1},
                                          {"DeconvolutionDepthWise", deconv_grouped, 1},
                                          {"InnerProduct", inner_product, 1},
                                          {"MemoryData", memory_data, 0},
                                          {NULL, NULL, 0}};
