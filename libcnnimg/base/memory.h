/* SPDX-License-Identifier: MIT */
/* memory.h - checked sizes and aligned memory */
#ifndef CI_MEMORY_H
#define CI_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CI_ALIGN 64 /* bytes: a cache line, and the widest vector */

/* *out = a * b (or a + b); false if it does not fit. */
bool ci_mul(size_t a, size_t b, size_t *out);
bool ci_add(size_t a, size_t b, size_t *out);

/* n zeroed items, or NULL (also when n * size overflows). Free with free(). */
void *ci_calloc(size_t n, size_t size);
/* CI_ALIGN-aligned zeroed bytes, or NULL. Free with ci_aligned_free(). */
void *ci_aligned_zero(size_t bytes);
void ci_aligned_free(void *p);
/* Grows *items (of `size` bytes each) to hold at least `want`; false if memory is short. */
bool ci_grow(void **items, size_t *capacity, size_t want, size_t size);
char *ci_strdup(const char *s);
char *ci_strndup(const char *s, size_t n);

/* The caller's allocator for big blocks (arenas, packed weights). NULL functions: the C library's. */
typedef struct ci_allocator {
  void *(*alloc)(void *user, size_t align, size_t n);
  void (*release)(void *user, void *p);
  void *user;
} ci_allocator;
void *ci_big_alloc(const ci_allocator *a, size_t bytes); /* zeroed, CI_ALIGN-aligned */
void ci_big_free(const ci_allocator *a, void *p);

static inline size_t ci_round_up(size_t n, size_t to) { return (n + to - 1) / to * to; }

#endif
