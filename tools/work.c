/* SPDX-License-Identifier: MIT */
/* work.c - one file from beginning to end: read, planned, run, written */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "driver.h"

#define LANE_BYTES ((size_t)4 << 20) /* of rows that wait between a codec and the network, at most */

/* Rows on their way: as the file has them, as the network gets and gives them, as they are written. */
typedef struct river {
  cnnimg_reader *reader;
  cnnimg_writer *writer;
  cnnimg_format read, worked, result, written;
  uint8_t *in, *out;        /* rows that are converted; NULL: nothing to convert */
  bool file;                /* the result goes to a file, not down a pipe */
  drv_lane *ahead, *behind; /* NULL: the codec runs on the thread that computes */
} river;

static int fail(cnnimg_error *err, int status, const char *format, ...) {
  va_list list;
  va_start(list, format);
  err->code = status;
  vsnprintf(err->text, sizeof err->text, format, list);
  va_end(list);
  return status;
}

static int decode(void *user, void *row, cnnimg_error *err) {
  river *r = user;
  int status = cnnimg_reader_row(r->reader, r->in ? r->in : row, err);
  if (!status && r->in) drv_convert_row(&r->read, r->in, &r->worked, row);
  return status;
}

static int encode(void *user, void *row, cnnimg_error *err) {
  river *r = user;
  if (!r->out) return cnnimg_writer_row(r->writer, row, err);
  drv_convert_row(&r->result, row, &r->written, r->out);
  return cnnimg_writer_row(r->writer, r->out, err);
}

static int read_row(void *user, uint32_t y, void *row, cnnimg_error *err) {
  river *r = user;
  (void)y;
  if (drv_cancel.stop) return fail(err, CNNIMG_CANCELLED, "cancelled");
  return r->ahead ? drv_lane_row(r->ahead, row, err) : decode(r, row, err);
}

static int write_row(void *user, uint32_t y, const void *row, cnnimg_error *err) {
  river *r = user;
  void *out = (void *)(uintptr_t)row; /* neither writes to it */
  (void)y;
  if (drv_cancel.stop) return fail(err, CNNIMG_CANCELLED, "cancelled");
  return r->behind ? drv_lane_row(r->behind, out, err) : encode(r, out, err);
}

static bool same(const cnnimg_format *a, const cnnimg_format *b) {
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

static int make_rows(river *r, cnnimg_error *err) {
  if (!same(&r->read, &r->worked)) r->in = malloc(drv_row_bytes(&r->read));
  if (!same(&r->result, &r->written)) r->out = malloc(drv_row_bytes(&r->written));
  bool ok = (r->in || same(&r->read, &r->worked)) && (r->out || same(&r->result, &r->written));
  return ok ? CNNIMG_OK : fail(err, CNNIMG_NOMEM, "no memory for a row of %u pixels", r->written.width);
}

int drv_session_for(drv_run *run, const cnnimg_format *format, cnnimg_error *err) {
  if (run->session && same(&run->session_format, format)) return CNNIMG_OK;
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
  if (f->alpha && !held.alpha) drv_note(s, path, "a %s file holds no alpha channel; laid on white", codec);
  if (CNNIMG_SAMPLE_BYTES(held.sample) < CNNIMG_SAMPLE_BYTES(f->sample))
    drv_note(s, path, "a %s file holds %zu bits a sample; rounded to them", codec, 8 * CNNIMG_SAMPLE_BYTES(held.sample));
}

static const char *type_of(const drv_settings *s, const char *out, const cnnimg_info *info) {
  const char *dot = out ? strrchr(drv_base(out), '.') : NULL;
  if (s->format) return s->format;
  return dot && cnnimg_can_write(out) ? dot + 1 : info->codec;
}

/* A result that is larger than its container is refused before anything is computed, dry runs too. */
static int check_size(const drv_settings *s, const drv_job *job, const river *r, const drv_result *result,
                      cnnimg_error *err) {
  cnnimg_format f = r->read, held;
  cnnimg_error why;
  f.width = result->width, f.height = result->height;
  const char *type = type_of(s, job->out, cnnimg_reader_info(r->reader)), *path = job->out ? job->out : job->in;
  int status = cnnimg_codec_fit(type, &f, &held, &why);
  return status == CNNIMG_UNSUPPORTED ? fail(err, status, "%s: %s", path, why.text) : CNNIMG_OK;
}

static int open_writer(const drv_run *run, const drv_job *job, river *r, cnnimg_error *err) {
  const drv_settings *s = run->s;
  cnnimg_write_options o;
  const char *path = job->out ? job->out : "-";
  cnnimg_write_options_init(&o);
  o.codec = s->format;
  o.quality = (int)s->quality;
  o.keep = s->keep;
  o.overwrite = s->existing != DRV_SKIP_EXISTING && s->existing != DRV_REFUSE_EXISTING;
  if (s->place == DRV_TO_FOLDER && drv_make_parents(path))
    return fail(err, CNNIMG_IO, "%s: its folder cannot be made: %s", path, strerror(errno));
  if (job->out && drv_written_has(&run->written, path))
    return fail(err, CNNIMG_IO, "%s: leads to the result of another input, which will not be replaced", path);
  note_losses(s, job->in, type_of(s, job->out, cnnimg_reader_info(r->reader)), &r->written);
  return cnnimg_writer_open(NULL, path, &r->written, r->reader, &o, &r->writer, err);
}

/* ---- decoding and encoding beside the network --------------------------------------------- */

/* Two bands of rows wait, so that one is filled while the other is taken, and no more than some MiB. */
static uint32_t slots_for(const drv_run *run, const cnnimg_format *f, uint32_t band) {
  uint64_t cap = run->s->config.memory_limit, bytes = cap && cap / 32 < LANE_BYTES ? cap / 32 : LANE_BYTES;
  size_t most = (size_t)bytes / drv_row_bytes(f), want = 2 * (size_t)band;
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
static void start_lanes(const drv_run *run, river *r) {
  const cnnimg_cost *cost = cnnimg_session_cost(run->session);
  if (cost->threads < 2) return;
  r->ahead = drv_lane_start(&r->worked, slots_for(run, &r->worked, cost->band), true, decode, r);
  if (r->file)
    r->behind = drv_lane_start(&r->result, slots_for(run, &r->result, cost->band), false, encode, r);
}

static int run_rows(drv_run *run, river *r, cnnimg_error *err) {
  start_lanes(run, r);
  int status = cnnimg_run_rows(run->session, read_row, r, write_row, r, err);
  if (!status && r->behind) status = drv_lane_drain(r->behind, err);
  drv_lane_end(r->ahead);
  drv_lane_end(r->behind);
  return status;
}

/* From here to the end a signal cancels, so that the temporary file is thrown away in order. */
static int write_guarded(drv_run *run, const drv_job *job, river *r, cnnimg_error *err) {
  drv_guard_begin();
  r->file = is_file(job);
  int status = open_writer(run, job, r, err);
  if (!status) {
    drv_guard_temp(cnnimg_writer_temp(r->writer));
    status = run_rows(run, r, err);
    if (!status && drv_cancel.stop) status = fail(err, CNNIMG_CANCELLED, "cancelled");
    if (status) cnnimg_writer_abort(r->writer);
    else status = cnnimg_writer_finish(r->writer, err);
    if (!status && job->out) drv_written_add(&run->written, job->out);
  }
  drv_guard_end();
  if (status && drv_cancel.stop) status = CNNIMG_CANCELLED;
  return status;
}

/* ---- a file --------------------------------------------------------------------------- */

static int run_file(drv_run *run, const drv_job *job, river *r, drv_result *result, cnnimg_error *err) {
  int status = drv_session_for(run, &r->worked, err);
  result->model = run->model_path;
  if (status) return status;
  result->cost = *cnnimg_session_cost(run->session);
  result->width = result->cost.width;
  result->height = result->cost.height;
  print_plan(run);
  status = check_size(run->s, job, r, result, err);
  if (status) return status;
  if (run->s->dry_run) return drv_plan_only(run, result, err);
  r->result = r->worked;
  r->result.width = result->width;
  r->result.height = result->height;
  r->written = r->result;
  r->written.sample = written_sample(run->s, r->result.sample);
  status = make_rows(r, err);
  if (!status) status = write_guarded(run, job, r, err);
  if (!status) result->sigma = cnnimg_session_sigma(run->session);
  return status;
}

int drv_work(drv_run *run, const drv_job *job, drv_result *result, cnnimg_error *err) {
  river r = {0};
  double start = drv_now();
  result->model = run->model_path;
  int status = cnnimg_reader_open(run->context, job->in, !run->s->no_rotate, &r.reader, err);
  if (!status) {
    r.read = cnnimg_reader_info(r.reader)->format;
    const char *note = cnnimg_reader_info(r.reader)->note;
    if (note) drv_note(run->s, job->in, "%s", note);
    r.worked = worked_format(run->s, &r.read);
    result->in_width = result->width = r.read.width;
    result->in_height = result->height = r.read.height;
    if (run->s->measure_only) status = drv_measure(run, r.reader, result, err);
    else status = run_file(run, job, &r, result, err);
  }
  cnnimg_reader_close(r.reader);
  free(r.in);
  free(r.out);
  result->seconds = drv_now() - start;
  return status;
}

void drv_run_fini(drv_run *run) {
  drv_candidates_free(&run->candidates);
  cnnimg_session_free(run->session);
  cnnimg_model_unref(run->model);
  cnnimg_close(run->context);
  free(run->model_path);
  free(run->planned);
  drv_written_fini(&run->written);
}
