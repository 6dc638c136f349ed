/* SPDX-License-Identifier: MIT */
/* reduce.c - sums, means, extremes and norms over some of the dimensions */
#include <math.h>
#include <string.h>

#include "tensor/tensor_op.h"

typedef enum what { SUM, MEAN, MAX, MIN, L1, L2, SUM_SQUARE, PROD, LOG_SUM, LOG_SUM_EXP } what;

static what what_of(const ci_tensor_call *c) {
  static const char *const names[] = {"Sum", "Mean", "Max", "Min", "L1", "L2", "SumSquare", "Prod", "LogSum", "LogSumExp"};
  for (int i = 0; i < 10; i++)
    if (!strcmp(names[i], c->node->type + 6)) return (what)i; /* behind "Reduce" */
  return SUM;
}

/* Which dimensions go; *none: nothing is reduced at all. */
static int read_axes(const ci_tensor_call *c, bool *gone, bool *none, cnnimg_error *err) {
  int64_t axes[CI_MAX_RANK];
  int32_t n, rank = c->in[0].rank;
  int status = ci_tensor_ints(c, 1, "axes", axes, CI_MAX_RANK, &n, err);
  *none = n <= 0 && ci_attr_int(c->node, "noop_with_empty_axes", 0);
  for (int32_t i = 0; i < CI_MAX_RANK; i++) gone[i] = n <= 0 && !*none;
  for (int32_t i = 0, a; i < n && !status; i++) {
    status = ci_tensor_axis(c, axes[i], rank, &a, err);
    if (!status) gone[a] = true;
  }
  return status;
}

static int shape(const ci_tensor_call *c, cnnimg_error *err) {
  bool gone[CI_MAX_RANK], none, keep = ci_attr_int(c->node, "keepdims", 1) != 0;
  int status = read_axes(c, gone, &none, err);
  c->out->type = c->in[0].type, c->out->rank = 0;
  for (int32_t i = 0; i < c->in[0].rank && !status; i++)
    if (!gone[i] || keep) c->out->dim[c->out->rank++] = gone[i] ? 1 : c->in[0].dim[i];
  return status;
}

static double begin(what w) { return w == MAX || w == LOG_SUM_EXP ? -INFINITY : w == MIN ? INFINITY : w == PROD; }

static double add(what w, double sum, double x) {
  switch (w) {
    case MAX: case LOG_SUM_EXP: return x > sum || x != x ? x : sum;
    case MIN: return x < sum || x != x ? x : sum;
    case L1: return sum + fabs(x);
    case L2: case SUM_SQUARE: return sum + x * x;
    case PROD: return sum * x;
    default: return sum + x;
  }
}

typedef struct nest {
  int32_t n;
  int64_t dim[CI_MAX_RANK], step[CI_MAX_RANK];
} nest;

/* The places of one result's elements, in order, folded. */
static double fold(what w, const ci_array *x, int64_t first, const nest *in, double largest) {
  int64_t at[CI_MAX_RANK] = {0}, place = first, count = 1;
  double sum = begin(largest == largest ? SUM : w);
  for (int32_t i = 0; i < in->n; i++) count *= in->dim[i];
  for (int64_t i = 0; i < count; i++) {
    double v = x->dtype == CI_I64 ? (double)((const int64_t *)x->data)[place] : (double)((const float *)x->data)[place];
    sum = largest == largest ? sum + exp(v - largest) : add(w, sum, v);
    for (int32_t k = in->n - 1; k >= 0; k--) {
      place += in->step[k];
      if (++at[k] < in->dim[k]) break;
      place -= in->step[k] * in->dim[k];
      at[k] = 0;
    }
  }
  if (w == MEAN) sum /= (double)count;
  return sum;
}

static double finish(what w, const ci_array *x, int64_t first, const nest *in) {
  double v = fold(w, x, first, in, NAN);
  if (w == L2) return sqrt(v);
  if (w == LOG_SUM) return log(v);
  if (w != LOG_SUM_EXP || v - v != 0) return v;
  return v + log(fold(SUM, x, first, in, v));
}

static void run(const ci_tensor_call *c) {
  bool gone[CI_MAX_RANK], none;
  nest in = {0}, out = {0};
  int64_t at[CI_MAX_RANK] = {0}, place = 0, step = 1;
  if (read_axes(c, gone, &none, NULL)) return;
  const ci_array *x = &c->in[0];
  for (int32_t i = 0; i < x->rank; i++) {
    nest *to = gone[i] ? &in : &out;
    step = (int64_t)ci_array_product(x, i + 1, x->rank);
    to->dim[to->n] = x->dim[i], to->step[to->n++] = step;
  }
  for (size_t i = 0; i < c->out->count; i++) {
    double v;
    if (none) v = x->dtype == CI_I64 ? (double)((const int64_t *)x->data)[i] : (double)((const float *)x->data)[i];
    else v = finish(what_of(c), x, place, &in);
    ci_array_set(c->out, i, c->out->type == CI_INT ? trunc(v) : v);
    for (int32_t k = out.n - 1; k >= 0; k--) {
      place += out.step[k];
      if (++at[k] < out.dim[k]) break;
      place -= out.step[k] * out.dim[k];
      at[k] = 0;
    }
  }
}

#define REDUCE(t) {"Reduce" t, 1, 2, "axes keepdims noop_with_empty_axes", shape, NULL, run}
const ci_tensor_op ci_tensor_reduce_ops[] = {
    REDUCE("Sum"),  REDUCE("Mean"), REDUCE("Max"),    REDUCE("Min"),       REDUCE("L1"), REDUCE("L2"), REDUCE("SumSquare"),
    REDUCE("Prod"), REDUCE("LogSum"), REDUCE("LogSumExp"), {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
