/* SPDX-License-Identifier: MIT */
/* keras.c - Keras configurations: the network's frame, values and their layouts, layers by their classes */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "formats/keras_model.h"

static const ci_kt nothing = {.v = -1};

ci_kt ci_keras_fail(const ci_kcall *c, int code, const char *why) {
  ci_build_fail(&c->k->b, code, "the layer \"%.60s\" (%.40s) %.90s", c->name, c->type, why);
  return nothing;
}

/* ---- what a call is given ---------------------------------------------------------------- */

size_t ci_keras_count(const ci_kcall *c) {
  size_t n = 0;
  for (size_t i = 0; i < c->n_args; i++) n += c->args[i].is_value;
  return n;
}

ci_kt ci_keras_in(const ci_kcall *c, size_t i) {
  for (size_t k = 0; k < c->n_args; k++)
    if (c->args[k].is_value && !i--) return c->args[k].t;
  return ci_keras_fail(c, CNNIMG_CORRUPT, "is given too few values");
}

/* ---- layouts ------------------------------------------------------------------------------- */

bool ci_keras_first(const ci_kcall *c) {
  const char *format = ci_json_string(ci_json_get(c->config, "data_format"), NULL);
  const char *old = ci_json_string(ci_json_get(c->config, "dim_ordering"), NULL);
  if (format) return !strcmp(format, "channels_first");
  return old ? !strcmp(old, "th") : c->k->first;
}

ci_kt ci_keras_picture(const ci_kcall *c, ci_kt t) {
  bool first = ci_keras_first(c);
  if (c->k->b.status) return nothing;
  if (t.rank != 4) return ci_keras_fail(c, CNNIMG_UNSUPPORTED, "wants a picture and is given none");
  if (first && t.last) return ci_keras_plain(c, t);
  if (first || t.last) return t;
  t.v = ci_put_to_first(&c->k->b, t.v);
  t.last = true, t.channels = 0;
  return t;
}

ci_kt ci_keras_plain(const ci_kcall *c, ci_kt t) {
  if (!t.last) return t;
  t.v = ci_put_to_last(&c->k->b, t.v);
  t.last = false, t.channels = 0;
  return t;
}

bool ci_keras_pair(const ci_json *v, int64_t otherwise, int64_t out[2]) {
  out[0] = out[1] = otherwise;
  if (ci_json_is_null(v)) return true;
  if (ci_json_is_number(v)) out[0] = out[1] = ci_json_int(v, -1);
  else if (ci_json_size(v) == 2)
    for (size_t i = 0; i < 2; i++) out[i] = ci_json_int(ci_json_at(v, i), -1);
  else return false;
  return true;
}

/* ---- inputs ------------------------------------------------------------------------------------ */

/* The declared size of dimension i, behind the batch; 0: open. */
static int64_t declared(const ci_json *shape, size_t i) {
  int64_t n = ci_json_int(ci_json_at(shape, i), 0);
  return n < 0 || n > INT32_MAX ? 0 : n;
}

/* What the file says of sizes holds where something depends on it; else the network takes any. */
static void declare(ci_keras *k, const ci_json *shape, int32_t rank, int64_t channels) {
  ci_pinput *in = &k->b.p->inputs[k->b.p->n_inputs - 1];
  bool turned = rank == 4 && !k->first;
  in->rank = rank;
  for (int32_t i = 1; i < rank; i++) {
    int32_t from = !turned ? i : i == 1 ? 3 : i - 1;
    bool open = rank == 4 && i > 1 && !k->sized;
    in->dim[i] = open ? 0 : declared(shape, (size_t)from);
  }
  if (rank == 4 && !in->dim[1]) in->dim[1] = channels;
}

ci_kt ci_keras_input(ci_keras *k, const char *name, const ci_json *shape, int64_t channels) {
  int32_t rank = shape ? (int32_t)ci_json_size(shape) : 4;
  if (!k->b.status && (rank < 2 || rank > 4))
    ci_build_fail(&k->b, CNNIMG_UNSUPPORTED, "the input \"%.60s\" has %d dimensions", name, rank);
  int32_t v = ci_build_input(&k->b, name, 0);
  if (k->b.status) return nothing;
  declare(k, shape, rank, channels < 0 || channels > INT32_MAX ? 0 : channels);
  int64_t c = rank == 4 ? k->b.p->inputs[k->b.p->n_inputs - 1].dim[1] : 0;
  return (ci_kt){.v = v, .rank = rank, .last = rank == 4 && !k->first, .channels = c, .scale = 1};
}

/* ---- layers ----------------------------------------------------------------------------------------- */

static ci_klayer_fn *find_layer(const char *type) {
  static const ci_klayer *const tables[] = {ci_keras_conv_layers,  ci_keras_norm_layers, ci_keras_size_layers,
                                            ci_keras_merge_layers, ci_keras_act_layers,  ci_keras_op_layers};
  for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
    for (const ci_klayer *l = tables[t]; l->type; l++)
      if (!strcmp(l->type, type)) return l->call;
  return NULL;
}

ci_kt ci_keras_call(const ci_kcall *c) {
  ci_build *b = &c->k->b;
  if (b->status) return nothing;
  if (b->p->n_nodes >= CI_EMIT_NODES || c->k->calls++ >= CI_EMIT_NODES)
    return ci_keras_fail(c, CNNIMG_LIMIT, "is one too many: the network grows without end");
  if (ci_keras_is_model(c)) return ci_keras_model(c);
  ci_build_layer(b, c->name);
  ci_klayer_fn *call = find_layer(c->type);
  ci_kt y = call ? call(c) : ci_keras_fail(c, CNNIMG_UNSUPPORTED, "is of a class that is not known");
  return b->status ? nothing : y;
}

/* ---- the network -------------------------------------------------------------------------------------- */

/* Is it said of any layer of the models in `config`? Looked for layer by layer, a few levels deep. */
static bool any_layer(const ci_json *model, int depth, bool (*is)(const ci_json *layer)) {
  const ci_json *config = ci_json_get(model, "config");
  const ci_json *layers = ci_json_is_array(config) ? config : ci_json_get(config, "layers");
  if (is(model)) return true;
  for (size_t i = 0; depth < CI_KERAS_DEPTH && i < ci_json_size(layers); i++)
    if (any_layer(ci_json_at(layers, i), depth + 1, is)) return true;
  return false;
}

static bool is_first(const ci_json *layer) {
  const ci_json *c = ci_json_get(layer, "config");
  return !strcmp(ci_json_string(ci_json_get(c, "data_format"), ""), "channels_first") ||
         !strcmp(ci_json_string(ci_json_get(c, "dim_ordering"), ""), "th");
}

static bool is_third(const ci_json *layer) {
  const ci_json *c = ci_json_get(layer, "config"), *dtype = ci_json_get(c, "dtype");
  return ci_json_get(c, "batch_shape") != NULL ||
         !strcmp(ci_json_string(ci_json_get(dtype, "class_name"), ""), "DTypePolicy");
}

static bool is_sizing(const ci_json *layer) {
  const char *type = ci_json_string(ci_json_get(layer, "class_name"), "");
  return !strcmp(type, "Flatten") || !strcmp(type, "Reshape");
}

static void card(ci_keras *k, const ci_json *config, ci_kt y) {
  const char *name = ci_json_string(ci_json_get(ci_json_get(config, "config"), "name"), NULL);
  const char *version = k->b.s ? ci_store_meta(k->b.s, "keras_version") : NULL;
  ci_build_card(&k->b, "architecture", "Keras %.40s%s%.100s",
                ci_json_string(ci_json_get(config, "class_name"), "model"), name ? " " : "",
                name ? name : "");
  if (version) ci_build_card(&k->b, "producer", "Keras %.40s", version);
  if (y.rank == 2) ci_build_card(&k->b, "task", "classify");
  if (y.rank != 4 || y.scale != (double)(int)y.scale || y.scale < 1) return;
  ci_build_card(&k->b, "scale", "%d", (int)y.scale);
  if (y.scale > 1) ci_build_card(&k->b, "task", "upscale");
}

static ci_kt whole(ci_keras *k, const ci_json *config) {
  ci_kcall c = {.k = k, .layer = config, .config = ci_json_get(config, "config"), .prefix = ""};
  c.type = ci_json_string(ci_json_get(config, "class_name"), "");
  c.name = ci_json_string(ci_json_get(c.config, "name"), "model");
  if (!ci_keras_is_model(&c)) return ci_keras_fail(&c, CNNIMG_UNSUPPORTED, "is no network of layers");
  ci_kt y = ci_keras_model(&c);
  card(k, config, y);
  return y;
}

static int begin(ci_keras *k, const ci_json *config, ci_store *store, cnnimg_error *err) {
  const char *version = store ? ci_store_meta(store, "keras_version") : NULL;
  size_t n = store ? store->n : 0;
  int status = ci_build_init(&k->b, store, err);
  k->turned = ci_calloc(n + 1, sizeof *k->turned), k->order = ci_calloc(n + 1, sizeof *k->order);
  if (!status && (!k->turned || !k->order)) ci_build_fail(&k->b, CNNIMG_NOMEM, "no memory for the network");
  for (size_t i = 0; k->turned && i < n; i++) k->turned[i] = -1;
  k->third = (version && version[0] == '3') || any_layer(config, 0, is_third);
  k->first = any_layer(config, 0, is_first);
  k->sized = any_layer(config, 0, is_sizing);
  return k->b.status;
}

int ci_keras_program(const ci_json *config, ci_store *store, ci_program **out, cnnimg_error *err) {
  ci_keras k = {.depth = 0};
  ci_kt y = begin(&k, config, store, err) ? nothing : whole(&k, config);
  int status = ci_build_finish(&k.b, y.v, out);
  free(k.turned);
  free(k.order);
  return status;
}
