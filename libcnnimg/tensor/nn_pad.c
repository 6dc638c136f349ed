/* SPDX-License-Identifier: MIT */
/* nn_pad.c - borders of held arrays along any axes: constant, reflected, repeated, wrapped; negative pads crop */
#include "tensor/nn.h"

enum { PAD_CONSTANT, PAD_REFLECT, PAD_EDGE, PAD_WRAP };

/* One axis: what is cut off first, and how much is then put around the `kept` elements from `start` on. */
typedef struct side {
  int64_t start, kept, before, after;
} side;

typedef struct pad {
  int32_t mode;
  side axis[CI_MAX_RANK];
} pad;

/* ---- what is asked for ------------------------------------------------------------------------ */

static int side_of(const ci_tensor_call *c, int32_t i, int64_t before, int64_t after, side *s,
                   cnnimg_error *err) {
  int64_t size = c->in[0].dim[i];
  if (before < -CI_TENSOR_MOST || after < -CI_TENSOR_MOST || before > CI_TENSOR_MOST ||
      after > CI_TENSOR_MOST)
    return ci_tensor_fail(c, err, CNNIMG_LIMIT, "pads of %lld and %lld", (long long)before, (long long)after);
  s->start = before < 0 ? -before : 0;
  s->kept = size - s->start - (after < 0 ? -after : 0);
  s->before = before > 0 ? before : 0;
  s->after = after > 0 ? after : 0;
  if (s->kept < 0)
    return ci_tensor_fail(c, err, CNNIMG_BADARG, "pads of %lld and %lld crop more than %lld",
                          (long long)before, (long long)after, (long long)size);
  return CNNIMG_OK;
}

/* The axes that the pads (or sizes) are for: all, or those of input k or of the attribute. */
static int axes_of(const ci_tensor_call *c, int32_t k, const char *name, int32_t axes[CI_MAX_RANK],
                   int32_t *n, cnnimg_error *err) {
  int64_t v[CI_MAX_RANK];
  bool taken[CI_MAX_RANK] = {false};
  int32_t rank = c->in[0].rank;
  int status = ci_tensor_ints(c, k, name, v, CI_MAX_RANK, n, err);
  bool all = *n < 0;
  if (all) *n = rank;
  for (int32_t i = 0; i < *n && !status; i++) {
    status = ci_tensor_axis(c, all ? i : v[i], rank, &axes[i], err);
    if (status) return status;
    if (taken[axes[i]]) return ci_tensor_refuse(c, err, "an axis is named twice");
    taken[axes[i]] = true;
  }
  return status;
}

static int pad_of(const ci_tensor_call *c, pad *p, cnnimg_error *err) {
  static const char *const modes[] = {"constant", "reflect", "edge", "wrap", NULL};
  int64_t v[2 * CI_MAX_RANK];
  int32_t axes[CI_MAX_RANK], n = 0, have = 0;
  int status = ci_nn_outputs(c, 1, err);
  if (!status) status = ci_nn_rank(c, 0, 0, CI_MAX_RANK, err);
  if (!status) status = ci_nn_word(c, "mode", modes, &p->mode, err);
  if (!status) status = axes_of(c, 3, NULL, axes, &n, err);
  if (!status) status = ci_tensor_ints(c, 1, "pads", v, 2 * CI_MAX_RANK, &have, err);
  if (status) return status;
  if (have != 2 * n) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "%d pads for %d axes", have, n);
  for (int32_t i = 0; i < c->in[0].rank; i++) p->axis[i] = (side){0, c->in[0].dim[i], 0, 0};
  for (int32_t i = 0; i < n && !status; i++)
    status = side_of(c, axes[i], v[i], v[n + i], &p->axis[axes[i]], err);
  return status;
}

/* CenterCropPad: what is too much on both sides, the odd one behind, is cut off or put around. */
static int center_of(const ci_tensor_call *c, pad *p, cnnimg_error *err) {
  int64_t v[CI_MAX_RANK];
  int32_t axes[CI_MAX_RANK], n = 0, have = 0;
  int status = ci_nn_outputs(c, 1, err);
  if (!status) status = ci_nn_rank(c, 0, 1, CI_MAX_RANK, err);
  if (!status) status = axes_of(c, c->n_in, "axes", axes, &n, err);
  if (!status) status = ci_tensor_ints(c, 1, NULL, v, CI_MAX_RANK, &have, err);
  if (status) return status;
  if (have != n) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "%d sizes for %d axes", have, n);
  p->mode = PAD_CONSTANT;
  for (int32_t i = 0; i < c->in[0].rank; i++) p->axis[i] = (side){0, c->in[0].dim[i], 0, 0};
  for (int32_t i = 0; i < n && !status; i++) {
    if (v[i] < 0 || v[i] > CI_TENSOR_MOST)
      return ci_tensor_fail(c, err, CNNIMG_LIMIT, "a size of %lld", (long long)v[i]);
    int64_t more = v[i] - c->in[0].dim[axes[i]];
    status = side_of(c, axes[i], more / 2, more - more / 2, &p->axis[axes[i]], err);
  }
  return status;
}

static int result(const ci_tensor_call *c, const pad *p, cnnimg_error *err) {
  ci_array_like(c->out, &c->in[0]);
  for (int32_t i = 0; i < c->out->rank; i++) {
    const side *s = &p->axis[i];
    c->out->dim[i] = s->before + s->kept + s->after;
    if (p->mode != PAD_CONSTANT && !s->kept && c->out->dim[i])
      return ci_tensor_refuse(c, err, "there is nothing to repeat");
  }
  return CNNIMG_OK;
}

static int pad_shape(const ci_tensor_call *c, cnnimg_error *err) {
  pad p;
  int status = pad_of(c, &p, err);
  if (!status && ci_array_given(c, 2) && c->in[2].count > 1)
    status = ci_tensor_refuse(c, err, "more than one constant value");
  return status ? status : result(c, &p, err);
}

static int center_shape(const ci_tensor_call *c, cnnimg_error *err) {
  pad p;
  int status = center_of(c, &p, err);
  return status ? status : result(c, &p, err);
}

/* ---- the work ------------------------------------------------------------------------------------ */

/* The input that output o shows, or -1: the constant. */
static int64_t source(const side *s, int32_t mode, int64_t o) {
  int64_t i = o - s->before, n = s->kept, period = mode == PAD_REFLECT ? 2 * (n - 1) : n;
  if (i >= 0 && i < n) return s->start + i;
  if (mode == PAD_CONSTANT) return -1;
  if (mode == PAD_EDGE) return s->start + (i < 0 ? 0 : n - 1);
  if (period < 1) return s->start; /* one element, reflected */
  i = (i % period + period) % period;
  return s->start + (i < n ? i : period - i);
}

/* Where row r (of the last axis) is found in the input; -1: it is all constant. */
static int64_t row_source(const ci_tensor_call *c, const pad *p, size_t r) {
  const ci_array *x = &c->in[0];
  int64_t at = 0, by = x->dim[x->rank - 1];
  for (int32_t i = x->rank - 1; i-- > 0; by *= x->dim[i]) {
    size_t size = (size_t)c->out->dim[i];
    int64_t from = source(&p->axis[i], p->mode, (int64_t)(r % size));
    if (from < 0) return -1;
    at += from * by;
    r /= size;
  }
  return at;
}

static void pad_row(const ci_tensor_call *c, const pad *p, size_t r, double value) {
  const side *s = &p->axis[c->out->rank - 1];
  size_t n = (size_t)c->out->dim[c->out->rank - 1], at = r * n;
  int64_t from = row_source(c, p, r);
  if (from < 0) {
    ci_nn_fill(c->out, at, value, n);
    return;
  }
  for (int64_t o = 0; o < (int64_t)n; o++) {
    int64_t k = source(s, p->mode, o);
    if (o == s->before && s->kept) {
      ci_nn_copy(c->out, at + (size_t)o, &c->in[0], (size_t)(from + k), 1, (size_t)s->kept);
      o += s->kept - 1;
    } else if (k < 0) {
      ci_array_set(c->out, at + (size_t)o, value);
    } else {
      ci_nn_copy_one(c->out, at + (size_t)o, &c->in[0], (size_t)(from + k));
    }
  }
}

static void pad_all(const ci_tensor_call *c, const pad *p, double value) {
  if (!c->out->rank) {
    ci_nn_copy(c->out, 0, &c->in[0], 0, 1, c->out->count);
    return;
  }
  size_t rows = c->out->count / (size_t)c->out->dim[c->out->rank - 1];
  for (size_t r = 0; r < rows; r++) pad_row(c, p, r, value);
}

static void pad_run(const ci_tensor_call *c) {
  pad p;
  if (!c->out->count || pad_of(c, &p, NULL)) return;
  bool given = ci_array_given(c, 2) && c->in[2].count;
  pad_all(c, &p, given ? ci_nn_number(&c->in[2], 0) : (double)ci_attr_float(c->node, "value", 0));
}

static void center_run(const ci_tensor_call *c) {
  pad p;
  if (c->out->count && !center_of(c, &p, NULL)) pad_all(c, &p, 0);
}

const ci_tensor_op ci_tensor_nn_pad_ops[] = {
    {"Pad", 1, 4, "mode pads value", pad_shape, NULL, pad_run},
    {"CenterCropPad", 2, 2, "axes", center_shape, NULL, center_run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
