/* SPDX-License-Identifier: MIT */
/* move2.c - joining and cutting along an axis: Concat, Slice, Split, Compress, ReverseSequence */
#include <string.h>

#include "tensor/array.h"

static int axis_of(const ci_tensor_call *c, int64_t otherwise, int32_t *axis, cnnimg_error *err) {
  return ci_tensor_axis(c, ci_attr_int(c->node, "axis", otherwise), c->in[0].rank, axis, err);
}

/* ---- Concat ------------------------------------------------------------------------------ */

/* Input k beside the first one: alike but along the axis. */
static int concat_one(const ci_tensor_call *c, int32_t k, int32_t axis, cnnimg_error *err) {
  const ci_array *in = &c->in[k];
  if (!ci_array_given(c, k)) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "input %d is missing", k);
  if (in->rank != c->out->rank)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "%d dimensions beside %d", in->rank, c->out->rank);
  for (int32_t i = 0; i < in->rank; i++)
    if (i != axis && in->dim[i] != c->out->dim[i])
      return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "sizes %lld and %lld do not match",
                            (long long)c->out->dim[i], (long long)in->dim[i]);
  if (__builtin_add_overflow(c->out->dim[axis], in->dim[axis], &c->out->dim[axis]))
    return ci_tensor_fail(c, err, CNNIMG_LIMIT, "the result is too large");
  return CNNIMG_OK;
}

static int concat_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int32_t axis;
  int status = axis_of(c, INT64_MAX, &axis, err); /* it has no default */
  if (status) return status;
  ci_array_like(c->out, &c->in[0]);
  for (int32_t k = 1; !status && k < c->n_in; k++) status = concat_one(c, k, axis, err);
  return status;
}

static void concat_run(const ci_tensor_call *c) {
  int32_t axis = 0;
  axis_of(c, 0, &axis, NULL);
  ci_lanes l = ci_array_lanes(c->out, axis);
  size_t o = 0;
  for (size_t b = 0; c->out->count && b < l.before; b++)
    for (int32_t k = 0; k < c->n_in; k++) {
      size_t n = (size_t)c->in[k].dim[axis] * l.after;
      ci_array_copy(c->out, o, &c->in[k], b * n, n, 1);
      o += n;
    }
}

/* ---- Slice: lists as attributes at first, then as inputs ------------------------------------ */

static int64_t clamp(int64_t v, int64_t least, int64_t most) {
  return v < least ? least : v > most ? most : v;
}

static ci_span span_of(int64_t size, int64_t start, int64_t end, int64_t step) {
  bool up = step > 0;
  if (start < 0) start += size;
  if (end < 0) end += size;
  start = up ? clamp(start, 0, size) : clamp(start, 0, size - 1);
  end = up ? clamp(end, 0, size) : clamp(end, -1, size - 1);
  if (!size || (up ? start >= end : start <= end)) return (ci_span){0, 1, 0};
  uint64_t distance = (uint64_t)(up ? end - start : start - end),
           by = up ? (uint64_t)step : 0 - (uint64_t)step;
  int64_t n = (int64_t)((distance - 1) / by + 1);
  return (ci_span){start, n > 1 ? step : 1, n}; /* a step that is not taken may be huge */
}

typedef struct slice_lists {
  int64_t start[CI_MAX_RANK], end[CI_MAX_RANK], axes[CI_MAX_RANK], steps[CI_MAX_RANK];
  int32_t n;
} slice_lists;

static int read_lists(const ci_tensor_call *c, slice_lists *l, cnnimg_error *err) {
  bool old = c->opset < 10;
  static const char *const names[] = {"starts", "ends", "axes", NULL};
  int64_t *const lists[] = {l->start, l->end, l->axes, l->steps};
  int32_t n[4];
  for (int32_t k = 0; k < 4; k++) {
    int status = ci_tensor_ints(c, k + 1, old ? names[k] : NULL, lists[k], CI_MAX_RANK, &n[k], err);
    if (status) return status;
  }
  if (n[0] < 0 || n[1] != n[0] || (n[2] >= 0 && n[2] != n[0]) || (n[3] >= 0 && n[3] != n[0]) ||
      n[0] > c->in[0].rank)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "lists of %d, %d, %d and %d numbers", n[0], n[1], n[2],
                          n[3]);
  l->n = n[0];
  for (int32_t i = 0; i < l->n; i++) {
    if (n[2] < 0) l->axes[i] = i;
    if (n[3] < 0) l->steps[i] = 1;
  }
  return CNNIMG_OK;
}

int ci_slice_spans(const ci_tensor_call *c, ci_span *to, cnnimg_error *err) {
  const ci_array *in = &c->in[0];
  slice_lists l;
  uint32_t seen = 0;
  int status = read_lists(c, &l, err);
  for (int32_t i = 0; i < in->rank; i++) to[i] = (ci_span){0, 1, in->dim[i]};
  for (int32_t i = 0; !status && i < l.n; i++) {
    int32_t axis;
    status = ci_tensor_axis(c, l.axes[i], in->rank, &axis, err);
    if (status) return status;
    if (seen >> axis & 1) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "axis %d twice", axis);
    if (!l.steps[i]) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "a step of 0");
    seen |= 1u << axis;
    to[axis] = span_of(in->dim[axis], l.start[i], l.end[i], l.steps[i]);
  }
  return status;
}

static int slice_shape(const ci_tensor_call *c, cnnimg_error *err) {
  ci_span part[CI_MAX_RANK];
  int status = ci_slice_spans(c, part, err);
  if (status) return status;
  ci_array_like(c->out, &c->in[0]);
  for (int32_t i = 0; i < c->out->rank; i++) c->out->dim[i] = part[i].n;
  return CNNIMG_OK;
}

static void slice_run(const ci_tensor_call *c) {
  ci_span part[CI_MAX_RANK];
  int64_t step[CI_MAX_RANK], start = 0;
  if (!c->out->count) return;
  ci_slice_spans(c, part, NULL);
  ci_array_steps(&c->in[0], step);
  for (int32_t i = 0; i < c->out->rank; i++) {
    start += part[i].start * step[i];
    step[i] *= part[i].step;
  }
  ci_array_pick(c, &c->in[0], start, step);
}

/* ---- Split ------------------------------------------------------------------------------- */

#define PARTS_MOST 1024

/* Where part `which` begins in parts that are listed. */
static int listed_part(const ci_tensor_call *c, const int64_t *v, int32_t n, int64_t size, ci_span *part,
                       cnnimg_error *err) {
  int64_t sum = 0;
  for (int32_t i = 0; i < n; i++) {
    if (v[i] < 0 || v[i] > size - sum)
      return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "a part of %lld of %lld", (long long)v[i],
                            (long long)size);
    if (i == c->which) *part = (ci_span){sum, 1, v[i]};
    sum += v[i];
  }
  if (sum != size || c->which >= n)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "%d parts of together %lld of %lld", n, (long long)sum,
                          (long long)size);
  return CNNIMG_OK;
}

/* Equal parts; the last is smaller where num_outputs says how many. */
static int equal_part(const ci_tensor_call *c, int64_t size, ci_span *part, cnnimg_error *err) {
  int64_t given = ci_attr_int(c->node, "num_outputs", 0), n = given > 0 ? given : c->node->n_out;
  if (n < 1 || n > PARTS_MOST || c->which >= n || (!given && size % n))
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "%lld in %lld equal parts", (long long)size, (long long)n);
  int64_t each = size / n + (size % n > 0), start = clamp(each * c->which, 0, size);
  *part = (ci_span){start, 1, clamp(each, 0, size - start)};
  return CNNIMG_OK;
}

static int split_part(const ci_tensor_call *c, int32_t *axis, ci_span *part, cnnimg_error *err) {
  int64_t v[PARTS_MOST];
  int32_t n;
  int status = axis_of(c, 0, axis, err);
  if (!status) status = ci_tensor_ints(c, 1, "split", v, PARTS_MOST, &n, err);
  if (status) return status;
  int64_t size = c->in[0].dim[*axis];
  return n < 0 ? equal_part(c, size, part, err) : listed_part(c, v, n, size, part, err);
}

static int split_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int32_t axis;
  ci_span part;
  int status = split_part(c, &axis, &part, err);
  if (status) return status;
  ci_array_like(c->out, &c->in[0]);
  c->out->dim[axis] = part.n;
  return CNNIMG_OK;
}

static void split_run(const ci_tensor_call *c) {
  int32_t axis;
  ci_span part;
  if (!c->out->count || split_part(c, &axis, &part, NULL)) return;
  int64_t step[CI_MAX_RANK];
  ci_array_steps(&c->in[0], step);
  ci_array_pick(c, &c->in[0], part.start * step[axis], step);
}

/* ---- Compress: what a known condition keeps -------------------------------------------------- */

/* [before, size, after] around the axis, or all elements as one dimension. */
static int compress_lanes(const ci_tensor_call *c, int32_t *axis, ci_lanes *l, cnnimg_error *err) {
  *axis = -1;
  *l = (ci_lanes){1, c->in[0].count, 1};
  if (!ci_attr_find(c->node, "axis")) return CNNIMG_OK;
  int status = axis_of(c, 0, axis, err);
  if (!status) *l = ci_array_lanes(&c->in[0], *axis);
  return status;
}

static int compress_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int32_t axis;
  ci_lanes l;
  const ci_array *keep = &c->in[1];
  int status = compress_lanes(c, &axis, &l, err);
  if (status) return status;
  if (!keep->data) return ci_tensor_refuse(c, err, "the condition must be known before the network runs");
  if (keep->rank != 1 || keep->count > l.size)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "a condition on %zu of %zu", keep->count, l.size);
  int64_t n = 0;
  for (size_t i = 0; i < keep->count; i++) n += ci_array_true(keep, i);
  ci_array_like(c->out, &c->in[0]);
  if (axis < 0) c->out->rank = 1;
  c->out->dim[axis < 0 ? 0 : axis] = n;
  return CNNIMG_OK;
}

static void compress_run(const ci_tensor_call *c) {
  int32_t axis;
  ci_lanes l;
  size_t o = 0;
  if (!c->out->count || compress_lanes(c, &axis, &l, NULL)) return;
  for (size_t b = 0; b < l.before; b++)
    for (size_t i = 0; i < c->in[1].count; i++) {
      if (!ci_array_true(&c->in[1], i)) continue;
      ci_array_copy(c->out, o, &c->in[0], (b * l.size + i) * l.after, l.after, 1);
      o += l.after;
    }
}

/* ---- ReverseSequence ------------------------------------------------------------------------ */

/* One of the two first axes is time, the other one the batch. */
static int reverse_shape(const ci_tensor_call *c, cnnimg_error *err) {
  const ci_array *in = &c->in[0], *n = &c->in[1];
  int64_t batch = ci_attr_int(c->node, "batch_axis", 1), time = ci_attr_int(c->node, "time_axis", 0);
  if (in->rank < 2 || batch < 0 || batch > 1 || time != 1 - batch)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "batch axis %lld and time axis %lld of %d",
                          (long long)batch, (long long)time, in->rank);
  if (n->rank != 1 || n->dim[0] != in->dim[batch])
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "%zu lengths of %lld", n->count, (long long)in->dim[batch]);
  for (size_t i = 0; n->data && i < n->count; i++)
    if (ci_array_int(n, i) < 0 || ci_array_int(n, i) > in->dim[time])
      return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "a length of %lld", (long long)ci_array_int(n, i));
  ci_array_like(c->out, in);
  return CNNIMG_OK;
}

static void reverse_run(const ci_tensor_call *c) {
  const ci_array *in = &c->in[0];
  if (!c->out->count) return;
  int32_t time = ci_attr_int(c->node, "batch_axis", 1) ? 0 : 1;
  int64_t rows = in->dim[0], columns = in->dim[1];
  size_t after = ci_array_product(in, 2, in->rank);
  for (int64_t y = 0; y < rows; y++)
    for (int64_t x = 0; x < columns; x++) {
      int64_t t = time ? x : y, b = time ? y : x;
      int64_t n = clamp(ci_array_int(&c->in[1], (size_t)b), 0, in->dim[time]), from = t < n ? n - 1 - t : t;
      size_t at = (size_t)(time ? y * columns + from : from * columns + x);
      ci_array_copy(c->out, (size_t)(y * columns + x) * after, in, at * after, after, 1);
    }
}

const ci_tensor_op ci_tensor_move2_ops[] = {
    {"Concat", 1, -1, "axis", concat_shape, NULL, concat_run},
    {"Slice", 1, 5, "axes ends starts", slice_shape, NULL, slice_run},
    {"Split", 1, 2, "axis num_outputs split", split_shape, NULL, split_run},
    {"Compress", 2, 2, "axis", compress_shape, NULL, compress_run},
    {"ReverseSequence", 2, 2, "batch_axis time_axis", reverse_shape, NULL, reverse_run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
