/* SPDX-License-Identifier: MIT */
/* tensor_op.h - the contract of an operation on held arrays: shape, scratch, run */
#ifndef CI_TENSOR_OP_H
#define CI_TENSOR_OP_H

#include "base/threads.h"
#include "kernels/kernels.h"
#include "net/program.h"

/*
 * What a map op cannot do (more than one picture, other ranks, axes that are no channel, row or column), and all that
 * is computed from constants while loading, is done here: dense arrays, rows last, held whole. Clarity comes first; inner
 * loops over the last dimension in order, so that compilers vectorise them. What a network spends its time in takes loops
 * of kernels/ and shares them out (ci_tensor_share); how it is cut depends on sizes only, so the bytes do not depend on
 * threads.
 * Storage: an input is float or int64_t (array.dtype) whatever it means (array.type); the output's dtype is given by
 * the caller (shape() sets type only): CI_F32 while a network runs, and for CI_INT and CI_BOOL CI_I64 while loading.
 */
typedef struct ci_array {
  ci_dtype dtype; /* storage */
  ci_type type;   /* meaning */
  int32_t rank;   /* -1: an input that is left out */
  int64_t dim[CI_MAX_RANK];
  size_t count; /* product of dim */
  void *data;   /* NULL: not known yet (shape() only); inputs are never written to */
} ci_array;

typedef struct ci_tensor_call {
  const ci_pnode *node;
  int64_t opset;
  int32_t which;   /* the output that is wanted */
  int32_t n_in;
  const ci_array *in;
  ci_array *out;   /* of output `which` */
  void *scratch;   /* run(): scratch() bytes, 64-byte aligned, not zeroed */
  ci_pool *pool;       /* run(): who shares the work; NULL: this thread does it all */
  const ci_kernels *k; /* run(): NULL: ci_kernels_best() */
} ci_tensor_call;

typedef struct ci_tensor_op {
  const char *type;       /* ONNX's name */
  int32_t least, most;    /* inputs; most -1: any number */
  const char *attributes; /* those that are understood, separated by blanks: any other is refused */
  /* Sets out->type, rank, dim (count is set by ci_tensor_shape). Everything that can be wrong is found here, with a
   * sentence (ci_tensor_refuse or ci_tensor_fail). Inputs whose values decide the shape (axes, shapes, sizes,
   * repeats ...) must be known: in[k].data, see ci_tensor_ints; what they say is the same at run(). */
  int (*shape)(const ci_tensor_call *c, cnnimg_error *err);
  size_t (*scratch)(const ci_tensor_call *c); /* bytes; NULL: none */
  void (*run)(const ci_tensor_call *c);       /* fills out->data; cannot fail */
} ci_tensor_op;


const ci_tensor_op *ci_tensor_find(const char *type);   /* NULL: not ours */
/* Checks the number of inputs, the attributes, `which`, then asks op->shape; sets out->count, judges its size
 * (at most CI_TENSOR_MOST elements). */
int ci_tensor_shape(const ci_tensor_op *op, const ci_tensor_call *c, cnnimg_error *err);

/* ---- what ops share (tensor/common.c) ---------------------------------------------------- */
int ci_tensor_refuse(const ci_tensor_call *c, cnnimg_error *err, const char *why); /* CNNIMG_UNSUPPORTED */
int ci_tensor_fail(const ci_tensor_call *c, cnnimg_error *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static inline bool ci_array_given(const ci_tensor_call *c, int32_t k) { return k < c->n_in && c->in[k].rank >= 0; }
/* Element i, whatever its storage. */
static inline float ci_array_float(const ci_array *a, size_t i) {
  return a->dtype == CI_F32 ? ((const float *)a->data)[i] : (float)((const int64_t *)a->data)[i];
}
/* Cut; out of range: the nearest; no number: 0. */
static inline int64_t ci_cut(double v) {
  return v >= 9223372036854775807.0 ? INT64_MAX : v <= -9223372036854775808.0 ? INT64_MIN : v == v ? (int64_t)v : 0;
}
int64_t ci_array_int(const ci_array *a, size_t i); /* of floats: ci_cut */
static inline void ci_array_set(ci_array *a, size_t i, double v) {
  if (a->dtype == CI_F32) ((float *)a->data)[i] = (float)v;
  else ((int64_t *)a->data)[i] = ci_cut(v);
}
/* Up to `most` integers of input k (known) or, where it is not given and name is not NULL, of the attribute: *n is -1
 * where both are absent. For ops whose list moved from an attribute to an input. */
int ci_tensor_ints(const ci_tensor_call *c, int32_t k, const char *name, int64_t *out, int32_t most, int32_t *n,
                   cnnimg_error *err);
/* axis of a shape of that rank, negative from the end, as 0..rank-1. */
int ci_tensor_axis(const ci_tensor_call *c, int64_t axis, int32_t rank, int32_t *out, cnnimg_error *err);
/* out has the shape and type of `like`. */
void ci_array_like(ci_array *out, const ci_array *like);
/* The shape that both broadcast to, as numpy has it. */
int ci_tensor_broadcast(const ci_tensor_call *c, int32_t first, int32_t count, ci_array *out, cnnimg_error *err);
size_t ci_array_product(const ci_array *a, int32_t from, int32_t to); /* of dim[from..to) */

/* ---- sharing work out (tensor/share.c) ---------------------------------------------------- */
/* Calls fn for stretches that make up 0 .. n - 1, on any threads in any order; `each`: elements read and written (or
 * multiply-adds) for one of the n, which says how many are worth a hand-over. */
void ci_tensor_share(const ci_tensor_call *c, size_t n, size_t each, void (*fn)(const void *arg, size_t from, size_t to),
                     const void *arg);
static inline const ci_kernels *ci_tensor_kernels(const ci_tensor_call *c) { return c->k ? c->k : ci_kernels_best(); }

/* ---- what lowering asks too (tensor/move2.c) ------------------------------------------------ */
/* n elements of a dimension, from `start`, `step` apart (less than 0: backwards). */
typedef struct ci_span {
  int64_t start, step, n;
} ci_span;
/* What Slice takes of each dimension of its first input: one span a dimension. Its lists must be known. */
int ci_slice_spans(const ci_tensor_call *c, ci_span *spans, cnnimg_error *err);

#endif
