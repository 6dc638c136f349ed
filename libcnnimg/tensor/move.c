/* SPDX-License-Identifier: MIT */
/* move.c - the same elements in another shape: Reshape, Flatten, Squeeze, Unsqueeze, Expand, Transpose, Tile */
#include "base/memory.h"
#include "tensor/array.h"

static void copy_run(const ci_tensor_call *c) { ci_array_copy_all(c, &c->in[0]); }

/* ---- Reshape ------------------------------------------------------------------------------ */

/* The product of out->dim without the one at `open`; false: it does not fit. */
static bool product_but(const ci_array *a, int32_t open, size_t *n) {
  *n = 1;
  for (int32_t i = 0; i < a->rank; i++)
    if (a->dim[i] == 0) *n = 0; /* beside a 0 the others may be anything */
  for (int32_t i = 0; *n && i < a->rank; i++)
    if (i != open && !ci_mul(*n, (size_t)a->dim[i], n)) return false;
  return true;
}

/* 0: as the input has it, unless `allowzero`; *open: where -1 is, or -1. */
static int read_sizes(const ci_tensor_call *c, int32_t *open, cnnimg_error *err) {
  ci_array *out = c->out;
  bool zero = ci_attr_int(c->node, "allowzero", 0) != 0;
  *open = -1;
  for (int32_t i = 0; i < out->rank; i++) {
    if (out->dim[i] == 0 && !zero) {
      if (i >= c->in[0].rank)
        return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "copies dimension %d, which is not there", i);
      out->dim[i] = c->in[0].dim[i];
    } else if (out->dim[i] == -1 && *open < 0) {
      *open = i;
    } else if (out->dim[i] < 0) {
      return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "a size of %lld", (long long)out->dim[i]);
    }
  }
  return CNNIMG_OK;
}

static int reshape_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int32_t n, open;
  size_t count = c->in[0].count, rest;
  int status = ci_tensor_ints(c, 1, NULL, c->out->dim, CI_MAX_RANK, &n, err);
  if (status) return status;
  c->out->type = c->in[0].type, c->out->rank = n;
  status = read_sizes(c, &open, err);
  if (status) return status;
  bool fits = product_but(c->out, open, &rest);
  if (open >= 0) {
    if (!fits || !rest || count % rest)
      return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "%zu elements cannot be split as asked", count);
    c->out->dim[open] = (int64_t)(count / rest);
  } else if (!fits || rest != count) {
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "%zu elements cannot become %zu", count, rest);
  }
  return CNNIMG_OK;
}

/* The product of some dimensions as one, which may be too large beside a dimension of 0. */
static bool joined(const ci_array *a, int32_t from, int32_t to, int64_t *size) {
  size_t n = 1;
  for (int32_t i = from; i < to; i++)
    if (!ci_mul(n, (size_t)a->dim[i], &n)) return false;
  *size = (int64_t)n;
  return n <= INT64_MAX;
}

static int flatten_shape(const ci_tensor_call *c, cnnimg_error *err) {
  const ci_array *in = &c->in[0];
  int64_t axis = ci_attr_int(c->node, "axis", 1);
  if (axis < -in->rank || axis > in->rank)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "axis %lld of %d dimensions", (long long)axis, in->rank);
  int32_t at = (int32_t)(axis < 0 ? axis + in->rank : axis);
  c->out->type = in->type, c->out->rank = 2;
  if (!joined(in, 0, at, &c->out->dim[0]) || !joined(in, at, in->rank, &c->out->dim[1]))
    return ci_tensor_fail(c, err, CNNIMG_LIMIT, "the dimensions are too large");
  return CNNIMG_OK;
}

/* ---- Squeeze, Unsqueeze -------------------------------------------------------------------- */

/* The axes that are listed, as bits; *n: how many, -1: no list. Each may be there once. */
static int listed_axes(const ci_tensor_call *c, int32_t rank, uint32_t *bits, int32_t *n, cnnimg_error *err) {
  int64_t v[CI_MAX_RANK];
  int status = ci_tensor_ints(c, 1, "axes", v, CI_MAX_RANK, n, err);
  *bits = 0;
  for (int32_t i = 0; !status && i < *n; i++) {
    int32_t axis;
    status = ci_tensor_axis(c, v[i], rank, &axis, err);
    if (!status && *bits >> axis & 1) status = ci_tensor_fail(c, err, CNNIMG_CORRUPT, "axis %d twice", axis);
    if (!status) *bits |= 1u << axis;
  }
  return status;
}

static int squeeze_shape(const ci_tensor_call *c, cnnimg_error *err) {
  const ci_array *in = &c->in[0];
  uint32_t bits;
  int32_t n;
  int status = listed_axes(c, in->rank, &bits, &n, err);
  if (status) return status;
  c->out->type = in->type, c->out->rank = 0;
  for (int32_t i = 0; i < in->rank; i++) {
    bool gone = n < 0 ? in->dim[i] == 1 : bits >> i & 1;
    if (gone && in->dim[i] != 1)
      return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "dimension %d is %lld, not 1", i, (long long)in->dim[i]);
    if (!gone) c->out->dim[c->out->rank++] = in->dim[i];
  }
  return CNNIMG_OK;
}

static int unsqueeze_shape(const ci_tensor_call *c, cnnimg_error *err) {
  const ci_array *in = &c->in[0];
  int64_t v[CI_MAX_RANK];
  uint32_t bits;
  int32_t n;
  int status = ci_tensor_ints(c, 1, "axes", v, CI_MAX_RANK, &n, err);
  if (status) return status;
  if (n < 0) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "which axes?");
  if (in->rank + n > CI_MAX_RANK) return ci_tensor_refuse(c, err, "too many dimensions");
  status = listed_axes(c, in->rank + n, &bits, &n, err);
  if (status) return status;
  c->out->type = in->type, c->out->rank = in->rank + n;
  for (int32_t i = 0, from = 0; i < c->out->rank; i++) c->out->dim[i] = bits >> i & 1 ? 1 : in->dim[from++];
  return CNNIMG_OK;
}

/* ---- Expand, Transpose, Tile ---------------------------------------------------------------- */

static int expand_shape(const ci_tensor_call *c, cnnimg_error *err) {
  ci_array to = {.rank = 0}, both[2];
  int status = ci_tensor_ints(c, 1, NULL, to.dim, CI_MAX_RANK, &to.rank, err);
  if (status) return status;
  both[0] = c->in[0], both[1] = to;
  ci_tensor_call pair = *c;
  pair.in = both, pair.n_in = 2;
  c->out->type = c->in[0].type;
  return ci_tensor_broadcast(&pair, 0, 2, c->out, err);
}

static void expand_run(const ci_tensor_call *c) {
  const ci_array *in = &c->in[0];
  int64_t own[CI_MAX_RANK], step[CI_MAX_RANK] = {0};
  ci_array_steps(in, own);
  for (int32_t i = 0; i < in->rank; i++)
    if (in->dim[i] != 1) step[c->out->rank - in->rank + i] = own[i];
  ci_array_pick(c, in, 0, step);
}

/* The order of the axes: reversed where none is given. */
static int order(const ci_tensor_call *c, int32_t *perm, cnnimg_error *err) {
  const int64_t *v;
  int32_t rank = c->in[0].rank, n = ci_attr_ints(c->node, "perm", &v);
  uint32_t seen = 0;
  if (n >= 0 && n != rank) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "orders %d axes of %d", n, rank);
  for (int32_t i = 0; i < rank; i++) {
    perm[i] = rank - 1 - i;
    if (n < 0) continue;
    int status = ci_tensor_axis(c, v[i], rank, &perm[i], err);
    if (status) return status;
    if (seen >> perm[i] & 1) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "axis %d twice", perm[i]);
    seen |= 1u << perm[i];
  }
  return CNNIMG_OK;
}

static int transpose_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int32_t perm[CI_MAX_RANK];
  int status = order(c, perm, err);
  if (status) return status;
  c->out->type = c->in[0].type, c->out->rank = c->in[0].rank;
  for (int32_t i = 0; i < c->out->rank; i++) c->out->dim[i] = c->in[0].dim[perm[i]];
  return CNNIMG_OK;
}

static void transpose_run(const ci_tensor_call *c) {
  int32_t perm[CI_MAX_RANK];
  int64_t own[CI_MAX_RANK], step[CI_MAX_RANK];
  order(c, perm, NULL);
  ci_array_steps(&c->in[0], own);
  for (int32_t i = 0; i < c->out->rank; i++) step[i] = own[perm[i]];
  ci_array_pick(c, &c->in[0], 0, step);
}

static int tile_shape(const ci_tensor_call *c, cnnimg_error *err) {
  const ci_array *in = &c->in[0];
  int64_t times[CI_MAX_RANK];
  int32_t n;
  int status = ci_tensor_ints(c, 1, NULL, times, CI_MAX_RANK, &n, err);
  if (status) return status;
  if (n != in->rank)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "repeats for %d dimensions of %d", n, in->rank);
  c->out->type = in->type, c->out->rank = n;
  for (int32_t i = 0; i < n; i++)
    if (times[i] < 0 || __builtin_mul_overflow(in->dim[i], times[i], &c->out->dim[i]))
      return ci_tensor_fail(c, err, CNNIMG_LIMIT, "%lld times", (long long)times[i]);
  return CNNIMG_OK;
}

/* Where row r of out, without the last dimension, begins in the input. */
static size_t tile_row(const ci_array *in, const ci_array *out, size_t r) {
  size_t at = 0, step = in->rank ? (size_t)in->dim[in->rank - 1] : 1;
  for (int32_t i = in->rank - 2; i >= 0; i--) {
    at += r % (size_t)out->dim[i] % (size_t)in->dim[i] * step;
    r /= (size_t)out->dim[i];
    step *= (size_t)in->dim[i];
  }
  return at;
}

static void tile_run(const ci_tensor_call *c) {
  const ci_array *in = &c->in[0];
  if (!c->out->count) return;
  size_t n = in->rank ? (size_t)in->dim[in->rank - 1] : 1,
         width = in->rank ? (size_t)c->out->dim[in->rank - 1] : 1;
  for (size_t o = 0; o < c->out->count; o += n)
    ci_array_copy(c->out, o, in, tile_row(in, c->out, o / width), n, 1);
}

const ci_tensor_op ci_tensor_move_ops[] = {
    {"Reshape", 2, 2, "allowzero", reshape_shape, NULL, copy_run},
    {"Flatten", 1, 1, "axis", flatten_shape, NULL, copy_run},
    {"Squeeze", 1, 2, "axes", squeeze_shape, NULL, copy_run},
    {"Unsqueeze", 1, 2, "axes", unsqueeze_shape, NULL, copy_run},
    {"Expand", 2, 2, "", expand_shape, NULL, expand_run},
    {"Transpose", 1, 1, "perm", transpose_shape, NULL, transpose_run},
    {"Tile", 2, 2, "", tile_shape, NULL, tile_run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
