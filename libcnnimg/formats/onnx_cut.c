/* SPDX-License-Identifier: MIT */
/* onnx_cut.c - what joins, cuts and renames maps: concat, slice, split, and the reshapes that move nothing */
#include "base/error.h"
#include "base/memory.h"
#include "formats/onnx.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- concat ------------------------------------------------------------------------------- */

static int convert_concat(ci_onnx_node *n) {
  int32_t axis = 0, rank = ci_onnx_rank(n, 0);
  int64_t channels = 0;
  bool known = true;
  if (ci_onnx_all_constant(n)) return ci_onnx_fold_concat(n);
  int status = CNNIMG_OK;
  for (int32_t k = 0; k < n->n_in && !status; k++) {
    status = ci_onnx_want_map(n, k, true);
    if (!status && ci_onnx_rank(n, k) != rank)
      status = ci_onnx_refuse(n, "its inputs have different numbers of dimensions");
    if (!ci_onnx_channels(n, k)) known = false;
    channels += ci_onnx_channels(n, k);
  }
  if (!status && !ci_onnx_has(n, "axis")) status = ci_onnx_refuse(n, "its axis is missing");
  if (!status) status = ci_onnx_axis(n, ci_onnx_int(n, "axis", 1), rank, &axis);
  if (!status && !axis) status = ci_onnx_refuse(n, "a batch of several pictures is not done");
  if (status) return status;
  if (n->n_in == 1) return ci_onnx_alias(n, n->in[0], rank);
  ci_node *node = ci_onnx_emit(n, CI_OP_concat, n->in, n->n_in);
  if (!node) return CNNIMG_NOMEM;
  node->p.axis = axis;
  return axis == 1 ? ci_onnx_set_channels(n, node->out, known ? channels : 0) : CNNIMG_OK;
}

/* ---- slice ------------------------------------------------------------------------------------ */

typedef struct cuts {
  int64_t start[CI_MAX_RANK], end[CI_MAX_RANK], step[CI_MAX_RANK];
  int32_t axis[CI_MAX_RANK], count;
} cuts;

/* List k of Slice: an attribute before opset 10, an input since. -1: absent, -2: refused. */
static int32_t slice_list(ci_onnx_node *n, int32_t k, const char *name, int64_t *out) {
  const ci_tensor *t;
  if (n->o->opset < 10) return ci_onnx_ints(n, name, out, CI_MAX_RANK);
  if (!ci_onnx_given(n, k)) return -1;
  if (ci_onnx_want_const(n, k, CI_I64, name, &t)) return -2;
  for (size_t i = 0; i < t->count && i < CI_MAX_RANK; i++) out[i] = ((const int64_t *)t->data)[i];
  return t->count > CI_MAX_RANK ? CI_MAX_RANK + 1 : (int32_t)t->count;
}

static int read_cuts(ci_onnx_node *n, cuts *c) {
  int64_t axes[CI_MAX_RANK];
  c->count = slice_list(n, 1, "starts", c->start);
  int32_t ends = slice_list(n, 2, "ends", c->end), n_axes = slice_list(n, 3, "axes", axes);
  int32_t steps = slice_list(n, 4, "steps", c->step);
  if (c->count == -2 || ends == -2 || n_axes == -2 || steps == -2) return CNNIMG_UNSUPPORTED;
  if (c->count < 0 || c->count > CI_MAX_RANK || ends != c->count || (n_axes >= 0 && n_axes != c->count) ||
      (steps >= 0 && steps != c->count))
    return ci_fail(n->o->err, CNNIMG_CORRUPT, "%s: its lists of starts, ends, axes and steps do not match",
                   n->label);
  int status = CNNIMG_OK;
  for (int32_t i = 0; i < c->count && !status; i++) {
    if (steps < 0) c->step[i] = 1;
    status = ci_onnx_axis(n, n_axes >= 0 ? axes[i] : i, ci_onnx_rank(n, 0), &c->axis[i]);
    bool back = c->step[i] < 0 && ci_const(n->o->g, n->in[0]); /* only constants are read backwards */
    if (!status && ((c->step[i] < 1 && !back) || c->step[i] > INT32_MAX || c->step[i] < -INT32_MAX))
      status = ci_onnx_refuse(n, "only steps of 1 and more are done");
  }
  return status;
}

static int32_t squeeze_int(int64_t v) {
  return v > INT32_MAX ? INT32_MAX : v < -INT32_MAX ? -INT32_MAX : (int32_t)v;
}

/* How many items start:end:step takes of n. */
static int64_t cut_length(int64_t n, int64_t start, int64_t end, int64_t step) {
  if (start < 0) start += n;
  if (end < 0) end += n;
  start = start < 0 ? 0 : start > n ? n : start;
  end = end < 0 ? 0 : end > n ? n : end;
  return end > start ? (end - start + step - 1) / step : 0;
}

/* The batch may be cut only so that it stays whole. */
static int check_batch(const ci_onnx_node *n, const cuts *c, int32_t i) {
  if (cut_length(1, c->start[i], c->end[i], c->step[i]) == 1) return CNNIMG_OK;
  return ci_onnx_refuse(n, "cuts the picture itself away");
}

/* One slice node of `value` along an axis, with the result's name. */
static ci_node *emit_slice(ci_onnx_node *n, int32_t value, int32_t axis, int64_t start, int64_t end,
                           int64_t step, ci_text out) {
  ci_node *node = ci_onnx_emit_loose(n, CI_OP_slice, &value, 1, out);
  if (!node) return NULL;
  node->p.axis = axis, node->p.step = squeeze_int(step);
  node->p.start = squeeze_int(start), node->p.end = squeeze_int(end);
  struct ci_known *known = &n->o->known[node->out];
  if (axis == 1 && known->channels) known->channels = (int32_t)cut_length(known->channels, start, end, step);
  if (axis != 1 || known->channels || !n->o->known[value].channels) return node;
  ci_onnx_refuse(n, "takes no channels at all");
  return NULL;
}

static int convert_slice(ci_onnx_node *n) {
  cuts c;
  int status = read_cuts(n, &c);
  if (status) return status;
  if (ci_const(n->o->g, n->in[0])) return ci_onnx_fold_slice(n, c.start, c.end, c.step, c.axis, c.count);
  int32_t value = n->in[0];
  status = ci_onnx_want_map(n, 0, true);
  for (int32_t i = 0; i < c.count && !status; i++) {
    if (c.axis[i] == 0 && !(status = check_batch(n, &c, i))) continue;
    ci_node *node =
        status ? NULL : emit_slice(n, value, c.axis[i], c.start[i], c.end[i], c.step[i], n->out[0]);
    if (node) value = node->out;
    else if (!status) status = n->o->err->code;
  }
  return status ? status : ci_onnx_bind(n, 0, value);
}

/* ---- split ------------------------------------------------------------------------------------- */

/* The sizes of the parts: listed, or equal ones, for which the number of channels must be known. */
static int part_sizes(ci_onnx_node *n, int32_t axis, int64_t *sizes) {
  const ci_tensor *t;
  int32_t parts = n->n_out, c = ci_onnx_channels(n, 0), listed = ci_onnx_ints(n, "split", sizes, parts);
  if (ci_onnx_given(n, 1)) {
    int status = ci_onnx_want_const(n, 1, CI_I64, "list of sizes", &t);
    if (status) return status;
    listed = t->count == (size_t)parts ? parts : parts + 1;
    for (int32_t i = 0; i < parts && listed == parts; i++) sizes[i] = ((const int64_t *)t->data)[i];
  }
  if (listed >= 0 && listed != parts)
    return ci_fail(n->o->err, CNNIMG_CORRUPT, "%s: has not a size for each of its %d outputs", n->label,
                   parts);
  if (listed >= 0) return CNNIMG_OK;
  if (ci_onnx_int(n, "num_outputs", parts) != parts)
    return ci_onnx_refuse(n, "num_outputs is not that of its outputs");
  if (axis != 1 || !c)
    return ci_onnx_refuse(n, "equal parts are taken of channels only, and their number is not known");
  int64_t each = ((int64_t)c + parts - 1) / parts;
  for (int32_t i = 0; i < parts; i++) sizes[i] = i + 1 < parts ? each : c - each * (parts - 1);
  return CNNIMG_OK;
}

static int emit_parts(ci_onnx_node *n, int32_t axis, const int64_t *sizes) {
  int64_t at = 0;
  int32_t c = ci_onnx_channels(n, 0);
  for (int32_t i = 0; i < n->n_out; i++) {
    if (sizes[i] < 1 || sizes[i] > INT32_MAX - at) return ci_onnx_refuse(n, "has a part without a size");
    if (n->out[i].n) {
      ci_node *node = emit_slice(n, n->in[0], axis, at, at + sizes[i], 1, n->out[i]);
      if (!node) return n->o->err->code;
      ci_onnx_bind(n, i, node->out);
    }
    at += sizes[i];
  }
  if (axis == 1 && c && at != c)
    return ci_fail(n->o->err, CNNIMG_CORRUPT, "%s: parts of %lld channels, the map has %d", n->label,
                   (long long)at, c);
  return CNNIMG_OK;
}

static int convert_split(ci_onnx_node *n) {
  int32_t axis;
  int status = ci_onnx_want_map(n, 0, true);
  if (!status) status = ci_onnx_axis(n, ci_onnx_int(n, "axis", 0), ci_onnx_rank(n, 0), &axis);
  if (!status && !axis) status = ci_onnx_refuse(n, "a batch of several pictures is not done");
  if (status) return status;
  int64_t *sizes = ci_calloc((size_t)n->n_out, sizeof *sizes);
  if (!sizes) return ci_fail(n->o->err, CNNIMG_NOMEM, "no memory for a node");
  status = part_sizes(n, axis, sizes);
  if (!status) status = emit_parts(n, axis, sizes);
  free(sizes);
  return status;
}

/* ---- renaming --------------------------------------------------------------------------------------- */

static int convert_same(ci_onnx_node *n) { return ci_onnx_alias(n, n->in[0], ci_onnx_rank(n, 0)); }

static int convert_dropout(ci_onnx_node *n) {
  const ci_tensor *t = ci_onnx_given(n, 2) ? ci_const(n->o->g, n->in[2]) : NULL;
  bool training =
      ci_onnx_given(n, 2) && (!t || t->dtype != CI_I64 || t->count != 1 || *(const int64_t *)t->data);
  return training ? ci_onnx_refuse(n, "is in training mode") : convert_same(n);
}

static int emit_flatten(ci_onnx_node *n) {
  ci_node *node = ci_onnx_emit(n, CI_OP_flatten, n->in, 1);
  return node ? ci_onnx_know(n->o, node->out, 2, 0) : CNNIMG_NOMEM;
}

static int convert_flatten(ci_onnx_node *n) {
  int32_t axis, rank = ci_onnx_rank(n, 0);
  int status = ci_onnx_want_map(n, 0, true);
  if (!status) status = ci_onnx_axis(n, ci_onnx_int(n, "axis", 1), rank, &axis);
  if (status) return status;
  if (axis != 1) return ci_onnx_refuse(n, "only axis 1 is done");
  return rank == 2 ? convert_same(n) : emit_flatten(n);
}

/* A map is only reshaped where nothing moves: to a vector, from a vector to 1x1 pixels, or not at all. */
static int reshape_map(ci_onnx_node *n, const int64_t *to, size_t rank) {
  int32_t have = ci_onnx_rank(n, 0), c = ci_onnx_channels(n, 0);
  bool zeros = true, batch = rank && (to[0] == 1 || to[0] == 0 || to[0] == -1);
  for (size_t i = 0; i < rank; i++) zeros = zeros && !to[i];
  if (ci_onnx_int(n, "allowzero", 0)) return ci_onnx_refuse(n, "allowzero is not done");
  if (zeros && (int32_t)rank == have) return convert_same(n);
  if (batch && rank == 2 && have == 4 && to[1]) return emit_flatten(n);
  if (batch && rank == 2 && have == 2 && (to[1] == -1 || to[1] == 0 || (c && to[1] == c)))
    return convert_same(n);
  bool pixel = rank == 4 && to[2] == 1 && to[3] == 1 && (to[1] == -1 || to[1] == 0 || (c && to[1] == c));
  if (batch && pixel && have == 2) return ci_onnx_alias(n, n->in[0], 4);
  return ci_onnx_refuse(n, "only a reshape to a vector, or of a vector to 1x1 pixels, is done");
}

static int convert_reshape(ci_onnx_node *n) {
  const ci_tensor *t;
  int status = ci_onnx_want_const(n, 1, CI_I64, "shape", &t);
  if (status) return status;
  if (t->count > CI_MAX_RANK) return ci_onnx_refuse(n, "reshapes to more than 8 dimensions");
  if (ci_const(n->o->g, n->in[0])) return ci_onnx_fold_reshape(n, (int32_t)t->count, t->data);
  return reshape_map(n, t->data, t->count);
}

/* Axes of Squeeze and Unsqueeze: an attribute before opset 13, an input since. */
static int read_axes(ci_onnx_node *n, int64_t *axes, int32_t *count) {
  const ci_tensor *t;
  *count = ci_onnx_ints(n, "axes", axes, CI_MAX_RANK);
  if (ci_onnx_given(n, 1)) {
    int status = ci_onnx_want_const(n, 1, CI_I64, "list of axes", &t);
    if (status) return status;
    *count = t->count > CI_MAX_RANK ? CI_MAX_RANK + 1 : (int32_t)t->count;
    for (int32_t i = 0; i < *count && i < CI_MAX_RANK; i++) axes[i] = ((const int64_t *)t->data)[i];
  }
  return *count > CI_MAX_RANK ? ci_onnx_refuse(n, "has more than 8 axes") : CNNIMG_OK;
}

/* Marks the axes, which count in a shape of that rank. */
static int mark_axes(ci_onnx_node *n, const int64_t *axes, int32_t count, int32_t rank, bool *mark) {
  int status = CNNIMG_OK;
  for (int32_t i = 0, a; i < count && !status; i++) {
    status = ci_onnx_axis(n, axes[i], rank, &a);
    if (!status) mark[a] = true;
  }
  return status;
}

static int convert_squeeze(ci_onnx_node *n) {
  int64_t axes[CI_MAX_RANK], dim[CI_MAX_RANK];
  bool gone[CI_MAX_RANK] = {false};
  int32_t count, rank = ci_onnx_rank(n, 0), to = 0;
  const ci_tensor *t = ci_const(n->o->g, n->in[0]);
  int status = read_axes(n, axes, &count);
  if (!status && count > 0) status = mark_axes(n, axes, count, rank, gone);
  if (status) return status;
  if (!t && rank == 4 && count == 2 && gone[2] && gone[3])
    return emit_flatten(n); /* 1x1 pixels, says the file */
  if (!t) return ci_onnx_refuse(n, "only height and width of 1x1 pixels are squeezed");
  for (int32_t i = 0; i < rank; i++) {
    if (gone[i] && t->dim[i] != 1) return ci_onnx_refuse(n, "squeezes a dimension that is not 1");
    if (count < 0 ? t->dim[i] != 1 : !gone[i]) dim[to++] = t->dim[i];
  }
  return ci_onnx_fold_reshape(n, to, dim);
}

static int convert_unsqueeze(ci_onnx_node *n) {
  int64_t axes[CI_MAX_RANK], dim[CI_MAX_RANK];
  bool new_one[CI_MAX_RANK] = {false};
  int32_t count, rank = ci_onnx_rank(n, 0);
  const ci_tensor *t = ci_const(n->o->g, n->in[0]);
  int status = read_axes(n, axes, &count);
  if (!status && (count < 0 || rank + count > CI_MAX_RANK))
    status = ci_onnx_refuse(n, "its axes are missing or too many");
  if (!status) status = mark_axes(n, axes, count, rank + count, new_one);
  if (status) return status;
  if (!t && rank == 2 && count == 2 && new_one[2] && new_one[3]) return ci_onnx_alias(n, n->in[0], 4);
  if (!t) return ci_onnx_refuse(n, "only a vector is unsqueezed, to 1x1 pixels");
  for (int32_t i = 0, from = 0; i < rank + count; i++) {
    if (!new_one[i] && from == rank) return ci_onnx_refuse(n, "names an axis twice");
    dim[i] = new_one[i] ? 1 : t->dim[from++];
  }
  return ci_onnx_fold_reshape(n, rank + count, dim);
}

const ci_onnx_rule ci_onnx_cut_rules[] = {
    {"Concat", 1, -1, "axis", convert_concat},
    {"Slice", 1, 5, "starts ends axes", convert_slice},
    {"Split", 1, 2, "axis split num_outputs", convert_split},
    {"Identity", 1, 1, "", convert_same},
    {"Dropout", 1, 3, "ratio seed is_test", convert_dropout},
    {"Flatten", 1, 1, "axis", convert_flatten},
    {"Reshape", 2, 2, "allowzero", convert_reshape},
    {"Squeeze", 1, 2, "axes", convert_squeeze},
    {"Unsqueeze", 1, 2, "axes", convert_unsqueeze},
    {NULL, 0, 0, NULL, NULL},
};
