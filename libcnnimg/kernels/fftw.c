/* SPDX-License-Identifier: MIT */
/* fftw.c - Fourier transforms of whole planes by FFTW: plans under a lock, rows and columns shared by a pool */
#include "kernels/fftw.h"

#include <pthread.h>

#include "base/cancel.h"
#include "base/error.h"

#define COLUMNS 8 /* that are transformed together: a cache line of complex numbers */
#define ROWS 16   /* that are one piece of work */

uint32_t ci_fftw_good_size(uint32_t least) {
  static const uint32_t primes[] = {2, 3, 5, 7};
  for (uint32_t n = least;; n++) {
    uint32_t rest = n;
    for (size_t i = 0; i < 4; i++)
      while (rest && rest % primes[i] == 0) rest /= primes[i];
    if (rest == 1) return n;
  }
}

bool ci_fftw_plane(uint32_t width, uint32_t height, size_t *row, size_t *plane) {
  *row = ci_round_up((size_t)width / 2 + 1, COLUMNS) * 2;
  return ci_mul(*row, height, plane);
}

#if CNNIMG_FFTW
#include <fftw3.h>

/* FFTW's planner is not for several threads at a time. A host that plans transforms itself, in other threads, has to call
 * fftwf_make_planner_thread_safe(), which locks for us, too. */
static pthread_mutex_t planner = PTHREAD_MUTEX_INITIALIZER;

bool ci_fftw_is_there(void) { return true; }

static fftwf_plan plan_rows(const ci_fftw *f, float *plane, bool back) {
  fftwf_complex *spectrum = (fftwf_complex *)plane;
  int n = (int)f->width;
  return back ? fftwf_plan_dft_c2r_1d(n, spectrum, plane, FFTW_ESTIMATE)
              : fftwf_plan_dft_r2c_1d(n, plane, spectrum, FFTW_ESTIMATE);
}

static fftwf_plan plan_columns(const ci_fftw *f, float *plane, bool back) {
  fftwf_complex *at = (fftwf_complex *)plane;
  const int n = (int)f->height, stride = (int)(f->row / 2);
  return fftwf_plan_many_dft(1, &n, COLUMNS, at, NULL, stride, 1, at, NULL, stride, 1,
                             back ? FFTW_BACKWARD : FFTW_FORWARD, FFTW_ESTIMATE);
}

static bool plan(ci_fftw *f, float *plane) {
  bool all = true;
  pthread_mutex_lock(&planner);
  for (int back = 0; back < 2; back++) {
    f->along_rows[back] = plan_rows(f, plane, back);
    f->along_columns[back] = plan_columns(f, plane, back);
    all = all && f->along_rows[back] && f->along_columns[back];
  }
  pthread_mutex_unlock(&planner);
  return all;
}

int ci_fftw_new(ci_fftw *f, uint32_t width, uint32_t height, float *plane, cnnimg_error *err) {
  size_t floats;
  *f = (ci_fftw){.width = width, .height = height};
  if (!ci_fftw_plane(width, height, &f->row, &floats) || width > INT32_MAX || height > INT32_MAX)
    return ci_fail(err, CNNIMG_LIMIT, "a Fourier transform of %ux%u samples", width, height);
  if (plan(f, plane)) return CNNIMG_OK;
  ci_fftw_free(f);
  return ci_fail(err, CNNIMG_NOMEM, "no memory for a Fourier transform of %ux%u samples", width, height);
}

void ci_fftw_free(ci_fftw *f) {
  pthread_mutex_lock(&planner);
  for (int back = 0; back < 2; back++) {
    if (f->along_rows[back]) fftwf_destroy_plan(f->along_rows[back]);
    if (f->along_columns[back]) fftwf_destroy_plan(f->along_columns[back]);
  }
  pthread_mutex_unlock(&planner);
  *f = (ci_fftw){0};
}

/* ---- runs ------------------------------------------------------------------------------------------ */

typedef struct pass {
  const ci_fftw *f;
  float *plane;
  bool back;
  const cnnimg_cancel *cancel;
} pass;

static void some_rows(void *user, uint32_t i, uint32_t worker) {
  const pass *p = user;
  const ci_fftw *f = p->f;
  (void)worker;
  if (ci_cancelled(p->cancel)) return;
  for (uint32_t y = i * ROWS; y < f->height && y < (i + 1) * ROWS; y++) {
    float *row = p->plane + (size_t)y * f->row;
    if (p->back) fftwf_execute_dft_c2r(f->along_rows[1], (fftwf_complex *)row, row);
    else fftwf_execute_dft_r2c(f->along_rows[0], row, (fftwf_complex *)row);
  }
}

static void some_columns(void *user, uint32_t i, uint32_t worker) {
  const pass *p = user;
  fftwf_complex *at = (fftwf_complex *)p->plane + (size_t)i * COLUMNS;
  (void)worker;
  if (!ci_cancelled(p->cancel)) fftwf_execute_dft(p->f->along_columns[p->back], at, at);
}

static void run_rows(pass *p, ci_pool *pool) {
  ci_pool_run(pool, (p->f->height + ROWS - 1) / ROWS, some_rows, p);
}

static void run_columns(pass *p, ci_pool *pool) {
  ci_pool_run(pool, (uint32_t)(p->f->row / 2 / COLUMNS), some_columns, p);
}

void ci_fftw_forth(const ci_fftw *f, float *plane, ci_pool *pool, const cnnimg_cancel *cancel) {
  pass p = {f, plane, false, cancel};
  run_rows(&p, pool);
  run_columns(&p, pool);
}

void ci_fftw_back(const ci_fftw *f, float *plane, ci_pool *pool, const cnnimg_cancel *cancel) {
  pass p = {f, plane, true, cancel};
  run_columns(&p, pool);
  run_rows(&p, pool);
}

#else
bool ci_fftw_is_there(void) { return false; }
int ci_fftw_new(ci_fftw *f, uint32_t width, uint32_t height, float *plane, cnnimg_error *err) {
  (void)plane;
  *f = (ci_fftw){0};
  return ci_fail(err, CNNIMG_UNSUPPORTED, "a Fourier transform of %ux%u samples: built without FFTW", width,
                 height);
}
void ci_fftw_free(ci_fftw *f) { (void)f; }
void ci_fftw_forth(const ci_fftw *f, float *plane, ci_pool *pool, const cnnimg_cancel *cancel) {
  (void)f, (void)plane, (void)pool, (void)cancel;
}
void ci_fftw_back(const ci_fftw *f, float *plane, ci_pool *pool, const cnnimg_cancel *cancel) {
  (void)f, (void)plane, (void)pool, (void)cancel;
}
#endif
