/* SPDX-License-Identifier: MIT */
/* work.c - one file's rows: read, planned, computed, written */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "driver.h"

#define LANE_BYTES ((size_t)4 << 20) /* of rows that wait between a codec and the network, at most */

static int decode(void *user, void *row, cnnimg_error *err) {
  drv_river *r = user;
  int status = cnnimg_reader_row(r->reader, r->in ? r->in : row, err);
  if (!status && r->in) drv_convert_row(&r->read, r->in, &r->worked, row);
  return status;
}

static int encode(void *user, void *row, cnnimg_error *err) {
  drv_river *r = user;
  if (!r->out) return cnnimg_writer_row(r->writer, row, err);
  drv_convert_row(&r->result, row, &r->written, r->out);
  return cnnimg_writer_row(r->writer, r->out, err);
}

static int read_row(void *user, uint32_t y, void *row, cnnimg_error *err) {
  drv_river *r = user;
  (void)y;
  if (cnnimg_cancel_is_set(&drv_cancel)) return drv_fail(err, CNNIMG_CANCELLED, "cancelled");
  return r->ahead ? drv_lane_row(r->ahead, row, err) : decode(r, row, err);
}

static int write_row(void *user, uint32_t y, const void *row, cnnimg_error *err) {
  drv_river *r = user;
  void *out = (void *)(uintptr_t)row; /* neither writes to it */
  (void)y;
  if (cnnimg_cancel_is_set(&drv_cancel)) return drv_fail(err, CNNIMG_CANCELLED, "cancelled");
  return r->behind ? drv_lane_row(r->behind, out, err) : encode(r, out, err);
}

bool drv_same_format(const cnnimg_format *a, const cnnimg_format *b) {
  return a->width == b->width && a->height == b->height && a->colours == b->colours && a->alpha == b->alpha &&
         a->sample == b->sample;
}

/* 8 bits that shall become 16 do so before the network, whose answer is finer than 8 bits. */
static cnnimg_format worked_format(const drv_settings *s, const cnnimg_format *read) {
  cnnimg_format f = *read;
  if (s->alpha == DRV_ALPHA_DROP) f.alpha = 0;
  if (s->depth == DRV_DEPTH_16 && f.sample == CNNIMG_U8) f.sample = CNNIMG_U16;
  return f;
}

static uint8_t written_sample(const drv_settings *s, uint8_t sample) {
  return s->depth == DRV_DEPTH_8 ? CNNIMG_U8 : s->depth == DRV_DEPTH_16 ? CNNIMG_U16 : sample;
}

/* Room for a row where formats differ. */
static int make_row(const cnnimg_format *a, const cnnimg_format *b, uint8_t **row, cnnimg_error *err) {
  if (drv_same_format(a, b)) return CNNIMG_OK;
  size_t n = drv_row_bytes(a), m = drv_row_bytes(b);
  *row = malloc(n > m ? n : m);
  return *row ? CNNIMG_OK : drv_fail(err, CNNIMG_NOMEM, "no memory for a row of %u pixels", b->width);
}

int drv_session_for(drv_run *run, const cnnimg_format *format, cnnimg_error *err) {
  if (run->session && drv_same_format(&run->session_format, format)) return CNNIMG_OK;
  int status = drv_pick(run, format, err);
  if (status) return status;
  cnnimg_session_free(run->session);
  run->session = NULL;
  run->session_format = *format;
  return cnnimg_session_new(run->context, run->model, &run->params, format, &run->session, err);
}

static void print_plan(drv_run *run) {
  const char *plan = cnnimg_session_plan(run->session);
  if (!run->s->verbose || !plan || (run->planned && !strcmp(run->planned, plan))) return;
  drv_progress_clear(&run->progress);
  fprintf(stderr, "%s%s", plan, *plan && plan[strlen(plan) - 1] == '\n' ? "" : "\n");
  free(run->planned);
  run->planned = strdup(plan);
}

/* ---- writing ----------------------------------------------------------------------- */

/* What the file that is written cannot hold is said. */
static void note_losses(const drv_settings *s, const char *path, const char *codec, const cnnimg_format *f) {
  cnnimg_format held;
  if (cnnimg_codec_fit(codec, f, &held, NULL)) return; /* the writer says it */
  if (f->colours == 3 && (!strcasecmp(codec, "pgm") || !strcasecmp(codec, "pbm")))
    drv_note(s, path, "a %s file is grey, and this picture has colours: it is written as a ppm file would be",
             codec);
  if (f->alpha && !held.alpha) drv_note(s, path, "a %s file holds no alpha channel; laid on white", codec);
  if (CNNIMG_SAMPLE_BYTES(held.sample) < CNNIMG_SAMPLE_BYTES(f->sample))
    drv_note(s, path, "a %s file holds %zu bits a sample; rounded to them", codec,
             8 * CNNIMG_SAMPLE_BYTES(held.sample));
}

static const char *type_of(const drv_settings *s, const char *out, const cnnimg_info *info) {
  const char *dot = out ? strrchr(drv_base(out), '.') : NULL;
  if (s->format) return s->format;
  return dot && cnnimg_can_write(out) ? dot + 1 : info->codec;
}

int drv_river_place(const drv_run *run, const drv_river *r, cnnimg_error *err) {
  const char *path = r->job->out;
  if (!path || !drv_written_has(&run->written, path)) return CNNIMG_OK;
  return drv_fail(err, CNNIMG_IO, "%s: leads to the result of another input, which will not be replaced",
                  path);
}

/* A result that is larger than its container is refused before anything is computed, dry runs too. */
static int check_size(const drv_settings *s, const drv_river *r, const drv_result *result,
                      cnnimg_error *err) {
  const drv_job *job = r->job;
  cnnimg_format f = r->read, held;
  cnnimg_error why;
  f.width = result->width, f.height = result->height, f.colours = r->result.colours;
  const char *type = type_of(s, job->out, cnnimg_reader_info(r->reader)),
             *path = job->out ? job->out : job->in;
  int status = cnnimg_codec_fit(type, &f, &held, &why);
  return status == CNNIMG_UNSUPPORTED ? drv_fail(err, status, "%s: %s", path, why.text) : CNNIMG_OK;
}

static int open_writer(const drv_run *run, drv_river *r, cnnimg_error *err) {
  const drv_settings *s = run->s;
  const drv_job *job = r->job;
  cnnimg_write_options o;
  const char *path = job->out ? job->out : "-";
  cnnimg_write_options_init(&o);
  o.codec = s->format;
  o.quality = (int)s->quality;
  o.keep = s->keep;
  o.overwrite = s->existing != DRV_SKIP_EXISTING && s->existing != DRV_REFUSE_EXISTING;
  if (s->place == DRV_TO_FOLDER && drv_make_parents(path))
    return drv_fail(err, CNNIMG_IO, "%s: its folder cannot be made: %s", path, strerror(errno));
  int status = drv_river_place(run, r, err);
  if (status) return status;
  note_losses(s, job->in, type_of(s, job->out, cnnimg_reader_info(r->reader)), &r->written);
  return cnnimg_writer_open(run->context, path, &r->written, r->reader, &o, &r->writer, err);
}

/* ---- decoding and encoding beside the network --------------------------------------------- */

static size_t lane_bytes(const drv_run *run) {
  uint64_t cap = run->s->config.memory_limit;
  return cap && cap / 32 < LANE_BYTES ? (size_t)(cap / 32) : LANE_BYTES;
}

/* Two bands of rows wait, so that one is filled while the other is taken, and no more than some MiB. */
static uint32_t slots_for(const drv_run *run, const cnnimg_format *f, uint32_t band) {
  size_t most = lane_bytes(run) / drv_row_bytes(f), want = 2 * (size_t)band;
  if (want > most) want = most;
  if (want > f->height) want = f->height;
  return want < 2 ? 2 : (uint32_t)want;
}

/* What is no file may keep its writer waiting for as long as it likes: there the thread that signals interrupt writes. */
static bool is_file(const drv_job *job) {
  struct stat st;
  return job->out && (lstat(job->out, &st) ? errno == ENOENT : S_ISREG(st.st_mode));
}

/* One thread is one thread. Without memory for a lane the work is done where it was done before. */
static void start_lanes(const drv_run *run, drv_river *r) {
  const cnnimg_cost *cost = cnnimg_session_cost(run->session);
  uint32_t in = slots_for(run, &r->worked, cost->band), out = slots_for(run, &r->result, cost->band);
  if (cost->threads < 2) return;
  if (!r->ahead) r->ahead = drv_lane_start(&r->worked, in, true, decode, r);
  if (is_file(r->job)) r->behind = drv_lane_start(&r->result, out, false, encode, r);
}

/* ---- a file --------------------------------------------------------------------------- */

/* Only what fits in the lane as a whole is decoded early: what a decoder itself holds is then small, too. */
static void start_early(const drv_run *run, drv_river *r) {
  size_t row = drv_row_bytes(&r->worked);
  if (r->worked.height <= lane_bytes(run) / row)
    r->ahead = drv_lane_start(&r->worked, slots_for(run, &r->worked, r->worked.height), true, decode, r);
}

int drv_river_open(const drv_run *run, drv_river *r, const drv_job *job, bool early, cnnimg_error *err) {
  *r = (drv_river){.job = job, .guard = -1};
  int status = cnnimg_reader_open(run->context, job->in, !run->s->no_rotate, &r->reader, err);
  if (status) return status;
  r->read = cnnimg_reader_info(r->reader)->format;
  r->worked = worked_format(run->s, &r->read);
  status = make_row(&r->read, &r->worked, &r->in, err);
  if (!status && early) start_early(run, r);
  return status;
}

int drv_river_plan(drv_run *run, drv_river *r, drv_result *result, cnnimg_error *err) {
  int status = drv_use_besides(run, r, err);
  if (!status) status = drv_session_for(run, &r->worked, err);
  result->model = run->model_path;
  if (status) return status;
  result->cost = *cnnimg_session_cost(run->session);
  result->width = result->cost.width;
  result->height = result->cost.height;
  r->result = r->worked;
  r->result.colours = cnnimg_session_format(run->session)->colours;
  status = check_size(run->s, r, result, err);
  if (status) return status;
  if (run->before) status = drv_before_plan(run, &r->worked, result, err);
  if (status) return status;
  r->result.width = result->width;
  r->result.height = result->height;
  r->written = r->result;
  r->written.sample = written_sample(run->s, r->result.sample);
  print_plan(run);
  return make_row(&r->result, &r->written, &r->out, err);
}

/* From here to the end a signal cancels, so that the temporary file is thrown away in order. */
int drv_river_run(drv_run *run, drv_river *r, drv_result *result, cnnimg_error *err) {
  r->guard = drv_guard_begin();
  int status = open_writer(run, r, err);
  if (!status) {
    drv_guard_temp(r->guard, cnnimg_writer_temp(r->writer));
    start_lanes(run, r);
    status = run->before ? drv_before_run(run, read_row, write_row, r, err)
                         : cnnimg_run_rows(run->session, read_row, r, write_row, r, err);
  }
  drv_lane_end(r->ahead);
  cnnimg_reader_close(r->reader);
  r->ahead = NULL;
  r->reader = NULL;
  if (!status && !run->before) result->sigma = cnnimg_session_sigma(run->session);
  return status;
}

int drv_river_finish(drv_river *r, int status, cnnimg_error *err) {
  if (!status && r->behind) status = drv_lane_drain(r->behind, err);
  drv_lane_end(r->behind);
  r->behind = NULL;
  if (!status && cnnimg_cancel_is_set(&drv_cancel)) status = drv_fail(err, CNNIMG_CANCELLED, "cancelled");
  if (status) cnnimg_writer_abort(r->writer);
  else status = cnnimg_writer_finish(r->writer, err);
  r->writer = NULL;
  drv_guard_end(r->guard);
  r->guard = -1;
  return status && cnnimg_cancel_is_set(&drv_cancel) ? CNNIMG_CANCELLED : status;
}

void drv_river_close(drv_river *r) {
  drv_lane_end(r->ahead);
  cnnimg_reader_close(r->reader);
  free(r->in);
  free(r->out);
}

void drv_run_fini(drv_run *run) {
  drv_candidates_free(&run->candidates);
  drv_before_free(run->before);
  cnnimg_session_free(run->session);
  cnnimg_model_unref(run->model);
  cnnimg_close(run->context);
  free(run->model_path);
  free(run->planned);
  drv_written_fini(&run->written);
  free(run->map.data);
  free(run->kernel.data);
}
