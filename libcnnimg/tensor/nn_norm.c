/* SPDX-License-Identifier: MIT */
/* nn_norm.c - normalization of held arrays by the moments of a stretch: batch, instance, group, layer, RMS */
#include <math.h>

#include "tensor/nn.h"

/* Four sums side by side, for a single one would wait for each addition; then what is left, in order. */
static double sum_of(const float *x, size_t n, double mean, bool squares) {
  double sum[4] = {0};
  size_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (size_t k = 0; k < 4; k++) {
      double v = (double)x[i + k] - mean;
      sum[k] += squares ? v * v : v;
    }
  for (; i < n; i++) {
    double v = (double)x[i] - mean;
    sum[0] += squares ? v * v : v;
  }
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* Mean and variance in double; two passes, so that nothing cancels. */
static void moments(const float *x, size_t n, double *mean, double *var) {
  *mean = sum_of(x, n, 0, false) / (double)n;
  *var = sum_of(x, n, *mean, true) / (double)n;
}

/* out = (x - mean) * factor + bias */
static void affine(const float *x, size_t n, double mean, double factor, double bias, float *out) {
  for (size_t i = 0; i < n; i++) out[i] = (float)(((double)x[i] - mean) * factor + bias);
}

static double epsilon_of(const ci_tensor_call *c) { return (double)ci_attr_float(c->node, "epsilon", 1e-5f); }

static int check_epsilon(const ci_tensor_call *c, cnnimg_error *err) {
  double e = epsilon_of(c);
  return e >= 0 && e < 1e30 ? CNNIMG_OK : ci_tensor_fail(c, err, CNNIMG_CORRUPT, "an epsilon of %g", e);
}

/* What they all begin with; the result is like the input. */
static int begin(const ci_tensor_call *c, int32_t outputs, int32_t least, cnnimg_error *err) {
  int status = ci_nn_outputs(c, outputs, err);
  if (!status) status = ci_nn_float(c, 0, least, CI_MAX_RANK, err);
  if (!status) status = check_epsilon(c, err);
  if (!status) ci_array_like(c->out, &c->in[0]);
  return status;
}

/* ---- BatchNormalization ------------------------------------------------------------------ */

/* Before opset 14 more outputs than one mean that the batch's own moments are taken. */
static bool trains(const ci_tensor_call *c) {
  if (ci_attr_int(c->node, "training_mode", 0)) return true;
  if (c->opset < 7 && !ci_attr_int(c->node, "is_test", 0)) return true;
  for (int32_t i = 1; i < c->node->n_out && c->opset < 14; i++)
    if (c->node->out[i] >= 0) return true;
  return false;
}

static int batch_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int status = trains(c) ? ci_tensor_refuse(c, err, "normalizing as in training is not done") : CNNIMG_OK;
  if (!status) status = begin(c, 1, 1, err);
  if (!status && !ci_attr_int(c->node, "spatial", 1))
    status = ci_tensor_refuse(c, err, "spatial = 0 is not done");
  for (int32_t k = 1; k < 5 && !status; k++)
    status = ci_nn_vector(c, k, c->in[0].rank < 2 ? 1 : c->in[0].dim[1], err);
  return status;
}

static void batch_run(const ci_tensor_call *c) {
  const ci_array *x = &c->in[0];
  if (!c->out->count) return;
  size_t channels = x->rank < 2 ? 1 : (size_t)x->dim[1],
         n = x->rank < 2 ? 1 : ci_array_product(x, 2, x->rank);
  const float *scale = ci_nn_floats(c, 1), *bias = ci_nn_floats(c, 2);
  const float *mean = ci_nn_floats(c, 3), *var = ci_nn_floats(c, 4);
  double epsilon = epsilon_of(c);
  for (size_t i = 0; i < x->count / n; i++) {
    size_t m = i % channels;
    double factor = (double)scale[m] / sqrt((double)var[m] + epsilon);
    affine((const float *)x->data + i * n, n, (double)mean[m], factor, (double)bias[m],
           (float *)c->out->data + i * n);
  }
}

/* ---- InstanceNormalization and GroupNormalization ---------------------------------------------- */

static int instance_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int status = begin(c, 1, 2, err);
  for (int32_t k = 1; k < 3 && !status; k++) status = ci_nn_vector(c, k, c->in[0].dim[1], err);
  return status;
}

static int group_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int64_t groups;
  int status = begin(c, 1, 2, err);
  if (!status) status = ci_nn_int(c, "num_groups", 0, 1, CI_NN_STEP, &groups, err);
  if (status) return status;
  if (c->in[0].dim[1] % groups)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "%lld channels in %lld groups", (long long)c->in[0].dim[1],
                          (long long)groups);
  /* opset 18 had a scale for a group; 21 has one for a channel */
  for (int32_t k = 1; k < 3 && !status; k++)
    status = ci_nn_vector(c, k, c->opset < 21 ? groups : c->in[0].dim[1], err);
  return status;
}

/* Stretches of `each` channels with moments of their own; `share` channels have one scale and bias. */
typedef struct channels {
  const ci_tensor_call *c;
  size_t each, share, n;
} channels;

static void channel_stretches(const void *arg, size_t from, size_t to) {
  const channels *h = arg;
  const ci_array *x = &h->c->in[0];
  const float *scale = ci_nn_floats(h->c, 1), *bias = ci_nn_floats(h->c, 2);
  double mean, var, epsilon = epsilon_of(h->c);
  for (size_t s = from; s < to; s++) {
    size_t at = s * h->each * h->n;
    moments((const float *)x->data + at, h->each * h->n, &mean, &var);
    for (size_t i = 0; i < h->each; i++, at += h->n) {
      size_t m = (s * h->each + i) % (size_t)x->dim[1] / h->share;
      affine((const float *)x->data + at, h->n, mean, (double)scale[m] / sqrt(var + epsilon), (double)bias[m],
             (float *)h->c->out->data + at);
    }
  }
}

static void by_channels(const ci_tensor_call *c, size_t each, size_t share) {
  const ci_array *x = &c->in[0];
  channels h = {c, each, share, ci_array_product(x, 2, x->rank)};
  ci_tensor_share(c, x->count / h.n / each, each * h.n * 4, channel_stretches, &h);
}

static void instance_run(const ci_tensor_call *c) {
  if (c->out->count) by_channels(c, 1, 1);
}

static void group_run(const ci_tensor_call *c) {
  if (!c->out->count) return;
  size_t each = (size_t)(c->in[0].dim[1] / ci_attr_int(c->node, "num_groups", 1));
  by_channels(c, each, c->opset < 21 ? each : 1);
}

/* ---- LayerNormalization and RMSNormalization ----------------------------------------------------- */

/* Input k is broadcast to input 0. */
static int check_spread(const ci_tensor_call *c, int32_t k, cnnimg_error *err) {
  const ci_array *x = &c->in[0], *a = &c->in[k];
  if (!ci_array_given(c, k)) return CNNIMG_OK;
  int status = ci_nn_float(c, k, 0, x->rank, err);
  for (int32_t i = 0; i < a->rank && !status; i++)
    if (a->dim[i] != 1 && a->dim[i] != x->dim[i + x->rank - a->rank])
      return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "input %d: sizes %lld and %lld do not match", k,
                            (long long)a->dim[i], (long long)x->dim[i + x->rank - a->rank]);
  return status;
}

static int layer_shape(const ci_tensor_call *c, cnnimg_error *err) {
  bool rms = c->node->type[0] == 'R';
  int32_t axis;
  int status = begin(c, rms ? 1 : 3, 1, err);
  if (!status) status = ci_tensor_axis(c, ci_attr_int(c->node, "axis", -1), c->in[0].rank, &axis, err);
  for (int32_t k = 1; k < c->n_in && !status; k++) status = check_spread(c, k, err);
  for (int32_t i = axis; !status && c->which > 0 && i < c->out->rank; i++) c->out->dim[i] = 1;
  return status;
}

/* Where an input's row begins that is broadcast to row r (of the last axis) of x; *step: 0 or 1 along the row. */
static size_t spread_row(const ci_array *a, const ci_array *x, size_t r, size_t *step) {
  size_t at = 0, by = 1;
  *step = 0;
  for (int32_t i = x->rank, k = a->rank; i-- > 0 && k-- > 0;) {
    bool last = i == x->rank - 1;
    if (last) *step = a->dim[k] > 1;
    else if (a->dim[k] > 1) at += r % (size_t)x->dim[i] * by;
    if (!last) r /= (size_t)x->dim[i];
    by *= (size_t)a->dim[k];
  }
  return at;
}

/* out = (x - mean) * factor * scale + bias for row r. */
static void layer_row(const ci_tensor_call *c, size_t r, double mean, double factor) {
  const ci_array *x = &c->in[0];
  size_t n = (size_t)x->dim[x->rank - 1], step, step_bias = 0;
  const float *from = (const float *)x->data + r * n, *scale = ci_nn_floats(c, 1), *bias = ci_nn_floats(c, 2);
  float *out = (float *)c->out->data + r * n;
  scale += spread_row(&c->in[1], x, r, &step);
  if (bias) bias += spread_row(&c->in[2], x, r, &step_bias);
  for (size_t i = 0; i < n; i++) {
    double v = ((double)from[i] - mean) * factor * (double)scale[i * step];
    out[i] = (float)(bias ? v + (double)bias[i * step_bias] : v);
  }
}

typedef struct layer {
  const ci_tensor_call *c;
  size_t n, rows; /* of a stretch */
} layer;

static void layer_stretches(const void *arg, size_t from, size_t to) {
  const layer *l = arg;
  const ci_tensor_call *c = l->c;
  bool rms = c->node->type[0] == 'R';
  for (size_t s = from; s < to; s++) {
    double mean, var;
    moments((const float *)c->in[0].data + s * l->n, l->n, &mean, &var);
    if (rms) var += mean * mean, mean = 0;
    double factor = 1 / sqrt(var + epsilon_of(c));
    if (c->which > 0) ((float *)c->out->data)[s] = (float)(c->which == 1 ? mean : factor);
    for (size_t r = 0; r < l->rows && c->which == 0; r++) layer_row(c, s * l->rows + r, mean, factor);
  }
}

static void layer_run(const ci_tensor_call *c) {
  const ci_array *x = &c->in[0];
  layer l = {.c = c};
  int32_t axis;
  if (!c->out->count || ci_tensor_axis(c, ci_attr_int(c->node, "axis", -1), x->rank, &axis, NULL)) return;
  l.n = ci_array_product(x, axis, x->rank), l.rows = l.n ? l.n / (size_t)x->dim[x->rank - 1] : 0;
  ci_tensor_share(c, ci_array_product(x, 0, axis), l.n * 4, layer_stretches, &l);
}

const ci_tensor_op ci_tensor_nn_norm_ops[] = {
    {"BatchNormalization", 5, 5, "epsilon momentum spatial training_mode is_test", batch_shape, NULL,
     batch_run},
    {"InstanceNormalization", 3, 3, "epsilon", instance_shape, NULL, instance_run},
    {"GroupNormalization", 3, 3, "epsilon num_groups stash_type", group_shape, NULL, group_run},
    {"LayerNormalization", 2, 3, "axis epsilon stash_type", layer_shape, NULL, layer_run},
    {"RMSNormalization", 2, 2, "axis epsilon stash_type", layer_shape, NULL, layer_run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
