/* SPDX-License-Identifier: MIT */
/* memory.c - checked sizes and aligned memory */
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE ((uintptr_t)2 << 20)

bool ci_mul(size_t a, size_t b, size_t *out) { return !__builtin_mul_overflow(a, b, out); }
bool ci_add(size_t a, size_t b, size_t *out) { return !__builtin_add_overflow(a, b, out); }

void *ci_calloc(size_t n, size_t size) {
  size_t bytes;
  if (!ci_mul(n, size, &bytes)) return NULL;
  return calloc(bytes ? bytes : 1, 1);
}

/* Rows of a picture and packed weights lie far apart: with small pages a good part of the time goes into finding them. A
 * hint; where the system does not know it nothing happens. */
static void prefer_huge_pages(uintptr_t at, size_t bytes) {
#ifdef MADV_HUGEPAGE
  uintptr_t first = (at + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1), end = (at + bytes) & ~(HUGE_PAGE - 1);
  if (end > first) madvise((void *)first, end - first, MADV_HUGEPAGE);
#else
  (void)at, (void)bytes;
#endif
}

/* calloc'ed and aligned by hand, because fresh pages are zero already: a big arena that is never
 * touched then costs no memory. The block's true start lies just before the aligned one. */
void *ci_aligned_zero(size_t bytes) {
  size_t all;
  if (!ci_add(bytes, CI_ALIGN + sizeof(void *), &all)) return NULL;
  void *block = calloc(all, 1);
  if (!block) return NULL;
  uintptr_t at = ((uintptr_t)block + sizeof(void *) + CI_ALIGN - 1) & ~(uintptr_t)(CI_ALIGN - 1);
  memcpy((void *)(at - sizeof(void *)), &block, sizeof block);
  prefer_huge_pages(at, bytes);
  return (void *)at;
}

void ci_aligned_free(void *p) {
  if (!p) return;
  void *block;
  memcpy(&block, (char *)p - sizeof block, sizeof block);
  free(block);
}

bool ci_grow(void **items, size_t *capacity, size_t want, size_t size) {
  if (want <= *capacity) return true;
  size_t n = *capacity ? *capacity : 8, bytes;
  while (n < want)
    if (!ci_mul(n, 2, &n)) return false;
  if (!ci_mul(n, size, &bytes)) return false;
  void *bigger = realloc(*items, bytes);
  if (!bigger) return false;
  *items = bigger;
  *capacity = n;
  return true;
}

char *ci_strdup(const char *s) { return ci_strndup(s, strlen(s)); }

char *ci_strndup(const char *s, size_t n) {
  n = strnlen(s, n);
  size_t bytes;
  char *copy = ci_add(n, 1, &bytes) ? malloc(bytes) : NULL;
  if (!copy) return NULL;
  memcpy(copy, s, n);
  copy[n] = 0;
  return copy;
}

void *ci_big_alloc(const ci_allocator *a, size_t bytes) {
  if (!a || !a->alloc) return ci_aligned_zero(bytes);
  void *p = a->alloc(a->user, CI_ALIGN, bytes ? bytes : 1);
  if (p) memset(p, 0, bytes);
  return p;
}

void ci_big_free(const ci_allocator *a, void *p) {
  if (!p) return;
  if (!a || !a->alloc) ci_aligned_free(p);
  else if (a->release) a->release(a->user, p);
}
