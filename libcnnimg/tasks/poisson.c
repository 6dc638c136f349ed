/* SPDX-License-Identifier: MIT */
/* poisson.c - Poisson's equation inside a mask of any shape, by multigrid-preconditioned conjugate gradients */
#include "tasks/poisson.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/error.h"
#include "base/memory.h"

#define MOST_GRIDS 24
#define MOST_ROUNDS 60

/*
 * One grid of the hierarchy. Cell i is joined to the right one by right[i] and to the one below by down[i]; diag[i] is
 * the sum of its joints, those to what is fixed included, 0: no cell. A coarser grid's cell is the sum of 2 x 2 (Galerkin's
 * product with constants), so the hierarchy is symmetric and positive for any shape of the mask.
 */
typedef struct grid {
  int32_t w, h;
  float *right, *down, *diag;
} grid;

typedef struct hierarchy {
  grid g[MOST_GRIDS];
  int32_t n;
} hierarchy;

/* ---- the hierarchy ---------------------------------------------------------------------------- */

static int make_grid(grid *g, int32_t w, int32_t h, cnnimg_error *err) {
  size_t n = (size_t)w * (size_t)h;
  g->w = w, g->h = h;
  g->right = ci_calloc(n, 3 * sizeof *g->right);
  if (!g->right) return ci_fail(err, CNNIMG_NOMEM, "no memory to blend a hole's border");
  g->down = g->right + n, g->diag = g->down + n;
  return CNNIMG_OK;
}

static void join(grid *g, const uint8_t *inside, size_t a, size_t b, float *joint) {
  *joint = inside[a] && inside[b] ? 1 : 0;
  if (inside[a]) g->diag[a] += 1;
  if (inside[b]) g->diag[b] += 1;
}

static void join_pixels(grid *g, const uint8_t *inside) {
  size_t w = (size_t)g->w, i = 0;
  for (int32_t y = 0; y < g->h; y++)
    for (int32_t x = 0; x < g->w; x++, i++) {
      if (x + 1 < g->w) join(g, inside, i, i + 1, &g->right[i]);
      if (y + 1 < g->h) join(g, inside, i, i + w, &g->down[i]);
    }
}

/* Joints inside a coarse cell vanish from both sides of its diagonal. */
static void halve(grid *to, const grid *from) {
  size_t i = 0;
  for (int32_t y = 0; y < from->h; y++)
    for (int32_t x = 0; x < from->w; x++, i++) {
      size_t k = (size_t)(y / 2) * (size_t)to->w + (size_t)(x / 2);
      to->diag[k] += from->diag[i];
      if (x & 1) to->right[k] += from->right[i];
      else to->diag[k] -= 2 * from->right[i];
      if (y & 1) to->down[k] += from->down[i];
      else to->diag[k] -= 2 * from->down[i];
    }
}

static int make_hierarchy(hierarchy *m, const uint8_t *inside, int32_t w, int32_t h, cnnimg_error *err) {
  int status = make_grid(&m->g[0], w, h, err);
  if (status) return status;
  join_pixels(&m->g[0], inside);
  for (m->n = 1; m->n < MOST_GRIDS && (w > 2 || h > 2); m->n++) {
    w = (w + 1) / 2, h = (h + 1) / 2;
    status = make_grid(&m->g[m->n], w, h, err);
    if (status) return status;
    halve(&m->g[m->n], &m->g[m->n - 1]);
  }
  return CNNIMG_OK;
}

/* ---- a plane -------------------------------------------------------------------------------------- */

typedef struct plane {
  const hierarchy *m;
  const cnnimg_cancel *cancel;
  float step;
  float *x[MOST_GRIDS], *b[MOST_GRIDS]; /* of the preconditioner */
  float *p, *q, *r;
} plane;

/* What the neighbours of a cell add to its side of the equation. */
static float neighbours(const grid *g, const float *x, int32_t u, int32_t v) {
  size_t w = (size_t)g->w, i = (size_t)v * w + (size_t)u;
  float sum = 0;
  if (u > 0) sum += g->right[i - 1] * x[i - 1];
  if (u + 1 < g->w) sum += g->right[i] * x[i + 1];
  if (v > 0) sum += g->down[i - w] * x[i - w];
  if (v + 1 < g->h) sum += g->down[i] * x[i + w];
  return sum;
}

/* Gauss and Seidel's step for every other cell, as on a chess board. */
static void smooth(const grid *g, float *x, const float *b, int32_t colour) {
  for (int32_t v = 0; v < g->h; v++)
    for (int32_t u = (v + colour) & 1; u < g->w; u += 2) {
      size_t i = (size_t)v * (size_t)g->w + (size_t)u;
      if (g->diag[i] > 0) x[i] = (b[i] + neighbours(g, x, u, v)) / g->diag[i];
    }
}

static void restrict_rest(const grid *g, const grid *coarse, const float *x, const float *b, float *to) {
  memset(to, 0, (size_t)coarse->w * (size_t)coarse->h * sizeof *to);
  for (int32_t v = 0; v < g->h; v++)
    for (int32_t u = 0; u < g->w; u++) {
      size_t i = (size_t)v * (size_t)g->w + (size_t)u;
      if (g->diag[i] > 0)
        to[(size_t)(v / 2) * (size_t)coarse->w + (size_t)(u / 2)] +=
            b[i] + neighbours(g, x, u, v) - g->diag[i] * x[i];
    }
}

static void add_coarse(const grid *g, const grid *coarse, float *x, const float *from) {
  for (int32_t v = 0; v < g->h; v++)
    for (int32_t u = 0; u < g->w; u++) {
      size_t i = (size_t)v * (size_t)g->w + (size_t)u;
      if (g->diag[i] > 0) x[i] += from[(size_t)(v / 2) * (size_t)coarse->w + (size_t)(u / 2)];
    }
}

/* x[k] from b[k], from 0; the same steps up and down, so that it is symmetric. */
static void cycle(plane *p, int32_t k) {
  const grid *g = &p->m->g[k];
  memset(p->x[k], 0, (size_t)g->w * (size_t)g->h * sizeof(float));
  smooth(g, p->x[k], p->b[k], 0), smooth(g, p->x[k], p->b[k], 1);
  if (k + 1 < p->m->n) {
    restrict_rest(g, g + 1, p->x[k], p->b[k], p->b[k + 1]);
    cycle(p, k + 1);
    add_coarse(g, g + 1, p->x[k], p->x[k + 1]);
  } else
    for (int i = 0; i < 8; i++)
      smooth(g, p->x[k], p->b[k], 0), smooth(g, p->x[k], p->b[k], 1), smooth(g, p->x[k], p->b[k], 0);
  smooth(g, p->x[k], p->b[k], 1), smooth(g, p->x[k], p->b[k], 0);
}

static double dot(const grid *g, const float *a, const float *b) {
  size_t n = (size_t)g->w * (size_t)g->h;
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += (double)a[i] * (double)b[i];
  return sum;
}

static void apply(const grid *g, const float *x, float *to) {
  for (int32_t v = 0; v < g->h; v++)
    for (int32_t u = 0; u < g->w; u++) {
      size_t i = (size_t)v * (size_t)g->w + (size_t)u;
      to[i] = g->diag[i] > 0 ? g->diag[i] * x[i] - neighbours(g, x, u, v) : 0;
    }
}

static float largest(const grid *g, const float *v) {
  size_t n = (size_t)g->w * (size_t)g->h;
  float most = 0;
  for (size_t i = 0; i < n; i++)
    if (fabsf(v[i]) > most) most = fabsf(v[i]);
  return most;
}

/* One step of conjugate gradients (Hestenes and Stiefel 1952); *rz as it comes from the step before. False: done. */
static bool round_of(plane *p, float *x, double *rz) {
  const grid *g = &p->m->g[0];
  size_t n = (size_t)g->w * (size_t)g->h;
  memcpy(p->b[0], p->r, n * sizeof *p->r);
  cycle(p, 0);
  double next = dot(g, p->r, p->x[0]);
  if (!(next > 0) || largest(g, p->x[0]) < p->step * 1e-3f) return false;
  float beta = *rz > 0 ? (float)(next / *rz) : 0;
  for (size_t i = 0; i < n; i++) p->p[i] = p->x[0][i] + beta * p->p[i];
  apply(g, p->p, p->q);
  float alpha = (float)(next / dot(g, p->p, p->q));
  for (size_t i = 0; i < n; i++) x[i] += alpha * p->p[i], p->r[i] -= alpha * p->q[i];
  *rz = next;
  return true;
}

/* Cells without a joint to anything fixed have no one solution: theirs stays 0. */
static void solve_plane(plane *p, float *x, const float *b) {
  const grid *g = &p->m->g[0];
  size_t n = (size_t)g->w * (size_t)g->h;
  double rz = 0;
  for (size_t i = 0; i < n; i++) p->r[i] = g->diag[i] > 0 ? b[i] : 0;
  for (size_t i = 0; i < n; i++)
    if (g->diag[i] > 0) x[i] = 0;
  for (int i = 0; i < MOST_ROUNDS && !ci_cancelled(p->cancel) && round_of(p, x, &rz); i++) {
  }
}

/* ---- all of them --------------------------------------------------------------------------------------- */

static size_t work_floats(const hierarchy *m) {
  size_t n = 3 * (size_t)m->g[0].w * (size_t)m->g[0].h;
  for (int32_t k = 0; k < m->n; k++) n += 2 * (size_t)m->g[k].w * (size_t)m->g[k].h;
  return n;
}

static void set_work(plane *p, float *work) {
  size_t n = (size_t)p->m->g[0].w * (size_t)p->m->g[0].h;
  p->p = work, p->q = p->p + n, p->r = p->q + n;
  work = p->r + n;
  for (int32_t k = 0; k < p->m->n; k++) {
    n = (size_t)p->m->g[k].w * (size_t)p->m->g[k].h;
    p->x[k] = work, p->b[k] = work + n;
    work += 2 * n;
  }
}

typedef struct solving {
  hierarchy m;
  const cnnimg_cancel *cancel;
  float step;
  float *x, *work;
  const float *b;
} solving;

static void solve_one(void *arg, uint32_t i, uint32_t worker) {
  solving *s = arg;
  size_t n = (size_t)s->m.g[0].w * (size_t)s->m.g[0].h;
  plane p = {.m = &s->m, .cancel = s->cancel, .step = s->step};
  (void)worker;
  set_work(&p, s->work + i * work_floats(&s->m));
  solve_plane(&p, s->x + i * n, s->b + i * n);
}

int ci_poisson_solve(float *x, const float *b, const uint8_t *inside, int32_t width, int32_t height,
                     int32_t planes, float step, ci_pool *pool, const cnnimg_cancel *cancel,
                     cnnimg_error *err) {
  solving s = {.cancel = cancel, .step = step, .x = x, .b = b};
  int status = make_hierarchy(&s.m, inside, width, height, err);
  if (!status) {
    s.work = ci_calloc(work_floats(&s.m), (size_t)planes * sizeof *s.work);
    if (!s.work) status = ci_fail(err, CNNIMG_NOMEM, "no memory to blend a hole's border");
  }
  if (!status) ci_pool_run(pool, (uint32_t)planes, solve_one, &s);
  if (!status && ci_cancelled(cancel)) status = ci_fail(err, CNNIMG_CANCELLED, "cancelled");
  for (int32_t k = 0; k < MOST_GRIDS; k++) free(s.m.g[k].right);
  free(s.work);
  return status;
}
