/* SPDX-License-Identifier: MIT */
/* finite.c - weights that are no numbers, or infinite: which constants are weights, and a look at each, once */
#include "net/finite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

/* ---- numbers --------------------------------------------------------------------------------- */

#define BLOCK 4096
typedef uint32_t lanes __attribute__((vector_size(32)));

/* Is an exponent all ones? Without a branch, for it runs over every weight of a file. */
static bool any_special(const float *v, size_t n) {
  const lanes ones = {0x7f800000, 0x7f800000, 0x7f800000, 0x7f800000,
                      0x7f800000, 0x7f800000, 0x7f800000, 0x7f800000};
  lanes found = {0}, u;
  size_t i = 0;
  bool any = false;
  for (; i + 8 <= n; i += 8) {
    memcpy(&u, v + i, sizeof u);
    found |= (lanes)((u & ones) == ones);
  }
  for (int k = 0; k < 8; k++) any = any || found[k];
  for (; i < n; i++) any = any || !isfinite(v[i]);
  return any;
}

/* The first that is not allowed; n: there is none. */
static size_t first_bad(const ci_tensor *t, bool infinite_too) {
  const float *v = t->data;
  if (t->dtype != CI_F32) return t->count;
  for (size_t at = 0; at < t->count; at += BLOCK) {
    size_t n = t->count - at < BLOCK ? t->count - at : BLOCK;
    if (!any_special(v + at, n)) continue;
    for (size_t i = at; i < at + n; i++)
      if (isnan(v[i]) || (infinite_too && isinf(v[i]))) return i;
  }
  return t->count;
}

/* ---- which constants are weights ---------------------------------------------------------------- */

typedef enum demand { NOTHING, A_NUMBER, FINITE } demand;

/* Inputs from..to of the operator. */
static const struct {
  const char *type;
  int32_t from, to;
  demand what;
} rules[] = {
    {"Conv", 1, 2, FINITE},
    {"ConvTranspose", 1, 2, FINITE},
    {"Gemm", 0, 2, FINITE},
    {"MatMul", 0, 1, FINITE},
    {"BatchNormalization", 1, 4, FINITE},
    {"InstanceNormalization", 1, 2, FINITE},
    {"GroupNormalization", 1, 2, FINITE},
    {"LayerNormalization", 1, 2, FINITE},
    {"PRelu", 1, 1, FINITE},
    {"Add", 0, 1, A_NUMBER},
    {"Sub", 0, 1, A_NUMBER},
    {"Mul", 0, 1, FINITE},
    {"Div", 0, 1, FINITE},
};

/* Operators that only lay their first input out otherwise. */
static bool only_moves(const char *type) {
  static const char *const types[] = {"Transpose", "Reshape",   "Identity", "Cast",
                                      "Squeeze",   "Unsqueeze", "Flatten"};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (!strcmp(types[i], type)) return true;
  return false;
}

typedef struct search {
  const ci_program *p;
  struct asked {
    const ci_pnode *by;
    demand what;
  } * asked; /* a value */
} search;

static void ask(search *f, int32_t value, const ci_pnode *by, demand what) {
  if (value >= 0 && what > f->asked[value].what) f->asked[value] = (struct asked){by, what};
}

/* Nodes come after what they read: from the last to the first, every reader has asked before its value's turn. */
static void ask_all(search *f) {
  for (size_t k = f->p->n_nodes; k-- > 0;) {
    const ci_pnode *n = &f->p->nodes[k];
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
      for (int32_t j = rules[i].from; j <= rules[i].to && j < n->n_in && !strcmp(rules[i].type, n->type); j++)
        ask(f, n->in[j], n, rules[i].what);
    if (n->n_in && n->n_out && n->out[0] >= 0 && only_moves(n->type))
      ask(f, n->in[0], f->asked[n->out[0]].by, f->asked[n->out[0]].what);
  }
}

/* ---- the sentence ------------------------------------------------------------------------------------ */

/* A program's constant may have been made of the file's, under a name that the file does not know. */
static const char *name_of(const ci_store *s, const char *own, bool infinite_too) {
  if (!s || ci_store_find(s, "%s", own)) return own;
  for (size_t i = 0; i < s->n; i++)
    if (s->entries[i].used && first_bad(s->entries[i].tensor, infinite_too) < s->entries[i].tensor->count)
      return s->entries[i].name;
  return own;
}

static int judge(const search *f, const ci_store *s, size_t value, cnnimg_error *err) {
  const ci_pvalue *v = &f->p->values[value];
  const struct asked *a = &f->asked[value];
  char label[200];
  size_t at = v->tensor && a->what ? first_bad(v->tensor, a->what == FINITE) : 0;
  if (!v->tensor || !a->what || at == v->tensor->count) return CNNIMG_OK;
  bool nan = isnan(((const float *)v->tensor->data)[at]);
  return ci_fail(err, CNNIMG_CORRUPT,
                 "the tensor \"%.160s\" of %s holds %s (its number %zu): the file is damaged",
                 name_of(s, v->name, a->what == FINITE), ci_pnode_label(a->by, label, sizeof label),
                 nan ? "NaN" : "an infinite number", at);
}

int ci_program_finite(const ci_program *p, const ci_store *s, cnnimg_error *err) {
  search f = {.p = p, .asked = ci_calloc(p->n_values + 1, sizeof *f.asked)};
  int status = f.asked ? CNNIMG_OK : ci_fail(err, CNNIMG_NOMEM, "no memory to look at its weights");
  if (!status) ask_all(&f);
  for (size_t i = 0; i < p->n_values && !status; i++) status = judge(&f, s, i, err);
  free(f.asked);
  return status;
}
