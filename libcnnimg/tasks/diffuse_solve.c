/* SPDX-License-Identifier: MIT */
/* diffuse_solve.c - conjugate gradients over the unknown pixels of one size */
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "tasks/diffuse_state.h"

#define ROWS 8 /* that a worker takes together */
#define SHARED \
  ((size_t)1 << 16) /* unknown pixels: with fewer, threads wait for each other longer than they work */
#define LANES 8     /* partial sums of a row, so that they can be made side by side */

/* ---- where pixels are unknown --------------------------------------------------------------------- */

static bool is_hole(const ci_level *l, int32_t x, int32_t y) {
  return x >= 0 && y >= 0 && x < l->w && y < l->h && l->hole[(size_t)y * (size_t)l->w + (size_t)x];
}

static bool is_ring(const ci_level *l, int32_t x, int32_t y) {
  return is_hole(l, x, y) || is_hole(l, x - 1, y) || is_hole(l, x + 1, y) || is_hole(l, x, y - 1) ||
         is_hole(l, x, y + 1);
}

typedef bool is_in(const ci_level *l, int32_t x, int32_t y);

/* How many runs there are; written where there is room. */
static size_t find_runs(const ci_level *l, is_in *in, ci_runs *to) {
  size_t n = 0;
  for (int32_t y = 0; y < l->h; y++) {
    to->rows[y] = n;
    for (int32_t x = 0; x < l->w; x++) {
      if (!in(l, x, y)) continue;
      const int32_t x0 = x;
      while (x < l->w && in(l, x, y)) x++;
      if (to->at) to->at[n] = (ci_run){x0, x};
      n++;
    }
  }
  to->rows[l->h] = n;
  return n;
}

static bool make_runs(const ci_level *l, is_in *in, ci_runs *to) {
  to->rows = ci_calloc((size_t)l->h + 1, sizeof *to->rows);
  if (!to->rows) return false;
  const size_t n = find_runs(l, in, to);
  to->at = ci_calloc(n + 1, sizeof *to->at);
  if (to->at) find_runs(l, in, to);
  return to->at;
}

/* ---- passes over rows ----------------------------------------------------------------------------- */

typedef void row_work(ci_relax *r, int32_t y);
typedef struct pass {
  ci_relax *r;
  row_work *work;
} pass;

static void some_rows(void *arg, uint32_t i, uint32_t worker) {
  const pass *p = arg;
  const int32_t y0 = (int32_t)i * ROWS, y1 = y0 + ROWS < p->r->l->h ? y0 + ROWS : p->r->l->h;
  (void)worker;
  for (int32_t y = y0; y < y1; y++) p->work(p->r, y);
}

static void all_rows(ci_relax *r, row_work *work) {
  pass p = {r, work};
  const uint32_t n = (uint32_t)((r->l->h + ROWS - 1) / ROWS);
  if (r->pool) ci_pool_run(r->pool, n, some_rows, &p);
  else
    for (uint32_t i = 0; i < n; i++) some_rows(&p, i, 0);
}

static double total(const ci_relax *r, int which) {
  double sum = 0;
  for (int32_t y = 0; y < r->l->h; y++) sum += r->sums[2 * y + which];
  return sum;
}

static double dot(const float *a, const float *b, size_t n) {
  float lanes[LANES] = {0};
  double sum = 0;
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (size_t k = 0; k < LANES; k++) lanes[k] += a[i + k] * b[i + k];
  for (size_t k = 0; i < n; i++, k++) lanes[k] += a[i] * b[i];
  for (size_t k = 0; k < LANES; k++) sum += (double)lanes[k];
  return sum;
}

static const float *row_at(const ci_relax *r, const float *all, int32_t y) {
  const int32_t h = r->l->h;
  return all + 3 * (size_t)(y < 0 ? 0 : y >= h ? h - 1 : y) * (size_t)r->l->w;
}

/* L over a run: the picture's own border has no neighbours outside, which is as if they were equal. */
static void differ(const ci_relax *r, const float *in, int32_t y, ci_run run, float *out) {
  const float *c = row_at(r, in, y), *up = row_at(r, in, y - 1), *down = row_at(r, in, y + 1);
  const int32_t last = r->l->w - 1;
  int32_t a = run.x0, b = run.x1;
  if (a == 0) {
    const int32_t right = last > 0 ? 3 : 0;
    for (int32_t k = 0; k < 3; k++) out[k] = 3 * c[k] - c[k + right] - up[k] - down[k];
    a = 1;
  }
  if (b == last + 1 && b > a) {
    b = last;
    for (int32_t k = 3 * b; k < 3 * b + 3; k++) out[k - 3 * run.x0] = 3 * c[k] - c[k - 3] - up[k] - down[k];
  }
  for (int32_t k = 3 * a; k < 3 * b; k++)
    out[k - 3 * run.x0] = 4 * c[k] - c[k - 3] - c[k + 3] - up[k] - down[k];
}

/* t = L in, around the unknown pixels. */
static void spread_row(ci_relax *r, int32_t y) {
  double tt = 0, tp = 0;
  for (size_t i = r->ring.rows[y]; i < r->ring.rows[y + 1]; i++) {
    const ci_run run = r->ring.at[i];
    const size_t at = 3 * ((size_t)y * (size_t)r->l->w + (size_t)run.x0), n = 3 * (size_t)(run.x1 - run.x0);
    differ(r, r->in, y, run, r->t + at);
    tt += dot(r->t + at, r->t + at, n);
    tp += dot(r->t + at, r->p + at, n);
  }
  r->sums[2 * y] = tt, r->sums[2 * y + 1] = tp;
}

#define CHUNK 64 /* pixels of a run, whose L L lies on the stack */

/* One chunk: r and u follow the direction by a step; from the start, r is made of u itself, and is the direction. */
static double step_chunk(ci_relax *r, int32_t y, ci_run run, bool start) {
  float q[3 * CHUNK];
  const size_t at = 3 * ((size_t)y * (size_t)r->l->w + (size_t)run.x0), n = 3 * (size_t)(run.x1 - run.x0);
  const float step = (float)r->step;
  float *rest = r->r + at, *p = r->p + at, *u = r->l->u + at;
  const float *t = r->t + at;
  differ(r, r->t, y, run, q);
  for (size_t i = 0; i < n; i++) {
    const float change = q[i] + r->tension * t[i];
    if (start) {
      rest[i] = p[i] = -change;
      continue;
    }
    rest[i] -= step * change;
    u[i] += step * p[i];
  }
  return dot(rest, rest, n);
}

static double step_runs(ci_relax *r, int32_t y, bool start) {
  double rr = 0;
  for (size_t i = r->own.rows[y]; i < r->own.rows[y + 1]; i++) {
    const ci_run run = r->own.at[i];
    for (int32_t x = run.x0; x < run.x1; x += CHUNK)
      rr += step_chunk(r, y, (ci_run){x, x + CHUNK < run.x1 ? x + CHUNK : run.x1}, start);
  }
  return rr;
}

static void start_row(ci_relax *r, int32_t y) { r->sums[2 * y] = step_runs(r, y, true); }
static void step_row(ci_relax *r, int32_t y) { r->sums[2 * y] = step_runs(r, y, false); }

static void turn_row(ci_relax *r, int32_t y) {
  const float keep = (float)r->keep;
  for (size_t i = r->own.rows[y]; i < r->own.rows[y + 1]; i++) {
    const ci_run run = r->own.at[i];
    const size_t at = 3 * ((size_t)y * (size_t)r->l->w + (size_t)run.x0), n = 3 * (size_t)(run.x1 - run.x0);
    for (size_t k = at; k < at + n; k++) r->p[k] = r->r[k] + keep * r->p[k];
  }
}

/* ---- steps ------------------------------------------------------------------------------------------ */

int ci_relax_init(ci_relax *r, ci_level *l, float tension, ci_pool *pool, cnnimg_error *err) {
  const size_t n = 3 * (size_t)l->w * (size_t)l->h;
  *r = (ci_relax){.l = l, .tension = tension, .pool = pool};
  r->p = ci_calloc(n, sizeof *r->p);
  r->r = ci_calloc(n, sizeof *r->r);
  r->t = ci_calloc(n, sizeof *r->t);
  r->sums = ci_calloc((size_t)l->h, 2 * sizeof *r->sums);
  if (!r->p || !r->r || !r->t || !r->sums || !make_runs(l, is_hole, &r->own) ||
      !make_runs(l, is_ring, &r->ring))
    return ci_fail(err, CNNIMG_NOMEM, "no memory for %dx%d pixels of a hole", l->w, l->h);
  for (size_t i = 0; i < r->own.rows[l->h]; i++) r->unknown += (size_t)(r->own.at[i].x1 - r->own.at[i].x0);
  if (r->unknown < SHARED) r->pool = NULL;
  return CNNIMG_OK;
}

double ci_relax_start(ci_relax *r) {
  r->in = r->l->u;
  all_rows(r, spread_row);
  all_rows(r, start_row);
  return total(r, 0);
}

double ci_relax_turn(ci_relax *r, double rr) {
  r->in = r->p;
  all_rows(r, spread_row);
  const double bent = total(r, 0) + (double)r->tension * total(r, 1);
  r->step = bent > 0 ? rr / bent : 0;
  all_rows(r, step_row);
  const double next = total(r, 0);
  r->keep = rr > 0 ? next / rr : 0;
  all_rows(r, turn_row);
  return bent > 0 ? next : 0;
}

void ci_relax_fini(ci_relax *r) {
  free(r->p);
  free(r->r);
  free(r->t);
  free(r->sums);
  free(r->own.at);
  free(r->own.rows);
  free(r->ring.at);
  free(r->ring.rows);
}
