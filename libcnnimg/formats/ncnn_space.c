/* SPDX-License-Identifier: MIT */
/* ncnn_space.c - ncnn's layers that move or gather pixels: crops, padding, pooling, sizes, pixel shuffles */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "formats/ncnn.h"

#define TO_END INT64_MAX

static int32_t first(ci_ncnn_net *n, const ci_ncnn_layer *l) { return ci_ncnn_in(n, l, 0)->value; }

/* A number of a list as a place; what no map has is far beyond it all the same. */
static int64_t place(double v) {
  return v < -0x1p40 ? -((int64_t)1 << 40) : v > 0x1p40 ? (int64_t)1 << 40 : (int64_t)v;
}

/* ncnn counts a blob's dimensions from the outermost, without a batch; from the end where below 0. -1: refused. */
static int64_t axis_of(ci_ncnn_net *n, const ci_ncnn_layer *l, int32_t dims, double axis) {
  if (axis < 0) axis += dims;
  if (axis >= 0 && axis < dims && axis == floor(axis)) return 1 + (int64_t)axis;
  ci_ncnn_refuse(n, l, CNNIMG_CORRUPT, "it names a dimension that its blob has not");
  return -1;
}

static bool is_map(ci_ncnn_net *n, const ci_ncnn_layer *l) {
  if (!n->b->status && ci_ncnn_in(n, l, 0)->dims != 3)
    ci_ncnn_refuse(n, l, CNNIMG_UNSUPPORTED, "of other blobs than maps it is not supported");
  return !n->b->status;
}

/* ---- crops --------------------------------------------------------------------------------------------------- */

typedef struct span {
  int64_t axis, from, to;
} span;

/* How many channels are left; 0: not known. */
static int64_t cut(int64_t c, const span *s) {
  if (!c) return s->to == TO_END || s->to < 0 || s->from < 0 ? 0 : s->to - s->from;
  int64_t from = s->from < 0 ? c + s->from : s->from, to = s->to < 0 ? c + s->to : s->to;
  if (to > c) to = c;
  return from >= 0 && to > from ? to - from : 0;
}

static int32_t slice(ci_ncnn_net *n, int32_t x, const span *s, size_t count) {
  int64_t axis[3], from[3], to[3];
  for (size_t i = 0; i < count; i++) axis[i] = s[i].axis, from[i] = s[i].from, to[i] = s[i].to;
  const int32_t in[4] = {x, ci_build_ints(n->b, from, count), ci_build_ints(n->b, to, count),
                         ci_build_ints(n->b, axis, count)};
  return ci_build_node(n->b, "Slice", in, 4);
}

static void put_slice(ci_ncnn_net *n, const ci_ncnn_layer *l, int32_t i, const span *s, size_t count) {
  ci_ncnn_blob y = *ci_ncnn_in(n, l, 0);
  int64_t c = y.c;
  y.value = count ? slice(n, y.value, s, count) : y.value;
  for (size_t k = 0; k < count; k++)
    if (s[k].axis == 1) {
      y.c = cut(c, &s[k]), y.origin = -1;
      if (c && !y.c) ci_ncnn_refuse(n, l, CNNIMG_CORRUPT, "no channel is left");
    }
  ci_ncnn_put(n, l, i, y);
}

/* starts, ends, axes as NumPy has them; 0 and below of an end count from the far side. */
static void crop_listed(ci_ncnn_net *n, ci_ncnn_layer *l, const double *from, const double *to,
                        int32_t count) {
  int32_t n_axes, dims = ci_ncnn_in(n, l, 0)->dims;
  const double *axes = ci_ncnn_list(l, 11, &n_axes);
  span s[3];
  if (count > dims || (n_axes && n_axes != count) || (!n_axes && count != dims)) {
    ci_ncnn_refuse(n, l, CNNIMG_CORRUPT, "its lists of a crop do not go together");
    return;
  }
  for (int32_t i = 0; i < count; i++) {
    s[i].axis = axis_of(n, l, dims, axes ? axes[i] : i);
    s[i].from = from[i] == CI_NCNN_REST ? 0 : place(from[i]);
    s[i].to = to[i] == CI_NCNN_REST || to[i] == 0 ? TO_END : place(to[i]);
    for (int32_t k = 0; k < i; k++)
      if (s[k].axis == s[i].axis) ci_ncnn_refuse(n, l, CNNIMG_CORRUPT, "it crops a dimension twice");
  }
  put_slice(n, l, 0, s, (size_t)count);
}

/* The size of the second blob, from an offset. Where it has as many channels they are left alone. */
static void crop_like(ci_ncnn_net *n, ci_ncnn_layer *l, const int32_t *offset) {
  const ci_ncnn_blob *x = ci_ncnn_in(n, l, 0), *like = ci_ncnn_in(n, l, 1);
  bool all = !(x->c && x->c == like->c && !offset[2]);
  int64_t axis[3] = {1, 2, 3}, from[3] = {offset[2], offset[1], offset[0]}, size[2] = {all ? 1 : 2, 4};
  size_t skip = all ? 0 : 1, count = 3 - skip;
  if (like->dims != 3 || !is_map(n, l)) {
    ci_ncnn_refuse(n, l, CNNIMG_UNSUPPORTED, "a crop to the size of what is no map");
    return;
  }
  int32_t start = ci_build_ints(n->b, from + skip, count), shape = ci_build_op1(n->b, "Shape", like->value);
  const int32_t part[3] = {shape, ci_build_ints(n->b, &size[0], 1), ci_build_ints(n->b, &size[1], 1)};
  int32_t end = ci_build_op2(n->b, "Add", ci_build_node(n->b, "Slice", part, 3), start);
  const int32_t in[4] = {x->value, start, end, ci_build_ints(n->b, axis + skip, count)};
  ci_ncnn_blob y = *x;
  y.value = ci_build_node(n->b, "Slice", in, 4);
  if (all) y.c = like->c, y.origin = -1;
  if (like->ratio) y.ratio = like->ratio;
  ci_ncnn_put(n, l, 0, y);
}

/* Offsets and sizes of width, height, channels; what is not said of the outer ones moves the numbers outwards. */
static void crop_numbered(ci_ncnn_net *n, ci_ncnn_layer *l, const int32_t *offset) {
  int32_t shift = offset[1] == CI_NCNN_REST && offset[2] == CI_NCNN_REST ? 2
                  : offset[2] == CI_NCNN_REST                            ? 1
                                                                         : 0;
  span s[3];
  size_t count = 0;
  for (int32_t i = 0; i < 3; i++) {
    int32_t size = ci_ncnn_int(n, l, 3 + i, 0), far = ci_ncnn_within(n, l, 6 + i, 0, 0, 1 << 20);
    if (i >= 3 - shift) continue;
    span *one = &s[count++];
    *one = (span){3 - i - shift, offset[i],
                  size == CI_NCNN_REST ? (far ? -far : TO_END) : (int64_t)offset[i] + size};
    if (offset[i] < 0 || (size != CI_NCNN_REST && (size < 1 || far)))
      ci_ncnn_refuse(n, l, CNNIMG_UNSUPPORTED, "a crop of that kind is not supported");
  }
  if (is_map(n, l)) put_slice(n, l, 0, s, count);
}

static void crop(ci_ncnn_net *n, ci_ncnn_layer *l) {
  int32_t n_from, n_to, offset[3];
  const double *from = ci_ncnn_list(l, 9, &n_from), *to = ci_ncnn_list(l, 10, &n_to);
  for (int32_t i = 0; i < 3; i++) offset[i] = ci_ncnn_int(n, l, i, 0);
  bool sized = ci_ncnn_int(n, l, 3, 0) || ci_ncnn_int(n, l, 4, 0) || ci_ncnn_int(n, l, 5, 0);
  if (n->b->status) return;
  if (n_from && n_from == n_to && l->n_in == 1) crop_listed(n, l, from, to, n_from);
  else if (sized && l->n_in == 1) crop_numbered(n, l, offset);
  else if (l->n_in == 2 && offset[0] >= 0 && offset[1] >= 0 && offset[2] >= 0) crop_like(n, l, offset);
  else ci_ncnn_refuse(n, l, CNNIMG_UNSUPPORTED, "a crop of that kind is not supported");
}

/* ---- slices --------------------------------------------------------------------------------------------------- */

/* Sizes, or places to cut at; -233 is an equal share of what is left, which takes known channels or the last place. */
static void slices(ci_ncnn_net *n, ci_ncnn_layer *l) {
  int32_t count, n_at, dims = ci_ncnn_in(n, l, 0)->dims;
  const double *size = ci_ncnn_list(l, 0, &count), *at = ci_ncnn_list(l, 2, &n_at);
  int64_t axis = axis_of(n, l, dims, ci_ncnn_num(l, 1, 0)), from = 0,
          c = axis == 1 ? ci_ncnn_in(n, l, 0)->c : 0;
  if (at ? n_at != l->n_out - 1 : count != l->n_out) {
    ci_ncnn_refuse(n, l, CNNIMG_CORRUPT, "its sizes are not as many as its blobs");
    return;
  }
  for (int32_t i = 0; i < l->n_out && !n->b->status; i++) {
    bool last = i == l->n_out - 1;
    int64_t to = at ? (last ? TO_END : place(at[i])) : from + place(size[i]);
    if (!at && size[i] == CI_NCNN_REST) to = last ? TO_END : c ? from + (c - from) / (l->n_out - i) : -1;
    if (to <= from) ci_ncnn_refuse(n, l, CNNIMG_UNSUPPORTED, "a slice whose size is not known, or nothing");
    put_slice(n, l, i, &(span){axis, from, to}, 1);
    from = to;
  }
}

static void concat(ci_ncnn_net *n, ci_ncnn_layer *l) {
  ci_ncnn_blob y = *ci_ncnn_in(n, l, 0);
  int32_t in[16] = {0};
  int64_t axis = axis_of(n, l, y.dims, ci_ncnn_num(l, 0, 0)), c = 0;
  bool known = true;
  if (l->n_in > 16) ci_ncnn_refuse(n, l, CNNIMG_UNSUPPORTED, "more than 16 blobs");
  for (int32_t i = 0; i < l->n_in && !n->b->status; i++) {
    const ci_ncnn_blob *x = ci_ncnn_in(n, l, i);
    if (x->dims != y.dims) ci_ncnn_refuse(n, l, CNNIMG_CORRUPT, "its blobs have not the same dimensions");
    in[i] = x->value, c += x->c, known = known && x->c;
  }
  if (n->b->status) return;
  y.value = ci_build_node(n->b, "Concat", in, l->n_in);
  ci_build_attr_int(n->b, "axis", axis);
  if (axis == 1) y.c = known ? c : 0;
  else y.ratio = 0;
  y.origin = -1;
  ci_ncnn_put(n, l, 0, y);
}

/* ---- padding and pooling --------------------------------------------------------------------------------------- */

static void padding(ci_ncnn_net *n, ci_ncnn_layer *l) {
  static const char *const modes[] = {"constant", "edge", "reflect"};
  int64_t at[4], front, behind;
  for (int32_t i = 0; i < 4; i++) at[i] = ci_ncnn_within(n, l, i, 0, 0, 1 << 16);
  int32_t mode = ci_ncnn_within(n, l, 4, 0, 0, 2);
  double value = ci_ncnn_num(l, 5, 0);
  ci_ncnn_within(n, l, 6, 0, 0, 0); /* a value a channel */
  front = ci_ncnn_within(n, l, 7, 0, 0, 1 << 16);
  behind = ci_ncnn_within(n, l, 8, (int32_t)front, 0, 1 << 16);
  if (!is_map(n, l)) return;
  const int64_t pads[8] = {0, front, at[0], at[2], 0, behind, at[1], at[3]};
  ci_ncnn_blob y = *ci_ncnn_in(n, l, 0);
  const int32_t in[3] = {y.value, ci_build_ints(n->b, pads, 8),
                         mode ? CI_NONE : ci_build_scalar(n->b, (float)value)};
  y.value = ci_build_node(n->b, "Pad", in, 3);
  ci_build_attr_string(n->b, "mode", modes[mode]);
  if (front || behind) y.c = y.c ? y.c + front + behind : 0, y.origin = -1;
  ci_ncnn_put(n, l, 0, y);
}

static void pool_whole(ci_ncnn_net *n, const ci_ncnn_layer *l, bool mean, int32_t dims) {
  ci_ncnn_blob y = *ci_ncnn_in(n, l, 0);
  y.value = ci_build_op1(n->b, mean ? "GlobalAveragePool" : "GlobalMaxPool", y.value);
  y.dims = dims, y.ratio = 0;
  ci_ncnn_put(n, l, 0, y);
}

typedef struct pool {
  int64_t kernel[2], stride[2], pads[4];
  int32_t mode; /* 0: the last window may hang over, 1: not, 2 and 3: as TensorFlow pads */
  bool mean, padding_counts;
} pool;

static void pool_windows(ci_ncnn_net *n, ci_ncnn_layer *l, const pool *p) {
  ci_ncnn_blob y = *ci_ncnn_in(n, l, 0);
  bool padded = p->pads[0] || p->pads[1] || p->pads[2] || p->pads[3];
  bool hang = p->mode == 0;
  if (hang && (p->stride[0] > p->kernel[0] || p->stride[1] > p->kernel[1] ||
               (p->mean && (padded || p->padding_counts))))
    ci_ncnn_refuse(n, l, CNNIMG_UNSUPPORTED, "windows that hang over, of that kind");
  y.value = ci_build_op1(n->b, p->mean ? "AveragePool" : "MaxPool", y.value);
  ci_build_attr_ints(n->b, "kernel_shape", p->kernel, 2);
  ci_build_attr_ints(n->b, "strides", p->stride, 2);
  if (p->mode >= 2) ci_build_attr_string(n->b, "auto_pad", p->mode == 2 ? "SAME_UPPER" : "SAME_LOWER");
  else ci_build_attr_ints(n->b, "pads", p->pads, 4);
  if (hang) ci_build_attr_int(n->b, "ceil_mode", 1);
  if (p->mean) ci_build_attr_int(n->b, "count_include_pad", p->padding_counts);
  y.ratio = p->stride[0] == p->stride[1] ? y.ratio / (double)p->stride[0] : 0;
  ci_ncnn_put(n, l, 0, y);
}

static void pooling(ci_ncnn_net *n, ci_ncnn_layer *l) {
  pool p = {.mean = ci_ncnn_within(n, l, 0, 0, 0, 1)};
  bool whole = ci_ncnn_within(n, l, 4, 0, 0, 1), adaptive = ci_ncnn_within(n, l, 7, 0, 0, 1);
  int32_t kernel = ci_ncnn_within(n, l, 1, 1, 0, 1 << 12), stride = ci_ncnn_within(n, l, 2, 1, 1, 1 << 12);
  int32_t left = ci_ncnn_within(n, l, 3, 0, 0, 1 << 12), top = ci_ncnn_within(n, l, 13, left, 0, 1 << 12);
  int32_t wide = ci_ncnn_within(n, l, 8, 0, -233, 1 << 12),
          high = ci_ncnn_within(n, l, 18, wide, -233, 1 << 12);
  p.kernel[1] = kernel, p.kernel[0] = ci_ncnn_within(n, l, 11, kernel, 0, 1 << 12);
  p.stride[1] = stride, p.stride[0] = ci_ncnn_within(n, l, 12, stride, 1, 1 << 12);
  p.pads[0] = top, p.pads[1] = left;
  p.pads[3] = ci_ncnn_within(n, l, 14, left, 0, 1 << 12);
  p.pads[2] = ci_ncnn_within(n, l, 15, top, 0, 1 << 12);
  p.mode = ci_ncnn_within(n, l, 5, 0, 0, 3);
  p.padding_counts = ci_ncnn_within(n, l, 6, 0, 0, 1);
  if (!is_map(n, l)) return;
  if (whole) pool_whole(n, l, p.mean, 1);
  else if (adaptive && wide == 1 && high == 1) pool_whole(n, l, p.mean, 3);
  else if (adaptive || p.kernel[0] < 1 || p.kernel[1] < 1)
    ci_ncnn_refuse(n, l, CNNIMG_UNSUPPORTED, "pooling to a size other than one pixel is not supported");
  else pool_windows(n, l, &p);
}

/* ---- sizes ---------------------------------------------------------------------------------------------------- */

static int32_t resize(ci_ncnn_net *n, int32_t type, bool corners, const int32_t *in) {
  static const char *const modes[] = {"nearest", "linear", "cubic"};
  int32_t y = ci_build_node(n->b, "Resize", in, 4);
  ci_build_attr_string(n->b, "mode", modes[type - 1]);
  ci_build_attr_string(n->b, "coordinate_transformation_mode",
                       type == 1 ? "asymmetric"
                       : corners ? "align_corners"
                                 : "half_pixel");
  if (type == 1) ci_build_attr_string(n->b, "nearest_mode", "floor");
  if (type == 3) ci_build_attr_float(n->b, "cubic_coeff_a", -0.75f);
  return y;
}

/* Height and width of a blob as a value. */
static int32_t size_of(ci_ncnn_net *n, int32_t like) {
  const int64_t from = 2, to = 4;
  const int32_t in[3] = {ci_build_op1(n->b, "Shape", like), ci_build_ints(n->b, &from, 1),
                         ci_build_ints(n->b, &to, 1)};
  return ci_build_node(n->b, "Slice", in, 3);
}

static void interp(ci_ncnn_net *n, ci_ncnn_layer *l) {
  static const int64_t axes[2] = {2, 3};
  int32_t type = ci_ncnn_within(n, l, 0, 0, 1, 3);
  const float scale[2] = {(float)ci_ncnn_num(l, 1, 1), (float)ci_ncnn_num(l, 2, 1)};
  const int64_t size[2] = {ci_ncnn_within(n, l, 3, 0, 0, 1 << 16), ci_ncnn_within(n, l, 4, 0, 0, 1 << 16)};
  bool like = ci_ncnn_within(n, l, 5, 0, 0, 1), corners = ci_ncnn_within(n, l, 6, 0, 0, 1);
  ci_ncnn_blob y = *ci_ncnn_in(n, l, 0);
  if ((like || (size[0] && size[1])) && y.dims == 1) y.dims = 3; /* a number a channel, spread */
  if (y.dims != 3 || !(scale[0] > 0 && scale[0] <= 64 && scale[1] > 0 && scale[1] <= 64) ||
      l->n_in != (like ? 2 : 1))
    ci_ncnn_refuse(n, l, CNNIMG_UNSUPPORTED, "a change of size of that kind is not supported");
  if (n->b->status) return;
  int32_t in[4] = {y.value, CI_NONE, CI_NONE, CI_NONE};
  if (like) in[3] = size_of(n, ci_ncnn_in(n, l, 1)->value), y.ratio = ci_ncnn_in(n, l, 1)->ratio;
  else if (size[0] && size[1]) in[3] = ci_build_ints(n->b, size, 2), y.ratio = 0;
  else in[2] = ci_build_floats(n->b, scale, 2), y.ratio *= scale[0] == scale[1] ? scale[0] : 0;
  y.value = resize(n, type, corners, in);
  ci_build_attr_ints(n->b, "axes", axes, 2);
  ci_ncnn_put(n, l, 0, y);
}

static void pixel_shuffle(ci_ncnn_net *n, ci_ncnn_layer *l) {
  int32_t factor = ci_ncnn_within(n, l, 0, 1, 1, 64), mode = ci_ncnn_within(n, l, 1, 0, 0, 1);
  if (!is_map(n, l)) return;
  ci_ncnn_blob y = *ci_ncnn_in(n, l, 0);
  if (y.c % (factor * factor))
    ci_ncnn_refuse(n, l, CNNIMG_CORRUPT, "its channels are no multiple of its square");
  y.value = ci_build_op1(n->b, "DepthToSpace", y.value);
  ci_build_attr_int(n->b, "blocksize", factor);
  ci_build_attr_string(n->b, "mode", mode ? "DCR" : "CRD");
  y.c /= factor * factor, y.ratio *= factor, y.origin = -1;
  ci_ncnn_put(n, l, 0, y);
}

static void reorg(ci_ncnn_net *n, ci_ncnn_layer *l) {
  int32_t stride = ci_ncnn_within(n, l, 0, 1, 1, 32), mode = ci_ncnn_within(n, l, 1, 0, 0, 1);
  if (!is_map(n, l)) return;
  ci_ncnn_blob y = *ci_ncnn_in(n, l, 0);
  if (!mode && (!y.c || y.c * stride * stride > 1024))
    ci_ncnn_refuse(n, l, CNNIMG_UNSUPPORTED, "its channels are not known, or more than 1024");
  if (mode) {
    y.value = ci_build_op1(n->b, "SpaceToDepth", y.value);
    ci_build_attr_int(n->b, "blocksize", stride);
  } else {
    y.value = n->b->status ? -1 : ci_build_pixel_unshuffle(n->b, y.value, y.c, stride);
  }
  y.c *= stride * stride, y.ratio /= stride, y.origin = -1;
  ci_ncnn_put(n, l, 0, y);
}

/* Channels dealt out to groups, or collected again. */
static void shuffle_channels(ci_ncnn_net *n, ci_ncnn_layer *l) {
  int64_t order[1024], c = ci_ncnn_in(n, l, 0)->c, groups = ci_ncnn_within(n, l, 0, 1, 1, 1024);
  bool back = ci_ncnn_within(n, l, 1, 0, 0, 1);
  if (c < 1 || c > 1024 || c % groups)
    ci_ncnn_refuse(n, l, CNNIMG_UNSUPPORTED, "its channels go into no such groups");
  if (n->b->status) return;
  if (back) groups = c / groups;
  for (int64_t i = 0; i < c; i++) order[i] = i % groups * (c / groups) + i / groups;
  int32_t y = ci_build_op2(n->b, "Gather", first(n, l), ci_build_ints(n->b, order, (size_t)c));
  ci_build_attr_int(n->b, "axis", 1);
  ci_ncnn_map(n, l, y);
}

const ci_ncnn_named ci_ncnn_spatial[] = {{"Crop", crop, -1},
                                         {"Slice", slices, 1},
                                         {"Concat", concat, -1},
                                         {"Padding", padding, 1},
                                         {"Pooling", pooling, 1},
                                         {"Interp", interp, -1},
                                         {"PixelShuffle", pixel_shuffle, 1},
                                         {"Reorg", reorg, 1},
                                         {"ShuffleChannel", shuffle_channels, 1},
                                         {NULL, NULL, 0}};
