/* SPDX-License-Identifier: MIT */
/* torch7_net.c - nn's modules to a program: containers, fields, the card */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "formats/torch7.h"

#define DEEPEST 64       /* modules in modules */
#define MOST_STEPS 16384 /* modules applied: a file may name one module many times in many others */

/* ---- fields -------------------------------------------------------------------------------------------------------- */

void ci_t7_refuse(ci_t7_net *n, int code, const char *what) {
  ci_build_fail(&n->b, code, "module %d, nn.%.40s: %s", n->steps, n->kind, what);
}

double ci_t7_num(const ci_t7_net *n, const ci_t7_node *m, const char *key, double otherwise) {
  const ci_t7_node *v = ci_t7_get(n->t, m, key);
  return v && v->kind == CI_T7_NUMBER ? v->number : otherwise;
}

int32_t ci_t7_int(ci_t7_net *n, const ci_t7_node *m, const char *key, int32_t otherwise, int32_t least,
                  int32_t most) {
  double v = ci_t7_num(n, m, key, otherwise);
  char text[100];
  if (v >= least && v <= most && v == floor(v)) return (int32_t)v;
  snprintf(text, sizeof text, "its %.30s is %g, which is not supported", key, v);
  ci_t7_refuse(n, CNNIMG_UNSUPPORTED, text);
  return least;
}

bool ci_t7_flag(const ci_t7_net *n, const ci_t7_node *m, const char *key, bool otherwise) {
  const ci_t7_node *v = ci_t7_get(n->t, m, key);
  return v && v->kind == CI_T7_BOOL ? v->number != 0 : otherwise;
}

static bool takes_shape(const ci_tensor *t, int32_t rank, const int64_t *dim) {
  size_t count = 1;
  for (int32_t i = 0; i < rank; i++)
    if (dim[i] < 1 || !ci_mul(count, (size_t)dim[i], &count)) return false;
  return count == t->count;
}

int32_t ci_t7_weight(ci_t7_net *n, const ci_t7_node *m, const char *key, int32_t rank, const int64_t *dim) {
  const ci_t7_node *v = ci_t7_get(n->t, m, key);
  ci_tensor *t;
  if (n->b.status) return -1;
  if (!v || v->kind != CI_T7_TENSOR) return CI_NONE;
  int status = ci_t7_numbers(n->t, v, key, n->budget, &t, n->b.err);
  if (status) return n->b.status = status, -1;
  if (!t) return CI_NONE;
  bool fits = t->dtype == CI_F32 && takes_shape(t, rank, dim);
  if (!fits) {
    ci_tensor_free(t);
    ci_t7_refuse(n, CNNIMG_CORRUPT, "its weights have not its sizes");
    return -1;
  }
  t->rank = rank; /* nn keeps some kernels as matrices */
  memcpy(t->dim, dim, (size_t)rank * sizeof *dim);
  return ci_build_tensor(&n->b, t);
}

/* ---- containers ------------------------------------------------------------------------------------------------------ */

static void apply(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x, bool last);

/* The modules 1, 2, 3 ... of a container; *list is freed by the caller; how many. */
static uint32_t children(ci_t7_net *n, const ci_t7_node *m, const ci_t7_node ***list) {
  const ci_t7_node *table = ci_t7_get(n->t, m, "modules");
  uint32_t most = table && table->kind == CI_T7_TABLE ? table->n / 2 : 0, found = 0;
  *list = ci_calloc(most + 1, sizeof **list);
  if (!*list) ci_build_fail(&n->b, CNNIMG_NOMEM, "no memory for the network");
  for (uint32_t i = 0; *list && i < most; i++) {
    const ci_t7_node *key = ci_t7_item(n->t, table, 2 * i);
    if (key && key->kind == CI_T7_NUMBER && key->number >= 1 && key->number <= most &&
        key->number == floor(key->number))
      (*list)[(uint32_t)key->number - 1] = ci_t7_item(n->t, table, 2 * i + 1);
  }
  while (*list && found < most && (*list)[found]) found++;
  if (!n->b.status && found != most) ci_t7_refuse(n, CNNIMG_CORRUPT, "its modules are not numbered from 1");
  return n->b.status ? 0 : found;
}

static void sequential(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x) {
  const ci_t7_node **list;
  uint32_t count = children(n, m, &list);
  bool outermost = n->depth == 1;
  for (uint32_t i = 0; i < count && !n->b.status; i++) apply(n, list[i], x, outermost && i + 1 == count);
  free(list);
}

/* Results of modules beside each other, as a table. */
static void gather(ci_t7_net *n, ci_t7_flow *all, const ci_t7_flow *one) {
  if (n->b.status) return;
  if (all->n >= CI_T7_MOST_VALUES || one->table) {
    ci_t7_refuse(n, CNNIMG_UNSUPPORTED, "tables of tables, or of more than 16 values, are not supported");
    return;
  }
  all->v[all->n++] = one->v[0];
  if (one->scale > all->scale) all->scale = one->scale;
  if (one->c) all->c = one->c;
}

static void beside(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x, bool same) {
  const ci_t7_node **list;
  char kind[sizeof n->kind];
  ci_t7_flow all = {.table = true};
  memcpy(kind, n->kind, sizeof kind);
  uint32_t count = children(n, m, &list);
  if (!same && (!x->table || count != (uint32_t)x->n))
    ci_t7_refuse(n, CNNIMG_CORRUPT, "it has not as many modules as it is given values");
  for (uint32_t i = 0; i < count && !n->b.status; i++) {
    ci_t7_flow one = *x;
    if (!same) one.v[0] = x->v[i], one.n = 1, one.table = false;
    apply(n, list[i], &one, false);
    gather(n, &all, &one);
  }
  free(list);
  memcpy(n->kind, kind, sizeof kind);
  if (!n->b.status) *x = all;
}

static void concat_table(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x) { beside(n, m, x, true); }
static void parallel_table(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x) { beside(n, m, x, false); }

static void join(ci_t7_net *n, ci_t7_flow *x) {
  if (n->b.status) return;
  if (!x->n) {
    ci_t7_refuse(n, CNNIMG_CORRUPT, "there is nothing to join");
    return;
  }
  *x = (ci_t7_flow){.v = {ci_build_concat(&n->b, x->v, x->n)}, .n = 1, .scale = x->scale};
}

/* Along channels: the first of three dimensions, the second where a batch is counted. */
static void concat(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x) {
  ci_t7_int(n, m, "dimension", 2, 1, 2);
  beside(n, m, x, true);
  join(n, x);
}

static void join_table(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x) {
  int32_t dims = ci_t7_int(n, m, "nInputDims", 0, -1, 4), along = ci_t7_int(n, m, "dimension", 1, 1, 2);
  if (along == (dims == 3 ? 2 : dims == 4 ? 1 : 0))
    ci_t7_refuse(n, CNNIMG_UNSUPPORTED, "it joins other than channels");
  join(n, x);
}

static const ci_t7_named containers[] = {
    {"Sequential", sequential, false},        {"ConcatTable", concat_table, false}, {"Concat", concat, false},
    {"ParallelTable", parallel_table, false}, {"JoinTable", join_table, true},      {NULL, NULL, false}};

/* ---- modules --------------------------------------------------------------------------------------------------------- */

static bool is_module(const ci_t7_node *m) {
  static const char *const packages[] = {"nn.", "cudnn.", "w2nn."};
  for (size_t i = 0; m && m->kind == CI_T7_OBJECT && i < 3; i++)
    if (m->text_n > strlen(packages[i]) && !memcmp(m->text, packages[i], strlen(packages[i]))) return true;
  return false;
}

static const ci_t7_named *find(const char *kind) {
  for (const ci_t7_named *r = containers; r->kind; r++)
    if (!strcmp(r->kind, kind)) return r;
  for (const ci_t7_named *r = ci_t7_modules; r->kind; r++)
    if (!strcmp(r->kind, kind)) return r;
  return NULL;
}

static void run(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x, bool last) {
  uint32_t dot = 0;
  while (m->text[dot] != '.') dot++;
  snprintf(n->kind, sizeof n->kind, "%.*s", (int)(m->text_n - dot - 1), m->text + dot + 1);
  const ci_t7_named *r = find(n->kind);
  bool container =
      r && !r->table && r >= containers && r < containers + sizeof containers / sizeof *containers;
  n->last = last;
  if (!r) ci_t7_refuse(n, CNNIMG_UNSUPPORTED, "no such module is known");
  else if (r->table && !x->table) ci_t7_refuse(n, CNNIMG_CORRUPT, "it wants a table of values");
  else if (!r->table && x->table && !container && strcmp(n->kind, "Identity"))
    ci_t7_refuse(n, CNNIMG_CORRUPT, "it is given a table of values");
  else r->rule(n, m, x);
}

static void apply(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x, bool last) {
  if (n->b.status) return;
  if (!is_module(m)) {
    ci_build_fail(&n->b, CNNIMG_UNSUPPORTED, "something in the network is no module of nn: \"%.*s\"",
                  m->kind == CI_T7_OBJECT && m->text_n < 60 ? (int)m->text_n : 0,
                  m->kind == CI_T7_OBJECT ? m->text : "");
  } else if (++n->steps > MOST_STEPS || n->depth >= DEEPEST) {
    ci_build_fail(&n->b, CNNIMG_LIMIT,
                  "more than %d modules, or modules in each other %d deep (a module in itself?)", MOST_STEPS,
                  DEEPEST);
  } else {
    char name[64];
    snprintf(name, sizeof name, "module %d, %.*s", (int)n->steps, m->text_n < 40 ? (int)m->text_n : 0,
             m->text);
    ci_build_layer(&n->b, name);
    n->depth++;
    run(n, m, x, last);
    n->depth--;
  }
}

/* ---- files ----------------------------------------------------------------------------------------------------------- */

/* A graph of nngraph is no row of modules. */
static bool is_network(const ci_t7_node *m) { return is_module(m) && !ci_t7_is(m, "nn.gModule"); }

const ci_t7_node *ci_t7_find_module(const ci_t7 *t) {
  const ci_t7_node *root = &t->nodes[0], *found = NULL;
  if (is_network(root)) return root;
  for (uint32_t i = 1; root->kind == CI_T7_TABLE && i < root->n; i += 2) {
    const ci_t7_node *v = ci_t7_item(t, root, i);
    if (!is_network(v)) continue;
    if (found && found != v) return NULL;
    found = v;
  }
  return found;
}

/* waifu2x writes what a network is into its outermost module. */
static void write_card(ci_t7_net *n, const ci_t7_node *m, const ci_t7_flow *x) {
  const ci_t7_node *arch = ci_t7_get(n->t, m, "w2nn_arch_name");
  if (n->b.status) return;
  int64_t in = n->b.p->inputs[0].dim[1];
  if (arch && arch->kind == CI_T7_STRING)
    ci_build_card(&n->b, "architecture", "%.*s (waifu2x)", arch->text_n < 60 ? (int)arch->text_n : 60,
                  arch->text);
  if (x->scale < 1 || x->scale > 64 || x->scale != floor(x->scale) || in != x->c || (in != 1 && in != 3))
    return;
  ci_build_card(&n->b, "task", x->scale > 1 ? "upscale" : "denoise");
  ci_build_card(&n->b, "scale", "%d", (int)x->scale);
  ci_build_card(&n->b, "colour", in == 3 ? "rgb" : arch ? "y" : "grey");
}

int ci_t7_program(const ci_t7 *t, const ci_t7_node *module, size_t *budget, ci_program **out,
                  cnnimg_error *err) {
  ci_t7_net n = {.t = t, .budget = budget};
  *out = NULL;
  ci_build_init(&n.b, NULL, err);
  ci_t7_flow x = {.v = {ci_build_input(&n.b, "image", 0)}, .n = 1, .scale = 1, .raw = true};
  apply(&n, module, &x, false);
  if (!n.b.status && (x.table || x.n != 1))
    ci_build_fail(&n.b, CNNIMG_UNSUPPORTED, "the network ends in a table of %d values", x.n);
  write_card(&n, module, &x);
  return ci_build_finish(&n.b, x.v[0], out);
}
