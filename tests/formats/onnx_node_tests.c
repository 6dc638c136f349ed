/* SPDX-License-Identifier: MIT */
/* onnx_node_tests.c - ONNX's own examples (Debian: libonnx-testdata) through the public door, as a table */
/*
 * Every folder of the package holds a small model, its inputs and the outputs that the standard wants. Each is run with
 * its first input free and the others as constants (initializers): that is how exported files have shapes, axes and
 * weights. Where the first input decides the size of the result ("fold" in the excuses), all are constants. Besides,
 * it is run with all of them constant and all of them free: another way may be refused, but never give another answer.
 *
 * Standard output is the table; it must be the committed onnx-node-tests.txt to the letter:
 *     build/tests/formats/onnx_node_tests --table >tests/formats/onnx-node-tests.txt
 */
#include <dirent.h>
#include <float.h>
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cnnimg.h"
#include "tests/formats/node_example.h"

typedef enum verdict { PASSED, REFUSED, WRONG } verdict;

typedef struct excuse {
  char kind[8], name[64], why[256];
  bool used;
} excuse;

static excuse excuses[256];
static size_t n_excuses;
static cnnimg_context *context;
static char *table;
static size_t table_size;
static FILE *out;
static size_t counts[3]; /* passed, excused, failed */

/* ---- running and comparing ------------------------------------------------------------------ */

/* How far a result may be, relatively: ONNX's own measure, or a unit of a short type (its examples cut to bfloat16, the
 * standard rounds). */
static double tolerance(int type) {
  return type == PROTO_BFLOAT16 ? 1.0 / 128 : type == PROTO_FLOAT16 ? 1.0 / 1024 : 1e-3;
}

/* Where ONNX adds 1e-7, this adds 1e-6 of the largest value. */
static bool is_equal(const proto_tensor *want, const float *got, char *why, size_t size) {
  double top = 0, part = tolerance(want->type);
  for (size_t i = 0; i < want->count; i++)
    if (isfinite(want->v[i])) top = fmax(top, fabs(want->v[i]));
  for (size_t i = 0; i < want->count; i++) {
    double w = want->v[i], g = (double)got[i];
    bool same = (isnan(w) && isnan(g)) || w == g || fabs(w - g) <= part * fabs(w) + 1e-6 * fmin(top, 1e3);
    if (same) continue;
    say(why, size, "element %zu is %.7g instead of %.7g", i, g, w);
    return false;
  }
  return true;
}

static bool has_dims(const proto_tensor *want, const cnnimg_tensor *got, char *why, size_t size) {
  bool same = got->rank == want->rank;
  for (size_t i = 0; same && i < want->rank; i++) same = got->dim[i] == want->dim[i];
  if (same) return true;
  size_t n = 0;
  say(why, size, "its result is");
  for (size_t i = 0; i < got->rank; i++) n = strlen(why), say(why + n, size - n, " %zu", (size_t)got->dim[i]);
  n = strlen(why), say(why + n, size - n, " instead of");
  for (size_t i = 0; i < want->rank; i++) n = strlen(why), say(why + n, size - n, " %zu", want->dim[i]);
  return false;
}

/* A tensor for the door; data is freed by free(). */
static cnnimg_tensor as_floats(const value *v, size_t room) {
  const proto_tensor *t = &v->tensor;
  cnnimg_tensor f = {.name = v->name, .rank = (uint32_t)t->rank, .capacity = room};
  for (size_t i = 0; i < t->rank; i++) f.dim[i] = t->dim[i];
  f.data = calloc(room + 1, sizeof *f.data);
  if (!f.data) fputs("no memory\n", stderr), exit(99);
  for (size_t i = 0; i < t->count; i++) f.data[i] = (float)t->v[i];
  return f;
}

/* Doubles that are lost in a float: some examples hold memory that nobody had written. */
static bool is_beyond_float(const proto_tensor *t) {
  for (size_t i = 0; t->v && i < t->count; i++)
    if (isfinite(t->v[i]) && t->v[i] != 0 && (fabs(t->v[i]) > FLT_MAX || fabs(t->v[i]) < FLT_MIN))
      return true;
  return false;
}

static bool needs_doubles(const example *e) {
  for (size_t i = 0; i < e->n_in; i++)
    if (e->in[i].type == PROTO_DOUBLE && is_beyond_float(&e->in[i].tensor)) return true;
  for (size_t i = 0; i < e->n_out; i++)
    if (e->out[i].type == PROTO_DOUBLE && is_beyond_float(&e->out[i].tensor)) return true;
  return false;
}

/* Every input must be a tensor, made of numbers where it stays free, and so must the results. */
static bool can_feed(const example *e, way w, char *why, size_t size) {
  if (needs_doubles(e)) return say(why, size, "doubles beyond the range of floats"), false;
  for (size_t i = 0; i < e->n_in; i++)
    if (!e->in[i].is_given || (is_free(w, i) && !e->in[i].tensor.v))
      return say(why, size, "the input %s is no tensor of numbers", e->in[i].name), false;
  for (size_t i = 0; i < e->n_out; i++)
    if (!e->out[i].is_given || !e->out[i].tensor.v)
      return say(why, size, "the output %s is no tensor of numbers", e->out[i].name), false;
  return true;
}

/* All outputs; the first that is wrong speaks. Results get room to spare, so that a wrong shape is seen as such. */
static verdict run_model(cnnimg_model *m, const example *e, way w, char *why, size_t size) {
  cnnimg_tensor in[MAX_VALUES], got[MAX_VALUES];
  cnnimg_error err = {0};
  size_t n = 0;
  for (size_t i = 0; i < e->n_in; i++)
    if (is_free(w, i)) in[n++] = as_floats(&e->in[i], e->in[i].tensor.count);
  for (size_t i = 0; i < e->n_out; i++)
    got[i] = as_floats(&e->out[i], 4 * e->out[i].tensor.count + 4096), got[i].rank = 0;
  for (size_t i = 0; i < e->n_out; i++) memset(got[i].data, 0xff, got[i].capacity * sizeof(float));
  verdict v = cnnimg_run_tensor(context, m, n, in, e->n_out, got, &err) ? REFUSED : PASSED;
  if (v) say(why, size, "%s", err.text);
  for (size_t i = 0; v == PASSED && i < e->n_out; i++)
    if (!has_dims(&e->out[i].tensor, &got[i], why, size) ||
        !is_equal(&e->out[i].tensor, got[i].data, why, size))
      v = WRONG;
  for (size_t i = 0; i < n; i++) free(in[i].data);
  for (size_t i = 0; i < e->n_out; i++) free(got[i].data);
  return v;
}

static verdict run(const example *e, way w, char *why, size_t size) {
  cnnimg_error err = {0};
  cnnimg_model *m = NULL;
  if (!can_feed(e, w, why, size)) return REFUSED;
  proto_out file = bind_constants(e, w);
  verdict v = cnnimg_model_load_memory(context, file.p, file.n, &m, &err) ? REFUSED : PASSED;
  if (v) say(why, size, "%s", err.text);
  else v = run_model(m, e, w, why, size);
  cnnimg_model_unref(m);
  free(file.p);
  return v;
}

/* ---- excuses ------------------------------------------------------------------------------------ */

static bool read_excuses(const char *path) {
  char line[512];
  FILE *f = fopen(path, "re");
  while (f && fgets(line, sizeof line, f)) {
    excuse *x = &excuses[n_excuses];
    if (line[0] == '#' || line[0] == '\n') continue;
    if (n_excuses == sizeof excuses / sizeof *excuses ||
        sscanf(line, "%7s %63[^:]: %255[^\n]", x->kind, x->name, x->why) != 3) {
      fprintf(stderr, "%s: a line is not \"kind name: sentence\": %s", path, line);
      exit(99);
    }
    n_excuses++;
  }
  if (f) fclose(f);
  return n_excuses > 0;
}

static excuse *find_excuse(const char *kind, const char *name) {
  for (size_t i = 0; i < n_excuses; i++)
    if (!strcmp(excuses[i].kind, kind) && !fnmatch(excuses[i].name, name, 0)) return &excuses[i];
  return NULL;
}

static excuse *op_excuse(const example *e, const char *kind) {
  for (size_t i = 0; i < e->n_ops; i++) {
    excuse *x = find_excuse(kind, e->ops[i]);
    if (x) return x;
  }
  return NULL;
}

/* Types whose arithmetic is not that of floats or of whole numbers. */
static bool is_odd(int type) {
  return type != PROTO_FLOAT && type != PROTO_DOUBLE && type != PROTO_INT32 && type != PROTO_INT64 &&
         type != PROTO_BOOL;
}

static bool odd_value(const value *v, char *why, size_t size) {
  if (!v->is_tensor) return say(why, size, "%s is a sequence or an optional value", v->name), true;
  if (is_odd(v->type))
    return say(why, size, "the element type %s decides the result", proto_type_name(v->type)), true;
  return false;
}

static bool type_excuse(const example *e, char *why, size_t size) {
  if (needs_doubles(e)) return say(why, size, "doubles beyond the range of floats decide the result"), true;
  for (size_t i = 0; i < e->n_in; i++)
    if (odd_value(&e->in[i], why, size)) return true;
  for (size_t i = 0; i < e->n_out; i++)
    if (odd_value(&e->out[i], why, size)) return true;
  return false;
}

static bool is_spatial(const example *e) {
  static const char *const ops[] = {
      "Conv",          "ConvTranspose",     "AveragePool", "MaxPool", "GlobalAveragePool",
      "GlobalMaxPool", "BatchNormalization"};
  for (size_t i = 0; i < e->n_ops; i++)
    for (size_t k = 0; k < sizeof ops / sizeof *ops; k++)
      if (!strcmp(e->ops[i], ops[k]) && e->rank_5) return true;
  return false;
}

/* Why this example need not run; false: it must. */
static bool find_reason(const example *e, const char *name, char *why, size_t size) {
  excuse *x = op_excuse(e, "op");
  if (!x) x = find_excuse("test", name);
  if (x)
    x->used = true,
    say(why, size, "%s%s%s", strcmp(x->kind, "op") ? "" : x->name, strcmp(x->kind, "op") ? "" : ": ", x->why);
  if (x || type_excuse(e, why, size)) return true;
  if (!is_spatial(e)) return false;
  say(why, size, "three spatial dimensions");
  return true;
}

/* ---- the table ------------------------------------------------------------------------------------ */

/* One more way than the table's own: yes, refused, or a wrong answer, which is never excused. */
static bool try_way(const example *e, way w, const char *label, char *notes, size_t size, char *why,
                    size_t why_size) {
  char text[512];
  verdict v = run(e, w, text, sizeof text);
  size_t n = strlen(notes);
  say(notes + n, size - n, "%s%s%s", n ? ", " : "", label, v == PASSED ? "" : " refused");
  if (v == WRONG) say(why, why_size, "%s: %s", label, text);
  return v != WRONG;
}

/* The row of an example; false: it failed. */
static bool judge(const example *e, const char *name) {
  char why[640] = "", notes[160] = "";
  excuse *fold = op_excuse(e, "fold");
  if (fold) fold->used = true;
  bool constant = fold || !e->n_in;
  verdict v = run(e, constant ? ALL_CONSTANT : FIRST_FREE, why, sizeof why);
  bool excused = v == REFUSED && find_reason(e, name, why, sizeof why);
  if (v == PASSED) say(notes, sizeof notes, constant ? "all constant" : "first free");
  if (v == PASSED && !constant &&
      !try_way(e, ALL_CONSTANT, "all constant", notes, sizeof notes, why, sizeof why))
    v = WRONG;
  if (v == PASSED && e->n_in > 1 && !try_way(e, ALL_FREE, "all free", notes, sizeof notes, why, sizeof why))
    v = WRONG;
  fprintf(out, "%-7s  %-62s  %s\n",
          v == PASSED ? "passed"
          : excused   ? "excused"
                      : "FAILED",
          name, v == PASSED ? notes : why);
  counts[v == PASSED ? 0 : excused ? 1 : 2]++;
  return v == PASSED || excused;
}

static bool judge_folder(const char *top, const char *kind) {
  char path[512], name[256];
  struct dirent **found;
  bool good = true;
  say(path, sizeof path, "%s/%s", top, kind);
  int n = scandir(path, &found, NULL, alphasort);
  for (int i = 0; i < n; i++) {
    example e = {.n_in = 0};
    say(e.path, sizeof e.path, "%s/%s/%s", top, kind, found[i]->d_name);
    say(name, sizeof name, "%s/%s", kind, found[i]->d_name);
    if (found[i]->d_name[0] != '.' && open_example(&e)) good &= judge(&e, name);
    close_example(&e);
    free(found[i]);
  }
  if (n >= 0) free(found);
  return good;
}

/* Excuses that nothing needed. */
static bool all_used(void) {
  bool good = true;
  for (size_t i = 0; i < n_excuses; i++)
    if (!excuses[i].used)
      good = false,
      fprintf(stderr, "an excuse that nothing needs: %s %s\n", excuses[i].kind, excuses[i].name);
  return good;
}

/* ---- against the committed table ------------------------------------------------------------------- */

/* The line whose second word is `name`, up to its end; NULL: none. */
static const char *find_line(const char *text, const char *name, size_t *n) {
  for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
    const char *word = p + strcspn(p, " \n");
    word += strspn(word, " ");
    size_t length = strcspn(word, " \n");
    if (length != strlen(name) || memcmp(word, name, length)) continue;
    *n = strcspn(p, "\n");
    return p;
  }
  return NULL;
}

/* Rows of `ours` that are otherwise in `theirs`. Rows that only one has are named: another version of the package. */
static bool rows_agree(const char *ours, const char *theirs) {
  bool good = true;
  char name[256];
  for (const char *p = ours; *p; p += strcspn(p, "\n"), p += *p == '\n') {
    size_t n, m = strcspn(p, "\n");
    if (sscanf(p, "%*s %255s", name) != 1 || !strchr(name, '/')) continue;
    const char *line = find_line(theirs, name, &n);
    if (!line) fprintf(stderr, "not in both tables (another version of the package?): %s\n", name);
    if (!line || (n == m && !memcmp(p, line, n))) continue;
    fprintf(stderr, "the committed table says otherwise:\n- %.*s\n+ %.*s\n", (int)n, line, (int)m, p);
    good = false;
  }
  return good;
}

static bool agrees(const char *path) {
  size_t n = 0;
  uint8_t *bytes = proto_load(path, &n);
  if (!bytes) return fprintf(stderr, "%s is missing\n", path), false;
  char *text = strndup((char *)bytes, n);
  bool good = text && rows_agree(table, text);
  free(text);
  free(bytes);
  return good;
}

int main(int argc, char **argv) {
  const char *top = getenv("abs_top_srcdir"), *data = getenv("ONNX_TESTDATA");
  char path[512];
  if (!top) top = ".";
  if (!data) data = "/usr/share/libonnx-testdata/data";
  say(path, sizeof path, "%s/node", data);
  DIR *there = opendir(path);
  if (!there)
    return printf("ONNX's examples are not in '%s' (Debian: libonnx-testdata): skipped\n", data), 77;
  closedir(there);
  say(path, sizeof path, "%s/tests/formats/onnx-node-excuses.txt", top);
  out = open_memstream(&table, &table_size);
  if (!read_excuses(path) || !out || cnnimg_open(NULL, &context, NULL)) return 99;
  bool good = true;
  static const char *const kinds[] = {"node", "pytorch-converted", "pytorch-operator", "simple"};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) good &= judge_folder(data, kinds[i]);
  fprintf(out, "%zu passed, %zu excused, %zu failed\n", counts[0], counts[1], counts[2]);
  fclose(out);
  fputs(table, stdout);
  good &= all_used();
  say(path, sizeof path, "%s/tests/formats/onnx-node-tests.txt", top);
  if (argc < 2 || strcmp(argv[1], "--table")) good &= agrees(path);
  free(table);
  cnnimg_close(context);
  return good ? 0 : 1;
}
