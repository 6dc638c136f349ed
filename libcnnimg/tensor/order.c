/* SPDX-License-Identifier: MIT */
/* order.c - who is the largest along an axis: ArgMax, ArgMin, TopK, Hardmax, Softmax, LogSoftmax */
#include <math.h>
#include <string.h>

#include "tensor/array.h"

static bool is(const ci_tensor_call *c, const char *type) { return !strcmp(c->node->type, type); }

/* Where lane i begins; its elements lie l.after apart. */
static size_t lane(ci_lanes l, size_t i) { return i / l.after * l.size * l.after + i % l.after; }

/* Whether element i comes before element j; NaN is the largest. */
static bool above(const ci_array *a, size_t i, size_t j) {
  if (a->dtype == CI_I64) return ((const int64_t *)a->data)[i] > ((const int64_t *)a->data)[j];
  float x = ((const float *)a->data)[i], y = ((const float *)a->data)[j];
  return x > y || (x != x && y == y);
}

/* ---- ArgMax, ArgMin -------------------------------------------------------------------------- */

static int arg_axis(const ci_tensor_call *c, int32_t *axis, cnnimg_error *err) {
  return ci_tensor_axis(c, ci_attr_int(c->node, "axis", 0), c->in[0].rank, axis, err);
}

static int arg_shape(const ci_tensor_call *c, cnnimg_error *err) {
  const ci_array *in = &c->in[0];
  int32_t axis;
  bool keep = ci_attr_int(c->node, "keepdims", 1) != 0;
  int status = arg_axis(c, &axis, err);
  if (status) return status;
  if (!in->dim[axis]) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "nothing to choose from");
  c->out->type = CI_INT, c->out->rank = 0;
  for (int32_t i = 0; i < in->rank; i++)
    if (i != axis || keep) c->out->dim[c->out->rank++] = i == axis ? 1 : in->dim[i];
  return CNNIMG_OK;
}

static void arg_run(const ci_tensor_call *c) {
  const ci_array *in = &c->in[0];
  int32_t axis = 0;
  arg_axis(c, &axis, NULL);
  ci_lanes l = ci_array_lanes(in, axis);
  bool least = is(c, "ArgMin"), last = ci_attr_int(c->node, "select_last_index", 0) != 0;
  for (size_t o = 0; o < c->out->count; o++) {
    size_t at = lane(l, o), best = 0;
    for (size_t i = 1; i < l.size; i++) {
      size_t p = at + i * l.after, q = at + best * l.after;
      bool better = least ? above(in, q, p) : above(in, p, q),
           worse = least ? above(in, p, q) : above(in, q, p);
      if (better || (last && !worse)) best = i;
    }
    ci_array_put_int(c->out, o, (int64_t)best);
  }
}

/* ---- TopK -------------------------------------------------------------------------------- */

static int top_sizes(const ci_tensor_call *c, int32_t *axis, int64_t *k, cnnimg_error *err) {
  int status = ci_tensor_axis(c, ci_attr_int(c->node, "axis", -1), c->in[0].rank, axis, err);
  *k = ci_attr_int(c->node, "k", -1);
  if (!status && ci_array_given(c, 1)) status = ci_tensor_int(c, 1, k, err);
  if (!status && (*k < 0 || *k > c->in[0].dim[*axis]))
    status =
        ci_tensor_fail(c, err, CNNIMG_CORRUPT, "%lld of %lld", (long long)*k, (long long)c->in[0].dim[*axis]);
  return status;
}

static int top_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int32_t axis;
  int64_t k;
  int status = top_sizes(c, &axis, &k, err);
  if (status) return status;
  ci_array_like(c->out, &c->in[0]);
  if (c->which == 1) c->out->type = CI_INT;
  c->out->dim[axis] = k;
  return CNNIMG_OK;
}

/* A heap of the places of k elements, the one that goes first on top. */
typedef struct heap {
  const ci_array *a;
  size_t *at, n;
  bool least; /* the k smallest are kept */
} heap;

/* Whether place p is worse than place q: of equal ones the later is. */
static bool worse(const heap *h, size_t p, size_t q) {
  bool up = h->least ? above(h->a, q, p) : above(h->a, p, q),
       down = h->least ? above(h->a, p, q) : above(h->a, q, p);
  return down || (!up && p > q);
}

static void sink(heap *h, size_t i) {
  for (size_t child; (child = 2 * i + 1) < h->n; i = child) {
    if (child + 1 < h->n && worse(h, h->at[child + 1], h->at[child])) child++;
    if (!worse(h, h->at[child], h->at[i])) return;
    size_t place = h->at[i];
    h->at[i] = h->at[child], h->at[child] = place;
  }
}

/* h->at: the k best of a lane, the best first. */
static void best_of(heap *h, size_t at, size_t step, size_t size, size_t k) {
  h->n = k;
  for (size_t i = 0; i < k; i++) h->at[i] = at + i * step;
  for (size_t i = k / 2; i--;) sink(h, i);
  for (size_t i = k; i < size; i++)
    if (worse(h, h->at[0], at + i * step)) {
      h->at[0] = at + i * step;
      sink(h, 0);
    }
  while (h->n > 1) { /* the worst goes to the end */
    size_t place = h->at[0];
    h->at[0] = h->at[--h->n], h->at[h->n] = place;
    sink(h, 0);
  }
}

static size_t top_scratch(const ci_tensor_call *c) {
  int32_t axis = 0;
  int64_t k = 0;
  top_sizes(c, &axis, &k, NULL);
  return c->out->count ? (size_t)k * sizeof(size_t) : 0;
}

static void top_run(const ci_tensor_call *c) {
  int32_t axis = 0;
  int64_t k = 0;
  if (!c->out->count || top_sizes(c, &axis, &k, NULL)) return;
  ci_lanes l = ci_array_lanes(&c->in[0], axis), to = {l.before, (size_t)k, l.after};
  heap h = {&c->in[0], c->scratch, 0, ci_attr_int(c->node, "largest", 1) == 0};
  for (size_t i = 0; i < l.before * l.after; i++) {
    size_t at = lane(l, i), o = lane(to, i);
    best_of(&h, at, l.after, l.size, to.size);
    for (size_t j = 0; j < to.size; j++, o += l.after)
      if (c->which == 1) ci_array_put_int(c->out, o, (int64_t)((h.at[j] - at) / l.after));
      else ci_array_copy(c->out, o, &c->in[0], h.at[j], 1, 1);
  }
}

/* ---- Hardmax, Softmax, LogSoftmax -------------------------------------------------------------- */

/* Before opset 13 all dimensions from the axis on are one. */
static int soft_lanes(const ci_tensor_call *c, ci_lanes *l, cnnimg_error *err) {
  int32_t axis;
  bool joined = c->opset < 13;
  int status = ci_tensor_axis(c, ci_attr_int(c->node, "axis", joined ? 1 : -1), c->in[0].rank, &axis, err);
  if (status) return status;
  *l = ci_array_lanes(&c->in[0], axis);
  if (joined) *l = (ci_lanes){l->before, l->size * l->after, 1};
  return status;
}

static int soft_shape(const ci_tensor_call *c, cnnimg_error *err) {
  ci_lanes l;
  ci_array_like(c->out, &c->in[0]);
  return soft_lanes(c, &l, err);
}

static size_t largest_of(const ci_array *a, size_t at, ci_lanes l) {
  size_t best = at;
  for (size_t i = 1; i < l.size; i++)
    if (above(a, at + i * l.after, best)) best = at + i * l.after;
  return best;
}

static void soft_lane(const ci_tensor_call *c, size_t at, ci_lanes l, bool logs) {
  const ci_array *in = &c->in[0];
  float top = ci_array_float(in, largest_of(in, at, l));
  double sum = 0;
  for (size_t i = 0; i < l.size; i++) {
    float e = expf(ci_array_float(in, at + i * l.after) - top);
    sum += (double)e;
    if (!logs) ci_array_put(c->out, at + i * l.after, (double)e);
  }
  for (size_t i = 0; i < l.size; i++) {
    size_t p = at + i * l.after;
    ci_array_put(
        c->out, p,
        logs ? (double)ci_array_float(in, p) - (double)top - log(sum) : ci_array_double(c->out, p) / sum);
  }
}

typedef struct soft_job {
  const ci_tensor_call *c;
  ci_lanes l;
  bool logs, rows; /* rows: lanes of floats that lie in one stretch each */
} soft_job;

static void soft_stretch(const void *arg, size_t from, size_t to) {
  const soft_job *j = arg;
  const ci_tensor_call *c = j->c;
  if (!j->rows) {
    for (size_t i = from; i < to; i++) soft_lane(c, lane(j->l, i), j->l, j->logs);
    return;
  }
  const ci_kernels *k = ci_tensor_kernels(c);
  int32_t n = (int32_t)j->l.size;
  k->softmax((float *)c->out->data + from * j->l.size, (const float *)c->in[0].data + from * j->l.size,
             to - from, n, n);
}

static void soft_run(const ci_tensor_call *c) {
  soft_job j = {.c = c, .logs = is(c, "LogSoftmax")};
  bool hard = is(c, "Hardmax"), floats = c->in[0].dtype == CI_F32 && c->out->dtype == CI_F32;
  if (!c->out->count || soft_lanes(c, &j.l, NULL)) return;
  j.rows = !j.logs && floats && j.l.after == 1 && j.l.size <= INT32_MAX - CI_SLOPE_PAD;
  size_t lanes = j.l.before * j.l.after;
  for (size_t i = 0; hard && i < c->out->count; i++) ci_array_put_int(c->out, i, 0);
  for (size_t i = 0; hard && i < lanes; i++)
    ci_array_put_int(c->out, largest_of(&c->in[0], lane(j.l, i), j.l), 1);
  if (!hard) ci_tensor_share(c, lanes, j.l.size * 8, soft_stretch, &j);
}

const ci_tensor_op ci_tensor_order_ops[] = {
    {"ArgMax", 1, 1, "axis keepdims select_last_index", arg_shape, NULL, arg_run},
    {"ArgMin", 1, 1, "axis keepdims select_last_index", arg_shape, NULL, arg_run},
    {"TopK", 1, 2, "axis k largest sorted", top_shape, top_scratch, top_run},
    {"Hardmax", 1, 1, "axis", soft_shape, NULL, soft_run},
    {"Softmax", 1, 1, "axis", soft_shape, NULL, soft_run},
    {"LogSoftmax", 1, 1, "axis", soft_shape, NULL, soft_run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
