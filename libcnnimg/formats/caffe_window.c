/* SPDX-License-Identifier: MIT */
/* caffe_window.c - Caffe's layers on maps: convolutions, pooling, dense layers, normalisation */
#include <math.h>
#include <string.h>

#include "formats/caffe.h"

/* Rows and columns from one repeated field, or from two of their own. */
static void pair(const ci_caffe_site *s, uint64_t both, uint64_t rows, uint64_t columns, int64_t otherwise,
                 int64_t out[2]) {
  int64_t v[2] = {otherwise, otherwise};
  size_t n = ci_caffe_ints(s, both, v, 2);
  out[0] = ci_caffe_int(s, rows, v[0]);
  out[1] = ci_caffe_int(s, columns, n > 1 ? v[1] : v[0]);
}

static void frame(const ci_caffe_site *s, ci_frame *w) {
  int64_t pads[2];
  ci_frame_init(w);
  pair(s, 3, 9, 10, 0, pads);
  pair(s, 6, 13, 14, 1, w->stride);
  pair(s, 18, 0, 0, 1, w->dilation);
  for (int i = 0; i < 4; i++) w->pads[i] = pads[i % 2];
  w->groups = ci_caffe_int(s, 5, 1);
}

/* Where nobody says how many channels the picture has, the first kernel does. */
static void tell_input(const ci_caffe_site *s, int32_t x, int64_t channels) {
  for (size_t i = 0; i < s->b->p->n_inputs; i++) {
    ci_pinput *in = &s->b->p->inputs[i];
    if (in->value == x && !in->dim[1] && channels > 0 && channels <= INT32_MAX) in->dim[1] = channels;
  }
}

static int32_t conv(ci_caffe_site *s, bool turned) {
  static const int64_t none[2] = {0, 0};
  ci_frame w;
  frame(s, &w);
  ci_tensor *t = ci_caffe_blob(s, 0, 0);
  if (!t || t->rank != 4) {
    ci_tensor_free(t);
    return ci_caffe_fail(s, CNNIMG_UNSUPPORTED, "has a kernel that has not 4 dimensions");
  }
  w.kernel[0] = t->dim[2], w.kernel[1] = t->dim[3];
  int64_t channels = turned ? t->dim[0] : t->dim[1] * w.groups;
  bool ok = ci_frame_check(s->b, &w, s->l->word);
  int32_t weight = ci_build_tensor(s->b, t), bias = CI_NONE;
  if (!ok) return -1;
  if (ci_caffe_int(s, 2, 1) && ci_caffe_blobs(s) > 1) {
    ci_tensor *row = ci_caffe_blob(s, 1, 1);
    bias = row ? ci_build_tensor(s->b, row) : -1;
  }
  if (s->b->status) return -1;
  tell_input(s, s->in[0], channels);
  return turned ? ci_put_deconv(s->b, s->in[0], &w, none, false, weight, bias)
                : ci_put_conv(s->b, s->in[0], &w, weight, bias);
}

static int32_t convolution(ci_caffe_site *s) { return conv(s, false); }
static int32_t deconvolution(ci_caffe_site *s) { return conv(s, true); }

/* Caffe rounds the number of windows up, unless it is told otherwise. */
static int32_t pooling(ci_caffe_site *s) {
  int64_t kind = ci_caffe_int(s, 1, 0), pads[2];
  ci_frame w;
  ci_frame_init(&w);
  if (kind != 0 && kind != 1) return ci_caffe_fail(s, CNNIMG_UNSUPPORTED, "pools in a way that is not known");
  if (ci_caffe_int(s, 12, 0))
    return ci_build_op1(s->b, kind ? "GlobalAveragePool" : "GlobalMaxPool", s->in[0]);
  pair(s, 2, 5, 6, 0, w.kernel);
  pair(s, 3, 7, 8, 1, w.stride);
  pair(s, 4, 9, 10, 0, pads);
  for (int i = 0; i < 4; i++) w.pads[i] = pads[i % 2];
  if (!ci_frame_check(s->b, &w, s->l->word)) return -1;
  return ci_put_pool(s->b, kind ? "AveragePool" : "MaxPool", s->in[0], &w, ci_caffe_int(s, 13, 0) == 0, true);
}

static int32_t inner_product(ci_caffe_site *s) {
  ci_tensor *t = ci_caffe_blob(s, 0, 2), *row = NULL;
  if (!t || t->rank != 2 || ci_caffe_int(s, 5, 1) != 1) {
    ci_tensor_free(t);
    return ci_caffe_fail(s, CNNIMG_UNSUPPORTED, "is not one matrix over all that it reads");
  }
  int32_t in[3] = {ci_build_op1(s->b, "Flatten", s->in[0]), ci_build_tensor(s->b, t), CI_NONE};
  if (ci_caffe_int(s, 2, 1) && ci_caffe_blobs(s) > 1 && (row = ci_caffe_blob(s, 1, 1)))
    in[2] = ci_build_tensor(s->b, row);
  int32_t y = ci_build_node(s->b, "Gemm", in, 3);
  ci_build_attr_int(s->b, "transB", ci_caffe_int(s, 6, 0) == 0);
  return y;
}

/* Mean and variance are sums; the third blob is how much they sum up. */
static int32_t batch_norm(ci_caffe_site *s) {
  ci_tensor *mean = ci_caffe_blob(s, 0, 1), *var = ci_caffe_blob(s, 1, 1), *sum = ci_caffe_blob(s, 2, 1);
  if (s->b->status || !mean || !var || !sum || sum->count != 1 || mean->count != var->count) {
    ci_tensor_free(mean);
    ci_tensor_free(var);
    ci_tensor_free(sum);
    return ci_caffe_fail(s, CNNIMG_CORRUPT, "has moments that do not fit each other");
  }
  float factor = *(const float *)sum->data;
  factor = factor == 0 ? 0 : 1 / factor;
  size_t n = mean->count;
  int32_t moments[2];
  for (int k = 0; k < 2; k++) {
    const ci_tensor *from = k ? var : mean;
    moments[k] = ci_put_filled(s->b, n, 0);
    for (size_t i = 0; i < n && moments[k] >= 0; i++)
      ((float *)s->b->p->values[moments[k]].tensor->owned)[i] = ((const float *)from->data)[i] * factor;
  }
  ci_tensor_free(mean);
  ci_tensor_free(var);
  ci_tensor_free(sum);
  int32_t in[5] = {s->in[0], ci_put_filled(s->b, n, 1), ci_put_filled(s->b, n, 0), moments[0], moments[1]};
  int32_t y = ci_build_node(s->b, "BatchNormalization", in, 5);
  ci_build_attr_float(s->b, "epsilon", ci_caffe_float(s, 3, 1e-5f));
  return y;
}

static int32_t lrn(ci_caffe_site *s) {
  if (ci_caffe_int(s, 4, 0)) return ci_caffe_fail(s, CNNIMG_UNSUPPORTED, "normalises within channels");
  int32_t y = ci_build_op1(s->b, "LRN", s->in[0]);
  ci_build_attr_int(s->b, "size", ci_caffe_int(s, 1, 5));
  ci_build_attr_float(s->b, "alpha", ci_caffe_float(s, 2, 1));
  ci_build_attr_float(s->b, "beta", ci_caffe_float(s, 3, 0.75f));
  ci_build_attr_float(s->b, "bias", ci_caffe_float(s, 5, 1));
  return y;
}

const ci_caffe_type ci_caffe_window_layers[] = {
    {"Convolution", 4, 106, 10, CI_CAFFE_LAYER, convolution},
    {"Deconvolution", 39, 106, 10, CI_CAFFE_LAYER, deconvolution},
    {"Pooling", 17, 121, 19, CI_CAFFE_LAYER, pooling},
    {"InnerProduct", 14, 117, 17, CI_CAFFE_LAYER, inner_product},
    {"BatchNorm", 0, 139, 0, CI_CAFFE_LAYER, batch_norm},
    {"LRN", 15, 118, 18, CI_CAFFE_LAYER, lrn},
    {NULL, 0, 0, 0, 0, NULL},
};
