/* SPDX-License-Identifier: MIT */
/* helper_run.c - starts the program that reads HDF5 and MAT files, feeds it the file, judges its end */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "formats/helper.h"

#define FIRST_ROOM ((size_t)64 << 10)

extern char **environ;

static int64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- the file as a descriptor --------------------------------------------------------------- */

/* Descriptors 0, 1 and 2 may be free in the host: the child's own are made from others. */
static int above_two(int fd) {
  if (fd < 0 || fd > 2) return fd;
  int high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  close(fd);
  return high;
}

/* The file itself, where it still is what was mapped. */
static int reopen(const ci_source *src) {
  struct stat st;
  if (!src->path || stat(src->path, &st) || !S_ISREG(st.st_mode)) return -1;
  int fd = above_two(open(src->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) && (uintmax_t)st.st_size == src->size) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

/* A copy in memory: of a pipe, or of what the caller has in memory. */
static int copy(const ci_source *src) {
  int fd = above_two(memfd_create("cnnimg", MFD_CLOEXEC));
  size_t at = 0;
  while (fd >= 0 && at < src->size) {
    ssize_t n = write(fd, src->data + at, src->size - at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      close(fd);
      return -1;
    }
    at += (size_t)n;
  }
  return fd;
}

/* ---- the child ---------------------------------------------------------------------------------- */

static int program_path(const ci_source *src, char *room, size_t size, cnnimg_error *err) {
  const char *folder = secure_getenv(CI_HELPER_VARIABLE);
  int n = snprintf(room, size, "%s/%s", folder && folder[0] ? folder : CNNIMG_LIBEXEC_DIR, CI_HELPER_NAME);
  if (n > 0 && (size_t)n < size && !access(room, X_OK)) return CNNIMG_OK;
  return ci_fail(
      err, CNNIMG_UNSUPPORTED,
      "%s: HDF5 and MAT files are read by the program %.200s, which is not there; build cnnimg with "
      "libhdf5-dev and libmatio-dev (Debian's packages), or say in " CI_HELPER_VARIABLE " where it is",
      src->name, room);
}

/* Signals as a fresh program expects them, whatever the host and this thread do with theirs. */
static bool set_attributes(posix_spawnattr_t *attributes) {
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  return !posix_spawnattr_setsigdefault(attributes, &all) && !posix_spawnattr_setsigmask(attributes, &none) &&
         !posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

/* 0, or an errno. */
static int spawn(const char *program, int file, int out, int complaint, pid_t *pid) {
  char *argv[] = {(char *)(uintptr_t)program, NULL};
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  if (posix_spawn_file_actions_init(&actions)) return ENOMEM;
  if (posix_spawnattr_init(&attributes)) {
    posix_spawn_file_actions_destroy(&actions);
    return ENOMEM;
  }
  bool ok = set_attributes(&attributes) && !posix_spawn_file_actions_adddup2(&actions, file, 0) &&
            !posix_spawn_file_actions_adddup2(&actions, out, 1) &&
            !posix_spawn_file_actions_adddup2(&actions, complaint, 2);
  int rc = ok ? posix_spawn(pid, program, &actions, &attributes, argv, environ) : ENOMEM;
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return rc;
}

static bool make_pipe(int fd[2]) {
  if (pipe2(fd, O_CLOEXEC)) {
    fd[0] = fd[1] = -1;
    return false;
  }
  fd[0] = above_two(fd[0]);
  fd[1] = above_two(fd[1]);
  return fd[0] >= 0 && fd[1] >= 0;
}

static void shut(int fd) {
  if (fd >= 0) close(fd);
}

/* ---- what it says ----------------------------------------------------------------------------------- */

typedef struct talk {
  const ci_source *src;
  ci_helper_answer *answer;
  size_t capacity;
  char words[480];
  size_t n_words;
  int64_t until; /* now_ms() of the end */
} talk;

static int no_memory(const talk *t, cnnimg_error *err) {
  return ci_fail(err, CNNIMG_NOMEM, "%s: no memory for its tensors", t->src->name);
}

/* Reads once; *fd becomes -1 at its end. */
static int take_answer(talk *t, int *fd, cnnimg_error *err) {
  ci_helper_answer *a = t->answer;
  if (a->size == t->capacity && !ci_grow((void **)&a->bytes, &t->capacity, a->size + FIRST_ROOM, 1))
    return no_memory(t, err);
  ssize_t n = read(*fd, a->bytes + a->size, t->capacity - a->size);
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return CNNIMG_OK;
  if (n > 0) a->size += (size_t)n;
  if (a->size > CI_HELPER_MOST(t->src->size))
    return ci_fail(err, CNNIMG_LIMIT, "%s: its tensors are more than 40 times the file", t->src->name);
  if (n <= 0) {
    close(*fd);
    *fd = -1;
  }
  return CNNIMG_OK;
}

static void take_words(talk *t, int *fd) {
  char room[512];
  ssize_t n = read(*fd, room, sizeof room);
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
  size_t left = sizeof t->words - 1 - t->n_words, take = n > 0 ? (size_t)n : 0;
  if (take > left) take = left;
  memcpy(t->words + t->n_words, room, take);
  t->n_words += take;
  if (n > 0) return;
  close(*fd);
  *fd = -1;
}

static int late(const talk *t, cnnimg_error *err) {
  return ci_fail(err, CNNIMG_CORRUPT,
                 "%s: the program that reads it (" CI_HELPER_NAME
                 ") was stopped because it took too long; the file is "
                 "damaged",
                 t->src->name);
}

static int listen_to(talk *t, int *out, int *complaint, cnnimg_error *err) {
  while (*out >= 0 || *complaint >= 0) {
    struct pollfd both[2] = {{*out, POLLIN, 0}, {*complaint, POLLIN, 0}};
    int64_t left = t->until - now_ms();
    if (left <= 0) return late(t, err);
    int n = poll(both, 2, left > 1000 ? 1000 : (int)left);
    if (n < 0 && errno != EINTR) return ci_fail_errno(err, t->src->name, "cannot wait for " CI_HELPER_NAME);
    if (n <= 0) continue;
    int status = both[0].revents ? take_answer(t, out, err) : CNNIMG_OK;
    if (status) return status;
    if (both[1].revents) take_words(t, complaint);
  }
  return CNNIMG_OK;
}

/* ---- how it ends ---------------------------------------------------------------------------------------- */

/* Its wait status; -1: somebody else of this process has asked first (SIGCHLD ignored, or a handler that takes all). */
static int wait_for(pid_t pid, int flags) {
  int status;
  pid_t got;
  do got = waitpid(pid, &status, flags);
  while (got < 0 && errno == EINTR);
  return got == pid ? status : got == 0 ? -2 : -1;
}

/* Both pipes are closed, so it is about to end; if not, it is ended. */
static int end_of(const talk *t, pid_t pid, bool at_once) {
  struct timespec nap = {0, 200000};
  int status;
  while ((status = wait_for(pid, WNOHANG)) == -2) {
    if (at_once || now_ms() >= t->until) {
      kill(pid, SIGKILL);
      return wait_for(pid, 0);
    }
    nanosleep(&nap, NULL);
    if (nap.tv_nsec < 20000000) nap.tv_nsec *= 2;
  }
  return status;
}

static int judge(talk *t, int status, cnnimg_error *err) {
  int code = status >= 0 && WIFEXITED(status) ? WEXITSTATUS(status) - CI_HELPER_FAILED : -1;
  t->words[strcspn(t->words, "\n")] = 0;
  if (status == 0 || (status == -1 && !t->n_words)) return CNNIMG_OK;
  if (status == -1 && t->n_words) code = CNNIMG_CORRUPT;
  if (code > CNNIMG_OK && code < CNNIMG_CANCELLED && t->words[0])
    return ci_fail(err, code, "%s: %s", t->src->name, t->words);
  if (status >= 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU) return late(t, err);
  if (status >= 0 && WIFSIGNALED(status))
    return ci_fail(err, CNNIMG_CORRUPT,
                   "%s: the program that reads it (" CI_HELPER_NAME
                   ") broke down (signal %d); the file is damaged",
                   t->src->name, WTERMSIG(status));
  return ci_fail(err, CNNIMG_CORRUPT,
                 "%s: the program that reads it (" CI_HELPER_NAME ") gave up%s%.200s; the file is damaged",
                 t->src->name, t->words[0] ? ": " : "", t->words);
}

int ci_helper_collect(const ci_source *src, int pid, int out, int complaint, int64_t milliseconds,
                      ci_helper_answer *answer, cnnimg_error *err) {
  talk t = {.src = src, .answer = answer, .until = now_ms() + milliseconds};
  *answer = (ci_helper_answer){0};
  int status = listen_to(&t, &out, &complaint, err);
  shut(out);
  shut(complaint);
  int end = end_of(&t, pid, status != CNNIMG_OK);
  if (!status) status = judge(&t, end, err);
  if (status) {
    free(answer->bytes);
    *answer = (ci_helper_answer){0};
  }
  return status;
}

int ci_helper_run(const ci_source *src, int64_t milliseconds, ci_helper_answer *out, cnnimg_error *err) {
  char program[4096];
  int answer[2] = {-1, -1}, words[2] = {-1, -1}, file = -1, rc = 0;
  pid_t pid = -1;
  *out = (ci_helper_answer){0};
  int status = program_path(src, program, sizeof program, err);
  if (status) return status;
  if (milliseconds <= 0) milliseconds = 20000 + (int64_t)(src->size / 4000); /* 4 MB a second at least */
  if ((file = reopen(src)) < 0) file = copy(src);
  bool ok = file >= 0 && make_pipe(answer) && make_pipe(words);
  if (!ok) status = ci_fail_errno(err, src->name, "cannot hand the file to " CI_HELPER_NAME);
  else if ((rc = spawn(program, file, answer[1], words[1], &pid)) != 0)
    status = ci_fail(err, CNNIMG_UNSUPPORTED, "%s: the program that reads it cannot be started: %.200s: %s",
                     src->name, program, strerror(rc));
  shut(file);
  shut(answer[1]);
  shut(words[1]);
  if (!status) return ci_helper_collect(src, pid, answer[0], words[0], milliseconds, out, err);
  shut(answer[0]);
  shut(words[0]);
  return status;
}
