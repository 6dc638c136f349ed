/* SPDX-License-Identifier: MIT */
/* waifu2x.c - waifu2x's JSON: a list of convolutions without padding, weights in nested arrays */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "formats/format.h"
#include "formats/scan.h"
#include "net/build.h"

#define MOST_LAYERS 1000
#define SLOPE 0.1f /* of the rectifier between layers, which the file does not mention */

typedef struct layer {
  int32_t in, out, kernel[2], stride[2], pad[2], more[2], dilation[2]; /* height, width */
  char kind[48];
  const char *weight, *bias; /* where they begin; NULL: absent */
  size_t weight_bytes, bias_bytes;
} layer;

typedef struct model {
  ci_build b;
  ci_scan s;
  int32_t first_channels, channels, layers, value, scale, said_scale;
  char arch[48];
} model;

static bool is_key(const char *key) {
  static const char *const keys[] = {"dH",           "dW",     "kH",   "kW",           "nInputPlane",
                                     "nOutputPlane", "weight", "bias", "model_config", "class_name",
                                     "padW",         "padH",   "adjW", "adjH"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (!strcmp(key, keys[i])) return true;
  return false;
}

/* [{"nInputPlane": ... */
static int bid(const uint8_t *data, size_t size) {
  ci_scan s = ci_scan_make(data, size < 256 ? size : 256, NULL);
  char key[32] = "";
  bool array = true, object = true;
  return ci_scan_peek(&s) == '[' && ci_scan_item(&s, &array) && ci_scan_peek(&s) == '{' &&
                 ci_scan_member(&s, &object, key, sizeof key) && is_key(key)
             ? 90
             : 0;
}

/* ---- reading -------------------------------------------------------------------------------------------------- */

static void read_config(model *m) {
  bool first = true;
  char key[32];
  while (ci_scan_member(&m->s, &first, key, sizeof key)) {
    if (!strcmp(key, "arch_name")) ci_scan_string(&m->s, m->arch, sizeof m->arch);
    else if (!strcmp(key, "scale_factor")) m->said_scale = ci_scan_int(&m->s, 1, 64);
    else ci_scan_skip(&m->s);
  }
}

static bool read_size(model *m, layer *l, const char *key) {
  const struct {
    const char *key;
    int32_t *to;
    int32_t least, most;
  } sizes[] = {{"nInputPlane", &l->in, 1, 1 << 16},   {"nOutputPlane", &l->out, 1, 1 << 16},
               {"kH", &l->kernel[0], 1, 255},         {"kW", &l->kernel[1], 1, 255},
               {"dH", &l->stride[0], 1, 64},          {"dW", &l->stride[1], 1, 64},
               {"padH", &l->pad[0], 0, 255},          {"padW", &l->pad[1], 0, 255},
               {"adjH", &l->more[0], 0, 63},          {"adjW", &l->more[1], 0, 63},
               {"dilationH", &l->dilation[0], 1, 64}, {"dilationW", &l->dilation[1], 1, 64}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    if (!strcmp(key, sizes[i].key)) {
      *sizes[i].to = ci_scan_int(&m->s, sizes[i].least, sizes[i].most);
      return true;
    }
  return false;
}

/* Their sizes may come after the numbers: those are read when the layer is known. */
static void note(model *m, const char **at, size_t *bytes) {
  ci_scan_peek(&m->s);
  if (*at) ci_scan_fail(&m->s, "a layer has its weights twice");
  *at = m->s.at;
  ci_scan_skip(&m->s);
  *bytes = (size_t)(m->s.at - *at);
}

static void read_layer(model *m, layer *l) {
  bool first = true;
  char key[32];
  *l = (layer){.stride = {1, 1}, .dilation = {1, 1}, .kind = "nn.SpatialConvolutionMM"};
  while (ci_scan_member(&m->s, &first, key, sizeof key)) {
    if (!strcmp(key, "class_name")) ci_scan_string(&m->s, l->kind, sizeof l->kind);
    else if (!strcmp(key, "weight")) note(m, &l->weight, &l->weight_bytes);
    else if (!strcmp(key, "bias") && ci_scan_peek(&m->s) == '[') note(m, &l->bias, &l->bias_bytes);
    else if (!strcmp(key, "model_config")) read_config(m);
    else if (!read_size(m, l, key)) ci_scan_skip(&m->s);
  }
}

/* As many numbers as the dimensions say; a number takes two characters, so lies about sizes cost no memory. */
static int32_t numbers(model *m, const char *at, size_t bytes, int32_t rank, const int64_t *dim) {
  ci_scan s = m->s;
  size_t count = 1;
  for (int32_t i = 0; i < rank; i++)
    if (!ci_mul(count, (size_t)dim[i], &count)) count = SIZE_MAX;
  if (count > bytes / 2)
    return ci_build_fail(&m->b, CNNIMG_CORRUPT, "layer %d has fewer weights than it says", m->layers + 1);
  ci_tensor *t = ci_tensor_new(CI_F32, rank, dim);
  s.at = at, s.end = at + bytes;
  if (t && ci_scan_floats(&s, t->owned, count) != count)
    ci_scan_fail(&s, "fewer weights than the layer says");
  m->s.status = s.status;
  return ci_build_tensor(&m->b, t);
}

/* ---- building -------------------------------------------------------------------------------------------------- */

static void window(model *m, const layer *l) {
  const int64_t stride[2] = {l->stride[0], l->stride[1]}, dilation[2] = {l->dilation[0], l->dilation[1]};
  const int64_t pads[4] = {l->pad[0], l->pad[1], l->pad[0], l->pad[1]}, more[2] = {l->more[0], l->more[1]};
  ci_build_attr_ints(&m->b, "strides", stride, 2);
  ci_build_attr_ints(&m->b, "dilations", dilation, 2);
  ci_build_attr_ints(&m->b, "pads", pads, 4);
  if (more[0] || more[1]) ci_build_attr_ints(&m->b, "output_padding", more, 2);
}

static bool check_layer(model *m, const layer *l, bool *full) {
  *full = !strcmp(l->kind, "nn.SpatialFullConvolution");
  bool known = *full || !strcmp(l->kind, "nn.SpatialConvolutionMM") ||
               !strcmp(l->kind, "nn.SpatialConvolution") || !strcmp(l->kind, "nn.SpatialDilatedConvolution");
  int32_t at = m->layers + 1;
  if (m->s.status) return false;
  if (!known)
    ci_build_fail(&m->b, CNNIMG_UNSUPPORTED, "layer %d is a \"%s\", which is not known", at, l->kind);
  else if (!l->in || !l->out || !l->kernel[0] || !l->kernel[1] || !l->weight)
    ci_build_fail(&m->b, CNNIMG_CORRUPT, "layer %d lacks its sizes or its weights", at);
  else if (m->layers && l->in != m->channels)
    ci_build_fail(&m->b, CNNIMG_CORRUPT, "layer %d takes %d channels and is given %d", at, l->in,
                  m->channels);
  else if (m->layers >= MOST_LAYERS) ci_build_fail(&m->b, CNNIMG_LIMIT, "more than %d layers", MOST_LAYERS);
  return !m->b.status;
}

static void add_layer(model *m, const layer *l) {
  bool full;
  if (!check_layer(m, l, &full)) return;
  const int64_t dim[4] = {full ? l->in : l->out, full ? l->out : l->in, l->kernel[0], l->kernel[1]},
                out = l->out;
  if (!m->layers) m->first_channels = l->in, m->value = ci_build_input(&m->b, "image", l->in), m->scale = 1;
  else m->value = ci_build_leaky(&m->b, m->value, SLOPE);
  int32_t weight = numbers(m, l->weight, l->weight_bytes, 4, dim);
  int32_t bias = l->bias ? numbers(m, l->bias, l->bias_bytes, 1, &out) : CI_NONE;
  const int32_t in[3] = {m->value, weight, bias};
  m->value = ci_build_node(&m->b, full ? "ConvTranspose" : "Conv", in, 3);
  window(m, l);
  m->channels = l->out, m->layers++;
  if (full) m->scale *= l->stride[0];
}

static void write_card(model *m) {
  int32_t colours = m->first_channels;
  if (m->s.status || m->b.status) return;
  if (!m->layers) ci_build_fail(&m->b, CNNIMG_CORRUPT, "it has no layers");
  if (m->arch[0]) ci_build_card(&m->b, "architecture", "%s (waifu2x)", m->arch);
  if (colours != m->channels || (colours != 1 && colours != 3)) return;
  ci_build_card(&m->b, "colour", colours == 1 ? "y" : "rgb");
  ci_build_card(&m->b, "task", m->scale > 1 ? "upscale" : "denoise");
  ci_build_card(&m->b, "scale", "%d", m->scale);
}

static void read_layers(model *m) {
  bool first = true;
  layer l;
  while (ci_scan_item(&m->s, &first) && !m->b.status) {
    read_layer(m, &l);
    add_layer(m, &l);
  }
  if (!m->b.status && !m->s.status && ci_scan_peek(&m->s)) ci_scan_fail(&m->s, "text behind the last layer");
  write_card(m);
}

static int load(const ci_source *src, ci_loaded *out, cnnimg_error *err) {
  cnnimg_error own = {0};
  model m = {.s = ci_scan_make(src->data, src->size, &own)};
  *out = (ci_loaded){0};
  ci_build_init(&m.b, NULL, &own);
  if (!m.b.status) read_layers(&m);
  if (m.s.status) m.b.status = m.s.status;
  int status = ci_build_finish(&m.b, m.value, &out->program);
  return status ? ci_fail(err, status, "%s: %s", src->name, own.text) : CNNIMG_OK;
}

const ci_format ci_format_waifu2x = {"waifu2x JSON", bid, load};
