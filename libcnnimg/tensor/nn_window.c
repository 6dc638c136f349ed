/* SPDX-License-Identifier: MIT */
/* nn_window.c - how windows slide over one to three axes: strides, dilations, pads, auto_pad, ceil_mode */
#include "tensor/nn.h"

/* Whole lists of attributes, one entry a spatial axis of input 0. */
typedef struct lists {
  int64_t kernel[CI_NN_SPATIAL], stride[CI_NN_SPATIAL], dilation[CI_NN_SPATIAL], pads[2 * CI_NN_SPATIAL];
} lists;

static int read_lists(const ci_tensor_call *c, const int64_t *kernel, int32_t n, lists *l,
                      cnnimg_error *err) {
  /* -1: absent, which is refused unless the weights have told the sizes */
  int status = ci_nn_ints(c, "kernel_shape", n, -1, kernel ? -1 : 1, CI_NN_STEP, l->kernel, err);
  if (!status) status = ci_nn_ints(c, "strides", n, 1, 1, CI_NN_STEP, l->stride, err);
  if (!status) status = ci_nn_ints(c, "dilations", n, 1, 1, CI_NN_STEP, l->dilation, err);
  if (!status) status = ci_nn_ints(c, "pads", 2 * n, 0, 0, CI_NN_STEP, l->pads, err);
  for (int32_t i = 0; i < n && !status && kernel; i++) {
    if (l->kernel[i] != -1 && l->kernel[i] != kernel[i])
      return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "kernel_shape says %lld, the weights %lld",
                            (long long)l->kernel[i], (long long)kernel[i]);
    if (kernel[i] < 1 || kernel[i] > CI_NN_STEP)
      return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "a kernel of %lld", (long long)kernel[i]);
    l->kernel[i] = kernel[i];
  }
  return status;
}

int ci_nn_steps(const ci_tensor_call *c, const int64_t *kernel, ci_nn_axis axis[CI_NN_SPATIAL],
                int32_t *auto_pad, cnnimg_error *err) {
  static const char *const words[] = {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID", NULL};
  const ci_array *x = &c->in[0];
  lists l;
  int status = ci_nn_rank(c, 0, 3, 2 + CI_NN_SPATIAL, err);
  int32_t n = x->rank - 2;
  if (!status) status = ci_nn_word(c, "auto_pad", words, auto_pad, err);
  if (!status) status = read_lists(c, kernel, n, &l, err);
  if (status) return status;
  for (int32_t i = 0; i < CI_NN_SPATIAL; i++) axis[i] = (ci_nn_axis){1, 1, 1, 1, 1, 0, 0};
  for (int32_t i = 0; i < n; i++) {
    bool set = *auto_pad == CI_NN_NOTSET;
    axis[i + CI_NN_SPATIAL - n] = (ci_nn_axis){.in = x->dim[2 + i],
                                               .taps = l.kernel[i],
                                               .stride = l.stride[i],
                                               .dilation = l.dilation[i],
                                               .before = set ? l.pads[i] : 0,
                                               .after = set ? l.pads[n + i] : 0};
  }
  return CNNIMG_OK;
}

/* How many windows fit. In ceil_mode the last may hang over, but not start in the padding behind the input. */
static void slide(ci_nn_axis *a, int32_t auto_pad, bool ceil_mode) {
  int64_t reach = (a->taps - 1) * a->dilation + 1, room = a->in + a->before + a->after - reach;
  if (auto_pad == CI_NN_SAME_UPPER || auto_pad == CI_NN_SAME_LOWER) {
    a->out = ci_nn_ceil_div(a->in, a->stride);
    int64_t total = (a->out - 1) * a->stride + reach - a->in;
    if (total < 0) total = 0;
    a->before = auto_pad == CI_NN_SAME_UPPER ? total / 2 : total - total / 2;
    a->after = total - a->before;
    return;
  }
  a->out = (ceil_mode ? ci_nn_ceil_div(room, a->stride) : ci_nn_floor_div(room, a->stride)) + 1;
  if (ceil_mode && (a->out - 1) * a->stride >= a->in + a->before) a->out--;
}

int ci_nn_window(const ci_tensor_call *c, const int64_t *kernel, bool ceil_mode,
                 ci_nn_axis axis[CI_NN_SPATIAL], cnnimg_error *err) {
  int32_t auto_pad;
  int status = ci_nn_steps(c, kernel, axis, &auto_pad, err);
  for (int32_t i = CI_NN_SPATIAL - (c->in[0].rank - 2); i < CI_NN_SPATIAL && !status; i++) {
    slide(&axis[i], auto_pad, ceil_mode);
    if (axis[i].out < 1 && axis[i].in > 0)
      return ci_tensor_fail(c, err, CNNIMG_BADARG, "a window of %lld does not fit into %lld",
                            (long long)((axis[i].taps - 1) * axis[i].dilation + 1), (long long)axis[i].in);
    if (axis[i].out < 0 || axis[i].in == 0) axis[i].out = 0;
  }
  return status;
}

void ci_nn_result(const ci_tensor_call *c, int64_t channels, const ci_nn_axis axis[CI_NN_SPATIAL]) {
  ci_array *out = c->out;
  out->type = CI_FLOAT;
  out->rank = c->in[0].rank;
  out->dim[0] = c->in[0].dim[0];
  out->dim[1] = channels;
  for (int32_t i = 2; i < out->rank; i++) out->dim[i] = axis[i - out->rank + CI_NN_SPATIAL].out;
}

void ci_nn_taps(const ci_nn_axis *a, int64_t o, int64_t *t0, int64_t *t1) {
  int64_t base = ci_nn_at(a, o, 0);
  *t0 = ci_nn_clamp(ci_nn_ceil_div(-base, a->dilation), 0, a->taps);
  *t1 = ci_nn_clamp(ci_nn_ceil_div(a->in - base, a->dilation), *t0, a->taps);
}

/* Called for every tap of a row: the division is worth avoiding. */
static int64_t steps_to(const ci_nn_axis *a, int64_t v) {
  return a->stride == 1 ? v : ci_nn_ceil_div(v, a->stride);
}

void ci_nn_reach(const ci_nn_axis *a, int64_t t, int64_t *o0, int64_t *o1) {
  int64_t base = ci_nn_at(a, 0, t);
  *o0 = ci_nn_clamp(steps_to(a, -base), 0, a->out);
  *o1 = ci_nn_clamp(steps_to(a, a->in - base), *o0, a->out);
}

void ci_nn_useful(const ci_nn_axis *a, int64_t *t0, int64_t *t1) {
  int64_t unused;
  *t0 = *t1 = 0;
  if (a->out < 1) return;
  ci_nn_taps(a, a->out - 1, t0, &unused);
  ci_nn_taps(a, 0, &unused, t1);
  if (*t1 < *t0) *t1 = *t0;
}
