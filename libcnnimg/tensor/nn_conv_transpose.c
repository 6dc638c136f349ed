/* SPDX-License-Identifier: MIT */
/* nn_conv_transpose.c - transposed convolution of held arrays over one to three axes, a row of outputs at a time */
#include "tensor/nn.h"

/*
 * Weights are [group * cin, cout, taps ...]. The axes are those of the convolution that this one turns round: tap t
 * of our input i (its "out") meets our output i * stride - before + t * dilation (its "in").
 */
typedef struct transposed {
  int64_t group, cin, cout; /* channels of one group */
  ci_nn_axis axis[CI_NN_SPATIAL];
} transposed;

static int channels_of(const ci_tensor_call *c, transposed *v, cnnimg_error *err) {
  const ci_array *x = &c->in[0], *w = &c->in[1];
  int status = ci_nn_int(c, "group", 1, 1, CI_NN_STEP, &v->group, err);
  if (status) return status;
  if (w->rank != x->rank || w->count == 0)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "weights of %d dimensions for an input of %d", w->rank,
                          x->rank);
  v->cin = w->dim[0] / v->group;
  v->cout = w->dim[1];
  if (w->dim[0] % v->group || x->dim[1] != w->dim[0])
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT,
                          "weights %lld x %lld do not fit %lld channels in %lld groups", (long long)w->dim[0],
                          (long long)w->dim[1], (long long)x->dim[1], (long long)v->group);
  return ci_nn_vector(c, 2, v->cout * v->group, err);
}

/* output_shape, -1 where it is not given; it may name the picture and the channel too, which then do not count. */
static int wanted(const ci_tensor_call *c, int32_t n, int64_t size[CI_NN_SPATIAL], cnnimg_error *err) {
  const int64_t *v = NULL;
  int32_t have = ci_attr_ints(c->node, "output_shape", &v);
  for (int32_t i = 0; i < n; i++) size[i] = -1;
  if (have <= 0) return CNNIMG_OK;
  if (have != n && have != n + 2)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "output_shape has %d numbers for %d axes", have, n);
  for (int32_t i = 0; i < n; i++) {
    size[i] = v[have - n + i];
    if (size[i] < 1 || size[i] > CI_TENSOR_MOST)
      return ci_tensor_fail(c, err, CNNIMG_LIMIT, "an output_shape of %lld", (long long)size[i]);
  }
  return CNNIMG_OK;
}

/* The axis comes with in: the size of our input; extra: output_padding; size: what is wanted, or -1. */
static int spread(const ci_tensor_call *c, ci_nn_axis *a, int32_t auto_pad, int64_t extra, int64_t size,
                  cnnimg_error *err) {
  bool same = auto_pad == CI_NN_SAME_UPPER || auto_pad == CI_NN_SAME_LOWER;
  if (a->in < 1) return ci_tensor_refuse(c, err, "an axis without elements cannot be spread");
  a->out = a->in;
  int64_t full = (a->out - 1) * a->stride + (a->taps - 1) * a->dilation + 1 + extra;
  if (size < 0 && same) size = a->out * a->stride;
  if (size < 0) {
    a->in = full - a->before - a->after;
  } else {
    int64_t total = full > size ? full - size : 0;
    a->before = auto_pad == CI_NN_SAME_UPPER ? total / 2 : total - total / 2;
    a->in = size;
  }
  if (a->in < 1)
    return ci_tensor_fail(c, err, CNNIMG_BADARG, "pads of %lld and %lld leave nothing", (long long)a->before,
                          (long long)a->after);
  return CNNIMG_OK;
}

static int axes_of(const ci_tensor_call *c, transposed *v, cnnimg_error *err) {
  int64_t extra[CI_NN_SPATIAL], size[CI_NN_SPATIAL];
  int32_t auto_pad = 0, n = c->in[0].rank - 2;
  int status = ci_nn_steps(c, c->in[1].dim + 2, v->axis, &auto_pad, err);
  if (!status) status = ci_nn_ints(c, "output_padding", n, 0, 0, CI_NN_STEP, extra, err);
  if (!status) status = wanted(c, n, size, err);
  for (int32_t i = 0; i < n && !status; i++)
    status = spread(c, &v->axis[CI_NN_SPATIAL - n + i], auto_pad, extra[i], size[i], err);
  return status;
}

static int transposed_of(const ci_tensor_call *c, transposed *v, cnnimg_error *err) {
  int status = ci_nn_outputs(c, 1, err);
  if (!status) status = ci_nn_float(c, 0, 3, 2 + CI_NN_SPATIAL, err);
  if (!status) status = ci_nn_float(c, 1, 3, 2 + CI_NN_SPATIAL, err);
  if (!status) status = channels_of(c, v, err);
  return status ? status : axes_of(c, v, err);
}

static int shape(const ci_tensor_call *c, cnnimg_error *err) {
  transposed v;
  int status = transposed_of(c, &v, err);
  if (status) return status;
  ci_nn_result(c, v.cout * v.group, v.axis);
  for (int32_t i = 2; i < c->out->rank; i++) c->out->dim[i] = v.axis[i - c->out->rank + CI_NN_SPATIAL].in;
  return CNNIMG_OK;
}

/* The input whose tap t meets output o, or -1. */
static int64_t source(const ci_nn_axis *a, int64_t o, int64_t t) {
  int64_t at = o + a->before - t * a->dilation;
  return at < 0 || at % a->stride || at / a->stride >= a->out ? -1 : at / a->stride;
}

/* Adds one row of taps over one row of inputs. */
static void add_row(const ci_nn_axis *x, const float *in, const float *w, float *out) {
  int64_t i0, i1;
  for (int64_t t = 0; t < x->taps; t++) {
    ci_nn_reach(x, t, &i0, &i1);
    if (i0 == i1) continue;
    const float *from = in + i0;
    float *to = out + ci_nn_at(x, i0, t), by = w[t];
    int64_t n = i1 - i0, step = x->stride;
    if (step == 1) ci_nn_add(to, from, by, (size_t)n);
    else
      for (int64_t i = 0; i < n; i++) to[i * step] += by * from[i];
  }
}

/* Adds what the input channels of a group give to row (oz, oy) of the output. */
static void add_channels(const transposed *v, int64_t oz, int64_t oy, const float *in, const float *w,
                         float *out) {
  const ci_nn_axis *z = &v->axis[0], *y = &v->axis[1], *x = &v->axis[2];
  int64_t plane = z->out * y->out * x->out, apart = v->cout * z->taps * y->taps * x->taps;
  for (int64_t tz = 0; tz < z->taps; tz++)
    for (int64_t ty = 0; ty < y->taps; ty++) {
      int64_t iz = source(z, oz, tz), iy = source(y, oy, ty);
      if (iz < 0 || iy < 0) continue;
      const float *row = in + (iz * y->out + iy) * x->out, *taps = w + (tz * y->taps + ty) * x->taps;
      for (int64_t k = 0; k < v->cin; k++) add_row(x, row + k * plane, taps + k * apart, out);
    }
}

static void run(const ci_tensor_call *c) {
  transposed v;
  if (!c->out->count || transposed_of(c, &v, NULL)) return;
  const ci_nn_axis *z = &v.axis[0], *y = &v.axis[1], *x = &v.axis[2];
  int64_t plane = z->out * y->out * x->out, taps = z->taps * y->taps * x->taps, all = v.group * v.cout;
  const float *bias = ci_nn_floats(c, 2);
  float *out = c->out->data;
  for (int64_t p = 0; p < c->in[0].dim[0]; p++)
    for (int64_t m = 0; m < all; m++) {
      int64_t g = m / v.cout;
      const float *in = (const float *)c->in[0].data + (p * v.group + g) * v.cin * plane;
      const float *w = (const float *)c->in[1].data + (g * v.cin * v.cout + m % v.cout) * taps;
      for (int64_t row = 0; row < z->in * y->in; row++, out += x->in) {
        for (int64_t i = 0; i < x->in; i++) out[i] = bias ? bias[m] : 0;
        add_channels(&v, row / y->in, row % y->in, in, w, out);
      }
    }
}

const ci_tensor_op ci_tensor_nn_conv_transpose_ops[] = {
    {"ConvTranspose", 2, 3, "auto_pad dilations group kernel_shape output_padding output_shape pads strides",
     shape, NULL, run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
