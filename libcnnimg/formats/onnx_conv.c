/* SPDX-License-Identifier: MIT */
/* onnx_conv.c - what slides a window: convolutions, pooling; and batch-norm */
#include "base/error.h"
#include "formats/onnx.h"

#define LARGEST 4096 /* a window, a stride, a dilation, a pad: more is no picture network */

/* Up to `want` integers of an attribute, all within limits; absent ones leave out[] alone. */
static int window_ints(const ci_onnx_node *n, const char *name, int32_t want, int64_t lo, int32_t *out) {
  int64_t v[4];
  int32_t count = ci_onnx_ints(n, name, v, want);
  if (count < 0) return CNNIMG_OK;
  if (count != want)
    return ci_fail(n->o->err, CNNIMG_UNSUPPORTED,
                   "%s: %s has %d numbers, not %d: only windows of two dimensions are done", n->label, name,
                   count, want);
  for (int32_t i = 0; i < want; i++) {
    int status = ci_onnx_range(n, name, v[i], lo, LARGEST, &out[i]);
    if (status) return status;
  }
  return CNNIMG_OK;
}

static int auto_pad(const ci_onnx_node *n, ci_params *p) {
  static const char *const names[] = {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"};
  ci_text mode = ci_onnx_string(n, "auto_pad");
  if (!mode.p) return CNNIMG_OK;
  for (int32_t i = 0; i < 4; i++) {
    if (!ci_text_is(mode, names[i])) continue;
    p->auto_pad = i;
    return CNNIMG_OK;
  }
  return ci_onnx_refuse(n, "auto_pad is none of NOTSET, SAME_UPPER, SAME_LOWER, VALID");
}

static int window(const ci_onnx_node *n, ci_params *p) {
  int status = window_ints(n, "kernel_shape", 2, 1, p->kernel);
  if (!status) status = window_ints(n, "strides", 2, 1, p->stride);
  if (!status) status = window_ints(n, "dilations", 2, 1, p->dilation);
  if (!status) status = window_ints(n, "pads", 4, 0, p->pads);
  if (!status) status = auto_pad(n, p);
  return status;
}

/* The kernel's size is the weight's; where the attribute says it too they must agree. */
static int weighted_window(const ci_onnx_node *n, ci_params *p) {
  const ci_tensor *w;
  int status = ci_onnx_want_map(n, 0, false);
  if (!status) status = ci_onnx_want_const(n, 1, CI_F32, "weight", &w);
  if (status) return status;
  if (w->rank != 4)
    return ci_fail(n->o->err, CNNIMG_UNSUPPORTED, "%s: its weight has %d dimensions, 4 are expected",
                   n->label, w->rank);
  int32_t kernel[2];
  status = ci_onnx_range(n, "the weight's height", w->dim[2], 1, LARGEST, &kernel[0]);
  if (!status) status = ci_onnx_range(n, "the weight's width", w->dim[3], 1, LARGEST, &kernel[1]);
  p->kernel[0] = kernel[0], p->kernel[1] = kernel[1];
  if (!status) status = window(n, p);
  if (status) return status;
  if (p->kernel[0] != kernel[0] || p->kernel[1] != kernel[1])
    return ci_fail(n->o->err, CNNIMG_CORRUPT, "%s: kernel_shape is %dx%d, the weight is %dx%d", n->label,
                   p->kernel[0], p->kernel[1], kernel[0], kernel[1]);
  return ci_onnx_range(n, "group", ci_onnx_int(n, "group", 1), 1, 65536, &p->group);
}

/* The bias, if there is one: a number an output channel. */
static int check_bias(const ci_onnx_node *n, int64_t channels) {
  const ci_tensor *b;
  if (!ci_onnx_given(n, 2)) return CNNIMG_OK;
  int status = ci_onnx_want_const(n, 2, CI_F32, "bias", &b);
  if (status || (int64_t)b->count == channels) return status;
  return ci_fail(n->o->err, CNNIMG_CORRUPT, "%s: the bias has %zu numbers for %lld channels", n->label,
                 b->count, (long long)channels);
}

static int finish_conv(ci_onnx_node *n, ci_op_id op, const ci_params *p, int64_t in, int64_t out) {
  int32_t have = ci_onnx_channels(n, 0);
  if (have && have != in)
    return ci_fail(n->o->err, CNNIMG_CORRUPT, "%s: the weight wants %lld channels, the map has %d", n->label,
                   (long long)in, have);
  int status = check_bias(n, out);
  if (status) return status;
  ci_node *node = ci_onnx_emit(n, op, n->in, n->n_in);
  if (!node) return CNNIMG_NOMEM;
  node->p = *p;
  return ci_onnx_set_channels(n, node->out, out);
}

static int convert_conv(ci_onnx_node *n) {
  ci_params p;
  ci_params_init(&p);
  int status = weighted_window(n, &p);
  if (status) return status;
  const ci_tensor *w = ci_const(n->o->g, n->in[1]);
  if (w->dim[0] < 1 || w->dim[0] > INT32_MAX || w->dim[1] < 1 || w->dim[1] > INT32_MAX || w->dim[0] % p.group)
    return ci_fail(n->o->err, CNNIMG_CORRUPT, "%s: a weight of %lld x %lld channels in %d groups", n->label,
                   (long long)w->dim[0], (long long)w->dim[1], p.group);
  return finish_conv(n, CI_OP_conv, &p, w->dim[1] * p.group, w->dim[0]);
}

static int convert_conv_transpose(ci_onnx_node *n) {
  ci_params p;
  ci_params_init(&p);
  if (ci_onnx_has(n, "output_shape")) return ci_onnx_refuse(n, "a fixed output_shape is not done");
  int status = weighted_window(n, &p);
  if (!status) status = window_ints(n, "output_padding", 2, 0, p.out_pads);
  if (status) return status;
  const ci_tensor *w = ci_const(n->o->g, n->in[1]);
  if (w->dim[0] < 1 || w->dim[0] > INT32_MAX || w->dim[1] < 1 || w->dim[1] > INT32_MAX || w->dim[0] % p.group)
    return ci_fail(n->o->err, CNNIMG_CORRUPT, "%s: a weight of %lld x %lld channels in %d groups", n->label,
                   (long long)w->dim[0], (long long)w->dim[1], p.group);
  return finish_conv(n, CI_OP_conv_transpose, &p, w->dim[0], w->dim[1] * p.group);
}

static int pool(ci_onnx_node *n, ci_op_id op) {
  ci_params p;
  ci_params_init(&p);
  int status = ci_onnx_want_map(n, 0, false);
  if (!status && !ci_onnx_has(n, "kernel_shape")) status = ci_onnx_refuse(n, "kernel_shape is missing");
  if (!status) status = window(n, &p);
  if (!status) status = ci_onnx_range(n, "ceil_mode", ci_onnx_int(n, "ceil_mode", 0), 0, 1, &p.ceil_mode);
  if (!status)
    status = ci_onnx_range(n, "count_include_pad", ci_onnx_int(n, "count_include_pad", 0), 0, 1,
                           &p.count_include_pad);
  if (status) return status;
  ci_node *node = ci_onnx_emit(n, op, n->in, 1);
  if (!node) return CNNIMG_NOMEM;
  node->p = p;
  return CNNIMG_OK;
}

static int convert_max_pool(ci_onnx_node *n) { return pool(n, CI_OP_max_pool); }
static int convert_average_pool(ci_onnx_node *n) { return pool(n, CI_OP_average_pool); }

static int whole(ci_onnx_node *n, ci_op_id op) {
  int status = ci_onnx_want_map(n, 0, false);
  return status ? status : ci_onnx_emit(n, op, n->in, 1) ? CNNIMG_OK : CNNIMG_NOMEM;
}

static int convert_global_average(ci_onnx_node *n) { return whole(n, CI_OP_global_average_pool); }
static int convert_global_max(ci_onnx_node *n) { return whole(n, CI_OP_global_max_pool); }

/* The mean (or the maximum) over height and width is a global pool; other axes are refused. */
static int reduce(ci_onnx_node *n, ci_op_id op) {
  int64_t axes[4] = {0};
  int32_t count = ci_onnx_ints(n, "axes", axes, 4), a = 0, b = 0;
  const ci_tensor *t = NULL;
  int status = ci_onnx_want_map(n, 0, false);
  if (!status && ci_onnx_given(n, 1)) status = ci_onnx_want_const(n, 1, CI_I64, "list of axes", &t);
  if (!status && t && (count = (int32_t)(t->count < 4 ? t->count : 4)) == 2)
    axes[0] = ((const int64_t *)t->data)[0], axes[1] = ((const int64_t *)t->data)[1];
  if (!status && count != 2) status = ci_onnx_refuse(n, "only height and width are reduced, both of them");
  if (!status) status = ci_onnx_axis(n, axes[0], 4, &a);
  if (!status) status = ci_onnx_axis(n, axes[1], 4, &b);
  if (!status && (a + b != 5 || (a != 2 && a != 3)))
    status = ci_onnx_refuse(n, "only height and width are reduced, both of them");
  if (status) return status;
  ci_node *node = ci_onnx_emit(n, op, n->in, 1);
  if (!node) return CNNIMG_NOMEM;
  return ci_onnx_know(n->o, node->out, ci_onnx_int(n, "keepdims", 1) ? 4 : 2, ci_onnx_channels(n, 0));
}

static int convert_reduce_mean(ci_onnx_node *n) { return reduce(n, CI_OP_global_average_pool); }
static int convert_reduce_max(ci_onnx_node *n) { return reduce(n, CI_OP_global_max_pool); }

static int convert_batch_norm(ci_onnx_node *n) {
  static const char *const what[] = {"", "scale", "bias", "mean", "variance"};
  const ci_tensor *t;
  int32_t channels = ci_onnx_channels(n, 0);
  int status = ci_onnx_want_map(n, 0, true);
  if (!status && ci_onnx_int(n, "training_mode", 0)) status = ci_onnx_refuse(n, "is still in training mode");
  if (!status && !ci_onnx_int(n, "spatial", 1)) status = ci_onnx_refuse(n, "spatial = 0 is not done");
  for (int32_t k = 1; k < 5 && !status; k++) {
    status = ci_onnx_want_const(n, k, CI_F32, what[k], &t);
    if (!status && channels && t->count != (size_t)channels)
      status = ci_fail(n->o->err, CNNIMG_CORRUPT, "%s: its %s has %zu numbers for %d channels", n->label,
                       what[k], t->count, channels);
  }
  if (status) return status;
  ci_node *node = ci_onnx_emit(n, CI_OP_batch_norm, n->in, 5);
  if (!node) return CNNIMG_NOMEM;
  node->p.value = ci_onnx_float(n, "epsilon", 1e-5f);
  return CNNIMG_OK;
}

#define WINDOW "kernel_shape strides dilations pads auto_pad"
const ci_onnx_rule ci_onnx_conv_rules[] = {
    {"Conv", 2, 3, WINDOW " group", convert_conv},
    {"ConvTranspose", 2, 3, WINDOW " group output_padding output_shape", convert_conv_transpose},
    {"MaxPool", 1, 1, WINDOW " ceil_mode storage_order", convert_max_pool},
    {"AveragePool", 1, 1, WINDOW " ceil_mode count_include_pad", convert_average_pool},
    {"GlobalAveragePool", 1, 1, "", convert_global_average},
    {"GlobalMaxPool", 1, 1, "", convert_global_max},
    {"ReduceMean", 1, 2, "axes keepdims noop_with_empty_axes", convert_reduce_mean},
    {"ReduceMax", 1, 2, "axes keepdims noop_with_empty_axes", convert_reduce_max},
    {"BatchNormalization", 5, 5, "epsilon momentum spatial training_mode", convert_batch_norm},
    {NULL, 0, 0, NULL, NULL},
};
