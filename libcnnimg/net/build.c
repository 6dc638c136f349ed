/* SPDX-License-Identifier: MIT */
/* build.c - writing a network down: values, nodes, attributes, the end */
#include "net/build.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

#define NAME_ROOM 512
#define MOST_INPUTS 128 /* of a node: RDN puts 20 blocks side by side, DenseNets more */

int ci_build_init(ci_build *b, ci_store *s, cnnimg_error *err) {
  *b = (ci_build){.p = ci_program_new(), .s = s, .err = err};
  b->taken = ci_calloc(s ? s->n + 1 : 1, sizeof *b->taken);
  for (size_t i = 0; b->taken && s && i < s->n; i++) {
    b->taken[i] = -1;
    s->entries[i].used = false;
  }
  if (!b->p || !b->taken) ci_build_fail(b, CNNIMG_NOMEM, "no memory for the network");
  else b->p->opset = CI_BUILD_OPSET;
  return b->status;
}

int32_t ci_build_fail(ci_build *b, int code, const char *fmt, ...) {
  char text[200];
  if (b->status) return -1;
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  b->status = ci_fail(b->err, code, "%s", text);
  return -1;
}

static int32_t no_memory(ci_build *b) { return ci_build_fail(b, CNNIMG_NOMEM, "no memory for the network"); }

void ci_build_ignore(ci_build *b, const char *suffix) {
  size_t n = strlen(suffix);
  for (size_t i = 0; b->s && i < b->s->n; i++) {
    size_t have = strlen(b->s->entries[i].name);
    if (have >= n && !strcmp(b->s->entries[i].name + have - n, suffix)) b->s->entries[i].used = true;
  }
}

static void check_all_used(ci_build *b) {
  size_t left = 0, first = 0;
  for (size_t i = b->s ? b->s->n : 0; i-- > 0;)
    if (!b->s->entries[i].used) left++, first = i;
  if (left)
    ci_build_fail(b, CNNIMG_UNSUPPORTED, "%zu tensors have no place in that network, \"%s\" is the first",
                  left, b->s->entries[first].name);
}

static void release_store(void *s) { ci_store_free(s); }

/* The last thing that can fail: what is kept in vain is released, and the store is still the caller's. */
static void keep_store(ci_build *b) {
  if (!b->status && ci_keep(&b->p->kept, NULL, release_store)) no_memory(b);
  if (!b->status) b->p->kept->what = b->s;
}

int ci_build_finish(ci_build *b, int32_t output, ci_program **out) {
  *out = NULL;
  if (!b->status) check_all_used(b);
  if (!b->status && output < 0) ci_build_fail(b, CNNIMG_UNSUPPORTED, "the network has no output");
  if (!b->status && ci_program_add_output(b->p, output)) no_memory(b);
  if (!b->status) b->status = ci_program_finish(b->p, b->err);
  keep_store(b);
  if (!b->status) *out = b->p;
  else ci_program_free(b->p);
  free(b->taken);
  b->p = NULL, b->taken = NULL;
  return b->status;
}

void ci_build_output(ci_build *b, int32_t value) {
  if (!b->status && value < 0) ci_build_fail(b, CNNIMG_UNSUPPORTED, "the network lacks an output");
  if (!b->status && ci_program_add_output(b->p, value)) no_memory(b);
}

/* ---- values --------------------------------------------------------------------------- */

static int32_t value(ci_build *b, const char *name, ci_tensor *t) {
  char made[24 + sizeof b->layer];
  if (!name) {
    bool named = t && b->layer[0];
    snprintf(made, sizeof made, "%s%sv%zu", named ? b->layer : "", named ? ":" : "", b->p->n_values);
    name = made;
  }
  int32_t v = ci_program_add_value(b->p, name, t);
  return v < 0 ? no_memory(b) : v;
}

void ci_build_layer(ci_build *b, const char *name) { snprintf(b->layer, sizeof b->layer, "%s", name); }

int32_t ci_build_input(ci_build *b, const char *name, int32_t channels) {
  if (b->status) return -1;
  ci_pinput in = {.value = value(b, name, NULL), .type = CI_FLOAT, .rank = 4, .dim = {1, channels, 0, 0}};
  if (!b->status && ci_program_add_input(b->p, &in)) return no_memory(b);
  return in.value;
}

int32_t ci_build_weight(ci_build *b, const char *fmt, ...) {
  char name[NAME_ROOM];
  if (b->status) return -1;
  va_list args;
  va_start(args, fmt);
  vsnprintf(name, sizeof name, fmt, args);
  va_end(args);
  ci_entry *e = b->s ? ci_store_find(b->s, "%s", name) : NULL;
  if (!e) return ci_build_fail(b, CNNIMG_UNSUPPORTED, "the tensor \"%s\" is missing", name);
  int32_t *at = &b->taken[e - b->s->entries];
  if (*at >= 0) return *at;
  ci_tensor *t = ci_tensor_borrow(e->tensor);
  if (!t) return no_memory(b);
  e->used = true;
  return *at = value(b, e->name, t);
}

int32_t ci_build_tensor(ci_build *b, ci_tensor *own) {
  if (!own && !b->status) return no_memory(b);
  if (b->status) {
    ci_tensor_free(own);
    return -1;
  }
  return value(b, NULL, own);
}

static ci_tensor *list(ci_dtype dtype, int32_t rank, const void *v, size_t n) {
  const int64_t dim[1] = {(int64_t)n};
  ci_tensor *t = ci_tensor_new(dtype, rank, dim);
  if (t && n) memcpy(t->owned, v, n * (dtype == CI_I64 ? sizeof(int64_t) : sizeof(float)));
  return t;
}

int32_t ci_build_floats(ci_build *b, const float *v, size_t n) {
  return ci_build_tensor(b, list(CI_F32, 1, v, n));
}
int32_t ci_build_ints(ci_build *b, const int64_t *v, size_t n) {
  return ci_build_tensor(b, list(CI_I64, 1, v, n));
}
int32_t ci_build_scalar(ci_build *b, float v) { return ci_build_tensor(b, list(CI_F32, 0, &v, 1)); }

void ci_build_card(ci_build *b, const char *key, const char *fmt, ...) {
  char text[1024];
  if (b->status) return;
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  if (ci_program_set_card(b->p, key, text)) no_memory(b);
}

/* ---- nodes ---------------------------------------------------------------------------- */

int32_t ci_build_node(ci_build *b, const char *type, const int32_t *in, int32_t n_in) {
  int32_t ids[MOST_INPUTS];
  char name[64];
  if (b->status) return -1;
  if (n_in > MOST_INPUTS)
    return ci_build_fail(b, CNNIMG_UNSUPPORTED, "%s with more than %d inputs", type, MOST_INPUTS);
  for (int32_t i = 0; i < n_in; i++) ids[i] = in[i] == CI_NONE ? -1 : in[i];
  while (n_in && ids[n_in - 1] < 0) n_in--;
  int32_t out = value(b, NULL, NULL);
  if (out < 0) return -1;
  snprintf(name, sizeof name, "%s_%zu", type, b->p->n_nodes);
  return ci_program_add_node(b->p, type, name, ids, n_in, &out, 1) ? out : no_memory(b);
}

static ci_attr *attr(ci_build *b, const char *name, ci_attr_kind kind) {
  if (b->status) return NULL;
  ci_attr *a = ci_pnode_add_attr(&b->p->nodes[b->p->n_nodes - 1], name, kind);
  if (!a) no_memory(b);
  return a;
}

void ci_build_attr_int(ci_build *b, const char *name, int64_t v) {
  ci_attr *a = attr(b, name, CI_ATTR_INT);
  if (a) a->i = v;
}

void ci_build_attr_float(ci_build *b, const char *name, float v) {
  ci_attr *a = attr(b, name, CI_ATTR_FLOAT);
  if (a) a->f = v;
}

void ci_build_attr_string(ci_build *b, const char *name, const char *v) {
  ci_attr *a = attr(b, name, CI_ATTR_STRING);
  if (a && !(a->s = ci_strdup(v))) no_memory(b);
}

void ci_build_attr_ints(ci_build *b, const char *name, const int64_t *v, size_t n) {
  ci_attr *a = attr(b, name, CI_ATTR_INTS);
  if (!a) return;
  a->ints = ci_calloc(n, sizeof *a->ints);
  if (!a->ints) no_memory(b);
  else {
    memcpy(a->ints, v, n * sizeof *v);
    a->n = n;
  }
}

int32_t ci_build_op1(ci_build *b, const char *type, int32_t x) { return ci_build_node(b, type, &x, 1); }
int32_t ci_build_op2(ci_build *b, const char *type, int32_t x, int32_t y) {
  return ci_build_node(b, type, (const int32_t[]){x, y}, 2);
}
int32_t ci_build_scale(ci_build *b, int32_t x, float factor) {
  return ci_build_op2(b, "Mul", x, ci_build_scalar(b, factor));
}

int32_t ci_build_concat(ci_build *b, const int32_t *x, int32_t n) {
  int32_t y = ci_build_node(b, "Concat", x, n);
  ci_build_attr_int(b, "axis", 1);
  return y;
}

int32_t ci_build_channels(ci_build *b, int32_t x, int64_t from, int64_t to) {
  const int64_t axis = 1;
  const int32_t in[4] = {x, ci_build_ints(b, &from, 1), ci_build_ints(b, &to, 1), ci_build_ints(b, &axis, 1)};
  return ci_build_node(b, "Slice", in, 4);
}
