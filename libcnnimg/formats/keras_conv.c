/* SPDX-License-Identifier: MIT */
/* keras_conv.c - Keras layers with kernels: convolutions of every kind, dense layers */
#include <string.h>

#include "formats/keras_model.h"
#include "net/permute.h"

static const ci_kt nothing = {.v = -1};

/* A number or pair under the first of the names that is there. */
static bool pair(const ci_kcall *c, const char *name, const char *older, int64_t otherwise, int64_t out[2]) {
  const ci_json *v = ci_json_get(c->config, name);
  return ci_keras_pair(v ? v : ci_json_get(c->config, older), otherwise, out);
}

/* "valid" or "same"; what it says of the layer in ci_frame's terms. */
static bool padding(const ci_kcall *c, ci_frame *w) {
  const char *word = ci_json_string(ci_json_get(c->config, "padding"),
                                    ci_json_string(ci_json_get(c->config, "border_mode"), "valid"));
  w->same = !strcmp(word, "same");
  return w->same || !strcmp(word, "valid");
}

/* Strides, dilation, padding; the kernel is the weights'. */
static bool window(const ci_kcall *c, ci_frame *w) {
  ci_frame_init(w);
  bool ok = pair(c, "strides", "subsample", 1, w->stride) &&
            pair(c, "dilation_rate", "atrous_rate", 1, w->dilation);
  if (!ok || !padding(c, w))
    ci_keras_fail(c, CNNIMG_UNSUPPORTED, "has strides, dilation or padding that are not known");
  return !c->k->b.status;
}

/* Rows and columns of a kernel whose dimensions are `rank` 4; the rest is checked where it is used. */
static const ci_tensor *kernel(const ci_kcall *c, const char *names, int rows, ci_frame *w) {
  const ci_entry *e = ci_keras_tensor(c, names);
  if (e && e->tensor->rank != 4) e = NULL;
  if (!e) {
    ci_keras_fail(c, CNNIMG_UNSUPPORTED, "has no kernel of 4 dimensions");
    return NULL;
  }
  w->kernel[0] = e->tensor->dim[rows], w->kernel[1] = e->tensor->dim[rows + 1];
  return ci_frame_check(&c->k->b, w, c->name) ? e->tensor : NULL;
}

/* Theano's order O, I, h, w: of Keras 1 only. */
static bool is_theano(const ci_kcall *c) {
  return ci_json_get(c->config, "dim_ordering") && ci_keras_first(c);
}

static ci_kt finish(const ci_kcall *c, ci_kt t) {
  return ci_keras_activation(c, t, ci_json_get(c->config, "activation"));
}

static ci_kt conv2d(const ci_kcall *c) {
  ci_kt t = ci_keras_picture(c, ci_keras_in(c, 0));
  ci_frame w;
  bool theano = is_theano(c);
  if (c->k->b.status || !window(c, &w)) return nothing;
  w.groups = ci_json_int(ci_json_get(c->config, "groups"), 1);
  const ci_tensor *k = kernel(c, "kernel|W", theano ? 2 : 0, &w);
  if (!k) return nothing;
  int32_t weight = ci_keras_weight(c, "kernel|W", theano ? 123 : 3201);
  t.v = ci_put_conv(&c->k->b, t.v, &w, weight, ci_keras_optional(c, "bias|b"));
  t.channels = k->dim[theano ? 0 : 3], t.scale /= (double)w.stride[0];
  return finish(c, t);
}

/* The sizes of the output that "output_padding" asks for: pads as TensorFlow cuts them. */
static bool output_padding(const ci_kcall *c, ci_frame *w, int64_t extra[2]) {
  const ci_json *said = ci_json_get(c->config, "output_padding");
  extra[0] = extra[1] = 0;
  if (ci_json_is_null(said)) return true;
  if (!ci_keras_pair(said, 0, extra)) return false;
  for (int i = 0; i < 2; i++) {
    int64_t reach = (w->kernel[i] - 1) * w->dilation[i] + 1,
            cut = w->same ? 2 * (reach / 2) - extra[i] : -extra[i];
    if (extra[i] < 0 || extra[i] >= w->stride[i]) return false;
    w->pads[i] = cut > 0 ? cut / 2 : 0, w->pads[i + 2] = cut > 0 ? cut - cut / 2 : 0;
    extra[i] = cut < 0 ? -cut : 0;
  }
  w->same = false;
  return true;
}

static ci_kt conv2d_transpose(const ci_kcall *c) {
  ci_kt t = ci_keras_picture(c, ci_keras_in(c, 0));
  ci_frame w;
  int64_t extra[2];
  bool theano = is_theano(c);
  if (c->k->b.status || !window(c, &w)) return nothing;
  const ci_tensor *k = kernel(c, "kernel|W", theano ? 2 : 0, &w);
  if (!k) return nothing;
  bool cover = ci_json_is_null(ci_json_get(c->config, "output_padding"));
  if (!output_padding(c, &w, extra))
    return ci_keras_fail(c, CNNIMG_UNSUPPORTED, "has an output padding that is not known");
  int32_t weight = ci_keras_weight(c, "kernel|W", theano ? 1023 : 3201);
  t.v = ci_put_deconv(&c->k->b, t.v, &w, extra, cover, weight, ci_keras_optional(c, "bias|b"));
  t.channels = k->dim[theano ? 0 : 2], t.scale *= (double)w.stride[0];
  return finish(c, t);
}

/* ---- depthwise ---------------------------------------------------------------------------------- */

#define DEPTHWISE "depthwise_kernel|kernel"

/* [h, w, I, m] as [I * m, 1, h, w], made once: the layer's values are views of the same constant. */
static int32_t depthwise_weight(const ci_kcall *c, const ci_tensor *k) {
  int32_t turned = ci_keras_weight(c, DEPTHWISE, 2301);
  const int64_t dim[4] = {k->dim[2] * k->dim[3], 1, k->dim[0], k->dim[1]};
  if (c->k->b.status) return -1;
  ci_tensor *t = c->k->b.p->values[turned].tensor; /* this layer's own: dimensions may be joined in place */
  memcpy(t->dim, dim, sizeof dim);
  return turned;
}

static ci_kt depthwise(const ci_kcall *c, ci_kt t, int32_t bias) {
  ci_frame w;
  if (c->k->b.status || !window(c, &w)) return nothing;
  const ci_tensor *k = kernel(c, DEPTHWISE, 0, &w);
  if (!k) return nothing;
  w.groups = k->dim[2];
  if (!ci_frame_check(&c->k->b, &w, c->name)) return nothing;
  t.v = ci_put_conv(&c->k->b, t.v, &w, depthwise_weight(c, k), bias);
  t.channels = k->dim[2] * k->dim[3], t.scale /= (double)w.stride[0];
  return t;
}

static ci_kt depthwise_conv2d(const ci_kcall *c) {
  ci_kt t = ci_keras_picture(c, ci_keras_in(c, 0));
  return finish(c, depthwise(c, t, ci_keras_optional(c, "bias|b")));
}

static ci_kt separable_conv2d(const ci_kcall *c) {
  ci_kt t = depthwise(c, ci_keras_picture(c, ci_keras_in(c, 0)), CI_NONE);
  ci_frame w;
  ci_frame_init(&w);
  const ci_tensor *k = c->k->b.status ? NULL : kernel(c, "pointwise_kernel", 0, &w);
  if (!k) return nothing;
  t.v = ci_put_conv(&c->k->b, t.v, &w, ci_keras_weight(c, "pointwise_kernel", 3201),
                    ci_keras_optional(c, "bias|b"));
  t.channels = k->dim[3];
  return finish(c, t);
}

/* ---- dense ---------------------------------------------------------------------------------------- */

/* Of a picture that is a 1x1 convolution, which streams. */
static ci_kt dense_picture(const ci_kcall *c, ci_kt t, const ci_tensor *k, int32_t bias) {
  const int64_t dim[4] = {k->dim[1], k->dim[0], 1, 1};
  int32_t weight = ci_keras_weight(c, "kernel|W", 10);
  ci_frame w;
  ci_frame_init(&w);
  if (c->k->b.status) return nothing;
  ci_tensor *own = c->k->b.p->values[weight].tensor;
  own->rank = 4;
  memcpy(own->dim, dim, sizeof dim);
  t.v = ci_put_conv(&c->k->b, t.v, &w, weight, bias);
  t.channels = dim[0];
  return t;
}

/* Over the last dimension. */
static ci_kt dense(const ci_kcall *c) {
  ci_build *b = &c->k->b;
  ci_kt t = ci_keras_in(c, 0);
  const ci_entry *e = ci_keras_tensor(c, "kernel|W");
  int32_t bias = ci_keras_optional(c, "bias|b");
  if (b->status) return nothing;
  if (!e || e->tensor->rank != 2)
    return ci_keras_fail(c, CNNIMG_UNSUPPORTED, "has no kernel of 2 dimensions");
  if (t.last) return finish(c, dense_picture(c, t, e->tensor, bias));
  t.v = ci_build_op2(b, "MatMul", t.v, ci_keras_weight(c, "kernel|W", -1));
  if (bias != CI_NONE) t.v = ci_build_op2(b, "Add", t.v, bias);
  return finish(c, t);
}

const ci_klayer ci_keras_conv_layers[] = {
    {"Conv2D", conv2d},
    {"Convolution2D", conv2d},
    {"AtrousConvolution2D", conv2d},
    {"AtrousConv2D", conv2d},
    {"Conv2DTranspose", conv2d_transpose},
    {"Convolution2DTranspose", conv2d_transpose},
    {"Deconvolution2D", conv2d_transpose},
    {"DepthwiseConv2D", depthwise_conv2d},
    {"SeparableConv2D", separable_conv2d},
    {"SeparableConvolution2D", separable_conv2d},
    {"Dense", dense},
    {NULL, NULL},
};
