/* SPDX-License-Identifier: MIT */
/* harness.c - one-node graphs for tests: read from golden.txt, filled from seeds, run on any rectangle */
#include "harness.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

float next_random(uint32_t *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return (float)((int32_t)(*seed >> 8) - (1 << 23)) / (float)(1 << 23);
}

uint32_t next_below(uint32_t *seed, uint32_t n) {
  *seed = *seed * 1664525u + 1013904223u;
  return (*seed >> 8) % n;
}

/* ---- building --------------------------------------------------------------- */

void example_begin(example *e, const char *name, uint32_t seed) {
  *e = (example){.g = ci_graph_new(), .seed = seed, .tolerance = 1e-5f};
  snprintf(e->name, sizeof e->name, "%s", name);
  assert_non_null(e->g);
}

static int32_t inputs_so_far(const example *e) { return (int32_t)e->g->n_values; }

static float *random_values(example *e, size_t n, bool positive) {
  float *v = malloc((n ? n : 1) * sizeof *v);
  for (size_t i = 0; i < n; i++) {
    v[i] = next_random(&e->seed);
    if (positive) v[i] = fabsf(v[i]) + 0.25f;
  }
  return v;
}

void example_map(example *e, int32_t c, int32_t h, int32_t w, const float *values) {
  int32_t k = inputs_so_far(e);
  size_t n = (size_t)c * (size_t)h * (size_t)w;
  assert_true(k < MAX_IN);
  assert_int_equal(ci_graph_add_value(e->g, "map", NULL), k);
  e->in[k] = (ci_shape){c, h, w};
  e->data[k] = random_values(e, values ? 0 : n, false);
  if (!values) return;
  e->data[k] = realloc(e->data[k], n * sizeof(float));
  memcpy(e->data[k], values, n * sizeof(float));
}

static void add_const(example *e, int32_t rank, const int64_t *dim, const float *values, bool positive) {
  ci_tensor *t = ci_tensor_new(CI_F32, rank, dim);
  assert_non_null(t);
  float *v = random_values(e, values ? 0 : t->count, positive);
  memcpy(t->owned, values ? values : v, t->count * sizeof *v);
  free(v);
  assert_true(ci_graph_add_value(e->g, "constant", t) >= 0);
}

void example_const(example *e, int32_t rank, const int64_t *dim, const float *values) {
  add_const(e, rank, dim, values, false);
}

ci_node *example_node(example *e, ci_op_id op) {
  int32_t in[MAX_IN], n = inputs_so_far(e);
  for (int32_t i = 0; i < n; i++) in[i] = i;
  e->n = ci_graph_add_node(e->g, op, e->name, in, n, "out");
  assert_non_null(e->n);
  return e->n;
}

void example_finish(example *e) {
  cnnimg_error err = {0};
  ci_shape out = {0, 0, 0};
  if (ci_ops[e->n->op]->shape(e->g, e->n, e->in, &out, &err)) fail_msg("%s: %s", e->name, err.text);
  if (e->out.c && (e->out.c != out.c || e->out.h != out.h || e->out.w != out.w))
    fail_msg("%s: shape %d x %d x %d, expected %d x %d x %d", e->name, out.c, out.h, out.w, e->out.c,
             e->out.h, e->out.w);
  e->out = out;
}

void example_free(example *e) {
  ci_graph_free(e->g);
  free(e->expected);
  for (int k = 0; k < MAX_IN; k++) free(e->data[k]);
}

/* ---- golden.txt --------------------------------------------------------------- */

#define FIELD(f, n, is_float) \
  { #f, offsetof(ci_params, f), n, is_float }
static const struct field {
  const char *name;
  size_t offset;
  int count, is_float;
} fields[] = {FIELD(kernel, 2, 0),   FIELD(stride, 2, 0),    FIELD(dilation, 2, 0),
              FIELD(pads, 4, 0),     FIELD(out_pads, 2, 0),  FIELD(group, 1, 0),
              FIELD(auto_pad, 1, 0), FIELD(ceil_mode, 1, 0), FIELD(count_include_pad, 1, 0),
              FIELD(block, 1, 0),    FIELD(crd, 1, 0),       FIELD(mode, 1, 0),
              FIELD(coord, 1, 0),    FIELD(nearest, 1, 0),   FIELD(cubic_a, 1, 1),
              FIELD(scale, 2, 1),    FIELD(size, 2, 0),      FIELD(axis, 1, 0),
              FIELD(start, 1, 0),    FIELD(end, 1, 0),       FIELD(step, 1, 0),
              FIELD(value, 1, 1),    FIELD(beta, 1, 1),      FIELD(trans_b, 1, 0),
              FIELD(shape, 3, 0),    FIELD(bias, 1, 1),      FIELD(grid_pad, 1, 0),
              FIELD(align_corners, 1, 0), FIELD(antialias, 1, 0),  FIELD(exclude_outside, 1, 0),
              FIELD(roi, 4, 1)};

static void set_field(ci_params *p, const char *name, char *values) {
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    if (strcmp(fields[i].name, name)) continue;
    char *at = (char *)p + fields[i].offset;
    for (int k = 0; k < fields[i].count; k++, at += 4)
      if (fields[i].is_float) *(float *)(void *)at = strtof(values, &values);
      else *(int32_t *)(void *)at = (int32_t)strtol(values, &values, 10);
    return;
  }
  fail_msg("golden.txt sets an unknown field '%s'", name);
}

static ci_op_id op_named(const char *name) {
  static const char *const names[] = {
#define CI_OP(id, text) #id,
#include "net/ops.inc"
#undef CI_OP
  };
  for (int i = 0; i < CI_OP_COUNT; i++)
    if (!strcmp(names[i], name)) return (ci_op_id)i;
  fail_msg("golden.txt names an unknown op '%s'", name);
  return CI_OP_COUNT;
}

/* "const" or "positive": dimensions up to the end of the line. */
static void read_const(example *e, char *rest, bool positive) {
  int64_t dim[CI_MAX_RANK];
  int32_t rank = 0;
  char *end;
  for (long v = strtol(rest, &end, 10); end != rest; rest = end, v = strtol(rest, &end, 10)) dim[rank++] = v;
  add_const(e, rank, dim, NULL, positive);
}

/* A list of integers as a constant. */
static void read_ints(example *e, char *rest) {
  int64_t v[64], dim[1] = {0};
  char *end;
  for (long long x = strtoll(rest, &end, 10); end != rest && dim[0] < 64; rest = end, x = strtoll(rest, &end, 10)) v[dim[0]++] = x;
  ci_tensor *t = ci_tensor_new(CI_I64, 1, dim);
  assert_non_null(t);
  memcpy(t->owned, v, (size_t)dim[0] * sizeof *v);
  assert_true(ci_graph_add_value(e->g, "constant", t) >= 0);
}

/* "kind a b slope": slope is a value's number, or -1. */
static void read_act(ci_act *act, const char *rest) {
  assert_int_equal(sscanf(rest, "%d %f %f %d", &act->kind, &act->a, &act->b, &act->slope), 4);
}

static void read_out(example *e, const char *rest, FILE *values) {
  assert_int_equal(sscanf(rest, "%d %d %d", &e->out.c, &e->out.h, &e->out.w), 3);
  size_t n = (size_t)e->out.c * (size_t)e->out.h * (size_t)e->out.w;
  e->expected = malloc(n * sizeof(float));
  assert_int_equal(fread(e->expected, sizeof(float), n, values), n);
}

/* inputs: which values are inputs, in order (slopes are not); -1: absent. */
static void read_node(example *e, char *rest) {
  char name[32];
  int used = 0;
  int32_t in[MAX_IN], n = 0;
  assert_int_equal(sscanf(rest, "%31s%n", name, &used), 1);
  char *end;
  for (rest += used;; rest = end) {
    long v = strtol(rest, &end, 10);
    if (end == rest) break;
    in[n++] = (int32_t)v;
  }
  e->n = ci_graph_add_node(e->g, op_named(name), e->name, in, n, "out");
  assert_non_null(e->n);
}

static void read_line(example *e, const char *key, char *rest, FILE *values) {
  int32_t c, h, w;
  if (!strcmp(key, "map")) {
    assert_int_equal(sscanf(rest, "%d %d %d", &c, &h, &w), 3);
    example_map(e, c, h, w, NULL);
  } else if (!strcmp(key, "const")) read_const(e, rest, false);
  else if (!strcmp(key, "positive")) read_const(e, rest, true);
  else if (!strcmp(key, "positivemap")) {
    assert_int_equal(sscanf(rest, "%d %d %d", &c, &h, &w), 3);
    example_map(e, c, h, w, NULL);
    for (int32_t i = 0; i < c * h * w; i++) e->data[inputs_so_far(e) - 1][i] = fabsf(e->data[inputs_so_far(e) - 1][i]) + 0.25f;
  } else if (!strcmp(key, "holes")) {
    assert_int_equal(sscanf(rest, "%d %d %d", &c, &h, &w), 3);
    example_map(e, c, h, w, NULL);
    float *v = e->data[inputs_so_far(e) - 1];
    for (int32_t i = 0; i < c * h * w; i++) v[i] = fabsf(v[i]) < 0.5f ? 0 : v[i];
  } else if (!strcmp(key, "ints")) read_ints(e, rest);
  else if (!strcmp(key, "node")) read_node(e, rest);
  else if (!strcmp(key, "act")) read_act(&e->n->act, rest);
  else if (!strcmp(key, "act2")) read_act(&e->n->act2, rest);
  else if (!strcmp(key, "residual")) e->n->residual = atoi(rest);
  else if (!strcmp(key, "loose")) e->loose = true;
  else if (!strcmp(key, "flat")) e->flat = true;
  else if (!strcmp(key, "tolerance")) e->tolerance = strtof(rest, NULL);
  else if (!strcmp(key, "out")) read_out(e, rest, values);
  else set_field(&e->n->p, key, rest);
}

/* Inputs by their place in the node, not by value number. */
static void order_inputs(example *e) {
  ci_shape in[MAX_IN] = {{0, 0, 0}};
  float *data[MAX_IN] = {NULL};
  for (int32_t k = 0; k < e->n->n_in; k++)
    if (e->n->in[k] >= 0) in[k] = e->in[e->n->in[k]], data[k] = e->data[e->n->in[k]];
  memcpy(e->in, in, sizeof in);
  memcpy(e->data, data, sizeof data);
}

static FILE *open_fixture(const char *name) {
  char path[4096];
  const char *top = getenv("abs_top_srcdir");
  snprintf(path, sizeof path, "%s/tests/ops/%s", top ? top : ".", name);
  FILE *f = fopen(path, "rb");
  if (!f) fail_msg("cannot open %s", path);
  return f;
}

example *examples_load(size_t *count) {
  FILE *text = open_fixture("golden.txt"), *values = open_fixture("golden.bin");
  size_t n = 0, cap = 0;
  example *list = NULL;
  char line[256], key[32];
  for (int used; fgets(line, sizeof line, text);) {
    used = 0;
    if (line[0] == '#' || sscanf(line, "%31s%n", key, &used) != 1) continue;
    if (!strcmp(key, "case")) {
      assert_true(ci_grow((void **)&list, &cap, n + 1, sizeof *list));
      line[strcspn(line, "\n")] = 0;
      example_begin(&list[n], line + used + 1, (uint32_t)n + 1);
      n++;
    } else if (!strcmp(key, "done")) {
      order_inputs(&list[n - 1]);
      example_finish(&list[n - 1]);
    } else read_line(&list[n - 1], key, line + used, values);
  }
  assert_int_equal(fgetc(values), EOF);
  fclose(text);
  fclose(values);
  *count = n;
  return list;
}

void examples_free(example *e, size_t count) {
  for (size_t i = 0; i < count; i++) example_free(&e[i]);
  free(e);
}

/* ---- running ------------------------------------------------------------------ */

static const uint32_t mark = 0x7fedcba9; /* a NaN that nobody computes */

/* A view of rectangle r and nothing more; every float is the mark. */
static ci_view view_new(ci_shape map, ci_rect r) {
  int32_t cs = ci_channel_stride(map.c), rows = r.y1 - r.y0;
  size_t stride = (size_t)(r.x1 - r.x0) * (size_t)cs, n = stride * (size_t)rows;
  ci_view v = {malloc(n * sizeof(float)), map, r, cs, rows, stride};
  for (size_t i = 0; i < n; i++) memcpy(v.data + i, &mark, 4);
  return v;
}

/* CHW of the whole map, or of r when `part`. */
static void view_copy(const ci_view *v, ci_rect r, float *chw, bool whole, bool into_view) {
  int32_t w = whole ? v->map.w : r.x1 - r.x0, h = whole ? v->map.h : r.y1 - r.y0;
  for (int32_t c = 0; c < v->map.c; c++)
    for (int32_t y = r.y0; y < r.y1; y++)
      for (int32_t x = r.x0; x < r.x1; x++) {
        float *at = ci_view_at(v, x, y) + c;
        float *plain = &chw[((size_t)c * (size_t)h + (size_t)(whole ? y : y - r.y0)) * (size_t)w +
                            (size_t)(whole ? x : x - r.x0)];
        if (into_view) memcpy(at, plain, 4);
        else memcpy(plain, at, 4);
      }
}

static void check_untouched(const example *e, const ci_view *v, ci_rect r) {
  for (int32_t y = v->rect.y0; y < v->rect.y1; y++)
    for (int32_t x = v->rect.x0; x < v->rect.x1; x++)
      for (int32_t c = 0; c < v->cs; c++) {
        bool mine = x >= r.x0 && x < r.x1 && y >= r.y0 && y < r.y1;
        if (!mine && memcmp(ci_view_at(v, x, y) + c, &mark, 4))
          fail_msg("%s: wrote outside its rectangle at x %d y %d channel %d", e->name, x, y, c);
      }
}

void example_run(const example *e, const ci_kernels *k, ci_rect r, float *const *data, float *result) {
  const ci_op *op = ci_ops[e->n->op];
  ci_view in[MAX_IN] = {{0}};
  size_t bytes = 0, scratch = op->scratch ? op->scratch(e->n, e->in, e->out, r.x1 - r.x0) : 0;
  void *packed = NULL;
  cnnimg_error err = {0};
  if (op->pack && op->pack(e->g, e->n, e->in, e->out, k, &(ci_allocator){0}, &packed, &bytes, &err))
    fail_msg("%s: %s", e->name, err.text);
  for (int32_t i = 0; i < e->n->n_in; i++) {
    if (!e->in[i].c) continue;
    ci_rect need = op->need(e->n, e->in, e->out, i, r);
    assert_false(ci_rect_empty(need));
    assert_true(ci_rect_contains(ci_rect_whole(e->in[i]), need));
    in[i] = view_new(e->in[i], need);
    view_copy(&in[i], need, data[i], true, true);
  }
  ci_view out = view_new(e->out, ci_rect_clip((ci_rect){r.x0 - 1, r.y0 - 1, r.x1 + 1, r.y1 + 1}, e->out));
  void *room = aligned_alloc(CI_ALIGN, ci_round_up(scratch + 1, CI_ALIGN));
  memset(room, 0xff, scratch);
  op->run(&(ci_call){.node = e->n, .packed = packed, .k = k, .in = in, .out = &out, .rect = r, .scratch = room});
  check_untouched(e, &out, r);
  view_copy(&out, r, result, false, false);
  for (int i = 0; i < MAX_IN; i++) free(in[i].data);
  free(out.data);
  free(room);
  ci_big_free(&(ci_allocator){0}, packed);
}

int tables(const ci_kernels *out[8]) {
  int n = 0;
  for (int isa = CI_ISA_REF; isa <= CI_ISA_NEON; isa++) {
    const ci_kernels *k = ci_kernels_for((ci_isa)isa);
    if (k) out[n++] = k;
  }
  return n;
}
