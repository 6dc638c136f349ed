/* SPDX-License-Identifier: MIT */
/* heap.h - for tests: how much memory is asked for, and memory that fails when it is told to */
#ifndef CI_TEST_HEAP_H
#define CI_TEST_HEAP_H

#include <stdbool.h>
#include <stddef.h>

/* A program that has heap.c stands between everything in it, libraries too, and the C library's malloc, calloc, realloc
 * and mmap. Under a sanitizer, or with another C library, that cannot be: then nothing is counted and nothing fails. */
bool heap_works(void);
/* From here on: counts, and lets the n-th allocation of this thread fail (0: none). */
void heap_start(long fail_at);
void heap_stop(void);
/* Since the start: how many allocations there were, the most bytes alive at once, the bytes that are alive still. */
long heap_calls(void);
size_t heap_most(void);
long heap_left(void);

#endif
