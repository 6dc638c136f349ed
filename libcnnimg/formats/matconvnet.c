/* SPDX-License-Identifier: MIT */
/* matconvnet.c - MatConvNet's chain of layers (SimpleNN), and the frame of every network: inputs, sizes, the card */
#include "formats/matconvnet.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

#define MOST_LAYERS 4096
#define MOST_MULTIPLE 64

/* ---- sizes ------------------------------------------------------------------------------------ */

/* Sides that are no multiple grow at the bottom and at the right by their last row and column, as the authors do. */
static int32_t grown(ci_mcn *n, int32_t x) {
  ci_build *b = &n->b;
  if (n->multiple == 1 || b->status) return x;
  const int64_t two[1] = {2}, four[1] = {4}, none[6] = {0}, by[1] = {n->multiple};
  if (n->size < 0)
    n->size = ci_build_node(
        b, "Slice",
        (const int32_t[]){ci_build_op1(b, "Shape", x), ci_build_ints(b, two, 1), ci_build_ints(b, four, 1)},
        3);
  int32_t more = ci_build_op2(b, "Mod", ci_build_op1(b, "Neg", n->size), ci_build_ints(b, by, 1));
  int32_t pads = ci_build_node(b, "Concat", (const int32_t[]){ci_build_ints(b, none, 6), more}, 2);
  ci_build_attr_int(b, "axis", 0);
  int32_t y = ci_build_op2(b, "Pad", x, pads);
  ci_build_attr_string(b, "mode", "edge");
  return y;
}

static int32_t cut(ci_mcn *n, int32_t y) {
  ci_build *b = &n->b;
  if (n->multiple == 1 || b->status) return y;
  const int64_t none[2] = {0, 0}, axes[2] = {2, 3};
  const int32_t in[4] = {y, ci_build_ints(b, none, 2), n->size, ci_build_ints(b, axes, 2)};
  return ci_build_node(b, "Slice", in, 4);
}

void ci_mcn_begin(ci_mcn *n, int64_t channels, int64_t multiple) {
  if (channels < 1 || channels > 4096) {
    ci_build_fail(&n->b, CNNIMG_UNSUPPORTED, "the network takes %lld channels", (long long)channels);
    return;
  }
  if (multiple < 1 || multiple > MOST_MULTIPLE) {
    ci_build_fail(&n->b, CNNIMG_UNSUPPORTED, "the network wants sides of a multiple of %lld",
                  (long long)multiple);
    return;
  }
  n->multiple = multiple;
  n->image = (ci_mcn_value){ci_build_input(&n->b, "image", (int32_t)channels), channels, 1};
}

ci_mcn_value ci_mcn_sigma(ci_mcn *n) {
  if (n->sigma.v < 0) n->sigma = (ci_mcn_value){grown(n, ci_build_input(&n->b, "sigma", 1)), 1, 1};
  return n->sigma;
}

int32_t ci_mcn_end(ci_mcn *n, ci_mcn_value y) {
  bool same = y.channels == n->image.channels && y.shrink == 1;
  if (y.shrink != 1)
    return ci_build_fail(&n->b, CNNIMG_UNSUPPORTED,
                         "the network's answer is %d times smaller than the picture", y.shrink);
  if (same) {
    ci_build_card(&n->b, "task", "denoise");
    ci_build_card(&n->b, "scale", "1");
  }
  ci_build_card(&n->b, "colour", "%s", n->image.channels == 1 ? "grey" : "rgb");
  ci_build_card(&n->b, "producer", "MatConvNet");
  return cut(n, y.v);
}

/* ---- SimpleNN ------------------------------------------------------------------------------------ */

static const char *type_of(const ci_store *s, int i) {
  char key[64];
  snprintf(key, sizeof key, "net/layers/%d/type", i);
  return ci_store_meta(s, key);
}

static int64_t channels_of(const ci_store *s) {
  for (int i = 0; i < MOST_LAYERS && type_of(s, i); i++) {
    const ci_tensor *w = ci_store_get(s, "net/layers/%d/weights/0", i);
    if (!w) w = ci_store_get(s, "net/layers/%d/filters", i);
    if (w) return ci_mcn_inputs(w);
  }
  return 0;
}

/* What stands before the first filters: planes of sigma, blocks of pixels. */
static int64_t inputs_of(const ci_store *s, int64_t *multiple) {
  int64_t channels = channels_of(s), side = 1, planes = 0;
  for (int i = 0; i < MOST_LAYERS && type_of(s, i); i++) {
    const char *type = type_of(s, i);
    char at[64];
    snprintf(at, sizeof at, "net/layers/%d", i);
    double scale = !strcmp(type, "SubP") ? ci_mcn_number(s, at, "scale", 1) : 1;
    if (scale > 0 && scale < 1 && side <= MOST_MULTIPLE) side *= llround(fmin(1 / scale, MOST_MULTIPLE));
    if (!strcmp(type, "concat")) planes++;
    if (!strcmp(type, "conv")) break;
  }
  *multiple = side;
  return (channels - planes) / (side * side);
}

static ci_mcn_value chain(ci_mcn *n, bool *direct) {
  ci_mcn_value x = n->image;
  x.v = grown(n, x.v);
  *direct = false;
  for (int i = 0; i < MOST_LAYERS && type_of(n->s, i) && !n->b.status; i++) {
    char at[64], key[80], shown[24];
    snprintf(at, sizeof at, "net/layers/%d", i);
    snprintf(key, sizeof key, "%s/name", at);
    snprintf(shown, sizeof shown, "%d", i + 1);
    const char *name = ci_store_meta(n->s, key), *type = type_of(n->s, i);
    ci_mcn_layer layer = {.name = name ? name : shown, .type = type, .at = at};
    for (int k = 0; k < 3; k++) layer.weights[k] = ci_store_get(n->s, "%s/weights/%d", at, k);
    if (!layer.weights[0]) layer.weights[0] = ci_store_get(n->s, "%s/filters", at);
    if (!layer.weights[1]) layer.weights[1] = ci_store_get(n->s, "%s/biases", at);
    if (!strcmp(type, "concat") || !strcmp(type, "SubP")) *direct = true;
    if (!strcmp(type, "loss") || !strcmp(type, "softmaxloss")) break;
    x = !strcmp(type, "concat") ? ci_mcn_concat(n, &x, 1, true) : ci_mcn_apply(n, &layer, x);
  }
  return x;
}

/* Plain chains are DnCNN's and IRCNN's: their answer is the noise. Those with a map of sigma or blocks of pixels (FDnCNN,
 * FFDNet) answer with the picture. */
static int32_t simple(ci_mcn *n) {
  int64_t multiple, channels = inputs_of(n->s, &multiple);
  bool direct;
  ci_mcn_begin(n, channels, multiple);
  ci_mcn_value y = chain(n, &direct);
  if (n->b.status) return -1;
  ci_build_card(&n->b, "architecture", "%s", direct ? n->multiple > 1 ? "FFDNet" : "FDnCNN" : "DnCNN");
  if (direct) return ci_mcn_end(n, y);
  if (y.channels != channels || y.shrink != 1)
    return ci_build_fail(&n->b, CNNIMG_UNSUPPORTED,
                         "the network makes %lld channels of %lld, so it gives no noise",
                         (long long)y.channels, (long long)channels);
  y.v = ci_build_op2(&n->b, "Sub", n->image.v, y.v);
  return ci_mcn_end(n, y);
}

/* ---- both ------------------------------------------------------------------------------------------ */

bool ci_matconvnet_is(const ci_store *s) { return type_of(s, 0) || ci_mcn_is_dag(s); }

int ci_matconvnet_program(const ci_store *s, ci_program **out, cnnimg_error *err) {
  ci_mcn n = {.s = s, .sigma.v = -1, .image.v = -1, .multiple = 1, .size = -1};
  int status = ci_build_init(&n.b, NULL, err);
  int32_t y = status ? -1 : ci_mcn_is_dag(s) ? ci_mcn_dag(&n) : simple(&n);
  return ci_build_finish(&n.b, y, out);
}
