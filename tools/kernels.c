/* SPDX-License-Identifier: MIT */
/* kernels.c - the blur that --deblur undoes: gauss:S, motion:LEN,ANGLE, or a picture of it */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

#define MOST_SIDE 1023 /* pixels, as the library has it */

/* ---- words ------------------------------------------------------------------------------------------ */

typedef enum kind { GAUSS, MOTION, PICTURE, WRONG } kind;
typedef struct word {
  kind kind;
  double a, b; /* sigma; or length and angle */
} word;

/* "LEN,ANGLE" */
static bool two_numbers(const char *text, word *w) {
  char first[32];
  const char *comma = strchr(text, ',');
  size_t n = comma ? (size_t)(comma - text) : 0;
  if (!comma || n >= sizeof first) return false;
  memcpy(first, text, n);
  first[n] = 0;
  return !drv_number(first, 1, 400, &w->a) && !drv_number(comma + 1, -360, 360, &w->b);
}

static word read_word(const char *text) {
  word w = {.kind = PICTURE};
  if (!strncmp(text, "gauss:", 6)) w.kind = drv_number(text + 6, 0.1, 50, &w.a) ? WRONG : GAUSS;
  else if (!strncmp(text, "motion:", 7)) w.kind = two_numbers(text + 7, &w) ? MOTION : WRONG;
  return w;
}

int drv_kernel_word(const char *text, char why[DRV_WHY]) {
  const word w = read_word(text);
  if (w.kind != WRONG) return w.kind == PICTURE;
  snprintf(why, DRV_WHY,
           *text == 'g' ? "must be gauss:S with S from 0.1 to 50 pixels"
                        : "must be motion:LEN,ANGLE with LEN from 1 to 400 pixels, ANGLE from -360 to 360");
  return -1;
}

static int draw(const word *w, uint32_t *side, float *weights, cnnimg_error *err) {
  return w->kind == GAUSS ? cnnimg_kernel_gauss((float)w->a, side, weights, err)
                          : cnnimg_kernel_motion((float)w->a, (float)w->b, side, weights, err);
}

static int draw_kernel(drv_run *run, const word *w, cnnimg_error *err) {
  uint32_t side;
  int status = draw(w, &side, NULL, err);
  if (status) return status;
  const cnnimg_format f = {.width = side, .height = side, .colours = 1, .sample = CNNIMG_F32};
  cnnimg_view_init(&run->kernel, &f, calloc((size_t)side * side, sizeof(float)));
  if (!run->kernel.data) return drv_fail(err, CNNIMG_NOMEM, "no memory for a kernel");
  return draw(w, &side, run->kernel.data, err);
}

/* ---- pictures ------------------------------------------------------------------------------------------ */

/* Grey that was saved as three equal channels is grey. */
static bool is_grey(const cnnimg_view *v) {
  const size_t sample = CNNIMG_SAMPLE_BYTES(v->format.sample), n = (size_t)v->format.width * v->format.height;
  const char *p = v->data;
  for (size_t i = 0; i < n; i++, p += 3 * sample)
    if (memcmp(p, p + sample, sample) || memcmp(p, p + 2 * sample, sample)) return false;
  return true;
}

static int keep_one_channel(cnnimg_view *v, const char *path, cnnimg_error *err) {
  if (v->format.colours == 1) return CNNIMG_OK;
  if (!is_grey(v))
    return drv_fail(err, CNNIMG_BADARG,
                    "%s: a kernel is a grey picture, the same for all colours; this one has colours", path);
  v->format.colours = 1; /* the strides leave the others out */
  return CNNIMG_OK;
}

static int check_kernel(const cnnimg_format *f, const char *path, cnnimg_error *err) {
  if (f->alpha) return drv_fail(err, CNNIMG_BADARG, "%s: a kernel is a picture without alpha", path);
  if (f->width <= MOST_SIDE && f->height <= MOST_SIDE) return CNNIMG_OK;
  return drv_fail(err, CNNIMG_LIMIT, "%s: a kernel of %ux%u pixels; there may be %d a side", path, f->width,
                  f->height, MOST_SIDE);
}

static int read_rows(drv_run *run, cnnimg_reader *reader, cnnimg_error *err) {
  const cnnimg_format f = cnnimg_reader_info(reader)->format;
  const size_t row = drv_row_bytes(&f);
  int status = check_kernel(&f, run->s->deblur, err);
  if (status) return status;
  cnnimg_view_init(&run->kernel, &f, malloc(row * f.height));
  if (!run->kernel.data) return drv_fail(err, CNNIMG_NOMEM, "%s: no memory for a kernel", run->s->deblur);
  for (uint32_t y = 0; !status && y < f.height; y++)
    status = cnnimg_reader_row(reader, (char *)run->kernel.data + y * row, err);
  return status ? status : keep_one_channel(&run->kernel, run->s->deblur, err);
}

static int read_kernel(drv_run *run, cnnimg_error *err) {
  cnnimg_reader *reader = NULL;
  int status = cnnimg_reader_open(run->context, run->s->deblur, !run->s->no_rotate, &reader, err);
  if (!status) status = read_rows(run, reader, err);
  cnnimg_reader_close(reader);
  return status;
}

int drv_use_kernel(drv_run *run, cnnimg_error *err) {
  const word w = read_word(run->s->deblur);
  if (run->params.kernel) return CNNIMG_OK;
  int status = w.kind == PICTURE ? read_kernel(run, err) : draw_kernel(run, &w, err);
  if (!status) run->params.kernel = &run->kernel;
  if (!status) return CNNIMG_OK;
  free(run->kernel.data);
  run->kernel.data = NULL;
  return status;
}
