/* SPDX-License-Identifier: MIT */
/* pattern.c - arrays by where an element is: EyeLike, Trilu, OneHot, NonZero, CumSum */
#include "tensor/array.h"

static int eye_shape(const ci_tensor_call *c, cnnimg_error *err) {
  if (c->in[0].rank != 2)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "%d dimensions, not 2", c->in[0].rank);
  ci_array_like(c->out, &c->in[0]);
  const ci_attr *a = ci_attr_find(c->node, "dtype");
  return a ? ci_tensor_type(c, a->i, &c->out->type, err) : CNNIMG_OK;
}

static void eye_run(const ci_tensor_call *c) {
  int64_t k = ci_attr_int(c->node, "k", 0);
  size_t i = 0;
  for (int64_t y = 0; i < c->out->count; y++)
    for (int64_t x = 0; x < c->out->dim[1]; x++) ci_array_put_int(c->out, i++, x - y == k);
}

/* ---- Trilu ------------------------------------------------------------------------------- */

static int trilu_shape(const ci_tensor_call *c, cnnimg_error *err) {
  if (c->in[0].rank < 2) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "%d dimensions", c->in[0].rank);
  if (ci_array_given(c, 1) && c->in[1].count != 1)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "which diagonal?");
  ci_array_like(c->out, &c->in[0]);
  return CNNIMG_OK;
}

static void trilu_run(const ci_tensor_call *c) {
  const ci_array *in = &c->in[0];
  bool upper = ci_attr_int(c->node, "upper", 1) != 0;
  int64_t k = ci_array_given(c, 1) ? ci_array_int(&c->in[1], 0) : 0;
  int64_t h = in->dim[in->rank - 2], w = in->dim[in->rank - 1];
  for (size_t i = 0; i < in->count; i++) {
    int64_t off = (int64_t)(i % (size_t)w) - (int64_t)(i / (size_t)w % (size_t)h);
    if (upper ? off >= k : off <= k) ci_array_copy(c->out, i, in, i, 1, 1);
    else ci_array_put_int(c->out, i, 0);
  }
}

/* ---- OneHot ------------------------------------------------------------------------------ */

static int one_hot_axis(const ci_tensor_call *c, int32_t *axis, cnnimg_error *err) {
  return ci_tensor_axis(c, ci_attr_int(c->node, "axis", -1), c->in[0].rank + 1, axis, err);
}

static int one_hot_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int32_t axis;
  int64_t depth = 0;
  int status = one_hot_axis(c, &axis, err);
  if (!status) status = ci_tensor_int(c, 1, &depth, err);
  if (status) return status;
  if (c->in[2].count != 2) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "needs the values for off and on");
  c->out->type = c->in[2].type, c->out->rank = c->in[0].rank + 1;
  if (c->out->rank > CI_MAX_RANK) return CNNIMG_OK; /* refused by the caller */
  for (int32_t i = 0; i < c->out->rank; i++)
    c->out->dim[i] = i == axis ? depth : c->in[0].dim[i < axis ? i : i - 1];
  return CNNIMG_OK;
}

static void one_hot_run(const ci_tensor_call *c) {
  int32_t axis = 0;
  one_hot_axis(c, &axis, NULL);
  ci_lanes l = ci_array_lanes(c->out, axis);
  ci_array_copy(c->out, 0, &c->in[2], 0, c->out->count, 0);
  for (size_t i = 0; c->out->count && i < l.before * l.after; i++) {
    int64_t v = ci_array_int(&c->in[0], i), depth = (int64_t)l.size;
    if (v < -depth || v >= depth) continue;
    size_t at = (size_t)(v < 0 ? v + depth : v);
    ci_array_copy(c->out, (i / l.after * l.size + at) * l.after + i % l.after, &c->in[2], 1, 1, 1);
  }
}

/* ---- NonZero ----------------------------------------------------------------------------- */

static int non_zero_shape(const ci_tensor_call *c, cnnimg_error *err) {
  const ci_array *in = &c->in[0];
  if (!in->data) return ci_tensor_refuse(c, err, "its input must be known before the network runs");
  if (!in->rank) return ci_tensor_refuse(c, err, "the places of a single number");
  size_t n = 0;
  for (size_t i = 0; i < in->count; i++) n += ci_array_true(in, i);
  c->out->type = CI_INT, c->out->rank = 2, c->out->dim[0] = in->rank, c->out->dim[1] = (int64_t)n;
  return CNNIMG_OK;
}

static void non_zero_run(const ci_tensor_call *c) {
  const ci_array *in = &c->in[0];
  size_t found = 0, most = (size_t)c->out->dim[1];
  for (size_t i = 0; i < in->count && found < most; i++) {
    if (!ci_array_true(in, i)) continue;
    size_t left = i;
    for (int32_t d = in->rank - 1; d >= 0; left /= (size_t)in->dim[d--])
      ci_array_put_int(c->out, (size_t)d * most + found, (int64_t)(left % (size_t)in->dim[d]));
    found++;
  }
}

/* ---- CumSum ------------------------------------------------------------------------------- */

static int cum_sum_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int32_t axis;
  if (c->in[1].count != 1) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "needs one axis");
  if (!c->in[0].rank) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "a number has no axis");
  ci_array_like(c->out, &c->in[0]);
  return c->in[1].data ? ci_tensor_axis(c, ci_array_int(&c->in[1], 0), c->in[0].rank, &axis, err) : CNNIMG_OK;
}

/* n elements from `at` on, `step` apart; exclusive: each without itself. */
static void sum_lane(const ci_tensor_call *c, size_t at, int64_t step, size_t n, bool exclusive) {
  const ci_array *in = &c->in[0];
  double sum = 0;
  int64_t whole = 0;
  for (size_t i = 0; i < n; i++, at += (size_t)step) {
    double before = sum;
    int64_t whole_before = whole;
    if (in->dtype == CI_I64) {
      whole = ci_wrap_add(whole, ci_array_int(in, at));
      ci_array_put_int(c->out, at, exclusive ? whole_before : whole);
    } else {
      sum += ci_array_double(in, at);
      ci_array_put(c->out, at, exclusive ? before : sum);
    }
  }
}

static void cum_sum_run(const ci_tensor_call *c) {
  bool exclusive = ci_attr_int(c->node, "exclusive", 0) != 0,
       reverse = ci_attr_int(c->node, "reverse", 0) != 0;
  ci_lanes l = ci_array_lanes(&c->in[0], (int32_t)ci_array_index(&c->in[1], 0, c->in[0].rank));
  if (!c->out->count) return;
  for (size_t i = 0; i < l.before * l.after; i++) {
    size_t at = i / l.after * l.size * l.after + i % l.after;
    if (reverse) sum_lane(c, at + (l.size - 1) * l.after, -(int64_t)l.after, l.size, exclusive);
    else sum_lane(c, at, (int64_t)l.after, l.size, exclusive);
  }
}

const ci_tensor_op ci_tensor_pattern_ops[] = {
    {"EyeLike", 1, 1, "dtype k", eye_shape, NULL, eye_run},
    {"Trilu", 1, 2, "upper", trilu_shape, NULL, trilu_run},
    {"OneHot", 3, 3, "axis", one_hot_shape, NULL, one_hot_run},
    {"NonZero", 1, 1, "", non_zero_shape, NULL, non_zero_run},
    {"CumSum", 2, 2, "exclusive reverse", cum_sum_shape, NULL, cum_sum_run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
