/* SPDX-License-Identifier: MIT */
/* driver.c - the one main: options, files, model, work, exit status */
#include "driver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void settings_init(drv_settings *s, const drv_tool *tool) {
  *s = (drv_settings){.tool = tool, .keep = CNNIMG_KEEP_ALL};
  cnnimg_params_init(&s->params, tool->task);
  cnnimg_config_init(&s->config);
  if (tool->defaults) tool->defaults(s);
}

static int open_context(drv_run *run) {
  cnnimg_error err = {0};
  if (!cnnimg_open(&run->s->config, &run->context, &err)) return DRV_GO;
  drv_say(run->s, NULL, "%s", err.text);
  return DRV_EXIT_FAILED;
}

static int load_model(drv_run *run, drv_settings *s) {
  cnnimg_error err = {0};
  const drv_want want = s->tool->wants_model ? s->tool->wants_model(s) : DRV_WANTED;
  if (run->model || want == DRV_UNWANTED) return DRV_GO;
  if (want == DRV_WANTED_IF_THERE && !drv_model_is_there(s)) return DRV_GO;
  int status = drv_picks(s) ? drv_gather(run) : DRV_GO;
  if (status != DRV_GO) return status;
  if (run->candidates.n) return drv_before_load(run);
  run->model_path = drv_find_model(s);
  if (!run->model_path) return DRV_EXIT_MODEL;
  if (!cnnimg_model_load_opt(run->context, run->model_path, s->model_opts.at, &run->model, &err)) {
    status = drv_check_model(s, run->model, run->model_path);
    if (status == DRV_GO) status = drv_use_level(s, run->model, run->model_path);
    run->params.sigma = s->params.sigma;
    return status == DRV_GO ? drv_before_load(run) : status;
  }
  drv_say(run->s, run->model_path, "%s", err.text);
  return DRV_EXIT_MODEL;
}

/* ---- the files ------------------------------------------------------------------- */

static int do_pictures(drv_run *run, drv_settings *s) {
  drv_jobs jobs = {0};
  int status = drv_collect(s, &jobs);
  if (status == DRV_GO) {
    drv_progress_init(&run->progress, s, &jobs);
    if (!jobs.n) drv_note(s, NULL, "there are no pictures there");
    if (run->progress.files && (!s->measure_only || s->tool->ask)) status = load_model(run, s);
    if (run->progress.files && status == DRV_GO && s->tool->start) status = s->tool->start(run);
  }
  s->progress = &run->progress;
  if (status == DRV_GO) status = drv_do_files(run, &jobs);
  drv_progress_clear(&run->progress);
  drv_jobs_free(&jobs);
  return status;
}

static int save_model(drv_run *run, drv_settings *s) {
  cnnimg_error err = {0};
  const cnnimg_format any = {.width = 1, .height = 1, .colours = 3, .sample = CNNIMG_U8};
  int status = load_model(run, s);
  if (status == DRV_GO && drv_pick(run, &any, &err)) {
    drv_say(run->s, NULL, "%s", err.text);
    status = DRV_EXIT_MODEL;
  }
  return status == DRV_GO ? drv_save_model(run->s, run->model, run->model_path) : status;
}

static int answer(drv_run *run, drv_settings *s) {
  int status = open_context(run);
  if (status != DRV_GO) return status;
  run->params = s->params;
  run->params.cancel = &drv_cancel;
  run->params.progress = drv_files_tick;
  run->params.progress_user = run;
  if (s->list_models) return drv_list_models(s, run->context);
  if (s->model_info) return drv_model_card(s, run->context);
  status = s->save_model && !s->dry_run ? save_model(run, s) : DRV_GO;
  bool pictures = s->inputs.n || s->files_from;
  return status != DRV_GO ? status : pictures ? do_pictures(run, s) : DRV_EXIT_OK;
}

/* Where a standard stream is closed, the next file that is opened would get its number, and all that is printed. */
static void hold_streams(void) {
  for (int fd = 0; fd < 3; fd++)
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd) _exit(DRV_EXIT_FAILED);
}

int main(int argc, char **argv) {
  drv_settings s;
  drv_run run = {.s = &s};
  hold_streams();
  settings_init(&s, &drv_this_tool);
  drv_signals_install();
  drv_near_helper();
  int status = drv_parse(&s, argc, argv);
  if (status == DRV_GO) status = answer(&run, &s);
  drv_run_fini(&run);
  if (s.tool->finish) s.tool->finish();
  drv_settings_free(&s);
  if (fflush(stdout) && !status) {
    drv_say(&s, NULL, "standard output: %s", strerror(errno));
    status = DRV_EXIT_FAILED;
  }
  drv_signals_finish();
  return status;
}
