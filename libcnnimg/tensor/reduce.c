/* SPDX-License-Identifier: MIT */
/* reduce.c - sums, means, extremes, norms over axes */
#include <math.h>
#include <string.h>

#include "tensor/array.h"

typedef enum kind { SUM, MEAN, LARGEST, LEAST, L1, L2, SUM_SQUARE, PROD, LOG_SUM, LOG_SUM_EXP, KINDS } kind;
static const char *const names[KINDS] = {"ReduceSum",    "ReduceMean",     "ReduceMax",       "ReduceMin",
                                         "ReduceL1",     "ReduceL2",       "ReduceSumSquare", "ReduceProd",
                                         "ReduceLogSum", "ReduceLogSumExp"};

static kind kind_of(const ci_tensor_call *c) {
  int k = 0;
  while (strcmp(names[k], c->node->type)) k++;
  return (kind)k;
}

/* ---- which axes --------------------------------------------------------------------------- */

static int axes_of(const ci_tensor_call *c, uint32_t *bits, cnnimg_error *err) {
  int64_t v[CI_MAX_RANK];
  int32_t n, axis;
  int status = ci_tensor_ints(c, 1, "axes", v, CI_MAX_RANK, &n, err);
  *bits = 0;
  if (!status && n <= 0 && !ci_attr_int(c->node, "noop_with_empty_axes", 0))
    *bits = (1u << c->in[0].rank) - 1;
  for (int32_t i = 0; !status && i < n; i++) {
    status = ci_tensor_axis(c, v[i], c->in[0].rank, &axis, err);
    if (!status) *bits |= 1u << axis;
  }
  return status;
}

static int shape(const ci_tensor_call *c, cnnimg_error *err) {
  const ci_array *in = &c->in[0];
  uint32_t bits;
  bool keep = ci_attr_int(c->node, "keepdims", 1) != 0;
  int status = axes_of(c, &bits, err);
  if (status) return status;
  c->out->type = in->type, c->out->rank = 0;
  for (int32_t i = 0; i < in->rank; i++) {
    bool gone = bits >> i & 1;
    if (!gone || keep) c->out->dim[c->out->rank++] = gone ? 1 : in->dim[i];
  }
  return CNNIMG_OK;
}

/* ---- sums a result ------------------------------------------------------------------------ */

/* What a result becomes of, in scratch: doubles or integers, and for LOG_SUM_EXP the largest element beside it. */
typedef union total {
  double d;
  int64_t i;
} total;

static size_t scratch(const ci_tensor_call *c) {
  return c->out->count * sizeof(total) * (kind_of(c) == LOG_SUM_EXP ? 2 : 1);
}

static bool in_ints(const ci_tensor_call *c, kind k) {
  return c->in[0].dtype == CI_I64 && k != L2 && k != LOG_SUM && k != LOG_SUM_EXP;
}

static total beginning(kind k, bool whole) {
  if (whole) return (total){.i = k == PROD ? 1 : k == LARGEST ? INT64_MIN : k == LEAST ? INT64_MAX : 0};
  return (total){.d = k == PROD ? 1 : k == LARGEST ? -INFINITY : k == LEAST ? INFINITY : 0};
}

static double joined(kind k, double t, double v) {
  switch (k) {
    case LARGEST:
      return v > t || v != v ? v : t;
    case LEAST:
      return v < t || v != v ? v : t;
    case L1:
      return t + fabs(v);
    case L2:
    case SUM_SQUARE:
      return t + v * v;
    case PROD:
      return t * v;
    default:
      return t + v;
  }
}

static int64_t joined_ints(kind k, int64_t t, int64_t v) {
  switch (k) {
    case LARGEST:
      return v > t ? v : t;
    case LEAST:
      return v < t ? v : t;
    case L1:
      return ci_wrap_add(t, v < 0 ? ci_wrap_sub(0, v) : v);
    case SUM_SQUARE:
      return ci_wrap_add(t, ci_wrap_mul(v, v));
    case PROD:
      return ci_wrap_mul(t, v);
    default:
      return ci_wrap_add(t, v);
  }
}

/* Elements at..at+n of floats into totals that are `step` (0 or 1) apart. */
static void float_row(kind k, const float *x, size_t n, total *t, int64_t step) {
  if (k == SUM || k == MEAN || k == LOG_SUM) { /* the common ones without a switch inside */
    if (step)
      for (size_t i = 0; i < n; i++) t[i].d += (double)x[i];
    else
      for (size_t i = 0; i < n; i++) t->d += (double)x[i];
    return;
  }
  for (size_t i = 0; i < n; i++) t[(int64_t)i * step].d = joined(k, t[(int64_t)i * step].d, (double)x[i]);
}

static void row(const ci_tensor_call *c, kind k, size_t at, size_t n, total *t, int64_t step) {
  const ci_array *in = &c->in[0];
  if (in->dtype == CI_F32) {
    float_row(k, (const float *)in->data + at, n, t, step);
    return;
  }
  const int64_t *x = (const int64_t *)in->data + at;
  for (size_t i = 0; i < n; i++, t += step)
    if (in_ints(c, k)) t->i = joined_ints(k, t->i, x[i]);
    else t->d = joined(k, t->d, (double)x[i]);
}

/* The exponentials of what lies below the largest, which keeps them in range. */
static void exp_row(const ci_array *in, size_t at, size_t n, const total *largest, total *t, int64_t step) {
  for (size_t i = 0; i < n; i++, t += step, largest += step) {
    double v = ci_array_double(in, at + i);
    t->d += isinf(largest->d) ? v == largest->d && v > 0 : exp(v - largest->d);
  }
}

/* Passes over the input in order; largest: of each result, for LOG_SUM_EXP's second pass, else NULL. */
static void pass(const ci_tensor_call *c, kind k, uint32_t bits, total *t, const total *largest) {
  const ci_array *in = &c->in[0];
  int64_t step[CI_MAX_RANK];
  size_t n = 1;
  for (int32_t i = in->rank - 1; i >= 0; i--) {
    step[i] = bits >> i & 1 ? 0 : (int64_t)n;
    if (!(bits >> i & 1)) n *= (size_t)in->dim[i];
  }
  ci_walk w;
  ci_walk_init(&w, in->rank, in->dim);
  ci_walk_add_steps(&w, 0, step);
  ci_walk_start(&w);
  for (size_t r = 0; r < w.rows; r++, ci_walk_next(&w))
    if (largest) exp_row(in, r * w.n, w.n, largest + w.at[0], t + w.at[0], ci_walk_step(&w, 0));
    else row(c, k, r * w.n, w.n, t + w.at[0], ci_walk_step(&w, 0));
}

static double finished(kind k, double t, double n) {
  return k == MEAN ? t / n : k == L2 ? sqrt(t) : k == LOG_SUM ? log(t) : t;
}

static void finish(const ci_tensor_call *c, kind k, const total *t, const total *largest) {
  size_t n = c->out->count ? c->in[0].count / c->out->count : 0;
  for (size_t o = 0; o < c->out->count; o++) {
    if (in_ints(c, k)) ci_array_put_int(c->out, o, k != MEAN ? t[o].i : n ? t[o].i / (int64_t)n : 0);
    else if (largest)
      ci_array_put(c->out, o, isinf(largest[o].d) && !t[o].d ? largest[o].d : largest[o].d + log(t[o].d));
    else {
      double v = finished(k, t[o].d, (double)n);
      ci_array_put(c->out, o, c->out->type == CI_INT && isfinite(v) ? trunc(v) : v);
    }
  }
}

/* ---- the last axes, of floats: each result has a stretch of its own ---------------------------------------- */

/* Sums four at a time, for a single one would wait for each addition; the rest in order. */
static double total_of(kind k, const float *x, size_t n) {
  double t[4];
  size_t i = 0;
  for (int j = 0; j < 4; j++) t[j] = beginning(k, false).d;
  if (k == SUM || k == MEAN || k == LOG_SUM)
    for (; i + 4 <= n; i += 4)
      for (size_t j = 0; j < 4; j++) t[j] += (double)x[i + j];
  else
    for (; i + 4 <= n; i += 4)
      for (size_t j = 0; j < 4; j++) t[j] = joined(k, t[j], (double)x[i + j]);
  for (; i < n; i++) t[0] = joined(k, t[0], (double)x[i]);
  kind last = k == L1 || k == L2 || k == SUM_SQUARE ? SUM : k;
  return joined(last, joined(last, t[0], t[1]), joined(last, t[2], t[3]));
}

static void run_stretches(const void *arg, size_t from, size_t to) {
  const ci_tensor_call *c = arg;
  kind k = kind_of(c);
  size_t n = c->in[0].count / c->out->count;
  for (size_t o = from; o < to; o++)
    ((float *)c->out->data)[o] =
        (float)finished(k, total_of(k, (const float *)c->in[0].data + o * n, n), (double)n);
}

static bool last_axes(const ci_tensor_call *c, kind k, uint32_t bits) {
  const ci_array *in = &c->in[0];
  int32_t i = in->rank;
  while (i > 0 && (bits >> (i - 1) & 1 || in->dim[i - 1] == 1)) i--;
  while (i > 0 && (!(bits >> (i - 1) & 1) || in->dim[i - 1] == 1)) i--;
  return !i && in->count && k != LOG_SUM_EXP && in->dtype == CI_F32 && c->out->dtype == CI_F32 &&
         c->out->type == CI_FLOAT;
}

static void run(const ci_tensor_call *c) {
  kind k = kind_of(c);
  uint32_t bits = 0;
  total *t = c->scratch, *largest = k == LOG_SUM_EXP ? t + c->out->count : NULL;
  axes_of(c, &bits, NULL);
  if (last_axes(c, k, bits)) {
    ci_tensor_share(c, c->out->count, c->in[0].count / c->out->count, run_stretches, c);
    return;
  }
  for (size_t o = 0; o < c->out->count; o++) {
    t[o] = beginning(k, in_ints(c, k));
    if (largest) largest[o] = beginning(LARGEST, false);
  }
  if (largest) pass(c, LARGEST, bits, largest, NULL);
  pass(c, k, bits, t, largest);
  finish(c, k, t, largest);
}

#define REDUCE(name) \
  { name, 1, 2, "axes keepdims noop_with_empty_axes", shape, scratch, run }
const ci_tensor_op ci_tensor_reduce_ops[] = {
    REDUCE("ReduceSum"),
    REDUCE("ReduceMean"),
    REDUCE("ReduceMax"),
    REDUCE("ReduceMin"),
    REDUCE("ReduceL1"),
    REDUCE("ReduceL2"),
    REDUCE("ReduceSumSquare"),
    REDUCE("ReduceProd"),
    REDUCE("ReduceLogSum"),
    REDUCE("ReduceLogSumExp"),
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
