/* SPDX-License-Identifier: MIT */
/* store.h - named tensors and remarks: what a weight file holds that says no graph */
#ifndef CI_STORE_H
#define CI_STORE_H

#include "base/keep.h"
#include "net/program.h"

#define CI_STORE_MOST (1 << 18) /* tensors that a file may have */
#define CI_STORE_REMARKS (1 << 13)

typedef struct ci_entry {
  char *name; /* as the file has it: "body.0.weight", "conv1/conv1/kernel:0", "model/weight/0" */
  ci_tensor *
      tensor; /* first dimension slowest, as the file's program sees it; MATLAB's are reversed: (O, I, W, H) */
  bool used;  /* an architecture has taken it */
} ci_entry;

/* Who asks for names that are not there, and what for: see ci_arch_build(). */
typedef struct ci_store_trace {
  size_t found;     /* questions that were answered */
  size_t run, most; /* answered in a row: now, and before `missing` */
  char missing[96]; /* the name that ended the longest row */
} ci_store_trace;

typedef struct ci_store {
  ci_entry *entries; /* sorted by name once ci_store_finish() has run */
  size_t n, cap;
  ci_card_line
      *meta; /* remarks of the file, keys once each: "keras_version", "module.body.0" = "Conv2d" ... */
  size_t n_meta, cap_meta;
  ci_kept *kept;         /* what tensors point into */
  int32_t scale;         /* the factor that was asked for, for files that have several; 0: none */
  ci_store_trace *trace; /* written while names are looked up; NULL: not */
} ci_store;

ci_store *ci_store_new(void);    /* NULL: no memory */
void ci_store_free(ci_store *s); /* NULL is allowed */
/* Takes the tensor over, also on failure. Errors: CNNIMG_NOMEM, CNNIMG_LIMIT, without the file's name. */
int ci_store_add(ci_store *s, const char *name, ci_tensor *tensor, cnnimg_error *err);
int ci_store_set_meta(ci_store *s, const char *key, const char *value, cnnimg_error *err); /* replaces */
const char *ci_store_meta(const ci_store *s, const char *key);                             /* NULL: none */
/* Sorts; two tensors of one name are CNNIMG_CORRUPT. */
int ci_store_finish(ci_store *s, cnnimg_error *err);
/* Drops `prefix` from the names that start with it; entries without it stay. */
int ci_store_strip(ci_store *s, const char *prefix, cnnimg_error *err);

/* Of a finished store; NULL: not there. The first takes a name in printf's way. */
ci_entry *ci_store_find(const ci_store *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const ci_tensor *ci_store_get(const ci_store *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Dimension i of that tensor; 0 where the tensor or the dimension is not there. */
int64_t ci_store_dim(const ci_store *s, int32_t i, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool ci_store_has(const ci_store *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* How many of fmt % 0, 1, 2 ... are there in a row; fmt has one %d: ci_store_run(s, "body.%d.weight"). */
int32_t ci_store_run(const ci_store *s, const char *fmt);

#endif
