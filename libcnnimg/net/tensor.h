/* SPDX-License-Identifier: MIT */
/* tensor.h - arrays of any rank: constants in a file, and values that are held whole */
#ifndef CI_TENSOR_H
#define CI_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CI_MAX_RANK 8
#define CI_TENSOR_MOST ((int64_t)1 << 33) /* elements; also of dimensions beside a 0 */

typedef enum ci_dtype { CI_F32, CI_I64 } ci_dtype; /* how elements are stored */
/* What elements mean. Constants are stored as float, or int64_t (integers and truth values); what is computed while a
 * network runs is stored as float whatever it means. */
typedef enum ci_type { CI_FLOAT, CI_INT, CI_BOOL } ci_type;

/* A constant. Loaders convert every other float or integer type to one of the two. */
typedef struct ci_tensor {
  ci_dtype dtype;
  ci_type type;
  int32_t rank; /* 0: a scalar */
  int64_t dim[CI_MAX_RANK];
  size_t count;     /* product of dim */
  const void *data; /* float or int64_t; may lie in the mapped file */
  void *owned;      /* what free() takes when the graph goes, or NULL */
} ci_tensor;

/* An uninitialised tensor with owned storage (type FLOAT or INT by dtype); NULL when memory is short or the size
 * overflows. */
ci_tensor *ci_tensor_new(ci_dtype dtype, int32_t rank, const int64_t *dim);
void ci_tensor_free(ci_tensor *t);
/* A head on data that somebody else owns, which must outlive it; dimensions whose product has been judged. And a second
 * head on a tensor's data. NULL: no memory. */
ci_tensor *ci_tensor_lent(ci_dtype dtype, int32_t rank, const int64_t *dim, const void *data);
ci_tensor *ci_tensor_borrow(const ci_tensor *t);

#endif
