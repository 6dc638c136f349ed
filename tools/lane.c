/* SPDX-License-Identifier: MIT */
/* lane.c - rows of a file are decoded ahead, or encoded behind, on a thread of their own */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "driver.h"

#define PATIENCE 50000000 /* nanoseconds until a thread that waits looks whether the run is cancelled */

/*
 * A ring of rows between two threads, of which one fills it and the other takes from it, each row once and in order.
 * The helper runs the codec; the owner is the thread that computes. A row between `taken` and `made` belongs to whoever
 * takes, the others to whoever fills, so pixels are copied without the lock. At most one of the two waits at a time.
 */
struct drv_lane {
  pthread_t id;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  bool fills; /* the helper fills; else it takes */
  bool stop;
  uint32_t total, slots;
  uint32_t made, taken;
  size_t row_bytes;
  uint8_t *rows;
  drv_row_work work;
  void *user;
  int status; /* the helper has failed */
  cnnimg_error err;
};

static uint8_t *slot(const drv_lane *l, uint32_t y) {
  return l->rows + (size_t)(y % l->slots) * l->row_bytes;
}

/* With the lock: may the next row be filled (taken)? */
static bool ready(const drv_lane *l, bool fill) {
  return fill ? l->made - l->taken < l->slots : l->made > l->taken;
}

static void advance(drv_lane *l, bool fill) {
  pthread_mutex_lock(&l->lock);
  if (fill) l->made++;
  else l->taken++;
  pthread_cond_signal(&l->changed);
  pthread_mutex_unlock(&l->lock);
}

/* ---- the helper ------------------------------------------------------------------------------ */

static bool wait_for_turn(drv_lane *l) {
  pthread_mutex_lock(&l->lock);
  while (!l->stop && !ready(l, l->fills)) pthread_cond_wait(&l->changed, &l->lock);
  bool go = !l->stop;
  pthread_mutex_unlock(&l->lock);
  return go;
}

static void give_up(drv_lane *l, int status, const cnnimg_error *err) {
  pthread_mutex_lock(&l->lock);
  l->status = status;
  l->err = *err;
  pthread_cond_signal(&l->changed);
  pthread_mutex_unlock(&l->lock);
}

static void *help(void *arg) {
  drv_lane *l = arg;
  for (uint32_t y = 0; y < l->total && wait_for_turn(l); y++) {
    cnnimg_error err = {0};
    int status = l->work(l->user, slot(l, y), &err);
    if (status) {
      give_up(l, status, &err);
      return NULL;
    }
    advance(l, l->fills);
  }
  return NULL;
}

/* ---- the owner ------------------------------------------------------------------------------- */

/* With the lock: a while, or until something has changed. */
static void wait_a_little(drv_lane *l) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  t.tv_nsec += PATIENCE;
  if (t.tv_nsec >= 1000000000) t.tv_sec++, t.tv_nsec -= 1000000000;
  pthread_cond_timedwait(&l->changed, &l->lock, &t);
}

static int told(const drv_lane *l, cnnimg_error *err) {
  if (l->status) *err = l->err;
  else *err = (cnnimg_error){CNNIMG_CANCELLED, "cancelled"};
  return err->code;
}

int drv_lane_row(drv_lane *l, void *row, cnnimg_error *err) {
  pthread_mutex_lock(&l->lock);
  bool fill = !l->fills;
  while (!ready(l, fill) && !l->status && !cnnimg_cancel_is_set(&drv_cancel)) wait_a_little(l);
  /* Rows from before a failure are good; behind one that was not written there is nothing to add. */
  int status =
      cnnimg_cancel_is_set(&drv_cancel) || (fill ? l->status : !ready(l, fill)) ? told(l, err) : CNNIMG_OK;
  pthread_mutex_unlock(&l->lock);
  if (status) return status;
  if (fill) memcpy(slot(l, l->made), row, l->row_bytes);
  else memcpy(row, slot(l, l->taken), l->row_bytes);
  advance(l, fill);
  return CNNIMG_OK;
}

int drv_lane_drain(drv_lane *l, cnnimg_error *err) {
  pthread_mutex_lock(&l->lock);
  while (l->taken < l->total && !l->status && !cnnimg_cancel_is_set(&drv_cancel)) wait_a_little(l);
  int status = l->taken < l->total ? told(l, err) : CNNIMG_OK;
  pthread_mutex_unlock(&l->lock);
  return status;
}

/* ---- life -------------------------------------------------------------------------------------- */

/* Signals are for the thread that computes, whose system calls they interrupt; SIGBUS is for whom it happens to. */
int drv_thread_start(pthread_t *id, void *(*work)(void *), void *arg) {
  sigset_t all, before;
  sigfillset(&all);
  sigdelset(&all, SIGBUS);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int failed = pthread_create(id, NULL, work, arg);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return failed;
}

static void destroy(drv_lane *l) {
  pthread_cond_destroy(&l->changed);
  pthread_mutex_destroy(&l->lock);
  free(l->rows);
  free(l);
}

drv_lane *drv_lane_start(const cnnimg_format *f, uint32_t slots, bool fills, drv_row_work work, void *user) {
  pthread_condattr_t monotonic;
  drv_lane *l = calloc(1, sizeof *l);
  if (!l) return NULL;
  l->fills = fills, l->total = f->height, l->work = work, l->user = user;
  l->row_bytes = drv_row_bytes(f);
  l->slots = slots;
  l->rows = calloc(slots, l->row_bytes);
  pthread_mutex_init(&l->lock, NULL);
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&l->changed, &monotonic);
  pthread_condattr_destroy(&monotonic);
  if (l->rows && !drv_thread_start(&l->id, help, l)) return l;
  destroy(l);
  return NULL;
}

void drv_lane_end(drv_lane *l) {
  if (!l) return;
  pthread_mutex_lock(&l->lock);
  l->stop = true;
  pthread_cond_signal(&l->changed);
  pthread_mutex_unlock(&l->lock);
  pthread_join(l->id, NULL);
  destroy(l);
}
