/* SPDX-License-Identifier: MIT */
/* nn_conv.c - convolution of held arrays over one to three axes, a row of outputs at a time */
#include "tensor/nn.h"

/* Weights are [group * cout, cin, taps ...]; groups are side by side in the input's and the output's channels. */
typedef struct conv {
  int64_t group, cin, cout; /* channels of one group */
  ci_nn_axis axis[CI_NN_SPATIAL];
} conv;

static int channels_of(const ci_tensor_call *c, conv *v, cnnimg_error *err) {
  const ci_array *x = &c->in[0], *w = &c->in[1];
  int status = ci_nn_int(c, "group", 1, 1, CI_NN_STEP, &v->group, err);
  if (status) return status;
  if (w->rank != x->rank || w->count == 0)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "weights of %d dimensions for an input of %d", w->rank,
                          x->rank);
  v->cin = w->dim[1];
  v->cout = w->dim[0] / v->group;
  if (w->dim[0] % v->group || x->dim[1] % v->group || x->dim[1] / v->group != v->cin)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT,
                          "weights %lld x %lld do not fit %lld channels in %lld groups", (long long)w->dim[0],
                          (long long)w->dim[1], (long long)x->dim[1], (long long)v->group);
  return ci_nn_vector(c, 2, w->dim[0], err);
}

static int conv_of(const ci_tensor_call *c, conv *v, cnnimg_error *err) {
  int status = ci_nn_outputs(c, 1, err);
  if (!status) status = ci_nn_float(c, 0, 3, 2 + CI_NN_SPATIAL, err);
  if (!status) status = ci_nn_float(c, 1, 3, 2 + CI_NN_SPATIAL, err);
  if (!status) status = channels_of(c, v, err);
  return status ? status : ci_nn_window(c, c->in[1].dim + 2, false, v->axis, err);
}

static int shape(const ci_tensor_call *c, cnnimg_error *err) {
  conv v;
  int status = conv_of(c, &v, err);
  if (!status) ci_nn_result(c, c->in[1].dim[0], v.axis);
  return status;
}

/* Adds one row of taps over one row of inputs. */
static void add_row(const ci_nn_axis *x, const float *in, const float *w, float *out) {
  int64_t t0, t1, o0, o1;
  ci_nn_useful(x, &t0, &t1);
  for (int64_t t = t0; t < t1; t++) {
    ci_nn_reach(x, t, &o0, &o1);
    if (o0 == o1) continue;
    const float *from = in + ci_nn_at(x, o0, t);
    float *to = out + o0, by = w[t];
    int64_t n = o1 - o0, step = x->stride;
    if (step == 1) ci_nn_add(to, from, by, (size_t)n);
    else
      for (int64_t i = 0; i < n; i++) to[i] += by * from[i * step];
  }
}

/* Adds what one input channel gives to row (oz, oy) of the output. */
static void add_channel(const conv *v, int64_t oz, int64_t oy, const float *in, const float *w, float *out) {
  const ci_nn_axis *z = &v->axis[0], *y = &v->axis[1], *x = &v->axis[2];
  int64_t z0, z1, y0, y1;
  ci_nn_taps(z, oz, &z0, &z1);
  ci_nn_taps(y, oy, &y0, &y1);
  for (int64_t tz = z0; tz < z1; tz++)
    for (int64_t ty = y0; ty < y1; ty++)
      add_row(x, in + (ci_nn_at(z, oz, tz) * y->in + ci_nn_at(y, oy, ty)) * x->in,
              w + (tz * y->taps + ty) * x->taps, out);
}

static void run_channel(const conv *v, const float *in, const float *w, float bias, float *out) {
  int64_t plane = v->axis[0].in * v->axis[1].in * v->axis[2].in, width = v->axis[2].out;
  int64_t taps = v->axis[0].taps * v->axis[1].taps * v->axis[2].taps;
  for (int64_t oz = 0; oz < v->axis[0].out; oz++)
    for (int64_t oy = 0; oy < v->axis[1].out; oy++, out += width) {
      for (int64_t i = 0; i < width; i++) out[i] = bias;
      for (int64_t k = 0; k < v->cin; k++) add_channel(v, oz, oy, in + k * plane, w + k * taps, out);
    }
}

static void run(const ci_tensor_call *c) {
  conv v;
  if (!c->out->count || conv_of(c, &v, NULL)) return;
  int64_t plane = v.axis[0].in * v.axis[1].in * v.axis[2].in, all = v.group * v.cout;
  int64_t result = v.axis[0].out * v.axis[1].out * v.axis[2].out;
  int64_t taps = v.axis[0].taps * v.axis[1].taps * v.axis[2].taps;
  const float *bias = ci_nn_floats(c, 2), *w = c->in[1].data;
  float *out = c->out->data;
  for (int64_t p = 0; p < c->in[0].dim[0]; p++)
    for (int64_t m = 0; m < all; m++, out += result) {
      const float *in = (const float *)c->in[0].data + (p * v.group + m / v.cout) * v.cin * plane;
      run_channel(&v, in, w + m * v.cin * taps, bias ? bias[m] : 0, out);
    }
}

const ci_tensor_op ci_tensor_nn_conv_ops[] = {
    {"Conv", 2, 3, "auto_pad dilations group kernel_shape pads strides", shape, NULL, run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
