/* SPDX-License-Identifier: MIT */
/* websr.c - WebSR's JSON of Anime4K's networks: 4 x 4 blocks of weights as the shaders take them */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "formats/format.h"
#include "formats/scan.h"
#include "net/build.h"

#define MOST_STAGES 15  /* convolutions in a row */
#define MOST_TEXTURES 3 /* four channels each, that a stage computes */
#define BLOCK 16        /* weights: four inputs of four outputs */
#define TAPS 9

typedef struct texture {
  float *weights;
  size_t n;
  float bias[4];
} texture;

typedef struct stage {
  char name[40]; /* "conv2d_3_tf", of "conv2d_3_tf1" too */
  texture texture[MOST_TEXTURES];
  int32_t n;
  int32_t value; /* its channels, 4 n of them */
} stage;

typedef struct model {
  ci_build b;
  ci_scan s;
  char name[64];
  stage stage[MOST_STAGES];
  int32_t n;
  int32_t image;
  bool enlarges; /* the file says so */
} model;

/* {"name": "...", "layers": {"conv2d_tf": {... */
static int bid(const uint8_t *data, size_t size) {
  ci_scan s = ci_scan_make(data, size < 512 ? size : 512, NULL);
  char key[32] = "";
  bool outer = true, inner = true;
  if (ci_scan_peek(&s) != '{') return 0;
  while (ci_scan_member(&s, &outer, key, sizeof key)) {
    if (!strcmp(key, "layers"))
      return ci_scan_peek(&s) == '{' && ci_scan_member(&s, &inner, key, sizeof key) &&
                     !strncmp(key, "conv2d", 6) && ci_scan_peek(&s) == '{'
                 ? 85
                 : 0;
    ci_scan_skip(&s);
  }
  return 0;
}

/* ---- reading -------------------------------------------------------------------------------------------------- */

static void no_memory(model *m) { ci_build_fail(&m->b, CNNIMG_NOMEM, "no memory for the weights"); }

static void read_weights(model *m, texture *t) {
  const char *from = m->s.at;
  ci_scan again = m->s;
  if (t->weights) ci_scan_fail(&m->s, "a layer has its weights twice");
  ci_scan_skip(&m->s);
  size_t most = (size_t)(m->s.at - from) / 2 + 1; /* a number takes two characters */
  if (m->s.status) return;
  if (!(t->weights = ci_calloc(most, sizeof *t->weights))) no_memory(m);
  else t->n = ci_scan_floats(&again, t->weights, most);
  m->s.status = again.status;
}

/* The stage of a layer: what comes behind "tf" is the number of a texture. */
static stage *stage_of(model *m, const char *layer) {
  const char *end = strstr(layer, "tf");
  char name[40];
  snprintf(name, sizeof name, "%.*s", (int)(end ? end + 2 - layer : (ptrdiff_t)strlen(layer)), layer);
  for (int32_t i = 0; i < m->n; i++)
    if (!strcmp(m->stage[i].name, name)) return &m->stage[i];
  if (m->n >= MOST_STAGES) return NULL;
  snprintf(m->stage[m->n].name, sizeof m->stage[m->n].name, "%s", name);
  return &m->stage[m->n++];
}

/* A layer that shuffles pixels says that the network enlarges, which is all that it says. */
static void keep_layer(model *m, const char *name, const char *type, texture *t, size_t biases) {
  if (!strcmp(type, "pixel_shuffle")) {
    m->enlarges = true;
    return;
  }
  if (strcmp(type, "conv")) {
    ci_build_fail(&m->b, CNNIMG_UNSUPPORTED, "the layer \"%.40s\" is a \"%s\", which is not known", name,
                  type);
    return;
  }
  stage *s = stage_of(m, name);
  if (!s || s->n >= MOST_TEXTURES) {
    ci_build_fail(&m->b, CNNIMG_UNSUPPORTED, "the layer \"%.40s\" is one too many", name);
  } else if (biases != 4 || !t->n || t->n % BLOCK) {
    ci_build_fail(&m->b, CNNIMG_CORRUPT, "the layer \"%.40s\" has not whole blocks of weights, or no bias",
                  name);
  } else {
    s->texture[s->n++] = *t;
    t->weights = NULL;
  }
}

static void read_layer(model *m, const char *name) {
  bool first = true;
  char key[32], type[32] = "conv";
  texture t = {0};
  size_t biases = 0;
  while (!m->b.status && ci_scan_member(&m->s, &first, key, sizeof key)) {
    if (!strcmp(key, "weights")) read_weights(m, &t);
    else if (!strcmp(key, "bias")) biases = ci_scan_floats(&m->s, t.bias, 4);
    else if (!strcmp(key, "type")) ci_scan_string(&m->s, type, sizeof type);
    else ci_scan_skip(&m->s);
  }
  if (!m->s.status && !m->b.status) keep_layer(m, name, type, &t, biases);
  free(t.weights);
}

static void read_layers(model *m) {
  bool first = true;
  char name[40];
  while (!m->b.status && ci_scan_member(&m->s, &first, name, sizeof name)) read_layer(m, name);
}

static void read_file(model *m) {
  bool first = true;
  char key[32];
  while (!m->b.status && ci_scan_member(&m->s, &first, key, sizeof key)) {
    if (!strcmp(key, "name")) ci_scan_string(&m->s, m->name, sizeof m->name);
    else if (!strcmp(key, "layers")) read_layers(m);
    else ci_scan_skip(&m->s);
  }
  if (!m->b.status && ci_scan_peek(&m->s)) ci_scan_fail(&m->s, "text behind the last layer");
}

/* ---- weights --------------------------------------------------------------------------------------------------- */

typedef struct kernel {
  int32_t groups, channels, taps; /* groups of four inputs; inputs that count */
} kernel;

/* Blocks are of a group and a tap, columns of taps first; a block is input by input. The shaders give the picture a fourth
 * channel, which is 1, so its weights have to be 0. */
static bool fill(const stage *s, const kernel *k, float *to) {
  bool spare = true;
  for (int32_t t = 0; t < s->n; t++)
    for (int32_t g = 0; g < k->groups; g++)
      for (int32_t tap = 0; tap < k->taps; tap++)
        for (int32_t i = 0; i < 4; i++)
          for (int32_t o = 0; o < 4; o++) {
            float w = s->texture[t].weights[((g * k->taps + tap) * 4 + i) * 4 + o];
            int32_t in = g * 4 + i, place = k->taps == TAPS ? tap % 3 * 3 + tap / 3 : tap;
            if (in < k->channels) to[((t * 4 + o) * k->channels + in) * k->taps + place] = w;
            else spare = spare && w == 0;
          }
  return spare;
}

static int32_t bias_of(model *m, const stage *s) {
  float all[4 * MOST_TEXTURES];
  for (int32_t t = 0; t < s->n; t++) memcpy(all + 4 * t, s->texture[t].bias, sizeof s->texture[t].bias);
  return ci_build_floats(&m->b, all, 4 * (size_t)s->n);
}

static int32_t convolve(model *m, const stage *s, int32_t x, const kernel *k) {
  int32_t side = k->taps == TAPS ? 3 : 1;
  const int64_t dim[4] = {4 * s->n, k->channels, side, side};
  ci_tensor *w = ci_tensor_new(CI_F32, 4, dim);
  if (w && !fill(s, k, w->owned))
    ci_build_fail(&m->b, CNNIMG_UNSUPPORTED, "the layer \"%s\" has weights of a fourth colour", s->name);
  int32_t weight = ci_build_tensor(&m->b, w);
  return ci_build_conv_values(&m->b, x, (ci_conv_spec){.pad = side / 2}, weight, bias_of(m, s));
}

/* ---- stages ----------------------------------------------------------------------------------------------------- */

/* What is above 0, and what is below it. */
static int32_t both_signs(model *m, const stage *s) {
  const int32_t parts[2] = {ci_build_op1(&m->b, "Relu", s->value),
                            ci_build_op1(&m->b, "Relu", ci_build_op1(&m->b, "Neg", s->value))};
  return ci_build_concat(&m->b, parts, 2);
}

static int32_t all_before(model *m, int32_t at, int32_t *groups) {
  int32_t parts[MOST_STAGES];
  *groups = 0;
  for (int32_t i = 0; i < at; i++) *groups += 2 * m->stage[i].n;
  for (int32_t i = 0; i < at; i++) parts[i] = both_signs(m, &m->stage[i]);
  return ci_build_concat(&m->b, parts, at);
}

/* The count of blocks says what a stage takes: the picture, the stage before it (3 x 3), or all of them (1 x 1). The file
 * lists inputs too, but not all of them. */
static void build_stage(model *m, int32_t at) {
  stage *s = &m->stage[at];
  size_t blocks = s->texture[0].n / BLOCK;
  int32_t before = at ? 2 * m->stage[at - 1].n : 0, all = 0;
  for (int32_t t = 1; t < s->n; t++)
    if (s->texture[t].n != s->texture[0].n) blocks = 0;
  for (int32_t i = 0; i < at; i++) all += 2 * m->stage[i].n;
  if (!at && blocks == TAPS) {
    s->value = convolve(m, s, m->image, &(kernel){1, 3, TAPS});
  } else if (at && blocks == (size_t)before * TAPS) {
    s->value = convolve(m, s, both_signs(m, &m->stage[at - 1]), &(kernel){before, 4 * before, TAPS});
  } else if (at && blocks == (size_t)all) {
    int32_t x = all_before(m, at, &all);
    s->value = convolve(m, s, x, &(kernel){all, 4 * all, 1});
  } else {
    ci_build_fail(&m->b, CNNIMG_UNSUPPORTED, "the layer \"%s\" has %zu weights, which fit nothing before it",
                  s->name, s->texture[0].n);
  }
}

static void card(model *m, bool restores) {
  ci_build_card(&m->b, "task", restores ? "denoise" : "upscale");
  ci_build_card(&m->b, "scale", restores ? "1" : "2");
  ci_build_card(&m->b, "colour", "rgb");
  ci_build_card(&m->b, "architecture", "Anime4K");
  if (m->name[0]) ci_build_card(&m->b, "name", "%s", m->name);
}

/* A network that enlarges gives four pixels a place, for all colours alike or for each; one that does not gives colours. */
static int32_t build(model *m) {
  m->image = ci_build_input(&m->b, "image", 3);
  for (int32_t i = 0; i < m->n && !m->b.status; i++) build_stage(m, i);
  if (m->b.status) return -1;
  if (!m->n) return ci_build_fail(&m->b, CNNIMG_CORRUPT, "it has no layers");
  const stage *last = &m->stage[m->n - 1];
  bool restores = !m->enlarges && (strstr(last->name, "out") || strstr(m->name, "restore"));
  card(m, restores);
  if (restores && last->n == 1)
    return ci_build_op2(&m->b, "Add", m->image, ci_build_channels(&m->b, last->value, 0, 3));
  if (!restores && last->n != 2)
    return ci_build_op2(&m->b, "Add", ci_build_bilinear(&m->b, m->image, 2),
                        ci_build_pixel_shuffle(&m->b, last->value, 2));
  return ci_build_fail(&m->b, CNNIMG_UNSUPPORTED,
                       "its last layer gives %d channels, of which no picture is made", 4 * last->n);
}

static int load(const ci_source *src, ci_loaded *out, cnnimg_error *err) {
  cnnimg_error own = {0};
  model *m = ci_calloc(1, sizeof *m);
  *out = (ci_loaded){0};
  if (!m) return ci_fail(err, CNNIMG_NOMEM, "%s: no memory", src->name);
  m->s = ci_scan_make(src->data, src->size, &own);
  ci_build_init(&m->b, NULL, &own);
  if (!m->b.status) read_file(m);
  if (m->s.status) m->b.status = m->s.status;
  int status = ci_build_finish(&m->b, m->b.status ? -1 : build(m), &out->program);
  for (int32_t i = 0; i < MOST_STAGES; i++)
    for (int32_t t = 0; t < MOST_TEXTURES; t++) free(m->stage[i].texture[t].weights);
  free(m);
  return status ? ci_fail(err, status, "%s: %s", src->name, own.text) : CNNIMG_OK;
}

const ci_format ci_format_websr = {"WebSR JSON", bid, load};
