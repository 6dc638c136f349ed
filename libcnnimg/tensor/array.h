/* SPDX-License-Identifier: MIT */
/* array.h - elements, rows and strides: what the loops of operations on arrays share */
#ifndef CI_ARRAY_H
#define CI_ARRAY_H

#include "tensor/tensor_op.h"

static inline size_t ci_array_element(const ci_array *a) {
  return a->dtype == CI_F32 ? sizeof(float) : sizeof(int64_t);
}
static inline double ci_array_double(const ci_array *a, size_t i) {
  return a->dtype == CI_F32 ? (double)((const float *)a->data)[i] : (double)((const int64_t *)a->data)[i];
}
void ci_array_put(ci_array *a, size_t i, double v);      /* cut where integers are stored */
void ci_array_put_int(ci_array *a, size_t i, int64_t v); /* exact where integers are stored */
/* out[o + j] = in[i + j step], j < n; exact where both are stored alike. */
void ci_array_copy(ci_array *out, size_t o, const ci_array *in, size_t i, size_t n, int64_t step);
/* Truth values, float or integers: anything but 0. */
static inline bool ci_array_true(const ci_array *a, size_t i) {
  return a->dtype == CI_F32 ? ((const float *)a->data)[i] != 0 : ((const int64_t *)a->data)[i] != 0;
}

/* Arithmetic that wraps. */
static inline int64_t ci_wrap_add(int64_t a, int64_t b) { return (int64_t)((uint64_t)a + (uint64_t)b); }
static inline int64_t ci_wrap_sub(int64_t a, int64_t b) { return (int64_t)((uint64_t)a - (uint64_t)b); }
static inline int64_t ci_wrap_mul(int64_t a, int64_t b) { return (int64_t)((uint64_t)a * (uint64_t)b); }

/* Up to three operands followed through a space, row by row in order. Dimensions that all operands pass in one go are
 * made one, so that rows are long; at[k] is where row begins in operand k, step(k) what lies between its elements. */
#define CI_WALK_MOST 3
typedef struct ci_walk {
  int32_t rank, operands;
  int64_t dim[CI_MAX_RANK], index[CI_MAX_RANK], step[CI_WALK_MOST][CI_MAX_RANK], at[CI_WALK_MOST];
  size_t n, rows; /* elements of a row; how many rows: 0 where the space is empty */
} ci_walk;

void ci_walk_init(ci_walk *w, int32_t rank, const int64_t *dim);
void ci_walk_add(ci_walk *w, const ci_array *a); /* that broadcasts to the space */
void ci_walk_add_steps(ci_walk *w, int64_t start, const int64_t *step);
void ci_walk_start(ci_walk *w);
void ci_walk_next(ci_walk *w);
void ci_walk_seek(ci_walk *w, size_t row); /* from the beginning */
static inline int64_t ci_walk_step(const ci_walk *w, int32_t k) {
  return w->rank ? w->step[k][w->rank - 1] : 0;
}

/* What lies between neighbours of each dimension, rows last. */
void ci_array_steps(const ci_array *a, int64_t *step);
/* All of the call's output from in[start + index . step]. */
void ci_array_pick(const ci_tensor_call *c, const ci_array *in, int64_t start, const int64_t *step);
/* out[i] = in[i] for all of the call's output. */
void ci_array_copy_all(const ci_tensor_call *c, const ci_array *in);

/* Indices of input k, negative from the end, for a dimension of that size: those that are known are judged. */
int ci_tensor_indices(const ci_tensor_call *c, int32_t k, int64_t size, cnnimg_error *err);
/* Index i as 0..size-1, whatever it says. */
size_t ci_array_index(const ci_array *a, size_t i, int64_t size);
/* The lists of indices of input k (its last dimension), for the dimensions of input 0 from `from` on. */
int ci_tensor_lists(const ci_tensor_call *c, int32_t k, int32_t from, cnnimg_error *err);
/* Where list i leads in `a`, counted from the dimensions before `from`. */
size_t ci_array_list(const ci_array *a, int32_t from, const ci_array *lists, size_t i);
/* One number of input k, which must be known; where it is not given: *v stays. */
int ci_tensor_int(const ci_tensor_call *c, int32_t k, int64_t *v, cnnimg_error *err);
/* An array seen as [before, size, after] around an axis. */
typedef struct ci_lanes {
  size_t before, size, after;
} ci_lanes;
ci_lanes ci_array_lanes(const ci_array *a, int32_t axis);
/* The type of elements that ONNX's number means; refuses text, complex numbers, 8 bits and fewer of float. */
int ci_tensor_type(const ci_tensor_call *c, int64_t number, ci_type *type, cnnimg_error *err);

#endif
