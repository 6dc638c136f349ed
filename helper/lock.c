/* SPDX-License-Identifier: MIT */
/* lock.c - closes the doors: limits of time, memory and files, and only the system calls that reading needs */
#include <errno.h>
#include <stddef.h>
#include <sys/resource.h>

#include "helper.h"

#ifndef HELPER_SECCOMP
#define HELPER_SECCOMP 0
#endif

/* A sanitizer maps terabytes and reads /proc for its reports. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WATCHED 1
#endif
#endif
#ifndef WATCHED
#define WATCHED 0
#endif

#if HELPER_SECCOMP
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#else
#define OUR_ARCH AUDIT_ARCH_AARCH64
#endif

#define ALLOW(name)                                                \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)SYS_##name, 0, 1), \
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/* What is not in the list fails as if it were forbidden; nothing is killed, so libraries that merely ask go on. */
static void lock_calls(void) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCH, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, nr)),
      ALLOW(read),
      ALLOW(pread64),
      ALLOW(lseek),
      ALLOW(write),
      ALLOW(writev),
      ALLOW(fstat),
#ifdef SYS_newfstatat
      ALLOW(newfstatat),
#endif
      ALLOW(brk),
      ALLOW(mmap),
      ALLOW(munmap),
      ALLOW(mremap),
      ALLOW(mprotect),
      ALLOW(madvise),
      ALLOW(futex),
      ALLOW(close),
      ALLOW(exit),
      ALLOW(exit_group),
      ALLOW(rt_sigreturn),
      ALLOW(rt_sigprocmask),
      ALLOW(rt_sigaction),
      ALLOW(getpid),
      ALLOW(gettid),
      ALLOW(clock_gettime),
      ALLOW(gettimeofday),
      ALLOW(getrandom),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (EACCES & SECCOMP_RET_DATA)),
  };
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}
#else
static void lock_calls(void) {}
#endif

static void limit(int what, uint64_t most) {
  struct rlimit now;
  if (getrlimit((__typeof__(RLIMIT_CPU))what, &now)) return;
  if (now.rlim_cur > most) now.rlim_cur = (rlim_t)most;
  if (now.rlim_max > most) now.rlim_max = (rlim_t)most;
  setrlimit((__typeof__(RLIMIT_CPU))what, &now);
}

/* SIGXCPU first, which says why; SIGKILL a second later. */
static void limit_time(uint64_t seconds) {
  struct rlimit now;
  limit(RLIMIT_CPU, seconds + 1);
  if (getrlimit(RLIMIT_CPU, &now)) return;
  if (now.rlim_cur > seconds) now.rlim_cur = (rlim_t)seconds;
  setrlimit(RLIMIT_CPU, &now);
}

void helper_lock(size_t size) {
  uint64_t answer = HELPER_BASE + HELPER_FACTOR * (uint64_t)size;
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, 0);
  limit_time(2 + size / ((size_t)4 << 20));
  if (WATCHED) return;
  limit(RLIMIT_AS, ((uint64_t)192 << 20) + 3 * answer); /* the list, one tensor, one chunk; libraries */
  limit(RLIMIT_NPROC, 0);
  limit(RLIMIT_NOFILE, 0);
  lock_calls();
}
