/* SPDX-License-Identifier: MIT */
/* harness.c - one operation on held arrays: read from golden*.txt or made by hand, its shape asked, then run */
#include "harness.h"

#include <glob.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"

const char *const storage_names[STORAGES] = {"running", "loading", "mixed"};

/* ---- building ------------------------------------------------------------------- */

static ci_pnode *node(const example *e) { return &e->program->nodes[0]; }

void example_begin(example *e, const char *type, int64_t opset) {
  *e = (example){.program = ci_program_new(), .opset = opset};
  snprintf(e->name, sizeof e->name, "%s", type);
  assert_non_null(e->program);
  assert_non_null(ci_program_add_node(e->program, type, "n", NULL, 0, (int32_t[1]){-1}, 1));
}

void example_free(example *e) {
  for (int32_t k = 0; k < e->n_in; k++) free(e->in[k].data);
  for (int32_t k = 0; k < e->n_out; k++) free(e->out[k].array.data);
  ci_program_free(e->program);
}

void example_outputs(example *e, int32_t n) {
  free(node(e)->out);
  node(e)->out = malloc((size_t)n * sizeof(int32_t));
  node(e)->n_out = n;
  for (int32_t k = 0; k < n; k++) node(e)->out[k] = -1;
}

static size_t element(ci_dtype d) { return d == CI_F32 ? sizeof(float) : sizeof(int64_t); }

/* An array of that type, its data not set, with the exact number of bytes so that AddressSanitizer sees its end. */
static ci_array array_new(ci_type type, ci_dtype dtype, int32_t rank, const int64_t *dim) {
  ci_array a = {.dtype = dtype, .type = type, .rank = rank, .count = 1};
  for (int32_t i = 0; i < rank; i++) a.dim[i] = dim[i], a.count *= (size_t)dim[i];
  a.data = malloc(a.count * element(dtype));
  return a;
}

static void add_input(example *e, ci_array a, bool known) {
  assert_true(e->n_in < MAX_IN);
  e->known[e->n_in] = known;
  e->in[e->n_in++] = a;
}

void example_in(example *e, ci_type type, int32_t rank, const int64_t *dim, const double *values,
                bool known) {
  ci_array a = {.rank = -1};
  if (rank >= 0) a = array_new(type, type == CI_FLOAT ? CI_F32 : CI_I64, rank, dim);
  for (size_t i = 0; rank >= 0 && i < a.count; i++) ci_array_set(&a, i, values ? values[i] : (double)(i + 1));
  add_input(e, a, known);
}

void example_list(example *e, int32_t n, const int64_t *values) {
  ci_array a = array_new(CI_INT, CI_I64, 1, (int64_t[1]){n});
  for (int32_t i = 0; i < n; i++) ((int64_t *)a.data)[i] = values[i];
  add_input(e, a, true);
}

static ci_attr *attr(example *e, const char *name, ci_attr_kind kind) {
  ci_attr *a = ci_pnode_add_attr(node(e), name, kind);
  assert_non_null(a);
  return a;
}

void example_int(example *e, const char *name, int64_t v) { attr(e, name, CI_ATTR_INT)->i = v; }
void example_float(example *e, const char *name, float v) { attr(e, name, CI_ATTR_FLOAT)->f = v; }
void example_string(example *e, const char *name, const char *v) {
  attr(e, name, CI_ATTR_STRING)->s = ci_strdup(v);
}

void example_ints(example *e, const char *name, int32_t n, const int64_t *v) {
  ci_attr *a = attr(e, name, CI_ATTR_INTS);
  a->ints = malloc(((size_t)n + 1) * sizeof *v);
  a->n = (size_t)n;
  for (int32_t i = 0; i < n; i++) a->ints[i] = v[i];
}

/* ---- reading golden*.txt ---------------------------------------------------------- */

static ci_type type_named(const char *word) {
  if (!strcmp(word, "float")) return CI_FLOAT;
  if (!strcmp(word, "bool")) return CI_BOOL;
  assert_string_equal(word, "int");
  return CI_INT;
}

/* "float 2 3 4" and the values: float32, int64, or a byte a truth value. */
static ci_array read_array(const char *rest, FILE *values) {
  char word[8];
  int rank, used;
  int64_t dim[CI_MAX_RANK];
  assert_int_equal(sscanf(rest, "%7s %d%n", word, &rank, &used), 2);
  for (int i = 0; i < rank; i++) {
    long long d;
    int more;
    rest += used;
    assert_int_equal(sscanf(rest, "%lld%n", &d, &more), 1);
    dim[i] = d, used = more;
  }
  ci_type type = type_named(word);
  ci_array a = array_new(type, type == CI_FLOAT ? CI_F32 : CI_I64, rank, dim);
  size_t size = type == CI_BOOL ? 1 : element(a.dtype);
  assert_int_equal(fread(a.data, size, a.count, values), a.count);
  for (size_t i = type == CI_BOOL ? a.count : 0; i--;) ((int64_t *)a.data)[i] = ((unsigned char *)a.data)[i];
  return a;
}

static void read_numbers(ci_attr *a, const char *rest) {
  char *end;
  a->ints = malloc((strlen(rest) + 1) * sizeof *a->ints);
  a->floats = malloc((strlen(rest) + 1) * sizeof *a->floats);
  for (;; rest = end, a->n++) {
    float f = strtof(rest, &end);
    if (end == rest) return;
    a->floats[a->n] = f;
    a->ints[a->n] = strtoll(rest, NULL, 10);
  }
}

/* "NAME VALUE..." */
static void read_attr(example *e, ci_attr_kind kind, const char *rest, FILE *values) {
  char name[64];
  int used;
  assert_int_equal(sscanf(rest, "%63s%n", name, &used), 1);
  ci_attr *a = attr(e, name, kind);
  rest += used + (rest[used] == ' ');
  if (kind == CI_ATTR_INT) a->i = strtoll(rest, NULL, 10);
  if (kind == CI_ATTR_FLOAT) a->f = strtof(rest, NULL);
  if (kind == CI_ATTR_STRING) a->s = ci_strdup(rest);
  if (kind == CI_ATTR_INTS || kind == CI_ATTR_FLOATS) read_numbers(a, rest);
  if (kind != CI_ATTR_TENSOR) return;
  ci_array t = read_array(rest, values);
  a->tensor = ci_tensor_new(t.dtype, t.rank, t.dim);
  a->tensor->type = t.type;
  if (t.count) memcpy(a->tensor->owned, t.data, t.count * element(t.dtype));
  free(t.data);
}

/* "WHICH TOLERANCE ARRAY" */
static void read_out(example *e, const char *rest, FILE *values) {
  assert_true(e->n_out < MAX_OUT);
  expected *x = &e->out[e->n_out++];
  int used;
  assert_int_equal(sscanf(rest, "%d %f%n", &x->which, &x->tolerance, &used), 2);
  x->array = read_array(rest + used, values);
}

static void read_line(example *e, const char *key, const char *rest, FILE *values) {
  static const char *const kinds[] = {"int", "float", "string", "ints", "floats", "tensor"};
  for (int k = CI_ATTR_INT; k <= CI_ATTR_TENSOR; k++)
    if (!strcmp(key, kinds[k])) {
      read_attr(e, (ci_attr_kind)k, rest, values);
      return;
    }
  if (!strcmp(key, "outputs")) example_outputs(e, atoi(rest));
  else if (!strcmp(key, "none")) add_input(e, (ci_array){.rank = -1}, false);
  else if (!strcmp(key, "open")) add_input(e, read_array(rest, values), false);
  else if (!strcmp(key, "known")) add_input(e, read_array(rest, values), true);
  else if (!strcmp(key, "out")) read_out(e, rest, values);
  else if (!strcmp(key, "wide")) e->wide = true;
  else fail_msg("%s: \"%s\"", e->name, key);
}

/* "case TYPE OPSET NAME" begins an example, anything else goes on with it. */
static void read_file(const char *path, example **list, size_t *count, size_t *cap) {
  char other[4096], line[1024], key[32], type[64];
  snprintf(other, sizeof other, "%.*s.bin", (int)strlen(path) - 4, path);
  FILE *text = fopen(path, "rb"), *values = fopen(other, "rb");
  assert_non_null(text);
  assert_non_null(values);
  for (int used; fgets(line, sizeof line, text);) {
    line[strcspn(line, "\n")] = 0;
    if (line[0] == '#' || sscanf(line, "%31s%n", key, &used) != 1) continue;
    if (strcmp(key, "case")) {
      read_line(&(*list)[*count - 1], key, line + used + (line[used] == ' '), values);
      continue;
    }
    long long opset;
    assert_int_equal(sscanf(line, "case %63s %lld %n", type, &opset, &used), 2);
    assert_true(ci_grow((void **)list, cap, *count + 1, sizeof **list));
    example_begin(&(*list)[*count], type, opset);
    snprintf((*list)[(*count)++].name, sizeof(*list)->name, "%.50s: %.25s", type, line + used);
  }
  assert_int_equal(fgetc(values), EOF);
  fclose(text);
  fclose(values);
}

example *examples_load(size_t *count) {
  char pattern[4096];
  const char *top = getenv("abs_top_srcdir");
  glob_t files;
  size_t cap = 0;
  example *list = NULL;
  *count = 0;
  snprintf(pattern, sizeof pattern, "%s/tests/tensor/golden*.txt", top ? top : ".");
  if (glob(pattern, 0, NULL, &files)) fail_msg("nothing like %s", pattern);
  for (size_t i = 0; i < files.gl_pathc; i++) read_file(files.gl_pathv[i], &list, count, &cap);
  globfree(&files);
  return list;
}

void examples_free(example *e, size_t count) {
  for (size_t i = 0; i < count; i++) example_free(&e[i]);
  free(e);
}

/* ---- running ------------------------------------------------------------------ */

/* Input k as that storage has it; free() its data. */
static ci_array stored(const example *e, storage s, int32_t k) {
  const ci_array *in = &e->in[k];
  if (in->rank < 0) return *in;
  bool whole = in->type != CI_FLOAT && (e->known[k] || s != RUNNING);
  ci_array a = array_new(in->type, whole ? CI_I64 : CI_F32, in->rank, in->dim);
  if (a.dtype == in->dtype && a.count) memcpy(a.data, in->data, a.count * element(a.dtype));
  for (size_t i = 0; a.dtype != in->dtype && i < a.count; i++) ((float *)a.data)[i] = ci_array_float(in, i);
  return a;
}

static const ci_tensor_op *op_of(const example *e) {
  const ci_tensor_op *op = ci_tensor_find(node(e)->type);
  if (!op) fail_msg("no operation %s", node(e)->type);
  return op;
}

static int ask(const example *e, storage s, const ci_tensor_call *c, const ci_array *in, cnnimg_error *err) {
  ci_array seen[MAX_IN];
  ci_tensor_call asked = *c;
  for (int32_t k = 0; k < e->n_in; k++) {
    seen[k] = in[k];
    if (s == RUNNING && !e->known[k]) seen[k].data = NULL;
  }
  asked.in = seen;
  *c->out = (ci_array){.rank = 99, .type = (ci_type)99, .count = 99};
  return ci_tensor_shape(op_of(e), &asked, err);
}

int example_shape(const example *e, storage s, int32_t which, ci_array *out, cnnimg_error *err) {
  ci_array in[MAX_IN];
  for (int32_t k = 0; k < e->n_in; k++) in[k] = stored(e, s, k);
  ci_tensor_call c = {.node = node(e), .opset = e->opset, .which = which, .n_in = e->n_in, .in = in, .out = out};
  int status = ask(e, s, &c, in, err);
  for (int32_t k = 0; k < e->n_in; k++) free(in[k].data);
  return status;
}

static ci_pool *with_pool;
static const ci_kernels *with_kernels;

void example_with(ci_pool *pool, const ci_kernels *k) { with_pool = pool, with_kernels = k; }

static void run(const example *e, const ci_tensor_call *c) {
  const ci_tensor_op *op = op_of(e);
  ci_tensor_call call = *c;
  size_t bytes = op->scratch ? op->scratch(c) : 0;
  char *room = aligned_alloc(CI_ALIGN, ci_round_up(bytes + 1, CI_ALIGN));
  memset(room, 0xff, ci_round_up(bytes + 1, CI_ALIGN));
  call.scratch = room, call.pool = with_pool, call.k = with_kernels;
  op->run(&call);
  for (size_t i = bytes; i < ci_round_up(bytes + 1, CI_ALIGN); i++)
    if (room[i] != (char)0xff) fail_msg("%s: wrote behind its %zu bytes of scratch", e->name, bytes);
  free(room);
}

void example_run(const example *e, storage s, int32_t which, ci_array *out) {
  ci_array in[MAX_IN], before[MAX_IN];
  cnnimg_error err = {0};
  for (int32_t k = 0; k < e->n_in; k++) in[k] = stored(e, s, k), before[k] = stored(e, s, k);
  ci_tensor_call c = {.node = node(e), .opset = e->opset, .which = which, .n_in = e->n_in, .in = in, .out = out};
  if (ask(e, s, &c, in, &err)) fail_msg("%s (%s): %s", e->name, storage_names[s], err.text);
  ci_array made =
      array_new(out->type, s == LOADING && out->type != CI_FLOAT ? CI_I64 : CI_F32, out->rank, out->dim);
  *out = made;
  memset(out->data, 0xff, out->count * element(out->dtype));
  run(e, &c);
  for (int32_t k = 0; k < e->n_in; k++) {
    if (in[k].rank >= 0 && in[k].count &&
        memcmp(in[k].data, before[k].data, in[k].count * element(in[k].dtype)))
      fail_msg("%s: changed its input %d", e->name, k);
    free(in[k].data);
    free(before[k].data);
  }
}

static bool near(const expected *x, const ci_array *got, size_t i, double largest) {
  if (got->dtype == CI_I64 && x->array.dtype == CI_I64 && x->tolerance == 0)
    return ((const int64_t *)got->data)[i] == ((const int64_t *)x->array.data)[i];
  double a = (double)ci_array_float(got, i), b = (double)ci_array_float(&x->array, i);
  if (isnan(a) || isnan(b)) return isnan(a) && isnan(b);
  return a == b || fabs(a - b) <= (double)x->tolerance * largest;
}

static void check_output(const example *e, storage s, const expected *x) {
  ci_array got = {0};
  double largest = 1;
  example_run(e, s, x->which, &got);
  if (got.type != x->array.type) fail_msg("%s (%s): type %d", e->name, storage_names[s], got.type);
  if (got.rank != x->array.rank) fail_msg("%s (%s): rank %d", e->name, storage_names[s], got.rank);
  for (int32_t i = 0; i < got.rank; i++)
    if (got.dim[i] != x->array.dim[i])
      fail_msg("%s (%s): dimension %d is %lld", e->name, storage_names[s], i, (long long)got.dim[i]);
  for (size_t i = 0; i < got.count; i++) {
    double v = fabs((double)ci_array_float(&x->array, i));
    if (isfinite(v) && v > largest) largest = v;
  }
  for (size_t i = 0; i < got.count; i++)
    if (!near(x, &got, i, largest))
      fail_msg("%s (%s): value %zu of output %d is %.9g instead of %.9g", e->name, storage_names[s], i,
               x->which, (double)ci_array_float(&got, i), (double)ci_array_float(&x->array, i));
  free(got.data);
}

void example_check(const example *e) {
  for (int s = RUNNING; s < STORAGES; s++)
    for (int32_t k = 0; k < e->n_out; k++)
      if (s == LOADING || !e->wide) check_output(e, (storage)s, &e->out[k]);
}

void example_refused(example *e, int code, const char *text) {
  ci_array out;
  for (int s = RUNNING; s < STORAGES; s++) {
    cnnimg_error err = {0};
    int status = example_shape(e, (storage)s, 0, &out, &err);
    if (status != code || !strstr(err.text, text))
      fail_msg("%s (%s): status %d \"%s\" instead of %d \"%s\"", e->name, storage_names[s], status, err.text,
               code, text);
  }
  example_free(e);
}
