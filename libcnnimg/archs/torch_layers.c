/* SPDX-License-Identifier: MIT */
/* torch_layers.c - the layers of torch.nn, from the remarks about modules */
#include "archs/torch_layers.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"

#define LARGEST 65536 /* of a kernel's side, a step, a margin */

/* ---- remarks -------------------------------------------------------------------------------- */

static const char *said(const ci_store *s, const char *path, const char *what) {
  char key[CI_TM_ROOM];
  int n = snprintf(key, sizeof key, "module.%s.%s", path, what);
  return n > 0 && (size_t)n < sizeof key ? ci_store_meta(s, key) : NULL;
}

static bool says(const ci_store *s, const char *path, const char *what, const char *value) {
  const char *v = said(s, path, what);
  return v && !strcmp(v, value);
}

/* "3" or "[3, 3]": n numbers, one stands for all. JSON's reader knows no locale. */
static bool numbers(const ci_store *s, const char *path, const char *what, double *v, size_t n) {
  const char *text = said(s, path, what);
  char list[220];
  ci_json *doc;
  if (!text || snprintf(list, sizeof list, text[0] == '[' ? "%s" : "[%s]", text) >= (int)sizeof list)
    return false;
  if (ci_json_parse(list, strlen(list), &doc, NULL)) return false;
  size_t have = ci_json_size(doc);
  bool good = have == n || have == 1;
  for (size_t i = 0; i < n && good; i++) {
    const ci_json *k = ci_json_at(doc, have == 1 ? 0 : i);
    v[i] = ci_json_number(k, 0);
    good = ci_json_is_number(k) && fabs(v[i]) <= LARGEST;
  }
  ci_json_free(doc);
  return good;
}

static bool ints(const ci_store *s, const char *path, const char *what, int64_t *v, size_t n) {
  double d[4];
  if (n > 4 || !numbers(s, path, what, d, n)) return false;
  for (size_t i = 0; i < n; i++) v[i] = (int64_t)d[i];
  return true;
}

static int32_t missing(ci_build *b, const char *path, const char *what) {
  return ci_build_fail(b, CNNIMG_UNSUPPORTED, "the module \"%.80s\" says no %s that is understood", path,
                       what);
}

int64_t ci_torch_groups(const ci_store *s, const char *path) {
  int64_t groups = 1;
  return ints(s, path, "groups", &groups, 1) ? groups : 1;
}

/* ---- padding ---------------------------------------------------------------------------------- */

/* at: the rows above, columns before, rows below, columns behind. */
static int32_t pad(ci_build *b, int32_t x, const char *mode, const int64_t at[4], float value) {
  const int64_t pads[8] = {0, 0, at[0], at[1], 0, 0, at[2], at[3]};
  int32_t p = ci_build_ints(b, pads, 8), v = ci_build_scalar(b, value);
  int32_t y = ci_build_node(b, "Pad", (const int32_t[]){x, p, v}, 3);
  ci_build_attr_string(b, "mode", mode);
  return y;
}

/* The four numbers of torch.nn's padding layers are left, right, top, bottom. */
static int32_t pad_layer(ci_build *b, int32_t x, const char *path, const char *mode) {
  int64_t p[4];
  double value = 0;
  if (!ints(b->s, path, "padding", p, 4)) return missing(b, path, "padding");
  if (!strcmp(mode, "constant")) numbers(b->s, path, "value", &value, 1);
  return pad(b, x, mode, (const int64_t[4]){p[2], p[0], p[3], p[1]}, (float)value);
}

static int32_t pad_reflect(ci_build *b, int32_t x, const char *path) {
  return pad_layer(b, x, path, "reflect");
}
static int32_t pad_edge(ci_build *b, int32_t x, const char *path) { return pad_layer(b, x, path, "edge"); }
static int32_t pad_value(ci_build *b, int32_t x, const char *path) {
  return pad_layer(b, x, path, "constant");
}

/* ---- convolutions ------------------------------------------------------------------------------ */

typedef struct window {
  int64_t kernel[2], stride[2], dilation[2], before[2], after[2], groups;
} window;

/* "same" leaves the odd pixel for the far side. */
static bool read_padding(const ci_store *s, const char *path, window *w) {
  bool same = says(s, path, "padding", "same");
  for (int i = 0; i < 2; i++) {
    int64_t all = same ? w->dilation[i] * (w->kernel[i] - 1) : 0;
    w->before[i] = all / 2, w->after[i] = all - all / 2;
  }
  if (same || says(s, path, "padding", "valid")) return true;
  if (!ints(s, path, "padding", w->before, 2)) return false;
  memcpy(w->after, w->before, sizeof w->after);
  return true;
}

static void attributes(ci_build *b, const window *w) {
  const int64_t pads[4] = {w->before[0], w->before[1], w->after[0], w->after[1]};
  ci_build_attr_ints(b, "strides", w->stride, 2);
  ci_build_attr_ints(b, "dilations", w->dilation, 2);
  ci_build_attr_ints(b, "pads", pads, 4);
}

/* Another padding than with zeros is a layer of its own before. */
static int32_t pad_before(ci_build *b, int32_t x, const char *path, window *w) {
  static const char *const modes[3][2] = {
      {"reflect", "reflect"}, {"replicate", "edge"}, {"circular", "wrap"}};
  const char *mode = said(b->s, path, "padding_mode");
  if (!mode || !strcmp(mode, "zeros")) return x;
  for (int i = 0; i < 3; i++) {
    if (strcmp(mode, modes[i][0])) continue;
    const int64_t at[4] = {w->before[0], w->before[1], w->after[0], w->after[1]};
    memset(w->before, 0, sizeof w->before);
    memset(w->after, 0, sizeof w->after);
    return pad(b, x, modes[i][1], at, 0);
  }
  return missing(b, path, "padding_mode");
}

static bool read_window(ci_build *b, const char *path, window *w) {
  const ci_store *s = b->s;
  for (int i = 0; i < 2; i++) w->kernel[i] = ci_store_dim(s, 2 + i, "%s.weight", path);
  w->groups = ci_torch_groups(s, path);
  return ints(s, path, "stride", w->stride, 2) && ints(s, path, "dilation", w->dilation, 2) &&
         read_padding(s, path, w);
}

static int32_t node(ci_build *b, const char *type, int32_t x, const char *path, const window *w) {
  int32_t weight = ci_build_weight(b, "%s.weight", path);
  int32_t bias = ci_store_has(b->s, "%s.bias", path) ? ci_build_weight(b, "%s.bias", path) : CI_NONE;
  int32_t y = ci_build_node(b, type, (const int32_t[]){x, weight, bias}, 3);
  attributes(b, w);
  ci_build_attr_int(b, "group", w->groups);
  return y;
}

static int32_t conv(ci_build *b, int32_t x, const char *path) {
  window w;
  if (!read_window(b, path, &w)) return missing(b, path, "stride, padding and dilation");
  x = pad_before(b, x, path, &w);
  return node(b, "Conv", x, path, &w);
}

static int32_t conv_transpose(ci_build *b, int32_t x, const char *path) {
  window w;
  int64_t more[2];
  if (!read_window(b, path, &w) || !ints(b->s, path, "output_padding", more, 2))
    return missing(b, path, "stride, padding and output_padding");
  int32_t y = node(b, "ConvTranspose", x, path, &w);
  ci_build_attr_ints(b, "output_padding", more, 2);
  return y;
}

/* ---- activations and norms ------------------------------------------------------------------------ */

static int32_t relu(ci_build *b, int32_t x, const char *path) {
  return (void)path, ci_build_op1(b, "Relu", x);
}
static int32_t sigmoid(ci_build *b, int32_t x, const char *path) {
  return (void)path, ci_build_op1(b, "Sigmoid", x);
}
static int32_t tanh_(ci_build *b, int32_t x, const char *path) {
  return (void)path, ci_build_op1(b, "Tanh", x);
}
static int32_t same(ci_build *b, int32_t x, const char *path) { return (void)b, (void)path, x; }

static int32_t relu6(ci_build *b, int32_t x, const char *path) {
  int32_t low = ci_build_scalar(b, 0), high = ci_build_scalar(b, 6);
  (void)path;
  return ci_build_node(b, "Clip", (const int32_t[]){x, low, high}, 3);
}

static int32_t leaky(ci_build *b, int32_t x, const char *path) {
  double slope;
  if (!numbers(b->s, path, "negative_slope", &slope, 1)) return missing(b, path, "negative_slope");
  return ci_build_leaky(b, x, (float)slope);
}

static int32_t prelu(ci_build *b, int32_t x, const char *path) {
  return ci_build_prelu(b, x, "%s.weight", path);
}

/* Without weights of its own it is the same with ones and zeros, which is not written yet: nobody publishes that. */
static int32_t batch_norm(ci_build *b, int32_t x, const char *path) {
  double eps;
  if (!numbers(b->s, path, "eps", &eps, 1)) return missing(b, path, "eps");
  return ci_build_batch_norm(b, x, (float)eps, "%s", path);
}

/* ---- sizes ------------------------------------------------------------------------------------------ */

static int32_t shuffle(ci_build *b, int32_t x, const char *path) {
  int64_t r;
  if (!ints(b->s, path, "upscale_factor", &r, 1)) return missing(b, path, "upscale_factor");
  return ci_build_pixel_shuffle(b, x, r);
}

static int32_t max_pool(ci_build *b, int32_t x, const char *path) {
  window w = {.groups = 1};
  int64_t dilation[2];
  if (!ints(b->s, path, "kernel_size", w.kernel, 2) || !ints(b->s, path, "stride", w.stride, 2) ||
      !ints(b->s, path, "dilation", dilation, 2) || !ints(b->s, path, "padding", w.before, 2))
    return missing(b, path, "kernel_size, stride, padding and dilation");
  memcpy(w.dilation, dilation, sizeof dilation);
  memcpy(w.after, w.before, sizeof w.after);
  int32_t y = ci_build_op1(b, "MaxPool", x);
  ci_build_attr_ints(b, "kernel_shape", w.kernel, 2);
  attributes(b, &w);
  ci_build_attr_int(b, "ceil_mode", says(b->s, path, "ceil_mode", "true"));
  return y;
}

/* Windows that stick out are divided by other numbers in PyTorch than in ONNX. */
static int32_t average_pool(ci_build *b, int32_t x, const char *path) {
  int64_t kernel[2], stride[2], p[2];
  if (!ints(b->s, path, "kernel_size", kernel, 2) || !ints(b->s, path, "stride", stride, 2) ||
      !ints(b->s, path, "padding", p, 2) || says(b->s, path, "ceil_mode", "true"))
    return missing(b, path, "kernel_size, stride, padding and ceil_mode");
  const int64_t pads[4] = {p[0], p[1], p[0], p[1]};
  int32_t y = ci_build_op1(b, "AveragePool", x);
  ci_build_attr_ints(b, "kernel_shape", kernel, 2);
  ci_build_attr_ints(b, "strides", stride, 2);
  ci_build_attr_ints(b, "pads", pads, 4);
  ci_build_attr_int(b, "count_include_pad", !says(b->s, path, "count_include_pad", "false"));
  return y;
}

static int32_t resize(ci_build *b, int32_t x, const char *path, const char *mode, const char *centres) {
  double f[2];
  const char *size = said(b->s, path, "size");
  if ((size && strcmp(size, "none")) || !numbers(b->s, path, "scale_factor", f, 2))
    return missing(b, path, "scale_factor");
  const float scales[4] = {1, 1, (float)f[0], (float)f[1]};
  int32_t v = ci_build_floats(b, scales, 4);
  int32_t y = ci_build_node(b, "Resize", (const int32_t[]){x, CI_NONE, v}, 3);
  ci_build_attr_string(b, "mode", mode);
  ci_build_attr_string(b, "coordinate_transformation_mode", centres);
  if (!strcmp(mode, "nearest")) ci_build_attr_string(b, "nearest_mode", "floor");
  return y;
}

/* Modules that say nothing of corners come from before 0.4, when they were aligned. */
static int32_t upsample(ci_build *b, int32_t x, const char *path) {
  const char *mode = said(b->s, path, "mode"), *corners = said(b->s, path, "align_corners");
  const char *centres = !corners || !strcmp(corners, "true") ? "align_corners" : "half_pixel";
  if (!mode || !strcmp(mode, "nearest")) return resize(b, x, path, "nearest", "asymmetric");
  if (!strcmp(mode, "bilinear")) return resize(b, x, path, "linear", centres);
  if (strcmp(mode, "bicubic")) return missing(b, path, "mode");
  int32_t y = resize(b, x, path, "cubic", centres);
  ci_build_attr_float(b, "cubic_coeff_a", -0.75f);
  return y;
}

static int32_t nearest(ci_build *b, int32_t x, const char *path) {
  return resize(b, x, path, "nearest", "asymmetric");
}
static int32_t bilinear(ci_build *b, int32_t x, const char *path) {
  return resize(b, x, path, "linear", "align_corners");
}

/* ---- the table ---------------------------------------------------------------------------------------- */

static const struct {
  const char *class;
  int32_t (*write)(ci_build *b, int32_t x, const char *path);
} layers[] = {{"Conv2d", conv},
              {"ConvTranspose2d", conv_transpose},
              {"BatchNorm2d", batch_norm},
              {"ReLU", relu},
              {"ReLU6", relu6},
              {"LeakyReLU", leaky},
              {"PReLU", prelu},
              {"Sigmoid", sigmoid},
              {"Tanh", tanh_},
              {"Identity", same},
              {"Dropout", same},
              {"Dropout2d", same},
              {"PixelShuffle", shuffle},
              {"Upsample", upsample},
              {"UpsamplingNearest2d", nearest},
              {"UpsamplingBilinear2d", bilinear},
              {"MaxPool2d", max_pool},
              {"AvgPool2d", average_pool},
              {"ReflectionPad2d", pad_reflect},
              {"ReplicationPad2d", pad_edge},
              {"ZeroPad2d", pad_value},
              {"ConstantPad2d", pad_value}};

int32_t ci_torch_layer(ci_build *b, int32_t x, const char *class, const char *path) {
  for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
    if (!strcmp(layers[i].class, class)) return layers[i].write(b, x, path);
  return ci_build_fail(b, CNNIMG_UNSUPPORTED, "\"%.80s\" is a %.80s, which is not known", path, class);
}
