/* SPDX-License-Identifier: MIT */
/* scatter.c - elements put where indices say: ScatterElements, Scatter, ScatterND */
#include <string.h>

#include "tensor/array.h"

typedef enum put_how { PUT, PUT_ADD, PUT_MUL, PUT_MAX, PUT_MIN } put_how;

static int how_of(const ci_tensor_call *c, put_how *how, cnnimg_error *err) {
  static const char *const names[] = {"none", "add", "mul", "max", "min"};
  const char *word = ci_attr_string(c->node, "reduction", "none");
  for (int i = PUT; i <= PUT_MIN; i++)
    if (!strcmp(word, names[i])) {
      *how = (put_how)i;
      return CNNIMG_OK;
    }
  return ci_tensor_fail(c, err, CNNIMG_UNSUPPORTED, "reduction is \"%.40s\"", word);
}

static double joined(put_how how, double a, double b) {
  switch (how) {
    case PUT_ADD:
      return a + b;
    case PUT_MUL:
      return a * b;
    case PUT_MAX:
      return b > a || b != b ? b : a;
    case PUT_MIN:
      return b < a || b != b ? b : a;
    default:
      return b;
  }
}

static int64_t joined_ints(put_how how, int64_t a, int64_t b) {
  switch (how) {
    case PUT_ADD:
      return ci_wrap_add(a, b);
    case PUT_MUL:
      return ci_wrap_mul(a, b);
    case PUT_MAX:
      return b > a ? b : a;
    case PUT_MIN:
      return b < a ? b : a;
    default:
      return b;
  }
}

static void put(ci_array *out, size_t o, const ci_array *in, size_t i, put_how how) {
  if (how == PUT) ci_array_copy(out, o, in, i, 1, 1);
  else if (out->dtype == CI_I64 && in->dtype == CI_I64)
    ci_array_put_int(out, o, joined_ints(how, ci_array_int(out, o), ci_array_int(in, i)));
  else ci_array_put(out, o, joined(how, ci_array_double(out, o), ci_array_double(in, i)));
}

/* ---- ScatterElements ----------------------------------------------------------------------- */

static int axis_of(const ci_tensor_call *c, int32_t *axis, cnnimg_error *err) {
  return ci_tensor_axis(c, ci_attr_int(c->node, "axis", 0), c->in[0].rank, axis, err);
}

static int elements_shape(const ci_tensor_call *c, cnnimg_error *err) {
  const ci_array *in = &c->in[0], *index = &c->in[1], *update = &c->in[2];
  int32_t axis;
  put_how how;
  int status = how_of(c, &how, err);
  if (!status) status = axis_of(c, &axis, err);
  if (status) return status;
  if (index->rank != in->rank || update->rank != in->rank)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "indices of %d and updates of %d dimensions for %d",
                          index->rank, update->rank, in->rank);
  for (int32_t i = 0; i < in->rank; i++)
    if (index->dim[i] != update->dim[i] || (i != axis && index->dim[i] > in->dim[i]))
      return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "%lld indices and %lld updates for %lld",
                            (long long)index->dim[i], (long long)update->dim[i], (long long)in->dim[i]);
  ci_array_like(c->out, in);
  return ci_tensor_indices(c, 1, in->dim[axis], err);
}

static void elements_run(const ci_tensor_call *c) {
  const ci_array *in = &c->in[0], *index = &c->in[1];
  int32_t axis = 0;
  put_how how = PUT;
  int64_t step[CI_MAX_RANK], along;
  axis_of(c, &axis, NULL);
  how_of(c, &how, NULL);
  ci_array_copy(c->out, 0, in, 0, c->out->count, 1);
  ci_array_steps(in, step);
  along = step[axis];
  step[axis] = 0; /* the index says how far along the axis */
  ci_walk w;
  ci_walk_init(&w, index->rank, index->dim);
  ci_walk_add_steps(&w, 0, step);
  ci_walk_start(&w);
  for (size_t r = 0; r < w.rows; r++, ci_walk_next(&w))
    for (size_t i = 0; i < w.n; i++) {
      int64_t at = w.at[0] + (int64_t)i * ci_walk_step(&w, 0);
      at += (int64_t)ci_array_index(index, r * w.n + i, in->dim[axis]) * along;
      put(c->out, (size_t)at, &c->in[2], r * w.n + i, how);
    }
}

/* ---- ScatterND ----------------------------------------------------------------------------- */

static int nd_shape(const ci_tensor_call *c, cnnimg_error *err) {
  const ci_array *in = &c->in[0], *index = &c->in[1], *update = &c->in[2];
  put_how how;
  int status = how_of(c, &how, err);
  if (status) return status;
  int64_t k = index->rank ? index->dim[index->rank - 1] : 0;
  if (k < 1 || k > in->rank)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "indices of %lld numbers for %d dimensions", (long long)k,
                          in->rank);
  int32_t lists = index->rank - 1, rank = lists + in->rank - (int32_t)k;
  bool same = update->rank == rank;
  for (int32_t i = 0; same && i < rank; i++)
    same = update->dim[i] == (i < lists ? index->dim[i] : in->dim[i - lists + (int32_t)k]);
  if (!same)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "the updates have another shape than their places");
  ci_array_like(c->out, in);
  return ci_tensor_lists(c, 1, 0, err);
}

static void nd_run(const ci_tensor_call *c) {
  const ci_array *in = &c->in[0], *index = &c->in[1];
  int32_t k = (int32_t)index->dim[index->rank - 1];
  put_how how = PUT;
  how_of(c, &how, NULL);
  ci_array_copy(c->out, 0, in, 0, c->out->count, 1);
  if (!c->in[2].count) return;
  size_t n = ci_array_product(in, k, in->rank), lists = index->count / (size_t)k;
  for (size_t i = 0; i < lists; i++) {
    size_t at = ci_array_list(in, 0, index, i);
    for (size_t j = 0; j < n; j++) put(c->out, at + j, &c->in[2], i * n + j, how);
  }
}

const ci_tensor_op ci_tensor_scatter_ops[] = {
    {"ScatterElements", 3, 3, "axis reduction", elements_shape, NULL, elements_run},
    {"Scatter", 3, 3, "axis", elements_shape, NULL, elements_run},
    {"ScatterND", 3, 3, "reduction", nd_shape, NULL, nd_run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
