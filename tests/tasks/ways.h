/* SPDX-License-Identifier: MIT */
/* ways.h - a session run in every way that there is: the bytes must be the same */
#ifndef WAYS_H
#define WAYS_H

#include "tests/api/door.h"

/* A context of two threads; for cmocka's groups. */
int ways_setup(void **state);
int ways_teardown(void **state);
/* tests/tasks/data/NAME. */
void ways_path(const char *name, char *path, size_t size);
cnnimg_model *ways_model(cnnimg_context *c, const char *name);

/* Rows through callbacks, rectangles, in place, in stripes, by another number of threads: as `want`, which cnnimg_run() of
 * a session for p made of src, in the source's own format. */
void ways_check(cnnimg_model *m, const cnnimg_params *p, const cnnimg_view *src, const cnnimg_view *want);
/* The cap on memory that ways_check() also tries, bytes. */
extern uint64_t ways_cap;
/* Runs src for p; calloc'ed pixels of that sample, described by *out. */
void *ways_run(cnnimg_context *c, cnnimg_model *m, const cnnimg_params *p, const cnnimg_view *src, int sample,
               cnnimg_view *out);
/* Colours and alpha differ by at most that. */
void ways_near(const cnnimg_view *a, const cnnimg_view *b, float most, const char *what);

/* A network of single pixels that takes a mask, hints, a map of sigma and a kernel besides: with those parameters it must
 * answer as without them, so a mask or a hint that lay wrong would show. most: 0 wants the same bytes. */
void ways_inputs(cnnimg_context *c, uint32_t augment, uint32_t wrap, float most);

#endif
