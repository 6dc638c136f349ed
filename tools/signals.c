/* SPDX-License-Identifier: MIT */
/* signals.c - an interrupt cancels the run, which removes its temporary file; a second one does not wait */
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "driver.h"

/*
 * Signal handlers can reach nothing but globals, and may run on any thread. stage says what is at stake, for
 * each of the two files that may be in work (one that is computed, one whose end is written): nothing
 * (die at once), a file that is being made and whose name is not known yet, a run that must be ended in order, or
 * one with a temporary file that a second signal may unlink.
 */
enum { NOTHING, OPENING, RUNNING, TEMPORARY };

cnnimg_cancel drv_cancel;
static atomic_int stage[DRV_GUARDS], caught;
static char temp_path[DRV_GUARDS][PATH_MAX];

static bool any(int what) {
  for (int i = 0; i < DRV_GUARDS; i++)
    if (atomic_load(&stage[i]) == what) return true;
  return false;
}

static bool idle(void) {
  for (int i = 0; i < DRV_GUARDS; i++)
    if (atomic_load(&stage[i]) != NOTHING) return false;
  return true;
}

static void unlink_temps(void) {
  for (int i = 0; i < DRV_GUARDS; i++)
    if (atomic_load(&stage[i]) == TEMPORARY) unlink(temp_path[i]);
}

static void die_by(int sig) {
  signal(sig, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, sig);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
  raise(sig);
  _exit(128 + sig);
}

static void on_signal(int sig) {
  int before = atomic_exchange(&caught, sig);
  cnnimg_cancel_set(&drv_cancel);
  if (idle()) die_by(sig);
  if (!before || any(OPENING)) return;
  unlink_temps();
  _exit(128 + sig);
}

/* A mapped file was shortened, or its disk has gone: no bug of ours, so it is said, and no litter stays. */
static void on_bus(int sig, siginfo_t *info, void *context) {
  static const char text[] = "a file that was being read was shortened or cannot be read any more\n";
  (void)context;
  unlink_temps();
  if (info->si_code != BUS_ADRERR) die_by(sig);
  if (write(STDERR_FILENO, text, sizeof text - 1) < 0) _exit(DRV_EXIT_FAILED);
  _exit(DRV_EXIT_FAILED);
}

/* What was ignored from the start (nohup, a shell's background job) stays ignored. */
static void catch_one(int sig) {
  struct sigaction old, act = {.sa_handler = on_signal};
  sigemptyset(&act.sa_mask);
  if (!sigaction(sig, NULL, &old) && old.sa_handler == SIG_IGN) return;
  sigaction(sig, &act, NULL);
}

void drv_signals_install(void) {
  static const int all[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
  struct sigaction bus = {.sa_sigaction = on_bus, .sa_flags = SA_SIGINFO};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) catch_one(all[i]);
  sigemptyset(&bus.sa_mask);
  sigaction(SIGBUS, &bus, NULL);
}

int drv_guard_begin(void) {
  int guard = atomic_load(&stage[0]) == NOTHING ? 0 : 1; /* begun by one thread only, so that it stays free */
  atomic_store(&stage[guard], OPENING);
  return guard;
}

void drv_guard_temp(int guard, const char *path) {
  bool known = path && strlen(path) < sizeof temp_path[guard];
  if (known) strcpy(temp_path[guard], path);
  atomic_store(&stage[guard], known ? TEMPORARY : RUNNING);
}

void drv_guard_end(int guard) {
  if (guard >= 0) atomic_store(&stage[guard], NOTHING);
}

void drv_signals_finish(void) {
  int sig = atomic_load(&caught);
  if (sig) die_by(sig);
}
