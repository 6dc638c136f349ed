/* SPDX-License-Identifier: MIT */
/* test_contract.c - what every op promises, for every example of golden.txt: rectangles, need(), tables */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"

static example *examples;
static size_t count;
static const ci_kernels *table[8];
static int n_tables;

static int load(void **state) {
  (void)state;
  n_tables = tables(table);
  examples = examples_load(&count);
  return 0;
}

static int unload(void **state) {
  (void)state;
  examples_free(examples, count);
  return 0;
}

static ci_rect random_rect(ci_shape s, uint32_t *seed) {
  ci_rect r;
  r.x0 = (int32_t)next_below(seed, (uint32_t)s.w);
  r.y0 = (int32_t)next_below(seed, (uint32_t)s.h);
  r.x1 = r.x0 + 1 + (int32_t)next_below(seed, (uint32_t)(s.w - r.x0));
  r.y1 = r.y0 + 1 + (int32_t)next_below(seed, (uint32_t)(s.h - r.y0));
  return r;
}

static float *compute(const example *e, const ci_kernels *k, ci_rect r, float *const *data) {
  float *result = malloc(rect_floats(e->out, r) * sizeof *result);
  example_run(e, k, r, data, result);
  return result;
}

static void test_every_op_has_an_example(void **state) {
  (void)state;
  for (int op = 0; op < CI_OP_COUNT; op++) {
    bool found = op == CI_OP_held; /* examples of its own: tests/tensor */
    assert_non_null(ci_ops[op]);
    for (size_t i = 0; i < count; i++) found |= (int)examples[i].n->op == op;
    if (!found) fail_msg("op %s has no example; add one to make_golden.py", ci_ops[op]->name);
  }
}

/* part is r of whole, byte for byte. */
static void check_part(const example *e, const ci_kernels *k, const float *whole, const float *part,
                       ci_rect r) {
  size_t width = (size_t)(r.x1 - r.x0);
  for (int32_t c = 0; c < e->out.c; c++)
    for (int32_t y = r.y0; y < r.y1; y++, part += width)
      if (memcmp(&whole[((size_t)c * (size_t)e->out.h + (size_t)y) * (size_t)e->out.w + (size_t)r.x0], part,
                 width * sizeof *part))
        fail_msg("%s (%s): row %d of x %d..%d, y %d..%d differs from the whole", e->name, k->name, y, r.x0,
                 r.x1, r.y0, r.y1);
}

/* The views in example_run() hold need() only, so this also shows that nothing else is read. */
static void test_rectangles_are_parts_of_the_whole(void **state) {
  (void)state;
  for (size_t i = 0; i < count; i++)
    for (int t = 0; t < n_tables; t++) {
      const example *e = &examples[i];
      uint32_t seed = (uint32_t)i;
      float *whole = compute(e, table[t], ci_rect_whole(e->out), e->data);
      for (int j = 0; j < 6; j++) {
        ci_rect r = random_rect(e->out, &seed);
        if (j == 0) r.x0 = 0, r.x1 = e->out.w;
        if (j == 1) r.x1 = r.x0 + 1, r.y1 = r.y0 + 1;
        float *part = compute(e, table[t], r, e->data);
        check_part(e, table[t], whole, part, r);
        free(part);
      }
      free(whole);
    }
}

/* Does anything in rectangle r of the output change when `delta` is added to `line` of input k? */
static bool matters(const example *e, const float *before, ci_rect r, int32_t k, ci_rect line, float delta) {
  ci_shape s = e->in[k];
  size_t n = (size_t)s.c * (size_t)s.h * (size_t)s.w;
  float *changed = malloc(n * sizeof *changed), *data[MAX_IN];
  memcpy(changed, e->data[k], n * sizeof *changed);
  for (int i = 0; i < MAX_IN; i++) data[i] = i == k ? changed : e->data[i];
  for (int32_t c = 0; c < s.c; c++)
    for (int32_t y = line.y0; y < line.y1; y++)
      for (int32_t x = line.x0; x < line.x1; x++)
        changed[((size_t)c * (size_t)s.h + (size_t)y) * (size_t)s.w + (size_t)x] += delta * (float)(c + 1);
  float *after = compute(e, table[n_tables - 1], r, data);
  bool differs = memcmp(before, after, rect_floats(e->out, r) * sizeof *after) != 0;
  free(after);
  free(changed);
  return differs;
}

/* Where a rectangle sees nothing but padding, need() keeps the nearest row or column of the map all the same. */
static bool may_be_nothing(const example *e, int32_t k, ci_rect n) {
  ci_shape s = e->in[k];
  return (n.y1 - n.y0 == 1 && (n.y0 == 0 || n.y1 == s.h)) || (n.x1 - n.x0 == 1 && (n.x0 == 0 || n.x1 == s.w));
}

static void check_borders(const example *e, ci_rect r, int32_t k) {
  ci_rect n = ci_ops[e->n->op]->need(e->n, e->in, e->out, k, r);
  const ci_rect sides[4] = {{n.x0, n.y0, n.x1, n.y0 + 1},
                            {n.x0, n.y1 - 1, n.x1, n.y1},
                            {n.x0, n.y0, n.x0 + 1, n.y1},
                            {n.x1 - 1, n.y0, n.x1, n.y1}};
  static const char *const names[] = {"top row", "bottom row", "left column", "right column"};
  float *before = compute(e, table[n_tables - 1], r, e->data);
  for (int i = 0; i < 4; i++)
    if (!matters(e, before, r, k, sides[i], 0.5f) && !matters(e, before, r, k, sides[i], -0.5f) &&
        !matters(e, before, r, k, sides[i], 9))
      fail_msg("%s: the %s of need(x %d..%d, y %d..%d) of input %d changes nothing", e->name, names[i], r.x0,
               r.x1, r.y0, r.y1, k);
  free(before);
}

/* `loose` examples (reflected borders, dilation ...) need not be tight for a single row; the whole they must be. */
static void test_need_is_tight(void **state) {
  (void)state;
  for (size_t i = 0; i < count; i++) {
    const example *e = &examples[i];
    uint32_t seed = (uint32_t)i + 77;
    for (int32_t k = 0; k < e->n->n_in; k++) {
      if (!e->in[k].c || e->flat) continue;
      check_borders(e, ci_rect_whole(e->out), k);
      for (int j = 0; j < 4 && !e->loose; j++) {
        ci_rect r = random_rect(e->out, &seed);
        ci_rect n = ci_ops[e->n->op]->need(e->n, e->in, e->out, k, r);
        if (!may_be_nothing(e, k, n)) check_borders(e, r, k);
      }
    }
  }
}

static void check_order(const example *e, int32_t k, ci_rect a, ci_rect b) {
  ci_rect p = ci_ops[e->n->op]->need(e->n, e->in, e->out, k, a),
          q = ci_ops[e->n->op]->need(e->n, e->in, e->out, k, b);
  if (p.x0 > q.x0 || p.x1 > q.x1 || p.y0 > q.y0 || p.y1 > q.y1)
    fail_msg("%s: input %d: need(x %d..%d, y %d..%d) begins or ends behind need(x %d..%d, y %d..%d)", e->name,
             k, a.x0, a.x1, a.y0, a.y1, b.x0, b.x1, b.y0, b.y1);
}

static int32_t up(int32_t from, int32_t to, uint32_t *seed) {
  return from + (int32_t)next_below(seed, (uint32_t)(to - from + 1));
}

/* Rows and columns are asked for from low to high; what has been passed by is gone. */
static void test_need_is_monotone(void **state) {
  (void)state;
  for (size_t i = 0; i < count; i++) {
    const example *e = &examples[i];
    uint32_t seed = (uint32_t)i + 5;
    for (int32_t k = 0; k < e->n->n_in; k++)
      for (int j = 0; j < 60 && e->in[k].c; j++) {
        ci_rect a = random_rect(e->out, &seed), b = a;
        b.x1 = up(a.x1, e->out.w, &seed), b.y1 = up(a.y1, e->out.h, &seed);
        b.x0 = up(a.x0, b.x1 - 1, &seed), b.y0 = up(a.y0, b.y1 - 1, &seed);
        check_order(e, k, a, b);
      }
  }
}

static void test_tables_agree(void **state) {
  (void)state;
  for (size_t i = 0; i < count; i++) {
    const example *e = &examples[i];
    ci_rect whole = ci_rect_whole(e->out);
    size_t n = rect_floats(e->out, whole);
    float *ref = compute(e, &ci_kernels_ref, whole, e->data), largest = 1;
    for (size_t j = 0; j < n; j++) largest = fmaxf(largest, fabsf(ref[j]));
    for (int t = 0; t < n_tables; t++) {
      float *got = compute(e, table[t], whole, e->data);
      for (size_t j = 0; j < n; j++)
        if (!(fabsf(got[j] - ref[j]) <= 1e-5f * largest))
          fail_msg("%s: %s says %.8g, ref %.8g", e->name, table[t]->name, (double)got[j], (double)ref[j]);
      free(got);
    }
    free(ref);
  }
}

/* ---- packs at other sizes ------------------------------------------------------------------ */

/* The example's node at another size: false where it does not fit, or where another form is packed. */
static bool at_other_size(const example *e, int32_t dh, int32_t dw, ci_shape *in, ci_shape *out) {
  const ci_op *op = ci_ops[e->n->op];
  for (int32_t k = 0; k < MAX_IN; k++) {
    in[k] = e->in[k];
    if (in[k].c) in[k].h += dh, in[k].w += dw;
  }
  if (op->shape(e->g, e->n, in, out, NULL) || out->c != e->out.c) return false;
  return !op->form || op->form(e->n, in, *out) == op->form(e->n, e->in, e->out);
}

typedef struct block {
  void *data;
  size_t bytes;
} block;

static block pack(const example *e, const ci_kernels *k, const ci_shape *in, ci_shape out) {
  block b = {NULL, 0};
  assert_int_equal(ci_ops[e->n->op]->pack(e->g, e->n, in, out, k, NULL, &b.data, &b.bytes, NULL), CNNIMG_OK);
  return b;
}

/* Two blocks hold the same but for pointers, which may point into their own block. */
static bool same_blocks(block a, block b) {
  if (!a.data != !b.data || a.bytes != b.bytes) return false;
  for (size_t at = 0; at + sizeof(uintptr_t) <= a.bytes; at += sizeof(uintptr_t)) {
    uintptr_t x, y;
    memcpy(&x, (char *)a.data + at, sizeof x);
    memcpy(&y, (char *)b.data + at, sizeof y);
    if (x != y && x - (uintptr_t)a.data != y - (uintptr_t)b.data) return false;
  }
  return true;
}

/* Sessions of all sizes share what is packed: it may depend on rows and columns through form() only. */
static void test_packs_are_of_all_sizes(void **state) {
  static const int32_t more[][2] = {{1, 0}, {0, 1}, {7, 2}, {40, 64}, {-1, -1}, {-2, 3}};
  (void)state;
  size_t compared = 0;
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < sizeof more / sizeof *more; j++) {
      const example *e = &examples[i];
      const ci_kernels *k = table[(i + j) % (size_t)n_tables];
      ci_shape in[MAX_IN], out;
      if (!ci_ops[e->n->op]->pack || !at_other_size(e, more[j][0], more[j][1], in, &out)) continue;
      block a = pack(e, k, e->in, e->out), b = pack(e, k, in, out);
      if (!same_blocks(a, b)) fail_msg("%s (%s): at another size of the same form other bytes are packed", e->name, k->name);
      compared += a.data != NULL;
      ci_big_free(NULL, a.data);
      ci_big_free(NULL, b.data);
    }
  assert_true(compared > 100);
}

static void *no_memory(void *user, size_t align, size_t n) {
  (void)align, (void)n;
  ++*(int *)user;
  return NULL;
}

static void never(void *user, void *p) {
  (void)user;
  assert_null(p);
}

static void test_pack_without_memory(void **state) {
  (void)state;
  int asked = 0;
  ci_allocator a = {no_memory, never, &asked};
  for (size_t i = 0; i < count; i++) {
    const example *e = &examples[i];
    const ci_op *op = ci_ops[e->n->op];
    cnnimg_error err = {0};
    void *packed = NULL;
    size_t bytes = 0;
    int before = asked;
    int status =
        op->pack ? op->pack(e->g, e->n, e->in, e->out, table[0], &a, &packed, &bytes, &err) : CNNIMG_OK;
    assert_null(packed);
    assert_int_equal(status, asked > before ? CNNIMG_NOMEM : CNNIMG_OK);
    if (status) assert_non_null(strstr(err.text, "no memory for"));
  }
  assert_true(asked > 50);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_op_has_an_example),
                                     cmocka_unit_test(test_rectangles_are_parts_of_the_whole),
                                     cmocka_unit_test(test_need_is_tight),
                                     cmocka_unit_test(test_need_is_monotone),
                                     cmocka_unit_test(test_tables_agree),
                                     cmocka_unit_test(test_packs_are_of_all_sizes),
                                     cmocka_unit_test(test_pack_without_memory)};
  return cmocka_run_group_tests(tests, load, unload);
}
