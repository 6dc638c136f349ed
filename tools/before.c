/* SPDX-License-Identifier: MIT */
/* before.c - noise is removed before a picture is enlarged, where no network does both */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver.h"

/* What lies between the two networks: all rows, in memory where there is plenty of it, else in an unlinked file. */
struct drv_before {
  cnnimg_model *model;
  cnnimg_session *session; /* the last one: used again for a picture of the same shape */
  cnnimg_format format;
  uint8_t *rows;
  FILE *file;
};

/* The two networks share a file's progress by what they cost. */
int drv_before_tick(drv_run *run, uint64_t done, uint64_t total) {
  const double all = total ? (double)total : 1;
  const double first = (double)cnnimg_session_cost(run->before->session)->multiply_adds;
  const double then = (double)cnnimg_session_cost(run->session)->multiply_adds;
  const double part =
      (double)done / all * (run->before_ended ? then : first) + (run->before_ended ? first : 0);
  return drv_progress_tick(&run->progress, (uint64_t)(part / (first + then) * 1e6), 1000000);
}

/* Is noise to be removed that no network removes while it enlarges? */
static bool wanted(const drv_run *run) {
  const drv_settings *s = run->s;
  if (!s->tool->picks || !s->level_said || s->level == DRV_LEVEL_NONE) return false;
  if (run->candidates.n) return !drv_has_level(&run->candidates, s->level);
  return !drv_takes_sigma(run->model) && drv_level_of(run->model, run->model_path) == DRV_LEVEL_NONE;
}

int drv_before_load(drv_run *run) {
  if (!wanted(run)) return DRV_GO;
  cnnimg_error err = {0};
  char *path = drv_find_word(run->s, DRV_DENOISER);
  int status = path ? DRV_GO : DRV_EXIT_MODEL;
  run->before = status == DRV_GO ? calloc(1, sizeof *run->before) : NULL;
  if (status == DRV_GO && !run->before) status = DRV_EXIT_FAILED;
  if (run->before && cnnimg_model_load(run->context, path, &run->before->model, &err)) {
    drv_say(run->s, path, "%s", err.text);
    status = DRV_EXIT_MODEL;
  }
  free(path);
  return status;
}

static int plan(drv_run *run, const cnnimg_format *f, cnnimg_error *err) {
  drv_before *b = run->before;
  cnnimg_params params;
  if (b->session && drv_same_format(&b->format, f)) return CNNIMG_OK;
  cnnimg_session_free(b->session);
  b->session = NULL;
  b->format = *f;
  cnnimg_params_init(&params, CNNIMG_TASK_DENOISE);
  params.sigma = drv_level_sigma(run->s->level);
  params.strength = run->params.strength, params.wrap = run->params.wrap;
  params.augment = run->params.augment, params.tile = run->params.tile;
  params.cancel = run->params.cancel;
  params.progress = run->params.progress, params.progress_user = run->params.progress_user;
  return cnnimg_session_new(run->context, b->model, &params, f, &b->session, err);
}

int drv_before_plan(drv_run *run, const cnnimg_format *f, drv_result *r, cnnimg_error *err) {
  int status = plan(run, f, err);
  if (status) return status;
  const cnnimg_cost *cost = cnnimg_session_cost(run->before->session);
  r->sigma = drv_level_sigma(run->s->level);
  r->cost.bytes += cost->bytes;
  r->cost.multiply_adds += cost->multiply_adds;
  return CNNIMG_OK;
}

/* ---- the rows between them ------------------------------------------------------------------ */

static int stuck(cnnimg_error *err) {
  return drv_fail(err, CNNIMG_IO, "the temporary file between the two networks: %s", strerror(errno));
}

static FILE *unlinked_file(void) {
  const char *folder = getenv("TMPDIR");
  char *path = drv_join(folder && *folder ? folder : "/var/tmp", "cnnimg-XXXXXX");
  int fd = path ? mkstemp(path) : -1;
  FILE *f = fd < 0 ? NULL : fdopen(fd, "w+b");
  if (fd >= 0) unlink(path);
  if (fd >= 0 && !f) close(fd);
  free(path);
  return f;
}

static int make_room(drv_run *run, cnnimg_error *err) {
  drv_before *b = run->before;
  const size_t row = drv_row_bytes(&b->format);
  if (row <= drv_memory_cap(run->s) / 8 / b->format.height) b->rows = malloc(row * b->format.height);
  if (!b->rows) b->file = unlinked_file();
  return b->rows || b->file ? CNNIMG_OK : stuck(err);
}

static void free_room(drv_before *b) {
  if (b->file) fclose(b->file);
  free(b->rows);
  b->file = NULL, b->rows = NULL;
}

static int put(void *user, uint32_t y, const void *row, cnnimg_error *err) {
  drv_before *b = user;
  const size_t n = drv_row_bytes(&b->format);
  if (cnnimg_cancel_is_set(&drv_cancel)) return drv_fail(err, CNNIMG_CANCELLED, "cancelled");
  if (b->rows) memcpy(b->rows + y * n, row, n);
  else if (fwrite(row, 1, n, b->file) != n) return stuck(err);
  return CNNIMG_OK;
}

static int get(void *user, uint32_t y, void *row, cnnimg_error *err) {
  drv_before *b = user;
  const size_t n = drv_row_bytes(&b->format);
  if (cnnimg_cancel_is_set(&drv_cancel)) return drv_fail(err, CNNIMG_CANCELLED, "cancelled");
  if (b->rows) memcpy(row, b->rows + y * n, n);
  else if (fread(row, 1, n, b->file) != n) return stuck(err);
  return CNNIMG_OK;
}

int drv_before_run(drv_run *run, cnnimg_read_row read, cnnimg_write_row write, void *user,
                   cnnimg_error *err) {
  drv_before *b = run->before;
  run->before_ended = false;
  int status = make_room(run, err);
  if (!status) status = cnnimg_run_rows(b->session, read, user, put, b, err);
  if (!status && b->file && fseek(b->file, 0, SEEK_SET)) status = stuck(err);
  run->before_ended = true;
  if (!status) status = cnnimg_run_rows(run->session, get, b, write, user, err);
  free_room(b);
  return status;
}

void drv_before_free(drv_before *b) {
  if (!b) return;
  cnnimg_session_free(b->session);
  cnnimg_model_unref(b->model);
  free(b);
}
