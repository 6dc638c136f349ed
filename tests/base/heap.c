/* SPDX-License-Identifier: MIT */
/* heap.c - for tests: how much memory is asked for, and memory that fails when it is told to */
#include "tests/base/heap.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

#include <stdlib.h>

#if defined(__GLIBC__) && !defined(SANITIZED)

#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void __libc_free(void *p);

/* Of the thread that watches: what others do meanwhile is not its business. */
static _Thread_local struct {
  bool watching;
  long calls, fail_at, alive, most;
} heap;

static bool fails(void) {
  if (!heap.watching || ++heap.calls != heap.fail_at) return false;
  errno = ENOMEM;
  return true;
}

static void count(long bytes) {
  if (!heap.watching) return;
  heap.alive += bytes;
  if (heap.alive > heap.most) heap.most = heap.alive;
}

static void *born(void *p) {
  if (p) count((long)malloc_usable_size(p));
  return p;
}

void *malloc(size_t n) { return fails() ? NULL : born(__libc_malloc(n)); }
void *calloc(size_t n, size_t size) { return fails() ? NULL : born(__libc_calloc(n, size)); }

void *realloc(void *p, size_t n) {
  if (fails()) return NULL;
  long before = p ? (long)malloc_usable_size(p) : 0;
  void *q = __libc_realloc(p, n);
  if (q || !n) count(-before);
  return born(q);
}

void free(void *p) {
  if (p) count(-(long)malloc_usable_size(p));
  __libc_free(p);
}

/* Files that are mapped to be read cost no memory. */
void *mmap(void *at, size_t n, int rights, int flags, int fd, off_t offset) {
  if (fails()) return MAP_FAILED;
  void *p = (void *)syscall(SYS_mmap, at, n, rights, flags, fd, offset);
  if (p != MAP_FAILED && (rights & PROT_WRITE)) count((long)n);
  return p;
}

bool heap_works(void) { return true; }
void heap_start(long fail_at) {
  memset(&heap, 0, sizeof heap);
  heap.fail_at = fail_at, heap.watching = true;
}
void heap_stop(void) { heap.watching = false; }
long heap_calls(void) { return heap.calls; }
size_t heap_most(void) { return (size_t)heap.most; }
long heap_left(void) { return heap.alive; }

#else

bool heap_works(void) { return false; }
void heap_start(long fail_at) { (void)fail_at; }
void heap_stop(void) {}
long heap_calls(void) { return 0; }
size_t heap_most(void) { return 0; }
long heap_left(void) { return 0; }

#endif
