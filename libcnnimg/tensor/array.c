/* SPDX-License-Identifier: MIT */
/* array.c - elements, rows and strides: what the loops of operations on arrays share */
#include "tensor/array.h"

#include <string.h>

void ci_array_put(ci_array *a, size_t i, double v) {
  if (a->dtype == CI_F32) ((float *)a->data)[i] = (float)v;
  else ((int64_t *)a->data)[i] = ci_cut(v);
}

void ci_array_put_int(ci_array *a, size_t i, int64_t v) {
  if (a->dtype == CI_F32) ((float *)a->data)[i] = (float)v;
  else ((int64_t *)a->data)[i] = v;
}

static void copy_floats(float *to, const float *from, size_t n, int64_t step) {
  if (step == 1) memcpy(to, from, n * sizeof *to);
  else
    for (size_t j = 0; j < n; j++) to[j] = from[(int64_t)j * step];
}

static void copy_ints(int64_t *to, const int64_t *from, size_t n, int64_t step) {
  if (step == 1) memcpy(to, from, n * sizeof *to);
  else
    for (size_t j = 0; j < n; j++) to[j] = from[(int64_t)j * step];
}

void ci_array_copy(ci_array *out, size_t o, const ci_array *in, size_t i, size_t n, int64_t step) {
  if (!n) return;
  if (in->dtype != out->dtype) {
    for (size_t j = 0; j < n; j++)
      ci_array_put(out, o + j, ci_array_double(in, (size_t)((int64_t)i + (int64_t)j * step)));
  } else if (in->dtype == CI_F32) {
    copy_floats((float *)out->data + o, (const float *)in->data + i, n, step);
  } else {
    copy_ints((int64_t *)out->data + o, (const int64_t *)in->data + i, n, step);
  }
}

/* ---- walking ----------------------------------------------------------------------------- */

void ci_walk_init(ci_walk *w, int32_t rank, const int64_t *dim) {
  memset(w, 0, sizeof *w);
  w->rank = rank;
  for (int32_t i = 0; i < rank; i++) w->dim[i] = dim[i];
}

void ci_walk_add_steps(ci_walk *w, int64_t start, const int64_t *step) {
  int32_t k = w->operands++;
  w->at[k] = start;
  for (int32_t i = 0; i < w->rank; i++) w->step[k][i] = step[i];
}

void ci_walk_add(ci_walk *w, const ci_array *a) {
  int64_t own[CI_MAX_RANK], step[CI_MAX_RANK] = {0};
  ci_array_steps(a, own);
  for (int32_t i = 0; i < a->rank; i++)
    if (a->dim[i] != 1) step[w->rank - a->rank + i] = own[i];
  ci_walk_add_steps(w, 0, step);
}

/* Whether dimension i goes on where the one that was kept as `last` ends, for every operand. */
static bool goes_on(const ci_walk *w, int32_t last, int32_t i) {
  if (last < 0) return false;
  for (int32_t k = 0; k < w->operands; k++)
    if (w->step[k][last] != w->step[k][i] * w->dim[i]) return false;
  return true;
}

void ci_walk_start(ci_walk *w) {
  int32_t kept = 0;
  w->n = w->rows = 0;
  for (int32_t i = 0; i < w->rank; i++)
    if (!w->dim[i]) return;
  for (int32_t i = 0; i < w->rank; i++) {
    if (w->dim[i] == 1) continue;
    bool merged = goes_on(w, kept - 1, i);
    int32_t to = merged ? kept - 1 : kept++;
    w->dim[to] = merged ? w->dim[to] * w->dim[i] : w->dim[i];
    for (int32_t k = 0; k < w->operands; k++) w->step[k][to] = w->step[k][i];
  }
  w->rank = kept;
  w->n = kept ? (size_t)w->dim[kept - 1] : 1;
  w->rows = 1;
  for (int32_t i = 0; i + 1 < kept; i++) w->rows *= (size_t)w->dim[i];
}

void ci_walk_next(ci_walk *w) {
  for (int32_t i = w->rank - 2; i >= 0; i--) {
    for (int32_t k = 0; k < w->operands; k++) w->at[k] += w->step[k][i];
    if (++w->index[i] < w->dim[i]) return;
    for (int32_t k = 0; k < w->operands; k++) w->at[k] -= w->step[k][i] * w->dim[i];
    w->index[i] = 0;
  }
}

void ci_walk_seek(ci_walk *w, size_t row) {
  for (int32_t i = w->rank - 2; i >= 0; i--) {
    w->index[i] = (int64_t)(row % (size_t)w->dim[i]);
    row /= (size_t)w->dim[i];
    for (int32_t k = 0; k < w->operands; k++) w->at[k] += w->index[i] * w->step[k][i];
  }
}

void ci_array_steps(const ci_array *a, int64_t *step) {
  uint64_t n = 1; /* beside a dimension of 0 others may be huge: wraps, and is not used */
  for (int32_t i = a->rank - 1; i >= 0; i--) {
    step[i] = (int64_t)n;
    n *= (uint64_t)a->dim[i];
  }
}

typedef struct pick {
  ci_array *out;
  const ci_array *in;
  ci_walk w;
} pick;

static void pick_rows(const void *arg, size_t from, size_t to) {
  const pick *p = arg;
  ci_walk w = p->w;
  ci_walk_seek(&w, from);
  for (size_t r = from; r < to; r++, ci_walk_next(&w))
    ci_array_copy(p->out, r * w.n, p->in, (size_t)w.at[0], w.n, ci_walk_step(&w, 0));
}

/* ---- turning: some dimension but the last is the one whose neighbours lie side by side ------------- */

#define TURN 16 /* neighbours that are taken at once: as many as share a cache line */
#define TURN_ROW 256

typedef struct turn {
  const float *in;
  float *out;
  ci_walk w;           /* without that dimension; operand 0 is in, operand 1 out */
  size_t size, blocks; /* of that dimension */
  int64_t out_step;
} turn;

static void turn_block(const turn *t, const ci_walk *w, size_t block) {
  size_t i0 = block * TURN, n = t->size - i0 < TURN ? t->size - i0 : TURN;
  const float *in = t->in + w->at[0] + (int64_t)i0;
  float *out = t->out + w->at[1] + (int64_t)i0 * t->out_step;
  int64_t step = ci_walk_step(w, 0);
  for (size_t j = 0; j < w->n; j += TURN_ROW)
    for (size_t i = 0; i < n; i++) {
      const float *from = in + (int64_t)i + (int64_t)j * step;
      float *to = out + (int64_t)i * t->out_step + (int64_t)j;
      for (size_t k = 0; k < w->n - j && k < TURN_ROW; k++) to[k] = from[(int64_t)k * step];
    }
}

static void turn_blocks(const void *arg, size_t from, size_t to) {
  const turn *t = arg;
  for (size_t b = from; b < to; b++) {
    ci_walk w = t->w;
    ci_walk_seek(&w, b / t->blocks);
    turn_block(t, &w, b % t->blocks);
  }
}

/* Where it is worth it; false: nothing was done. */
static bool turned(const ci_tensor_call *c, const ci_array *in, int64_t start, const int64_t *step) {
  ci_array *out = c->out;
  int32_t side = -1, last = out->rank - 1;
  int64_t own[CI_MAX_RANK];
  while (last >= 0 && out->dim[last] == 1) last--;
  for (int32_t i = 0; i < last; i++)
    if (step[i] == 1 && out->dim[i] > 1) side = i;
  if (side < 0 || step[last] == 1 || in->dtype != CI_F32 || out->dtype != CI_F32) return false;
  ci_array_steps(out, own);
  turn t = {.in = in->data, .out = out->data, .size = (size_t)out->dim[side], .out_step = own[side]};
  t.blocks = (t.size + TURN - 1) / TURN;
  ci_walk_init(&t.w, out->rank, out->dim);
  t.w.dim[side] = 1;
  ci_walk_add_steps(&t.w, start, step);
  ci_walk_add_steps(&t.w, 0, own);
  ci_walk_start(&t.w);
  ci_tensor_share(c, t.w.rows * t.blocks, t.w.n * 2 * TURN, turn_blocks, &t);
  return true;
}

void ci_array_pick(const ci_tensor_call *c, const ci_array *in, int64_t start, const int64_t *step) {
  pick p = {c->out, in, {0}};
  if (c->out->count && turned(c, in, start, step)) return;
  ci_walk_init(&p.w, c->out->rank, c->out->dim);
  ci_walk_add_steps(&p.w, start, step);
  ci_walk_start(&p.w);
  ci_tensor_share(c, p.w.rows, p.w.n * 2, pick_rows, &p);
}

static void copy_stretch(const void *arg, size_t from, size_t to) {
  const pick *p = arg;
  ci_array_copy(p->out, from, p->in, from, to - from, 1);
}

void ci_array_copy_all(const ci_tensor_call *c, const ci_array *in) {
  pick p = {c->out, in, {0}};
  ci_tensor_share(c, c->out->count, 2, copy_stretch, &p);
}

/* ---- numbers in inputs -------------------------------------------------------------------- */

int ci_tensor_indices(const ci_tensor_call *c, int32_t k, int64_t size, cnnimg_error *err) {
  const ci_array *a = &c->in[k];
  if (!size && a->count) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "indices into a dimension of 0");
  for (size_t i = 0; a->data && i < a->count; i++) {
    int64_t v = ci_array_int(a, i);
    if (v < -size || v >= size)
      return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "index %lld of %lld", (long long)v, (long long)size);
  }
  return CNNIMG_OK;
}

size_t ci_array_index(const ci_array *a, size_t i, int64_t size) {
  int64_t v = ci_array_int(a, i);
  if (v < 0) v += size;
  return v < 0 ? 0 : (size_t)(v >= size ? size - 1 : v);
}

int ci_tensor_lists(const ci_tensor_call *c, int32_t k, int32_t from, cnnimg_error *err) {
  const ci_array *a = &c->in[k];
  size_t n = (size_t)a->dim[a->rank - 1];
  for (size_t j = 0; a->count && j < n; j++) {
    int64_t size = c->in[0].dim[from + (int32_t)j];
    if (!size) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "indices into a dimension of 0");
    for (size_t i = j; a->data && i < a->count; i += n) {
      int64_t v = ci_array_int(a, i);
      if (v < -size || v >= size)
        return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "index %lld of %lld", (long long)v, (long long)size);
    }
  }
  return CNNIMG_OK;
}

size_t ci_array_list(const ci_array *a, int32_t from, const ci_array *lists, size_t i) {
  int32_t n = (int32_t)lists->dim[lists->rank - 1];
  size_t at = 0;
  for (int32_t j = 0; j < n; j++)
    at += ci_array_index(lists, i * (size_t)n + (size_t)j, a->dim[from + j]) *
          ci_array_product(a, from + j + 1, a->rank);
  return at;
}

int ci_tensor_int(const ci_tensor_call *c, int32_t k, int64_t *v, cnnimg_error *err) {
  int32_t n;
  int64_t one;
  int status = ci_tensor_ints(c, k, NULL, &one, 1, &n, err);
  if (status) return status;
  if (!n) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "input %d is empty", k);
  if (n > 0) *v = one;
  return CNNIMG_OK;
}

ci_lanes ci_array_lanes(const ci_array *a, int32_t axis) {
  return (ci_lanes){ci_array_product(a, 0, axis), (size_t)a->dim[axis],
                    ci_array_product(a, axis + 1, a->rank)};
}

int ci_tensor_type(const ci_tensor_call *c, int64_t number, ci_type *type, cnnimg_error *err) {
  switch (number) {
    case 1:
    case 10:
    case 11:
    case 16:
      *type = CI_FLOAT;
      return CNNIMG_OK; /* float, float16, double, bfloat16 */
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
    case 12:
    case 13:
    case 21:
    case 22:
      *type = CI_INT;
      return CNNIMG_OK;
    case 9:
      *type = CI_BOOL;
      return CNNIMG_OK;
    default:
      return ci_tensor_fail(c, err, CNNIMG_UNSUPPORTED, "elements of type %lld", (long long)number);
  }
}
