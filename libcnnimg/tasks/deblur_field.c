/* SPDX-License-Identifier: MIT */
/* deblur_field.c - a picture's planes while it is deblurred: borders, the step in Fourier space */
#include "tasks/deblur_field.h"

#include <math.h>
#include <string.h>

#include "base/cancel.h"
#include "base/error.h"
#include "kernels/deconvolve.h"

#define LEAST_PAD 8 /* pixels that one mirror image fades into the other in */
/* Times a step that what is beyond the border is taken from the guess. 210 pixels of kodim08, motion of 15, sigma 2.55: a
 * fade alone comes to 18.8 dB, once to 25.7, 4 times to 26.3, 8 times to 26.4. */
#define ROUNDS 4
#define LINES 16 /* rows of a spectrum that are one piece of work */

/* ---- sizes ------------------------------------------------------------------------------------------- */

static uint32_t padded(uint32_t size, uint32_t kernel, bool wraps) {
  uint32_t more = kernel < LEAST_PAD ? LEAST_PAD : kernel;
  return wraps ? size : ci_fftw_good_size(size + more);
}

int ci_field_plan(ci_field *f, const cnnimg_format *picture, const uint32_t kernel[2], uint32_t wrap,
                  cnnimg_error *err) {
  uint32_t width = padded(picture->width, kernel[0], wrap & CNNIMG_WRAP_X);
  uint32_t height = padded(picture->height, kernel[1], wrap & CNNIMG_WRAP_Y);
  size_t seen, floats;
  *f = (ci_field){.width = picture->width, .height = picture->height, .colours = picture->colours};
  f->pad[0] = width - picture->width, f->pad[1] = height - picture->height;
  f->x = f->pad[0] / 2, f->y = f->pad[1] / 2;
  bool fits = ci_fftw_plane(width, height, &f->row, &f->plane) && ci_mul(f->plane, f->colours + 2, &floats) &&
              ci_mul(picture->width, picture->height, &seen) && ci_mul(seen, f->colours, &seen) &&
              ci_add(floats, seen, &floats) && ci_mul(floats, sizeof(float), &f->bytes);
  return fits ? CNNIMG_OK
              : ci_fail(err, CNNIMG_LIMIT, "a picture of %ux%u pixels is too large to be deblurred",
                        picture->width, picture->height);
}

static uint32_t plane_width(const ci_field *f) { return f->width + f->pad[0]; }
static uint32_t plane_height(const ci_field *f) { return f->height + f->pad[1]; }
static float *plane_row(const ci_field *f, float *plane, uint32_t y) { return plane + y * f->row; }
static float *seen_row(const ci_field *f, uint32_t c, uint32_t y) {
  return f->observed + ((size_t)c * f->height + y) * f->width;
}

/* ---- life ---------------------------------------------------------------------------------------------- */

/* The kernel's middle (of an even size, what is right of and below it) belongs to the first sample. */
static void place_kernel(ci_field *f, const float *kernel, const uint32_t size[2]) {
  const uint32_t w = plane_width(f), h = plane_height(f);
  for (uint32_t y = 0; y < size[1]; y++)
    for (uint32_t x = 0; x < size[0]; x++)
      plane_row(f, f->kernel, (y + h - size[1] / 2) % h)[(x + w - size[0] / 2) % w] =
          kernel[(size_t)y * size[0] + x];
}

int ci_field_open(ci_field *f, const float *kernel, const uint32_t size[2], const ci_allocator *allocator,
                  ci_pool *pool, const cnnimg_cancel *cancel, cnnimg_error *err) {
  f->allocator = *allocator, f->pool = pool, f->cancel = cancel;
  f->memory = ci_big_alloc(allocator, f->bytes);
  if (!f->memory)
    return ci_fail(err, CNNIMG_NOMEM, "no memory for the %zu MiB that deblurring %ux%u pixels takes",
                   f->bytes >> 20, f->width, f->height);
  f->planes = f->memory;
  f->kernel = f->planes + f->colours * f->plane;
  f->spare = f->kernel + f->plane;
  f->observed = f->spare + f->plane;
  int status = ci_fftw_new(&f->fft, plane_width(f), plane_height(f), f->spare, err);
  if (status) return status;
  place_kernel(f, kernel, size);
  ci_fftw_forth(&f->fft, f->kernel, pool, NULL);
  return CNNIMG_OK;
}

void ci_field_close(ci_field *f) {
  ci_fftw_free(&f->fft);
  if (f->memory) ci_big_free(&f->allocator, f->memory);
  *f = (ci_field){0};
}

bool ci_field_observe(const ci_field *f, uint32_t y, const float *row) {
  bool finite = true;
  for (uint32_t c = 0; c < f->colours; c++) {
    float *to = seen_row(f, c, y);
    for (uint32_t x = 0; x < f->width; x++) {
      to[x] = row[(size_t)x * f->colours + c];
      finite = finite && isfinite(to[x]);
    }
  }
  return finite;
}

/* ---- beyond the borders ----------------------------------------------------------------------------------- */

/* Which of n pixels stands at place i, where mirror images follow each other. */
static uint32_t mirrored(int64_t i, uint32_t n) {
  const int64_t period = n > 1 ? 2 * ((int64_t)n - 1) : 1;
  i %= period;
  if (i < 0) i += period;
  return (uint32_t)(i < n ? i : period - i);
}

/* The i-th of `pad` pixels behind the last one of n: where the images of both ends are, and how much counts the image of
 * the first one, which follows there. */
typedef struct fade {
  uint32_t last, first;
  float share;
} fade;

static fade fade_at(uint32_t i, uint32_t pad, uint32_t n) {
  float t = (float)(i + 1) / (float)(pad + 1);
  return (fade){mirrored((int64_t)n + i, n), mirrored((int64_t)i - pad, n), t * t * (3 - 2 * t)};
}

static float mix(float a, float b, float share) { return a + share * (b - a); }

static void extend_row(const ci_field *f, float *row) {
  const float *seen = row + f->x;
  for (uint32_t i = 0; i < f->pad[0]; i++) {
    const fade at = fade_at(i, f->pad[0], f->width);
    row[(f->x + f->width + i) % plane_width(f)] = mix(seen[at.last], seen[at.first], at.share);
  }
}

static void extend_columns(const ci_field *f, float *plane) {
  for (uint32_t i = 0; i < f->pad[1]; i++) {
    const fade at = fade_at(i, f->pad[1], f->height);
    const float *last = plane_row(f, plane, f->y + at.last), *first = plane_row(f, plane, f->y + at.first);
    float *row = plane_row(f, plane, (f->y + f->height + i) % plane_height(f));
    for (uint32_t x = 0; x < plane_width(f); x++) row[x] = mix(last[x], first[x], at.share);
  }
}

static void put_observed(const ci_field *f, uint32_t c, float *plane) {
  for (uint32_t y = 0; y < f->height; y++)
    memcpy(plane_row(f, plane, f->y + y) + f->x, seen_row(f, c, y), f->width * sizeof(float));
}

void ci_field_begin(ci_field *f) {
  for (uint32_t c = 0; c < f->colours; c++) {
    float *plane = f->planes + c * f->plane;
    put_observed(f, c, plane);
    for (uint32_t y = 0; y < f->height; y++) extend_row(f, plane_row(f, plane, f->y + y));
    extend_columns(f, plane);
  }
}

/* ---- the step ---------------------------------------------------------------------------------------------- */

typedef enum aim { BLUR_GUESS, BLUR_SOLUTION, SOLUTION } aim;

typedef struct work {
  const ci_field *f;
  float *guess; /* its spectrum */
  float alpha, scale;
  aim aim;
} work;

/* Some rows of the spectrum: of what the plane in hand becomes. */
static void some_lines(void *user, uint32_t i, uint32_t worker) {
  const work *w = user;
  const ci_field *f = w->f;
  const uint32_t y = i * LINES, rows = plane_height(f) - y < LINES ? plane_height(f) - y : LINES;
  const size_t from = y * f->row, n = rows * f->row / 2;
  const float *kernel = f->kernel + from;
  float *guess = w->guess + from, *spare = f->spare + from;
  (void)worker;
  if (ci_cancelled(f->cancel)) return;
  if (w->aim == BLUR_GUESS) {
    ci_blur_spectrum(kernel, guess, w->scale, spare, n);
    return;
  }
  ci_deconvolve_spectrum(kernel, spare, guess, w->alpha, w->scale, w->aim == SOLUTION ? guess : spare, n);
  if (w->aim == BLUR_SOLUTION) ci_blur_spectrum(kernel, spare, 1, spare, n);
}

static void go_over(work *w, aim to) {
  w->aim = to;
  ci_pool_run(w->f->pool, (plane_height(w->f) + LINES - 1) / LINES, some_lines, w);
}

/* The spare plane's spectrum: as was seen, and beyond that as it is. */
static void see(const ci_field *f, uint32_t c) {
  ci_fftw_back(&f->fft, f->spare, f->pool, f->cancel);
  put_observed(f, c, f->spare);
  ci_fftw_forth(&f->fft, f->spare, f->pool, f->cancel);
}

static void step_colour(const ci_field *f, uint32_t c, float alpha) {
  const float samples = (float)plane_width(f) * (float)plane_height(f);
  work w = {f, f->planes + c * f->plane, alpha, 1 / samples, SOLUTION};
  const int rounds = f->pad[0] || f->pad[1] ? ROUNDS : 1;
  ci_fftw_forth(&f->fft, w.guess, f->pool, f->cancel);
  go_over(&w, BLUR_GUESS);
  see(f, c);
  for (int i = 1; i < rounds && !ci_cancelled(f->cancel); i++) {
    go_over(&w, BLUR_SOLUTION);
    see(f, c);
  }
  go_over(&w, SOLUTION);
  ci_fftw_back(&f->fft, w.guess, f->pool, f->cancel);
}

int ci_field_step(ci_field *f, float alpha, cnnimg_error *err) {
  for (uint32_t c = 0; c < f->colours && !ci_cancelled(f->cancel); c++) step_colour(f, c, alpha);
  if (ci_cancelled(f->cancel) || ci_pool_failed(f->pool)) return ci_fail(err, CNNIMG_CANCELLED, "cancelled");
  return CNNIMG_OK;
}

/* ---- the guess ------------------------------------------------------------------------------------------------ */

cnnimg_view ci_field_view(const ci_field *f) {
  return (cnnimg_view){.data = f->planes,
                       .format = {.width = plane_width(f),
                                  .height = plane_height(f),
                                  .colours = (uint8_t)f->colours,
                                  .sample = CNNIMG_F32},
                       .row_stride = (ptrdiff_t)(f->row * sizeof(float)),
                       .pixel_stride = (ptrdiff_t)sizeof(float),
                       .channel_stride = (ptrdiff_t)(f->plane * sizeof(float))};
}

void ci_field_row(const ci_field *f, uint32_t y, float *row) {
  for (uint32_t c = 0; c < f->colours; c++) {
    const float *from = plane_row(f, f->planes + c * f->plane, f->y + y) + f->x;
    for (uint32_t x = 0; x < f->width; x++) row[(size_t)x * f->colours + c] = from[x];
  }
}
