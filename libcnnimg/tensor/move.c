/* SPDX-License-Identifier: MIT */
/* move.c - elements to other places: transpose, concat, slice, split, expand, tile */
#include <string.h>

#include "base/memory.h"
#include "tensor/tensor_op.h"

static void copy_one(ci_array *out, size_t i, const ci_array *in, size_t k) {
  if (out->dtype == CI_I64) ((int64_t *)out->data)[i] = ci_array_int(in, k);
  else ((float *)out->data)[i] = ci_array_float(in, k);
}

/* n elements in a row, to a row. */
static void copy_row(ci_array *out, size_t i, const ci_array *in, size_t k, size_t n) {
  size_t size = in->dtype == CI_I64 ? 8 : 4;
  if (out->dtype == in->dtype) memcpy((char *)out->data + i * size, (const char *)in->data + k * size, n * size);
  else
    for (size_t j = 0; j < n; j++) copy_one(out, i + j, in, k + j);
}

/* out[i0, i1 ...] = in[first + sum of i * step]: the one loop behind most of this file. */
static void gather_steps(ci_array *out, const ci_array *in, int64_t first, const int64_t *step) {
  int64_t at[CI_MAX_RANK] = {0}, place = first;
  int32_t rank = out->rank;
  if (!out->count) return;
  size_t row = rank && step[rank - 1] == 1 ? (size_t)out->dim[rank - 1] : 1;
  for (size_t i = 0; i < out->count; i += row) {
    copy_row(out, i, in, (size_t)place, row);
    for (int32_t k = rank - 1 - (row > 1); k >= 0; k--) {
      place += step[k];
      if (++at[k] < out->dim[k]) break;
      place -= step[k] * out->dim[k];
      at[k] = 0;
    }
  }
}

static void strides(const ci_array *a, int64_t *step) {
  int64_t n = 1;
  for (int32_t i = a->rank - 1; i >= 0; i--) step[i] = n, n *= a->dim[i];
}

/* ---- transpose ---------------------------------------------------------------------------------- */

static void read_perm(const ci_tensor_call *c, int64_t *perm) {
  const int64_t *v;
  int32_t n = ci_attr_ints(c->node, "perm", &v);
  for (int32_t i = 0; i < c->in[0].rank; i++) perm[i] = n >= 0 ? v[i] : c->in[0].rank - 1 - i;
}

static int transpose_shape(const ci_tensor_call *c, cnnimg_error *err) {
  const int64_t *v;
  int64_t perm[CI_MAX_RANK];
  unsigned seen = 0;
  int32_t rank = c->in[0].rank, n = ci_attr_ints(c->node, "perm", &v);
  if (n >= 0 && n != rank) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "perm has %d numbers for %d dimensions", n, rank);
  read_perm(c, perm);
  c->out->rank = rank, c->out->type = c->in[0].type;
  for (int32_t i = 0; i < rank; i++) {
    if (perm[i] < 0 || perm[i] >= rank || seen >> perm[i] & 1) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "perm is no permutation");
    seen |= 1u << perm[i];
    c->out->dim[i] = c->in[0].dim[perm[i]];
  }
  return CNNIMG_OK;
}

static void transpose_run(const ci_tensor_call *c) {
  int64_t perm[CI_MAX_RANK], from[CI_MAX_RANK], step[CI_MAX_RANK];
  read_perm(c, perm);
  strides(&c->in[0], from);
  for (int32_t i = 0; i < c->out->rank; i++) step[i] = from[perm[i]];
  gather_steps(c->out, &c->in[0], 0, step);
}

/* ---- expand, tile ----------------------------------------------------------------------------------- */

static int expand_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int64_t want[CI_MAX_RANK];
  int32_t n;
  int status = ci_tensor_ints(c, 1, NULL, want, CI_MAX_RANK, &n, err);
  if (status) return status;
  const ci_array *x = &c->in[0];
  c->out->rank = n > x->rank ? n : x->rank, c->out->type = x->type;
  for (int32_t i = 0; i < c->out->rank; i++) {
    int32_t a = i - (c->out->rank - x->rank), b = i - (c->out->rank - n);
    int64_t d = a < 0 ? 1 : x->dim[a], e = b < 0 ? 1 : want[b];
    if (e < 0 || (d != e && d != 1 && e != 1)) return ci_tensor_refuse(c, err, "expands to a shape that does not match");
    c->out->dim[i] = d == 1 ? e : d;
  }
  return CNNIMG_OK;
}

static void expand_run(const ci_tensor_call *c) {
  int64_t from[CI_MAX_RANK], step[CI_MAX_RANK];
  strides(&c->in[0], from);
  for (int32_t i = 0; i < c->out->rank; i++) {
    int32_t a = i - (c->out->rank - c->in[0].rank);
    step[i] = a < 0 || c->in[0].dim[a] == 1 ? 0 : from[a];
  }
  gather_steps(c->out, &c->in[0], 0, step);
}

static int tile_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int64_t times[CI_MAX_RANK];
  int32_t n;
  int status = ci_tensor_ints(c, 1, NULL, times, CI_MAX_RANK, &n, err);
  if (status) return status;
  ci_array_like(c->out, &c->in[0]);
  if (n != c->in[0].rank) return ci_tensor_refuse(c, err, "has not one number of repeats a dimension");
  for (int32_t i = 0; i < n; i++)
    if (times[i] < 0 || __builtin_mul_overflow(c->in[0].dim[i], times[i], &c->out->dim[i]))
      return ci_tensor_refuse(c, err, "repeats too often");
  return CNNIMG_OK;
}

static void tile_run(const ci_tensor_call *c) {
  int64_t from[CI_MAX_RANK], at[CI_MAX_RANK] = {0};
  const ci_array *x = &c->in[0];
  strides(x, from);
  for (size_t i = 0; i < c->out->count; i++) {
    int64_t place = 0;
    for (int32_t k = 0; k < x->rank; k++) place += at[k] % x->dim[k] * from[k];
    copy_one(c->out, i, x, (size_t)place);
    for (int32_t k = x->rank - 1; k >= 0 && ++at[k] == c->out->dim[k]; k--) at[k] = 0;
  }
}

/* ---- concat, split ------------------------------------------------------------------------------------ */

static int concat_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int32_t axis;
  int64_t otherwise = c->opset < 4 ? 1 : 0;
  int status = ci_tensor_axis(c, ci_attr_int(c->node, "axis", otherwise), c->in[0].rank, &axis, err);
  if (status) return status;
  if (c->opset >= 4 && !ci_attr_find(c->node, "axis")) return ci_tensor_refuse(c, err, "its axis is missing");
  ci_array_like(c->out, &c->in[0]);
  for (int32_t k = 1; k < c->n_in; k++) {
    const ci_array *t = &c->in[k];
    if (t->rank != c->in[0].rank) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "joins values of different ranks");
    for (int32_t i = 0; i < t->rank; i++)
      if (i != axis && t->dim[i] != c->out->dim[i]) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "joins values of different sizes (%lld and %lld on axis %d)", (long long)c->out->dim[i], (long long)t->dim[i], i);
    if (__builtin_add_overflow(c->out->dim[axis], t->dim[axis], &c->out->dim[axis])) return ci_tensor_refuse(c, err, "joins too much");
  }
  return CNNIMG_OK;
}

static void concat_run(const ci_tensor_call *c) {
  int64_t axis = ci_attr_int(c->node, "axis", c->opset < 4 ? 1 : 0);
  if (axis < 0) axis += c->out->rank;
  size_t outer = ci_array_product(c->out, 0, (int32_t)axis), row = ci_array_product(c->out, (int32_t)axis, c->out->rank), at = 0;
  for (int32_t k = 0; k < c->n_in; k++) {
    size_t n = ci_array_product(&c->in[k], (int32_t)axis, c->in[k].rank);
    for (size_t o = 0; o < outer && n; o++) copy_row(c->out, o * row + at, &c->in[k], o * n, n);
    at += n;
  }
}

/* Where part `which` begins and how long it is. */
static int part(const ci_tensor_call *c, int32_t *axis, int64_t *first, int64_t *count, cnnimg_error *err) {
  int64_t sizes[256];
  int32_t parts = c->node->n_out, n;
  int status = ci_tensor_axis(c, ci_attr_int(c->node, "axis", 0), c->in[0].rank, axis, err);
  if (!status) status = ci_tensor_ints(c, 1, "split", sizes, 256, &n, err);
  if (status) return status;
  int64_t size = c->in[0].dim[*axis], at = 0, each = (size + parts - 1) / parts;
  if (n >= 0 && n != parts) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "has not a size for each of its %d outputs", parts);
  if (ci_attr_int(c->node, "num_outputs", parts) != parts || (n < 0 && parts > 256)) return ci_tensor_refuse(c, err, "num_outputs is not that of its outputs");
  for (int32_t i = 0; n < 0 && i < parts; i++) sizes[i] = i + 1 < parts ? each : size - each * (parts - 1);
  for (int32_t i = 0; i < parts; i++) {
    if (sizes[i] < 0 || sizes[i] > size - at) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "its parts do not fit the %lld that are there", (long long)size);
    if (i == c->which) *first = at, *count = sizes[i];
    at += sizes[i];
  }
  return at == size ? CNNIMG_OK : ci_tensor_fail(c, err, CNNIMG_CORRUPT, "its parts make %lld of %lld", (long long)at, (long long)size);
}

static int split_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int32_t axis;
  int64_t first = 0, count = 0;
  int status = part(c, &axis, &first, &count, err);
  ci_array_like(c->out, &c->in[0]);
  if (!status) c->out->dim[axis] = count;
  return status;
}

static void split_run(const ci_tensor_call *c) {
  int32_t axis;
  int64_t first = 0, count = 0, step[CI_MAX_RANK];
  if (part(c, &axis, &first, &count, NULL)) return;
  strides(&c->in[0], step);
  gather_steps(c->out, &c->in[0], first * step[axis], step);
}

/* ---- slice ------------------------------------------------------------------------------------------------ */

typedef struct slices {
  int64_t first[CI_MAX_RANK], count[CI_MAX_RANK], step[CI_MAX_RANK];
} slices;

static void span(int64_t size, int64_t start, int64_t end, int64_t step, int64_t *first, int64_t *count) {
  int64_t low = step < 0 ? -1 : 0, high = step < 0 ? size - 1 : size;
  if (start < 0) start = start < -size ? low : start + size;
  if (end < 0) end = end < -size ? low : end + size;
  *first = start < low ? low : start > high ? high : start;
  if (step < 0 && *first < 0) *first = 0, end = 0;
  end = end < low ? low : end > high ? high : end;
  int64_t gap = step < 0 ? *first - end : end - *first;
  uint64_t stride = step < 0 ? 0 - (uint64_t)step : (uint64_t)step;
  *count = gap > 0 ? (int64_t)(((uint64_t)gap - 1) / stride) + 1 : 0;
}

static int read_slices(const ci_tensor_call *c, slices *s, cnnimg_error *err) {
  int64_t start[CI_MAX_RANK], end[CI_MAX_RANK], axes[CI_MAX_RANK], step[CI_MAX_RANK];
  int32_t n, n_end, n_axes, n_step, rank = c->in[0].rank;
  int status = ci_tensor_ints(c, 1, "starts", start, CI_MAX_RANK, &n, err);
  if (!status) status = ci_tensor_ints(c, 2, "ends", end, CI_MAX_RANK, &n_end, err);
  if (!status) status = ci_tensor_ints(c, 3, "axes", axes, CI_MAX_RANK, &n_axes, err);
  if (!status) status = ci_tensor_ints(c, 4, NULL, step, CI_MAX_RANK, &n_step, err);
  if (status) return status;
  if (n < 0 || n_end != n || (n_axes >= 0 && n_axes != n) || (n_step >= 0 && n_step != n))
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "its lists of starts, ends, axes and steps do not match");
  bool cut[CI_MAX_RANK] = {false};
  for (int32_t i = 0; i < rank; i++) s->first[i] = 0, s->count[i] = c->in[0].dim[i], s->step[i] = 1;
  for (int32_t i = 0, a; i < n; i++) {
    if ((status = ci_tensor_axis(c, n_axes >= 0 ? axes[i] : i, rank, &a, err))) return status;
    if (cut[a]) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "names an axis twice");
    cut[a] = true;
    s->step[a] = n_step >= 0 ? step[i] : 1;
    if (!s->step[a]) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "a step of 0");
    span(c->in[0].dim[a], start[i], end[i], s->step[a], &s->first[a], &s->count[a]);
    if (s->count[a] <= 1) s->step[a] = 1; /* however far the next would be */
  }
  return CNNIMG_OK;
}

static int slice_shape(const ci_tensor_call *c, cnnimg_error *err) {
  slices s;
  int status = read_slices(c, &s, err);
  if (status) return status;
  ci_array_like(c->out, &c->in[0]);
  memcpy(c->out->dim, s.count, (size_t)c->out->rank * sizeof *s.count);
  return CNNIMG_OK;
}

static void slice_run(const ci_tensor_call *c) {
  slices s;
  int64_t step[CI_MAX_RANK], first = 0;
  if (read_slices(c, &s, NULL)) return;
  strides(&c->in[0], step);
  for (int32_t i = 0; i < c->out->rank; i++) first += s.first[i] * step[i], step[i] *= s.step[i];
  gather_steps(c->out, &c->in[0], first, step);
}

const ci_tensor_op ci_tensor_move_ops[] = {
    {"Transpose", 1, 1, "perm", transpose_shape, NULL, transpose_run},
    {"Expand", 2, 2, "", expand_shape, NULL, expand_run},
    {"Tile", 2, 2, "", tile_shape, NULL, tile_run},
    {"Concat", 1, -1, "axis", concat_shape, NULL, concat_run},
    {"Split", 1, 2, "axis split num_outputs", split_shape, NULL, split_run},
    {"Slice", 1, 5, "starts ends axes", slice_shape, NULL, slice_run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
