/* SPDX-License-Identifier: MIT */
/* dncnn.c - DnCNN (Zhang 2017), FDnCNN and IRCNN as KAIR and SaoYan write them: plain stacks of convolutions */
#include <stdio.h>

#include "archs/arch.h"

#define IRCNN_LAYERS 7
#define LEVELS 25
#define KAIR_EPSILON 1e-4f /* of batch normalization */
#define SAOYAN_EPSILON 1e-5f

/* model.0, then model.2 (and its batch norm, model.3), model.4 (or .5) ...: convolutions with ReLU between them. */
typedef struct stack {
  char name[20]; /* "model"; "dncnn" in SaoYan's DnCNN-PyTorch; "3.model" in a set of 25 */
  float epsilon;
  int32_t layers, step;
  int64_t in, out;
  size_t tensors, counts; /* that it consists of, of which counts may be missing */
} stack;

/* The number of layer i: 0, 2, then in steps of 2, or of 3 with batch norm between. */
static int32_t number(const stack *k, int32_t i) { return i ? 2 + (i - 1) * k->step : 0; }

static bool is_conv(const ci_store *s, const stack *k, int32_t i) {
  return ci_store_dim(s, 2, "%s.%d.weight", k->name, number(k, i)) == 3;
}

/* The stack whose name and epsilon are said. */
static bool measure(const ci_store *s, stack *k) {
  bool norm = ci_store_has(s, "%s.3.running_var", k->name), bias = ci_store_has(s, "%s.0.bias", k->name);
  k->step = norm ? 3 : 2;
  while (k->layers < 4096 && is_conv(s, k, k->layers)) k->layers++;
  if (k->layers < 3) return false;
  k->in = ci_store_dim(s, 1, "%s.0.weight", k->name);
  k->out = ci_store_dim(s, 0, "%s.%d.weight", k->name, number(k, k->layers - 1));
  k->counts = norm ? (size_t)k->layers - 2 : 0;
  k->tensors = (bias ? 2 : 1) * (size_t)k->layers + 5 * k->counts;
  return k->out == 1 || k->out == 3;
}

static bool find(const ci_store *s, stack *k) {
  bool other = ci_store_has(s, "dncnn.0.weight");
  *k = other ? (stack){.name = "dncnn", .epsilon = SAOYAN_EPSILON}
             : (stack){.name = "model", .epsilon = KAIR_EPSILON};
  return measure(s, k) && (s->n == k->tensors || s->n == k->tensors - k->counts);
}

static int32_t convolutions(ci_build *b, const stack *k, int32_t x, const int32_t *dilation) {
  for (int32_t i = 0; i < k->layers; i++) {
    int32_t at = number(k, i), d = dilation ? dilation[i] : 1;
    x = ci_build_conv(b, x, (ci_conv_spec){.pad = d, .dilation = d}, "%s.%d", k->name, at);
    if (k->step == 3 && i && i < k->layers - 1)
      x = ci_build_batch_norm(b, x, k->epsilon, "%s.%d", k->name, at + 1);
    if (i < k->layers - 1) x = ci_build_op1(b, "Relu", x);
  }
  ci_build_ignore(b, ".num_batches_tracked");
  ci_build_card(b, "task", "denoise");
  ci_build_card(b, "scale", "1");
  ci_build_card(b, "colour", "%s", k->out == 1 ? "grey" : "rgb");
  return x;
}

/* ---- DnCNN: the noise is the network's answer ------------------------------------------------------- */

static int dncnn_bid(const ci_store *s) {
  stack k;
  return find(s, &k) && k.in == k.out && (k.layers != IRCNN_LAYERS || k.step == 3) ? 80 : 0;
}

static int32_t dncnn_build(ci_build *b) {
  stack k;
  if (!find(b->s, &k)) return ci_build_fail(b, CNNIMG_UNSUPPORTED, "its layers are not complete");
  int32_t image = ci_build_input(b, "image", (int32_t)k.in);
  return ci_build_op2(b, "Sub", image, convolutions(b, &k, image, NULL));
}

const ci_arch ci_arch_dncnn = {"DnCNN", dncnn_bid, dncnn_build};

/* ---- FDnCNN: the noise level is one more channel, the picture the answer --------------------------------- */

static int fdncnn_bid(const ci_store *s) {
  stack k;
  return find(s, &k) && k.in == k.out + 1 ? 80 : 0;
}

static int32_t fdncnn_build(ci_build *b) {
  stack k;
  if (!find(b->s, &k)) return ci_build_fail(b, CNNIMG_UNSUPPORTED, "its layers are not complete");
  const int32_t both[2] = {ci_build_input(b, "image", (int32_t)k.out), ci_build_input(b, "sigma", 1)};
  ci_build_card(b, "input.sigma", "sigma");
  return convolutions(b, &k, ci_build_concat(b, both, 2), NULL);
}

const ci_arch ci_arch_fdncnn = {"FDnCNN", fdncnn_bid, fdncnn_build};

/* ---- IRCNN (Zhang 2017, "Learning Deep CNN Denoiser Prior"), one noise level: seven dilated layers --------- */

static int ircnn_bid(const ci_store *s) {
  stack k;
  return find(s, &k) && k.in == k.out && k.layers == IRCNN_LAYERS && k.step == 2 ? 80 : 0;
}

/* The noise is the answer. */
static int32_t cleaned(ci_build *b, const stack *k, int32_t image) {
  static const int32_t dilation[IRCNN_LAYERS] = {1, 2, 3, 4, 3, 2, 1};
  return ci_build_op2(b, "Sub", image, convolutions(b, k, image, dilation));
}

static int32_t ircnn_build(ci_build *b) {
  stack k;
  if (!find(b->s, &k)) return ci_build_fail(b, CNNIMG_UNSUPPORTED, "its layers are not complete");
  return cleaned(b, &k, ci_build_input(b, "image", (int32_t)k.in));
}

const ci_arch ci_arch_ircnn = {"IRCNN", ircnn_bid, ircnn_build};

/* ---- IRCNN's 25 networks in one file, for sigma up to 2, 4, ... 50: an output each -------------------------- */

static bool find_level(const ci_store *s, int32_t level, stack *k) {
  *k = (stack){.epsilon = KAIR_EPSILON};
  snprintf(k->name, sizeof k->name, "%d.model", level);
  return measure(s, k) && k->layers == IRCNN_LAYERS && k->step == 2 && k->in == k->out;
}

static int levels_bid(const ci_store *s) {
  stack k;
  return find_level(s, 0, &k) && ci_store_run(s, "%d.model.0.weight") == LEVELS && s->n == LEVELS * k.tensors
             ? 90
             : 0;
}

static int32_t levels_build(ci_build *b) {
  char sigmas[4 * LEVELS + 1];
  stack k, first;
  find_level(b->s, 0, &first);
  int32_t image = ci_build_input(b, "image", (int32_t)first.in);
  for (int32_t i = 0, at = 0; i < LEVELS; i++) {
    if (!find_level(b->s, i, &k) || k.in != first.in)
      return ci_build_fail(b, CNNIMG_UNSUPPORTED, "the network of level %d is another", i);
    if (i < LEVELS - 1) ci_build_output(b, cleaned(b, &k, image));
    at += snprintf(sigmas + at, sizeof sigmas - (size_t)at, "%s%d", i ? ", " : "", 2 * (i + 1));
  }
  ci_build_card(b, "output.sigma", "%s", sigmas);
  return cleaned(b, &k, image);
}

const ci_arch ci_arch_ircnn_levels = {"IRCNN (25 levels)", levels_bid, levels_build};
