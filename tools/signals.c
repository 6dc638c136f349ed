/* SPDX-License-Identifier: MIT */
/* signals.c - an interrupt cancels the run, which removes its temporary file; a second one does not wait */
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "driver.h"

/*
 * Signal handlers can reach nothing but globals, and may run on any thread. stage says what is at stake: nothing
 * (die at once), a file that is being made and whose name is not known yet, a run that must be ended in order, or
 * one with a temporary file that a second signal may unlink.
 */
enum { NOTHING, OPENING, RUNNING, TEMPORARY };

cnnimg_cancel drv_cancel;
static atomic_int stage, caught;
static char temp_path[PATH_MAX];

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
  if (atomic_load(&stage) == NOTHING) die_by(sig);
  if (!before || atomic_load(&stage) == OPENING) return;
  if (atomic_load(&stage) == TEMPORARY) unlink(temp_path);
  _exit(128 + sig);
}

/* A mapped file was shortened, or its disk has gone: no bug of ours, so it is said, and no litter stays. */
static void on_bus(int sig, siginfo_t *info, void *context) {
  static const char text[] = "a file that was being read was shortened or cannot be read any more\n";
  (void)context;
  if (atomic_load(&stage) == TEMPORARY) unlink(temp_path);
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

void drv_guard_begin(void) { atomic_store(&stage, OPENING); }

void drv_guard_temp(const char *path) {
  bool known = path && strlen(path) < sizeof temp_path;
  if (known) strcpy(temp_path, path);
  atomic_store(&stage, known ? TEMPORARY : RUNNING);
}

void drv_guard_end(void) { atomic_store(&stage, NOTHING); }

void drv_signals_finish(void) {
  int sig = atomic_load(&caught);
  if (sig) die_by(sig);
}
