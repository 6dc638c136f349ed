/* SPDX-License-Identifier: MIT */
/* nn_resize.c - Resize and Upsample of held arrays along any axes: one axis after another, or nearest by places */
#include "base/memory.h"
#include "tensor/nn_resize.h"

#define BEYOND INT64_MIN /* a place that shows extrapolation_value */

/* ---- memory --------------------------------------------------------------------------------------------- */

static size_t sum_of_outs(const ci_nn_resize *r) {
  size_t n = 0;
  for (int32_t i = 0; i < r->rank; i++) n += (size_t)r->axis[i].out;
  return n;
}

/* Axes that change, in order; the last of them writes the result. */
static int32_t moving(const ci_nn_resize *r, int32_t axes[CI_MAX_RANK]) {
  int32_t n = 0;
  for (int32_t i = 0; i < r->rank; i++)
    if (!r->axis[i].still) axes[n++] = i;
  return n;
}

/* Elements of what lies between the passes, at the most; false: too many. */
static bool between(const ci_nn_resize *r, size_t *most) {
  int32_t axes[CI_MAX_RANK], n = moving(r, axes);
  *most = 0;
  for (int32_t pass = 0; pass + 1 < n; pass++) {
    size_t count = 1;
    for (int32_t i = 0; i < r->rank; i++)
      if (!ci_mul(count, (size_t)(i <= axes[pass] ? r->axis[i].out : r->axis[i].in), &count)) return false;
    if (count > *most) *most = count;
  }
  return *most <= (size_t)CI_TENSOR_MOST;
}

/* Numbers of the largest table of places and weights of an axis; false: too many. */
static bool table(const ci_nn_resize *r, size_t *most) {
  *most = 0;
  for (int32_t i = 0; i < r->rank; i++) {
    size_t n;
    if (r->axis[i].still) continue;
    if (!ci_mul((size_t)r->axis[i].out, 2 * (size_t)r->axis[i].reach + 1, &n)) return false;
    if (n > *most) *most = n;
  }
  return *most <= (size_t)CI_TENSOR_MOST;
}

static int shape(const ci_tensor_call *c, cnnimg_error *err) {
  ci_nn_resize r;
  size_t unused;
  int status = ci_nn_outputs(c, 1, err);
  if (!status) status = ci_nn_resize_of(c, &r, err);
  if (status) return status;
  if (r.mode != CI_NN_NEAREST && (c->in[0].type != CI_FLOAT || c->in[0].dtype != CI_F32))
    return ci_tensor_refuse(c, err, "integers are not interpolated");
  ci_array_like(c->out, &c->in[0]);
  for (int32_t i = 0; i < r.rank; i++) c->out->dim[i] = r.axis[i].out;
  if (r.mode != CI_NN_NEAREST && (!between(&r, &unused) || !table(&r, &unused)))
    return ci_tensor_fail(c, err, CNNIMG_LIMIT, "the resized array is too large");
  return CNNIMG_OK;
}

/* Nearest: places for all axes. Else: the table of an axis, then what lies between the passes, twice. */
static size_t scratch(const ci_tensor_call *c) {
  ci_nn_resize r;
  size_t tabled = 0, held = 0;
  if (!c->out->count || ci_nn_resize_of(c, &r, NULL)) return 0;
  if (r.mode == CI_NN_NEAREST) return sum_of_outs(&r) * sizeof(int64_t);
  if (!between(&r, &held) || !table(&r, &tabled)) return 0;
  return tabled * sizeof(double) + 2 * held * sizeof(float);
}

/* ---- nearest ----------------------------------------------------------------------------------------------- */

static void nearest_places(const ci_nn_resize *r, int64_t *places) {
  for (int32_t i = 0; i < r->rank; i++) {
    const ci_nn_scaled *a = &r->axis[i];
    for (int64_t o = 0; o < a->out; o++, places++) {
      int64_t first = o;
      double w;
      if (!a->still && !ci_nn_resize_taps(r, a, o, &first, &w)) *places = BEYOND;
      else *places = ci_nn_clamp(first, 0, a->in - 1);
    }
  }
}

/* Where row `row` of the result (of the last axis) begins in the input; BEYOND: outside. */
static int64_t nearest_row(const ci_nn_resize *r, const int64_t *places, size_t row) {
  int64_t at = 0, by = r->axis[r->rank - 1].in;
  const int64_t *end = places + sum_of_outs(r) - r->axis[r->rank - 1].out;
  bool beyond = false;
  for (int32_t i = r->rank - 1; i-- > 0; by *= r->axis[i].in) {
    const ci_nn_scaled *a = &r->axis[i];
    end -= a->out;
    int64_t place = end[row % (size_t)a->out];
    row /= (size_t)a->out;
    if (place == BEYOND) beyond = true;
    else at += place * by;
  }
  return beyond ? BEYOND : at;
}

static void run_nearest(const ci_tensor_call *c, const ci_nn_resize *r) {
  int64_t *places = c->scratch;
  size_t n = (size_t)r->axis[r->rank - 1].out;
  nearest_places(r, places);
  const int64_t *last = places + sum_of_outs(r) - n;
  for (size_t row = 0; row < c->out->count / n; row++) {
    int64_t from = nearest_row(r, places, row);
    for (size_t i = 0; i < n; i++)
      if (from == BEYOND || last[i] == BEYOND) ci_array_set(c->out, row * n + i, (double)r->beyond);
      else ci_nn_copy_one(c->out, row * n + i, &c->in[0], (size_t)(from + last[i]));
  }
}

/* ---- linear and cubic ---------------------------------------------------------------------------------------- */

/* An axis' outputs: where their inputs begin, and the weights, `taps` an output. */
typedef struct mix {
  const ci_nn_scaled *axis;
  int64_t taps, *first;
  double *weights;
  float beyond;
} mix;

static mix mix_of(const ci_nn_resize *r, const ci_nn_scaled *a, void *room) {
  mix m = {a, 2 * a->reach, room, (double *)room + a->out, r->beyond};
  for (int64_t o = 0; o < a->out; o++)
    if (!ci_nn_resize_taps(r, a, o, &m.first[o], m.weights + o * m.taps)) m.first[o] = BEYOND;
  return m;
}

/* One output: `inner` elements side by side. Weights of nothing are left out: what they would weigh may be no number. */
static void mix_one(const mix *m, int64_t o, const float *in, float *out, size_t inner) {
  const double *w = m->weights + o * m->taps;
  for (size_t i = 0; i < inner; i++) out[i] = m->first[o] == BEYOND ? m->beyond : 0;
  for (int64_t k = 0; k < m->taps && m->first[o] != BEYOND; k++) {
    const float *from = in + (size_t)ci_nn_clamp(m->first[o] + k, 0, m->axis->in - 1) * inner;
    float by = (float)w[k];
    if (by != 0) ci_nn_add(out, from, by, inner);
  }
}

/* The last axis: one number at a time. */
static float mix_single(const mix *m, int64_t o, const float *in) {
  const double *w = m->weights + o * m->taps;
  double sum = 0;
  if (m->first[o] == BEYOND) return m->beyond;
  for (int64_t k = 0; k < m->taps; k++)
    if (w[k] != 0) sum += w[k] * (double)in[ci_nn_clamp(m->first[o] + k, 0, m->axis->in - 1)];
  return (float)sum;
}

static void mix_all(const mix *m, const float *in, float *out, size_t outer, size_t inner) {
  for (size_t i = 0; i < outer; i++, in += (size_t)m->axis->in * inner)
    for (int64_t o = 0; o < m->axis->out; o++, out += inner) {
      if (inner == 1) *out = mix_single(m, o, in);
      else mix_one(m, o, in, out, inner);
    }
}

static void run_mixed(const ci_tensor_call *c, const ci_nn_resize *r) {
  int32_t axes[CI_MAX_RANK], n = moving(r, axes);
  size_t tabled = 0, held = 0;
  if (!between(r, &held) || !table(r, &tabled)) return;
  float *room[2] = {(float *)((double *)c->scratch + tabled),
                    (float *)((double *)c->scratch + tabled) + held};
  const float *in = c->in[0].data;
  for (int32_t pass = 0; pass < n; pass++) {
    size_t outer = 1, inner = 1;
    for (int32_t i = 0; i < axes[pass]; i++) outer *= (size_t)r->axis[i].out;
    for (int32_t i = axes[pass] + 1; i < r->rank; i++) inner *= (size_t)r->axis[i].in;
    mix m = mix_of(r, &r->axis[axes[pass]], c->scratch);
    float *out = pass + 1 == n ? c->out->data : room[pass % 2];
    mix_all(&m, in, out, outer, inner);
    in = out;
  }
  if (!n) memcpy(c->out->data, in, c->out->count * sizeof *in);
}

static void run(const ci_tensor_call *c) {
  ci_nn_resize r;
  if (!c->out->count || ci_nn_resize_of(c, &r, NULL)) return;
  if (r.mode == CI_NN_NEAREST) run_nearest(c, &r);
  else run_mixed(c, &r);
}

const ci_tensor_op ci_tensor_nn_resize_ops[] = {
    {"Resize", 1, 4,
     "antialias axes coordinate_transformation_mode cubic_coeff_a exclude_outside extrapolation_value "
     "keep_aspect_ratio_policy mode nearest_mode",
     shape, scratch, run},
    {"Upsample", 1, 2, "mode scales", shape, scratch, run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
