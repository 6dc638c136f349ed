/* SPDX-License-Identifier: MIT */
/* einsum.c - Einsum: sums of products by letters, one a dimension */
#include <string.h>

#include "base/memory.h"
#include "tensor/array.h"

#define LETTERS_MOST 16
#define OPERANDS_MOST 4
#define EQUATION_MOST 256
#define WORK_MOST ((size_t)1 << 36)

/* Letters of the result first, then those that are summed over, in the order in which they are met. */
typedef struct letters {
  char name[LETTERS_MOST];
  int64_t size[LETTERS_MOST], step[OPERANDS_MOST][LETTERS_MOST];
  int32_t n, n_out;
} letters;

/* Digits stand for the dimensions of an ellipsis, 7 for its last. */
static bool is_digit(char c) { return c >= '0' && c <= '7'; }
/* Not isalpha(): a program may have set a locale. */
static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c); }

static int32_t find(const letters *l, char name) {
  int32_t i = 0;
  while (i < l->n && l->name[i] != name) i++;
  return i;
}

static int add_letter(const ci_tensor_call *c, letters *l, char name, cnnimg_error *err) {
  if (l->n == LETTERS_MOST)
    return ci_tensor_fail(c, err, CNNIMG_UNSUPPORTED, "more than %d letters", LETTERS_MOST);
  l->size[l->n] = -1;
  l->name[l->n++] = name;
  return CNNIMG_OK;
}

/* The letters after "->", or those that are there once, in the alphabet's order. */
static int result_letters(const ci_tensor_call *c, letters *l, const char *equation, cnnimg_error *err) {
  const char *arrow = strstr(equation, "->");
  int times[128] = {0}, status = CNNIMG_OK;
  for (const char *p = equation; *p && p != arrow; p++)
    if (is_letter(*p)) times[(int)*p]++;
  for (const char *p = arrow ? arrow + 2 : ""; *p && !status; p++) {
    if (*p == ' ') continue;
    if (!is_letter(*p) || !times[(int)*p] || find(l, *p) < l->n)
      return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "the result of \"%.60s\"", equation);
    status = add_letter(c, l, *p, err);
  }
  for (int i = 0; i < 128 && !arrow && !status; i++)
    if (times[i] == 1 || (times[i] && is_digit((char)i))) status = add_letter(c, l, (char)i, err);
  l->n_out = l->n;
  return status;
}

/* A letter of operand k, for its dimension d. */
static int operand_letter(const ci_tensor_call *c, letters *l, int32_t k, int32_t d, const int64_t *step,
                          char name, cnnimg_error *err) {
  int32_t i = find(l, name);
  int status = i == l->n ? add_letter(c, l, name, err) : CNNIMG_OK;
  if (status) return status;
  int64_t size = c->in[k].dim[d];
  if (is_digit(name) && size == 1) { /* repeated */
    if (l->size[i] < 0) l->size[i] = 1;
    return CNNIMG_OK;
  }
  if (is_digit(name) && l->size[i] == 1) l->size[i] = -1;
  if (l->size[i] >= 0 && l->size[i] != size)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "'%c' is %lld and %lld", name, (long long)l->size[i],
                          (long long)size);
  l->size[i] = size;
  l->step[k][i] = (int64_t)((uint64_t)l->step[k][i] + (uint64_t)step[d]); /* twice: the diagonal */
  return CNNIMG_OK;
}

static int operand_letters(const ci_tensor_call *c, letters *l, const char *equation, cnnimg_error *err) {
  int64_t step[CI_MAX_RANK];
  int32_t k = 0, d = 0;
  ci_array_steps(&c->in[0], step);
  for (const char *p = equation;; p++) {
    if (*p == ' ') continue;
    bool end = !*p || !strncmp(p, "->", 2);
    if (end || *p == ',') {
      if (d != c->in[k].rank)
        return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "input %d has %d dimensions", k, c->in[k].rank);
      k++, d = 0;
      if (end || k == c->n_in)
        return end && k == c->n_in ? CNNIMG_OK
                                   : ci_tensor_fail(c, err, CNNIMG_CORRUPT, "has %d inputs", c->n_in);
      ci_array_steps(&c->in[k], step);
      continue;
    }
    if (!is_letter(*p)) return ci_tensor_fail(c, err, CNNIMG_UNSUPPORTED, "'%c' in its equation", *p);
    if (d >= c->in[k].rank)
      return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "input %d has %d dimensions", k, c->in[k].rank);
    int status = operand_letter(c, l, k, d++, step, *p, err);
    if (status) return status;
  }
}

/* Few elements with many letters can mean work without end. */
static int judge_work(const ci_tensor_call *c, const letters *l, cnnimg_error *err) {
  size_t n = 1;
  for (int32_t i = 0; i < l->n; i++)
    if (!l->size[i]) return CNNIMG_OK;
  for (int32_t i = 0; i < l->n; i++)
    if (!ci_mul(n, (size_t)l->size[i], &n) || n > WORK_MOST)
      return ci_tensor_fail(c, err, CNNIMG_LIMIT, "more than %zu products", WORK_MOST);
  return CNNIMG_OK;
}

/* Digits for the n dimensions of an ellipsis. */
static void put_digits(char *to, size_t *at, int32_t n) {
  for (int32_t i = 8 - n; i < 8; i++) to[(*at)++] = (char)('0' + i);
}

/* How many dimensions operand k has beside its letters. */
static int32_t hidden(const ci_tensor_call *c, const char *term, int32_t k) {
  int32_t n = k < c->n_in ? c->in[k].rank : 0;
  for (const char *p = term; *p && *p != ',' && strncmp(p, "->", 2); p++) n -= is_letter(*p);
  return n < 0 ? 0 : n;
}

/* The equation with digits instead of ellipses. */
static int spell_out(const ci_tensor_call *c, char *to, cnnimg_error *err) {
  const char *equation = ci_attr_string(c->node, "equation", ""), *term = equation;
  size_t at = 0;
  int32_t k = 0, most = 0;
  bool result = false;
  for (const char *p = equation; *p; p++) {
    if (at + 16 > EQUATION_MOST) return ci_tensor_refuse(c, err, "too long an equation");
    if (is_digit(*p)) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "'%c' in its equation", *p);
    if (*p == ',' && !result) k++, term = p + 1;
    if (!strncmp(p, "->", 2)) result = true;
    int32_t n = result ? most : hidden(c, term, k);
    if (strncmp(p, "...", 3)) {
      to[at++] = *p;
      continue;
    }
    put_digits(to, &at, n);
    if (n > most) most = n;
    p += 2;
  }
  to[at] = 0;
  return CNNIMG_OK;
}

static int read_equation(const ci_tensor_call *c, letters *l, cnnimg_error *err) {
  char equation[EQUATION_MOST];
  memset(l, 0, sizeof *l);
  if (c->n_in > OPERANDS_MOST)
    return ci_tensor_fail(c, err, CNNIMG_UNSUPPORTED, "more than %d inputs", OPERANDS_MOST);
  for (int32_t k = 0; k < c->n_in; k++)
    if (!ci_array_given(c, k)) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "input %d is missing", k);
  int status = spell_out(c, equation, err);
  if (!status) status = result_letters(c, l, equation, err);
  if (!status) status = operand_letters(c, l, equation, err);
  return status ? status : judge_work(c, l, err);
}

static int shape(const ci_tensor_call *c, cnnimg_error *err) {
  letters l;
  int status = read_equation(c, &l, err);
  if (status) return status;
  c->out->type = c->in[0].type, c->out->rank = l.n_out;
  for (int32_t i = 0; i < l.n_out && i < CI_MAX_RANK; i++) c->out->dim[i] = l.size[i];
  return CNNIMG_OK;
}

/* The next place in letters from..to; false: they are through, and back at their beginning. */
static bool next(const letters *l, int32_t from, int32_t to, int32_t n_in, int64_t *index, int64_t *at) {
  for (int32_t i = to - 1; i >= from; i--) {
    for (int32_t k = 0; k < n_in; k++) at[k] += l->step[k][i];
    if (++index[i] < l->size[i]) return true;
    for (int32_t k = 0; k < n_in; k++) at[k] -= l->step[k][i] * l->size[i];
    index[i] = 0;
  }
  return false;
}

static void element(const ci_tensor_call *c, const letters *l, int64_t *index, int64_t *at, size_t o,
                    bool empty) {
  bool whole = true;
  double sum = 0;
  int64_t whole_sum = 0;
  for (int32_t k = 0; k < c->n_in; k++) whole = whole && c->in[k].dtype == CI_I64;
  if (!empty) do {
      double v = 1;
      int64_t w = 1;
      for (int32_t k = 0; k < c->n_in; k++)
        if (whole) w = ci_wrap_mul(w, ci_array_int(&c->in[k], (size_t)at[k]));
        else v *= ci_array_double(&c->in[k], (size_t)at[k]);
      sum += v;
      whole_sum = ci_wrap_add(whole_sum, w);
    } while (next(l, l->n_out, l->n, c->n_in, index, at));
  if (whole) ci_array_put_int(c->out, o, whole_sum);
  else ci_array_put(c->out, o, sum);
}

static void run(const ci_tensor_call *c) {
  letters l;
  int64_t index[LETTERS_MOST] = {0}, at[OPERANDS_MOST] = {0};
  bool empty = false;
  if (!c->out->count || read_equation(c, &l, NULL)) return;
  for (int32_t i = l.n_out; i < l.n; i++) empty = empty || !l.size[i];
  for (size_t o = 0; o < c->out->count; o++, next(&l, 0, l.n_out, c->n_in, index, at))
    element(c, &l, index, at, o, empty);
}

const ci_tensor_op ci_tensor_einsum_ops[] = {
    {"Einsum", 1, -1, "equation", shape, NULL, run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
