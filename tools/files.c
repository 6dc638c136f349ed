/* SPDX-License-Identifier: MIT */
/* files.c - all files in their order: the next one is opened, the end of the last one written, while one is computed */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "driver.h"

/*
 * At most three files are in work. A thread opens the next one and, where it is small, decodes it; another encodes what is
 * left of the last one and renames it. Sessions, reports and everything else belong to the main thread.
 */
struct drv_item {
  const drv_run *run;
  const drv_job *job;
  drv_river river;
  drv_result result;
  cnnimg_error err;
  int status;
  double start;
  char *model; /* of its own: the run may have gone on to another one */
  pthread_t thread;
  atomic_bool written; /* the thread that writes the end is done */
  bool made;           /* somebody else has written the result */
};

static drv_item *new_item(const drv_run *run, const drv_job *job) {
  drv_item *it = calloc(1, sizeof *it);
  if (!it) return NULL;
  it->run = run;
  it->job = job;
  it->river.guard = -1;
  it->result = (drv_result){.sigma = -1, .seconds = -1, .estimate = -1};
  return it;
}

static void free_item(drv_item *it) {
  if (!it) return;
  drv_river_close(&it->river);
  free(it->model);
  free(it);
}

/* ---- reports, in the order of the files ------------------------------------------------ */

static void report(drv_run *run, const drv_job *job, const drv_result *r) {
  drv_report(run->s, job, r, run->alone);
  if (!strcmp(r->status, "failed")) run->failed = true;
  if (run->broken || run->s->place == DRV_TO_STDOUT || !fflush(stdout)) return;
  drv_say(run->s, NULL, "standard output: %s", strerror(errno));
  run->broken = run->failed = true;
}

static const char *word_for(const drv_settings *s, int status) {
  return status ? "failed" : s->dry_run ? "planned" : s->measure_only ? "measured" : "done";
}

/* The list is old after some hours: where results are not made twice, another run may have made this one. */
static bool made_meanwhile(const drv_run *run, const drv_job *job) {
  struct stat st;
  return run->s->existing == DRV_SKIP_EXISTING && job->out && !stat(job->out, &st) && S_ISREG(st.st_mode);
}

/* A file has come to its end, well or not. */
static void close_item(drv_run *run, drv_item *it) {
  drv_result *r = &it->result;
  if (it->status == CNNIMG_IO && made_meanwhile(run, it->job)) it->made = true, it->status = CNNIMG_OK;
  r->status = it->made ? "skipped" : word_for(run->s, it->status);
  if (it->made) snprintf(r->error, sizeof r->error, "%s exists by now", it->job->out);
  if (it->status)
    snprintf(r->error, sizeof r->error, "%s", *it->err.text ? it->err.text : cnnimg_status_text(it->status));
  if (!strcmp(r->status, "done") && it->job->out) drv_written_add(&run->written, it->job->out);
  report(run, it->job, r);
  free_item(it);
}

static void settle_last(drv_run *run) {
  drv_item *it = run->last;
  if (!it) return;
  pthread_join(it->thread, NULL);
  run->last = NULL;
  close_item(run, it);
}

int drv_files_tick(void *user, uint64_t done, uint64_t total) {
  drv_run *run = user;
  if (run->last && atomic_load(&run->last->written)) settle_last(run);
  return run->before ? drv_before_tick(run, done, total) : drv_progress_tick(&run->progress, done, total);
}

/* What was decided before any work: junk, doubles, inputs that would be overwritten. */
static void report_decided(drv_run *run, const drv_job *job) {
  drv_result r = {.sigma = -1, .seconds = -1, .estimate = -1};
  r.status = job->fate == DRV_PASS ? "skipped" : "failed";
  snprintf(r.error, sizeof r.error, "%s", job->reason ? job->reason : "out of memory");
  settle_last(run);
  report(run, job, &r);
}

/* ---- the next file, opened early ---------------------------------------------------------- */

static void *open_early(void *arg) {
  drv_item *it = arg;
  it->status = drv_river_open(it->run, &it->river, it->job, true, &it->err);
  return NULL;
}

/* A pipe is not opened early: one may wait for it as long as it likes, and signals end that on the main thread only. */
static void start_next(drv_run *run, const drv_jobs *jobs, size_t i) {
  while (++i < jobs->n && jobs->at[i].fate != DRV_RUN) continue;
  if (i >= jobs->n || !jobs->at[i].regular || cnnimg_session_cost(run->session)->threads < 2) return;
  drv_item *it = new_item(run, &jobs->at[i]);
  if (it && !drv_thread_start(&it->thread, open_early, it)) run->next = it;
  else free_item(it);
}

static drv_item *take_next(drv_run *run) {
  drv_item *it = run->next;
  run->next = NULL;
  if (it) pthread_join(it->thread, NULL);
  return it;
}

static drv_item *open_item(drv_run *run, const drv_job *job) {
  drv_item *it = take_next(run);
  if (it) return it;
  if (!job->regular) settle_last(run); /* while it waits for a pipe, a signal must find nothing at stake */
  it = new_item(run, job);
  if (it) it->start = drv_now();
  if (it) it->status = drv_river_open(run, &it->river, job, false, &it->err);
  return it;
}

/* ---- one file ------------------------------------------------------------------------------- */

static void *write_end(void *arg) {
  drv_item *it = arg;
  it->status = drv_river_finish(&it->river, CNNIMG_OK, &it->err);
  it->result.seconds = drv_now() - it->start;
  atomic_store(&it->written, true);
  return NULL;
}

/* The rows of it wait to be encoded: that can be done beside the next file. */
static bool leave_behind(drv_run *run, drv_item *it, bool more) {
  if (it->status || !it->river.behind || !more || cnnimg_cancel_is_set(&drv_cancel)) return false;
  if (drv_thread_start(&it->thread, write_end, it)) return false;
  run->last = it;
  return true;
}

static int plan_or_measure(drv_run *run, drv_item *it) {
  if (run->s->measure_only) return drv_measure(run, it->river.reader, &it->result, &it->err);
  int status = drv_river_plan(run, &it->river, &it->result, &it->err);
  return status || !run->s->dry_run ? status : drv_plan_only(run, &it->result, &it->err);
}

static bool is_link(const char *path) {
  struct stat st;
  return path && !lstat(path, &st) && S_ISLNK(st.st_mode);
}

static void compute(drv_run *run, drv_item *it) {
  if (is_link(it->job->out)) settle_last(run); /* it may lead to what is not renamed yet */
  it->status = drv_river_run(run, &it->river, &it->result, &it->err);
  settle_last(run);
  if (!it->status)
    it->status = drv_river_place(run, &it->river, &it->err); /* the last one has its name by now */
  if (it->status) it->status = drv_river_finish(&it->river, it->status, &it->err);
}

/* What the file holds besides, and what is left behind, is said. */
static void say_besides(const drv_run *run, const drv_item *it) {
  const char *note = it->river.reader ? cnnimg_reader_info(it->river.reader)->note : NULL;
  if (note) drv_note(run->s, it->job->in, "%s", note);
}

static void do_file(drv_run *run, const drv_jobs *jobs, size_t i) {
  drv_progress_file(&run->progress, &jobs->at[i]);
  drv_item *it = open_item(run, &jobs->at[i]);
  bool writes = !run->s->measure_only && !run->s->dry_run;
  if (!it) {
    drv_say(run->s, jobs->at[i].in, "out of memory");
    run->failed = true;
    return;
  }
  if (it->start <= 0) it->start = drv_now();
  say_besides(run, it);
  it->result.in_width = it->result.width = it->river.read.width;
  it->result.in_height = it->result.height = it->river.read.height;
  it->made = made_meanwhile(run, it->job);
  if (!it->status && !it->made) it->status = plan_or_measure(run, it);
  if (it->result.model) it->result.model = it->model = strdup(it->result.model);
  if (!it->status && !it->made && writes) {
    start_next(run, jobs, i);
    compute(run, it);
    if (leave_behind(run, it, run->next != NULL)) return;
    if (!it->status) it->status = drv_river_finish(&it->river, CNNIMG_OK, &it->err);
  }
  settle_last(run);
  it->result.seconds = drv_now() - it->start;
  close_item(run, it);
}

int drv_do_files(drv_run *run, const drv_jobs *jobs) {
  const drv_settings *s = run->s;
  run->alone = jobs->n == 1 && s->inputs.n == 1 && !s->files_from && !drv_is_folder(s->inputs.at[0]);
  for (size_t i = 0; i < jobs->n && !cnnimg_cancel_is_set(&drv_cancel) && !run->broken; i++) {
    if (jobs->at[i].fate != DRV_RUN) {
      report_decided(run, &jobs->at[i]);
      continue;
    }
    do_file(run, jobs, i);
    drv_progress_done(&run->progress);
  }
  settle_last(run);
  free_item(take_next(run));
  return run->failed ? DRV_EXIT_FAILED : DRV_EXIT_OK;
}
