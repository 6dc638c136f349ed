/* SPDX-License-Identifier: MIT */
/* tf_slice.c - TensorFlow's operations that cut: slices with masks, splits */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "formats/tf_graph.h"

/* begin and size; -1: to the end. */
static int32_t slice(const ci_tf_site *s) {
  int64_t begin[2 * CI_MAX_RANK], size[2 * CI_MAX_RANK], axes[2 * CI_MAX_RANK];
  int32_t x = ci_tf_in(s, 0), n = ci_tf_const_ints(s, 1, begin);
  if (n < 1 || ci_tf_const_ints(s, 2, size) != n)
    return ci_tf_fail(s, CNNIMG_UNSUPPORTED, "cuts at places that are not constants");
  for (int32_t i = 0; i < n; i++) {
    if (begin[i] < 0 || size[i] < -1) return ci_tf_fail(s, CNNIMG_CORRUPT, "cuts at impossible places");
    axes[i] = i, size[i] = size[i] < 0 || size[i] > INT32_MAX
                               ? INT64_MAX
                               : (begin[i] > INT32_MAX ? INT32_MAX : begin[i]) + size[i];
  }
  return ci_put_slice(s->b, x, begin, size, axes, (size_t)n);
}

/* ---- slices with masks ----------------------------------------------------------------------------- */

typedef struct cuts {
  int64_t begin[2 * CI_MAX_RANK], end[2 * CI_MAX_RANK], step[2 * CI_MAX_RANK];
  int64_t axes[CI_MAX_RANK], starts[CI_MAX_RANK], ends[CI_MAX_RANK], steps[CI_MAX_RANK]; /* those that cut */
  int64_t picked[CI_MAX_RANK]; /* of which one is left */
  int32_t from[CI_MAX_RANK];   /* which number of `end` a cut reads */
  size_t n, n_picked;
  bool all_ends; /* no cut is masked: the ends may be computed */
} cuts;

static bool bit(int64_t mask, int32_t i) { return mask >> i & 1; }

/* Number i of the lists as a cut; behind an ellipsis axes count from the last. */
static void add_cut(const ci_tf_site *s, cuts *c, int32_t i, int64_t axis) {
  bool one = bit(ci_tf_int(s->n, "shrink_axis_mask", 0), i);
  bool whole_begin = bit(ci_tf_int(s->n, "begin_mask", 0), i) && !one;
  bool whole_end = bit(ci_tf_int(s->n, "end_mask", 0), i) && !one;
  if (one) c->picked[c->n_picked++] = axis;
  if (whole_begin && whole_end && c->step[i] == 1) return;
  size_t k = c->n++;
  c->axes[k] = axis, c->from[k] = i, c->steps[k] = one ? 1 : c->step[i];
  c->starts[k] = whole_begin ? (c->steps[k] > 0 ? 0 : INT64_MAX) : c->begin[i];
  c->ends[k] = whole_end ? (c->steps[k] > 0 ? INT64_MAX : INT64_MIN) : c->end[i];
  if (one) c->ends[k] = c->begin[i] == -1 ? INT64_MAX : c->begin[i] + 1;
  c->all_ends = c->all_ends && !whole_end && !one;
}

static int32_t ends_of(const ci_tf_site *s, const cuts *c, bool known) {
  int64_t which[CI_MAX_RANK];
  if (known) return ci_build_ints(s->b, c->ends, c->n);
  for (size_t i = 0; i < c->n; i++) which[i] = c->from[i];
  return ci_build_op2(s->b, "Gather", ci_tf_in(s, 2), ci_build_ints(s->b, which, c->n));
}

static int32_t cut(const ci_tf_site *s, const cuts *c, bool known) {
  int32_t x = ci_tf_in(s, 0);
  if (!known && !c->all_ends)
    return ci_tf_fail(s, CNNIMG_UNSUPPORTED, "cuts at places that are not constants");
  if (c->n) {
    int32_t in[5] = {x, ci_build_ints(s->b, c->starts, c->n), ends_of(s, c, known),
                     ci_build_ints(s->b, c->axes, c->n), ci_build_ints(s->b, c->steps, c->n)};
    x = ci_build_node(s->b, "Slice", in, 5);
  }
  if (c->n_picked) x = ci_build_op2(s->b, "Squeeze", x, ci_build_ints(s->b, c->picked, c->n_picked));
  return x;
}

static int32_t strided_slice(const ci_tf_site *s) {
  cuts c = {.n = 0, .all_ends = true};
  int32_t n = ci_tf_const_ints(s, 1, c.begin), ends = ci_tf_const_ints(s, 2, c.end);
  int64_t ellipsis = ci_tf_int(s->n, "ellipsis_mask", 0);
  bool behind = false;
  if (n < 1 || n > CI_MAX_RANK || ci_tf_const_ints(s, 3, c.step) != n || (ends >= 0 && ends != n))
    return ci_tf_fail(s, CNNIMG_UNSUPPORTED, "cuts at places that are not constants");
  if (ci_tf_int(s->n, "new_axis_mask", 0))
    return ci_tf_fail(s, CNNIMG_UNSUPPORTED, "makes new axes while it cuts");
  for (int32_t i = 0; i < n; i++) {
    if (!c.step[i]) return ci_tf_fail(s, CNNIMG_CORRUPT, "cuts in steps of 0");
    if (bit(ellipsis, i)) behind = true;
    else add_cut(s, &c, i, behind ? i - n : i);
  }
  return cut(s, &c, ends >= 0);
}

/* ---- splits -------------------------------------------------------------------------------------------- */

#define MOST_PARTS 4096

/* `n` values that one node makes. */
static int32_t *results(const ci_tf_site *s, int32_t n) {
  char name[24];
  int32_t *out = ci_calloc((size_t)n, sizeof *out);
  for (int32_t i = 0; out && i < n; i++) {
    snprintf(name, sizeof name, "v%zu", s->b->p->n_values);
    out[i] = ci_program_add_value(s->b->p, name, NULL);
    if (out[i] >= 0) continue;
    free(out);
    return NULL;
  }
  return out;
}

static int32_t split_into(const ci_tf_site *s, int32_t x, int32_t sizes, int32_t axis_at, int64_t n) {
  int64_t axis[2 * CI_MAX_RANK];
  if (ci_tf_const_ints(s, axis_at, axis) != 1 || n < 1 || n > MOST_PARTS)
    return ci_tf_fail(s, CNNIMG_UNSUPPORTED, "splits into what is not known");
  const int32_t in[2] = {x, sizes};
  int32_t *out = s->b->status ? NULL : results(s, (int32_t)n);
  if (!out || !ci_program_add_node(s->b->p, "Split", "split", in, sizes < 0 ? 1 : 2, out, (int32_t)n)) {
    free(out);
    return ci_tf_fail(s, CNNIMG_NOMEM, "does not fit into memory");
  }
  s->n->out = out, s->n->n_out = (int32_t)n;
  ci_build_attr_int(s->b, "axis", axis[0]);
  if (sizes < 0) ci_build_attr_int(s->b, "num_outputs", n);
  return out[0];
}

static int32_t split(const ci_tf_site *s) {
  int32_t x = ci_tf_in(s, 1);
  return split_into(s, x, -1, 0, ci_tf_int(s->n, "num_split", 0));
}

static int32_t split_v(const ci_tf_site *s) {
  int32_t x = ci_tf_in(s, 0), sizes = ci_tf_in(s, 1);
  const ci_tensor *t = ci_tf_const(s, 1);
  if (!t || t->dtype != CI_I64) return ci_tf_fail(s, CNNIMG_UNSUPPORTED, "splits into what is not known");
  for (size_t i = 0; i < t->count; i++)
    if (((const int64_t *)t->data)[i] < 0)
      return ci_tf_fail(s, CNNIMG_UNSUPPORTED, "splits into parts of an open size");
  return split_into(s, x, sizes, 2, (int64_t)t->count);
}

const ci_tf_op ci_tf_slice_ops[] = {
    {"Slice", slice}, {"StridedSlice", strided_slice}, {"Split", split}, {"SplitV", split_v}, {NULL, NULL},
};
