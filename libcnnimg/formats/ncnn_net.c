/* SPDX-License-Identifier: MIT */
/* ncnn_net.c - ncnn's graph to a program: layer by layer, with what each layer's rule needs */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "formats/ncnn.h"

#define MOST_INPUTS 16 /* each is followed through all layers */

/* ---- parameters ---------------------------------------------------------------------------------------------- */

static ci_ncnn_param *find(ci_ncnn_layer *l, int32_t id) {
  for (int32_t i = 0; i < l->n_params; i++)
    if (l->params[i].id == id) {
      l->params[i].used = l->params[i].n >= 0;
      return l->params[i].n >= 0 ? &l->params[i] : NULL;
    }
  return NULL;
}

void ci_ncnn_refuse(ci_ncnn_net *n, const ci_ncnn_layer *l, int code, const char *what) {
  ci_build_fail(n->b, code, "%.40s \"%.60s\": %s", l->type, l->name, what);
}

double ci_ncnn_num(ci_ncnn_layer *l, int32_t id, double otherwise) {
  const ci_ncnn_param *p = find(l, id);
  return p && p->n == 1 ? p->v[0] : otherwise;
}

int32_t ci_ncnn_int(ci_ncnn_net *n, ci_ncnn_layer *l, int32_t id, int32_t otherwise) {
  double v = ci_ncnn_num(l, id, otherwise);
  if (v == floor(v) && v >= INT32_MIN && v <= INT32_MAX) return (int32_t)v;
  ci_ncnn_refuse(n, l, CNNIMG_CORRUPT, "a parameter should be a whole number");
  return otherwise;
}

int32_t ci_ncnn_within(ci_ncnn_net *n, ci_ncnn_layer *l, int32_t id, int32_t otherwise, int32_t least,
                       int32_t most) {
  int32_t v = ci_ncnn_int(n, l, id, otherwise);
  char text[100];
  if (v >= least && v <= most) return v;
  snprintf(text, sizeof text, "parameter %d is %d, which is not supported", id, v);
  ci_ncnn_refuse(n, l, CNNIMG_UNSUPPORTED, text);
  return least;
}

const double *ci_ncnn_list(ci_ncnn_layer *l, int32_t id, int32_t *count) {
  const ci_ncnn_param *p = find(l, id);
  *count = p ? p->n : 0;
  return p ? p->v : NULL;
}

/* 30: sizes that an optimiser noted; 31: which features of the processor may be used. A 0 is every parameter's "no". */
static void check_params(ci_ncnn_net *n, const ci_ncnn_layer *l) {
  char text[100];
  for (int32_t i = 0; i < l->n_params; i++) {
    const ci_ncnn_param *p = &l->params[i];
    if (p->used || p->id == 30 || p->id == 31 || p->n == 0 || (p->n == 1 && p->v[0] == 0)) continue;
    snprintf(text, sizeof text, "it has a parameter %d, which is not known", p->id);
    ci_ncnn_refuse(n, l, CNNIMG_UNSUPPORTED, text);
  }
}

/* ---- blobs --------------------------------------------------------------------------------------------------- */

ci_ncnn_blob *ci_ncnn_in(ci_ncnn_net *n, const ci_ncnn_layer *l, int32_t i) { return &n->blobs[l->in[i]]; }

void ci_ncnn_put(ci_ncnn_net *n, const ci_ncnn_layer *l, int32_t i, ci_ncnn_blob blob) {
  if (i < l->n_out) n->blobs[l->out[i]] = blob;
}

void ci_ncnn_map(ci_ncnn_net *n, const ci_ncnn_layer *l, int32_t value) {
  ci_ncnn_blob y = *ci_ncnn_in(n, l, 0);
  y.value = value;
  ci_ncnn_put(n, l, 0, y);
}

void ci_ncnn_channels(ci_ncnn_net *n, const ci_ncnn_layer *l, ci_ncnn_blob *blob, int64_t c) {
  char text[120];
  if (n->b->status) return;
  if (blob->origin >= 0 && !n->b->p->inputs[blob->origin].dim[1]) n->b->p->inputs[blob->origin].dim[1] = c;
  if (blob->origin >= 0) blob->c = n->b->p->inputs[blob->origin].dim[1];
  if (!blob->c || blob->c == c) return;
  snprintf(text, sizeof text, "it takes %lld channels and is given %lld", (long long)c, (long long)blob->c);
  ci_ncnn_refuse(n, l, CNNIMG_CORRUPT, text);
}

/* ---- layers -------------------------------------------------------------------------------------------------- */

static double said(const ci_ncnn_layer *l, int32_t id) {
  for (int32_t i = 0; i < l->n_params; i++)
    if (l->params[i].id == id && l->params[i].n == 1) return l->params[i].v[0];
  return 0;
}

/* SRMD's networks take the picture, 15 numbers of the blur kernel and the noise as channels: 18 or 19 inputs into a row
 * of convolutions with a pixel shuffle behind it. Returns how many of the two kinds of planes there are besides colours. */
static int32_t srmd_planes(const ci_ncnn_graph *g) {
  const ci_ncnn_layer *conv = &g->layers[1], *last = &g->layers[g->n_layers - 1];
  if (g->n_layers < 6 || strcmp(last->type, "PixelShuffle")) return 0;
  for (int32_t i = 1; i + 1 < g->n_layers; i++)
    if (strcmp(g->layers[i].type, "Convolution")) return 0;
  double in = said(conv, 6) / (said(conv, 0) * said(conv, 1) * said(conv, 1));
  return in == 19 ? 16 : in == 18 ? 15 : 0;
}

/* The blur that the authors' program for ncnn always assumes, that of a bicubic reduction, in SRMD's 15 coordinates. */
static const char srmd_kernel[] =
    "vector:-1.12360956e-08,-1.36899159e-08,0.0185637958,2.86066886e-08,0.0335292965,8.37272935e-08,"
    "-2.54424009e-07,-0.0316234976,-0.0135169253,-1.1046609e-08,0.0384753793,3.79465739e-08,-0.244916752,"
    "-0.80221349,-0.540549755";

static int32_t srmd_input(ci_ncnn_net *n, int32_t planes) {
  int32_t in[3] = {ci_build_input(n->b, "image", 3), ci_build_input(n->b, "kernel_pca", 15)};
  if (planes > 15) in[2] = ci_build_input(n->b, "sigma", 1);
  ci_build_card(n->b, "input.kernel_pca", "%s", srmd_kernel);
  ci_build_card(n->b, "architecture", planes > 15 ? "SRMD" : "SRMDNF");
  return ci_build_concat(n->b, in, planes > 15 ? 3 : 2);
}

/* How many times as many channels a layer makes of its one blob; 0: that is not sure. */
static double times_channels(const ci_ncnn_layer *l) {
  static const char *const keeping[] = {"Split",   "Padding", "Interp", "Noop",
                                        "Dropout", "Clip",    "ReLU",   "BinaryOp"};
  double by = said(l, 0);
  if (l->n_in != 1) return 0;
  if (!strcmp(l->type, "Reorg")) return by * by;
  if (!strcmp(l->type, "PixelShuffle")) return by > 0 ? 1 / (by * by) : 0;
  for (size_t i = 0; i < sizeof keeping / sizeof *keeping; i++)
    if (!strcmp(l->type, keeping[i])) return 1;
  return 0;
}

/* pnnx does not write an input's channels: the first convolution behind it tells. 0: none does. */
static int32_t channels_ahead(ci_ncnn_net *n, int32_t blob) {
  double *times = ci_calloc((size_t)n->g->n_blobs + 1, sizeof *times), found = 0;
  if (!times) ci_build_fail(n->b, CNNIMG_NOMEM, "no memory for the network");
  else times[blob] = 1;
  for (int32_t i = 0; times && i < n->g->n_layers && found == 0; i++) {
    const ci_ncnn_layer *l = &n->g->layers[i];
    double factor = l->n_in ? times[l->in[0]] : 0;
    double high = said(l, 11) > 0 ? said(l, 11) : said(l, 1), groups = said(l, 7) > 0 ? said(l, 7) : 1;
    if (factor > 0 && !strncmp(l->type, "Convolution", 11))
      found = said(l, 6) / (said(l, 0) * said(l, 1) * high) * groups / factor;
    for (int32_t k = 0; k < l->n_out && factor > 0; k++) times[l->out[k]] = factor * times_channels(l);
  }
  free(times);
  return found >= 1 && found <= 1 << 16 && found == floor(found) ? (int32_t)found : 0;
}

/* Sizes in the file are hints: only the channels bind. */
static void input(ci_ncnn_net *n, ci_ncnn_layer *l) {
  int32_t w = ci_ncnn_within(n, l, 0, 0, 0, 1 << 20), h = ci_ncnn_within(n, l, 1, 0, 0, 1 << 20);
  int32_t c = ci_ncnn_within(n, l, 2, 0, 0, 1 << 20), dims = !w && !h && !c ? 3 : c ? 3 : h ? 2 : 1;
  int32_t planes = n->g->layers == l ? srmd_planes(n->g) : 0;
  ci_ncnn_blob y = {.dims = 3, .c = c, .ratio = 1, .origin = -1};
  if (l->n_out != 1 || dims != 3 || n->b->p->n_inputs >= MOST_INPUTS) {
    ci_ncnn_refuse(n, l, CNNIMG_UNSUPPORTED,
                   "an input is wanted as width, height, channels, and not hundreds of them");
    return;
  }
  if (!c && !planes) y.c = c = channels_ahead(n, l->out[0]);
  if (planes) y.value = srmd_input(n, planes), y.c = 3 + planes;
  else y.value = ci_build_input(n->b, n->g->blobs[l->out[0]], c);
  if (!planes && !n->b->status) y.origin = (int32_t)n->b->p->n_inputs - 1;
  ci_ncnn_put(n, l, 0, y);
}

static void copies(ci_ncnn_net *n, ci_ncnn_layer *l) {
  for (int32_t i = 0; i < l->n_out; i++) ci_ncnn_put(n, l, i, *ci_ncnn_in(n, l, 0));
}

static const ci_ncnn_named plain[] = {{"Input", input, 0}, {"Split", copies, 1}, {NULL, NULL, 0}};

static const ci_ncnn_named *rule_of(const char *type) {
  const ci_ncnn_named *const tables[] = {plain, ci_ncnn_weighted, ci_ncnn_pointwise, ci_ncnn_spatial,
                                         ci_ncnn_shaping};
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
    for (const ci_ncnn_named *r = tables[i]; r->type; r++)
      if (!strcmp(r->type, type)) return r;
  return NULL;
}

static void translate(ci_ncnn_net *n, ci_ncnn_layer *l) {
  const ci_ncnn_named *r = rule_of(l->type);
  for (int32_t i = 0; i < l->n_out; i++) n->blobs[l->out[i]] = (ci_ncnn_blob){.value = -1, .origin = -1};
  if (!r) {
    ci_ncnn_refuse(n, l, CNNIMG_UNSUPPORTED, "no such layer is known");
  } else if (l->n_out < 1 || (r->n_in < 0 ? l->n_in < 1 : l->n_in != r->n_in)) {
    ci_ncnn_refuse(n, l, CNNIMG_CORRUPT, "it has another number of blobs than such layers have");
  } else {
    ci_build_layer(n->b, l->name);
    r->rule(n, l);
    if (!n->b->status) check_params(n, l);
  }
}

/* ---- the end -------------------------------------------------------------------------------------------------- */

static void name_output(ci_ncnn_net *n, int32_t blob) {
  ci_pvalue *v = &n->b->p->values[n->blobs[blob].value];
  char *name = v->producer < 0 ? NULL : ci_strdup(n->g->blobs[blob]);
  if (!name) return; /* an input keeps its own */
  free(v->name);
  v->name = name;
}

/* What the sizes tell: a picture that comes out larger is an enlargement. */
static void write_card(ci_ncnn_net *n, const ci_ncnn_blob *out) {
  ci_build *b = n->b;
  if (b->status || out->dims != 3 || (out->c != 3 && out->c != 1) || !(out->ratio >= 1) ||
      out->ratio != floor(out->ratio) || out->ratio > 64)
    return;
  ci_build_card(b, "task", out->ratio > 1 ? "upscale" : "denoise");
  ci_build_card(b, "scale", "%d", (int)out->ratio);
  if (out->c == 3) ci_build_card(b, "colour", "rgb");
}

/* Outputs are the blobs that no layer takes; the first is the picture. */
static int32_t find_output(ci_ncnn_net *n) {
  int32_t last = -1;
  for (int32_t k = 0; k < n->g->n_layers && !n->b->status; k++)
    for (int32_t i = 0; i < n->g->layers[k].n_out && !n->b->status; i++) {
      int32_t blob = n->g->layers[k].out[i];
      if (n->g->consumed[blob]) continue;
      if (last < 0) write_card(n, &n->blobs[blob]);
      else if (ci_program_add_output(n->b->p, n->blobs[last].value))
        ci_build_fail(n->b, CNNIMG_NOMEM, "no memory for the network");
      last = blob;
      name_output(n, blob);
    }
  if (last >= 0) return n->blobs[last].value;
  return ci_build_fail(n->b, CNNIMG_CORRUPT, "every blob is taken by a layer: there is no output");
}

static void check_end(ci_ncnn_net *n) {
  size_t left = ci_cursor_left(&n->bin);
  if (left && !n->b->status)
    ci_build_fail(n->b, CNNIMG_CORRUPT, "%zu of the %zu bytes of weights belong to no layer", left,
                  n->bin_size);
}

int ci_ncnn_translate(ci_ncnn_graph *g, const void *bin, size_t size, const char *file, ci_program **out,
                      cnnimg_error *err) {
  ci_build b;
  ci_ncnn_net n = {.b = &b, .g = g, .bin = ci_cursor_make(bin, size), .bin_size = size};
  *out = NULL;
  ci_build_init(&b, NULL, err);
  n.blobs = ci_calloc((size_t)g->n_blobs + 1, sizeof *n.blobs);
  if (!n.blobs) ci_build_fail(&b, CNNIMG_NOMEM, "no memory for the network");
  for (int32_t i = 0; i < g->n_layers && !b.status; i++) translate(&n, &g->layers[i]);
  check_end(&n);
  int32_t output = find_output(&n);
  int status = ci_build_finish(&b, output, out);
  free(n.blobs);
  return status ? ci_fail_in(err, status, file) : CNNIMG_OK;
}
