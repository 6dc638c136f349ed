/* SPDX-License-Identifier: MIT */
/* ncnn_shape.c - ncnn's layers that read numbers in another shape: reshapes, permutations, reductions, softmax */
#include <math.h>
#include <string.h>

#include "formats/ncnn.h"

static int32_t first(ci_ncnn_net *n, const ci_ncnn_layer *l) { return ci_ncnn_in(n, l, 0)->value; }

static void refuse(ci_ncnn_net *n, const ci_ncnn_layer *l) {
  ci_ncnn_refuse(n, l, CNNIMG_UNSUPPORTED, "a shape of that kind is not supported");
}

static int32_t reshape(ci_ncnn_net *n, int32_t x, const int64_t *dim, size_t rank) {
  return ci_build_op2(n->b, "Reshape", x, ci_build_ints(n->b, dim, rank));
}

static void to_row(ci_ncnn_net *n, const ci_ncnn_layer *l, int64_t size) {
  const int64_t dim[4] = {1, size, 1, 1};
  ci_ncnn_blob y = *ci_ncnn_in(n, l, 0);
  if (y.dims != 1)
    y.value = reshape(n, y.value, dim, 4), y.c = size > 0 ? size : 0, y.ratio = 0, y.origin = -1;
  y.dims = 1;
  ci_ncnn_put(n, l, 0, y);
}

static void flatten(ci_ncnn_net *n, ci_ncnn_layer *l) { to_row(n, l, -1); }

/* -1 is the rest, 0 a size that stays: that only where as many dimensions come out. */
static void shape(ci_ncnn_net *n, ci_ncnn_layer *l) {
  int64_t w = ci_ncnn_within(n, l, 0, CI_NCNN_REST, CI_NCNN_REST, 1 << 24);
  int64_t h = ci_ncnn_within(n, l, 1, CI_NCNN_REST, CI_NCNN_REST, 1 << 24);
  int64_t c = ci_ncnn_within(n, l, 2, CI_NCNN_REST, CI_NCNN_REST, 1 << 24);
  ci_ncnn_within(n, l, 3, 0, 0, 0); /* as if channels came last */
  ci_ncnn_within(n, l, 11, CI_NCNN_REST, CI_NCNN_REST, CI_NCNN_REST);
  ci_ncnn_blob y = *ci_ncnn_in(n, l, 0);
  int32_t dims = c != CI_NCNN_REST ? 3 : h != CI_NCNN_REST ? 2 : 1;
  const int64_t map[4] = {1, c, h, w}, plane[3] = {1, h, w};
  bool keeps = !w || (dims > 1 && !h) || (dims > 2 && !c);
  if (n->b->status) return;
  if (w < -1 || (dims > 1 && h < -1) || (dims > 2 && c < -1) || (keeps && dims != y.dims)) {
    refuse(n, l);
  } else if (dims == 1) {
    to_row(n, l, w);
  } else {
    y.value = reshape(n, y.value, dims == 3 ? map : plane, dims == 3 ? 4 : 3);
    y.c = dims == 3 ? (c > 0 ? c : 0) : 0;
    y.dims = dims, y.ratio = 0, y.origin = -1;
    ci_ncnn_put(n, l, 0, y);
  }
}

static void permute(ci_ncnn_net *n, ci_ncnn_layer *l) {
  static const int64_t maps[6][4] = {{0, 1, 2, 3}, {0, 1, 3, 2}, {0, 2, 1, 3},
                                     {0, 2, 3, 1}, {0, 3, 1, 2}, {0, 3, 2, 1}};
  static const int64_t planes[2][3] = {{0, 1, 2}, {0, 2, 1}};
  ci_ncnn_blob y = *ci_ncnn_in(n, l, 0);
  int32_t order = ci_ncnn_within(n, l, 0, 0, 0, y.dims == 3 ? 5 : y.dims == 2 ? 1 : 0);
  if (n->b->status || !order) {
    ci_ncnn_put(n, l, 0, y);
    return;
  }
  bool stays = y.dims == 3 && maps[order][1] == 1;
  y.value = ci_build_op1(n->b, "Transpose", y.value);
  ci_build_attr_ints(n->b, "perm", y.dims == 3 ? maps[order] : planes[order], y.dims == 3 ? 4 : 3);
  if (!stays) y.c = 0, y.ratio = 0, y.origin = -1;
  ci_ncnn_put(n, l, 0, y);
}

/* Between a map of one pixel and the row of its channels there is nothing to do. */
static void squeeze(ci_ncnn_net *n, ci_ncnn_layer *l) {
  int32_t count;
  const double *axes = ci_ncnn_list(l, 3, &count);
  ci_ncnn_blob y = *ci_ncnn_in(n, l, 0);
  bool expand = !strcmp(l->type, "ExpandDims");
  bool w = ci_ncnn_within(n, l, 0, 0, 0, 1), h = ci_ncnn_within(n, l, 1, 0, 0, 1),
       c = ci_ncnn_within(n, l, 2, 0, 0, 1);
  if (count > 3) refuse(n, l);
  for (int32_t i = 0; i < count && !n->b->status; i++) {
    double axis = axes[i] < 0 ? axes[i] + 3 : axes[i];
    c = c || axis == 0, h = h || axis == 1, w = w || axis == 2;
  }
  if (!w || !h || c || y.dims != (expand ? 1 : 3)) refuse(n, l);
  y.dims = expand ? 3 : 1;
  ci_ncnn_put(n, l, 0, y);
}

/* ---- reductions ------------------------------------------------------------------------------------------------ */

/* Which of the dimensions of a map are reduced, as the axes of the value. */
static size_t read_axes(ci_ncnn_net *n, ci_ncnn_layer *l, int64_t *to) {
  int32_t count;
  bool all = ci_ncnn_within(n, l, 1, 1, 0, 1), has[3] = {all, all, all};
  const double *axes = ci_ncnn_list(l, 3, &count);
  size_t found = 0;
  for (int32_t i = 0; i < count && !all; i++) {
    double axis = axes[i] < 0 ? axes[i] + 3 : axes[i];
    if (axis == 0 || axis == 1 || axis == 2) has[(int)axis] = true;
    else refuse(n, l);
  }
  for (int i = 0; i < 3; i++)
    if (has[i]) to[found++] = i + 1;
  return found;
}

static void reduction(ci_ncnn_net *n, ci_ncnn_layer *l) {
  static const char *const ops[] = {"ReduceSum", "ReduceL1",   "ReduceSumSquare", "ReduceMean", "ReduceMax",
                                    "ReduceMin", "ReduceProd", "ReduceL1",        "ReduceL2"};
  int32_t op = ci_ncnn_within(n, l, 0, 0, 0, 8);
  double factor = ci_ncnn_num(l, 2, 1);
  bool keep = ci_ncnn_within(n, l, 4, 0, 0, 1);
  ci_ncnn_within(n, l, 5, 0, 0, 1); /* a mark of newer files: axes count as they should */
  ci_ncnn_blob y = *ci_ncnn_in(n, l, 0);
  int64_t axes[3];
  size_t count = read_axes(n, l, axes);
  bool pixels = count == 2 && axes[0] == 2; /* what is left is a number a channel */
  if (y.dims != 3 || !count || (!keep && !pixels) || (factor != 1 && op != 0 && op != 3)) refuse(n, l);
  if (n->b->status) return;
  int32_t in[2] = {y.value, ci_build_ints(n->b, axes, count)};
  y.value = ci_build_node(n->b, ops[op], in, 2);
  ci_build_attr_int(n->b, "keepdims", 1);
  if (factor != 1) y.value = ci_build_scale(n->b, y.value, (float)factor);
  if (axes[0] == 1) y.c = 1, y.origin = -1;
  if (axes[count - 1] > 1) y.ratio = 0;
  y.dims = keep ? 3 : 1;
  ci_ncnn_put(n, l, 0, y);
}

static void softmax(ci_ncnn_net *n, ci_ncnn_layer *l) {
  int32_t dims = ci_ncnn_in(n, l, 0)->dims, axis = ci_ncnn_within(n, l, 0, 0, -3, 2);
  ci_ncnn_within(n, l, 1, 0, 0, 1); /* a mark of newer files: the axis counts as it should */
  if (axis < 0) axis += dims;
  if (axis < 0 || axis >= dims) refuse(n, l);
  int32_t y = ci_build_op1(n->b, "Softmax", first(n, l));
  ci_build_attr_int(n->b, "axis", axis + 1);
  ci_ncnn_map(n, l, y);
}

const ci_ncnn_named ci_ncnn_shaping[] = {
    {"Flatten", flatten, 1},    {"Reshape", shape, 1},       {"Permute", permute, 1}, {"Squeeze", squeeze, 1},
    {"ExpandDims", squeeze, 1}, {"Reduction", reduction, 1}, {"Softmax", softmax, 1}, {NULL, NULL, 0}};
