/* SPDX-License-Identifier: MIT */
/* progress.c - a bar with the time left on a terminal, or lines of JSON for programs */
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "driver.h"

#define SHORT_WORK 2.0 /* seconds: no bar for less */
#define EVERY 0.1      /* seconds between two drawings */
#define BAR_CELLS 24

double drv_now(void) {
  struct timespec t = {0};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void drv_progress_init(drv_progress *p, const drv_settings *s, const drv_jobs *jobs) {
  *p = (drv_progress){.bar = s->bar ? s->bar : DRV_BAR_AUTO, .start = drv_now()};
  p->terminal = isatty(STDERR_FILENO);
  if (p->bar == DRV_BAR_AUTO && (!p->terminal || s->quiet)) p->bar = DRV_BAR_NONE;
  for (size_t i = 0; i < jobs->n; i++) {
    if (jobs->at[i].fate != DRV_RUN) continue;
    p->files++;
    p->bytes_all += jobs->at[i].bytes + 1;
  }
}

void drv_progress_file(drv_progress *p, const drv_job *job) {
  p->file++;
  p->name = job->in;
  p->bytes_now = job->bytes + 1;
  if (p->file > 1) drv_progress_tick(p, 0, 1); /* files may be done between two ticks */
}

void drv_progress_done(drv_progress *p) {
  p->bytes_done += p->bytes_now;
  p->bytes_now = 0;
}

void drv_progress_clear(drv_progress *p) {
  if (p->shown && p->terminal) fprintf(stderr, "\r\033[K");
  p->shown = false;
}

static void show_json(const drv_progress *p, double part, double all, double left) {
  fputs("{\"input\":", stderr);
  drv_json_put(stderr, p->name ? p->name : "-");
  fprintf(stderr, ",\"file\":%zu,\"files\":%zu,\"fraction\":%.4f,\"total\":%.4f,\"eta\":%.1f}\n", p->file,
          p->files, part, all, left);
}

static int columns(void) {
  struct winsize w = {0};
  return !ioctl(STDERR_FILENO, TIOCGWINSZ, &w) && w.ws_col ? w.ws_col : 80;
}

static void show_bar(drv_progress *p, double all, double left) {
  char cells[BAR_CELLS + 1], count[48] = "", line[256];
  int full = (int)(all * BAR_CELLS), seconds = (int)(left < 359999 ? left + 0.5 : 359999);
  memset(cells, '.', BAR_CELLS);
  memset(cells, '#', (size_t)(full < BAR_CELLS ? full : BAR_CELLS));
  cells[BAR_CELLS] = 0;
  if (p->files > 1) snprintf(count, sizeof count, "  file %zu of %zu", p->file, p->files);
  snprintf(line, sizeof line, "[%s] %3d %%%s  %d:%02d:%02d left", cells, (int)(all * 100), count,
           seconds / 3600, seconds / 60 % 60, seconds % 60);
  fprintf(stderr, p->terminal ? "\r%.*s\033[K" : "%.*s\n", columns() - 1, line);
  fflush(stderr);
  p->shown = true;
}

int drv_progress_tick(void *progress, uint64_t done, uint64_t total) {
  drv_progress *p = progress;
  double now = drv_now(), part = total ? (double)done / (double)total : 1;
  if (cnnimg_cancel_is_set(&drv_cancel)) return 1;
  if (p->bar == DRV_BAR_NONE || (now - p->last < EVERY && done < total)) return 0;
  double all =
      p->bytes_all ? ((double)p->bytes_done + part * (double)p->bytes_now) / (double)p->bytes_all : part;
  double spent = now - p->start, left = all > 0 ? spent * (1 - all) / all : 0;
  if (p->bar == DRV_BAR_AUTO && (spent < SHORT_WORK / 4 || spent + left < SHORT_WORK)) return 0;
  p->last = now;
  if (p->bar == DRV_BAR_JSON) show_json(p, part, all, left);
  else show_bar(p, all, left);
  return 0;
}
