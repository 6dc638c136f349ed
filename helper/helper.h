/* SPDX-License-Identifier: MIT */
/* helper.h - cnnimg-hdf5: reads HDF5 and MAT files in a process of its own, answers in safetensors */
#ifndef CNNIMG_HELPER_H
#define CNNIMG_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cnnimg.h"

/*
 * Libraries that read HDF5 and MAT have a history of memory errors on hostile files, so no host of libcnnimg loads them:
 * this program does, with the file on its standard input, without rights, and writes
 *   standard output  safetensors: a tensor's name is its path ("model_weights/conv/kernel"), texts are __metadata__
 *                    ("PATH@ATTRIBUTE" of HDF5, "net/layers/0/type" of MATLAB; a list is a JSON array)
 *   standard error   one sentence when it fails; the exit status is then HELPER_FAILED and a cnnimg_status
 * MATLAB's cells and arrays of structs are PATH/0, PATH/1 ...; dimensions are reversed, so that the last is the fastest.
 */
#define HELPER_DEPTH 32        /* of groups, cells and structs in one another */
#define HELPER_MOST (1 << 18)  /* objects */
#define HELPER_RANK 8          /* dimensions of a tensor; what has more is left out */
#define HELPER_PATH 1024       /* bytes of a name */
#define HELPER_TEXTS (1 << 16) /* items of a list of texts */
#define HELPER_FAILED 64
#define HELPER_BASE ((uint64_t)256 << 10)
#define HELPER_FACTOR 20 /* the answer is at most this many times the file, and HELPER_BASE */

typedef struct helper_item {
  char *name;
  const char *type; /* in safetensors' words, "F32" */
  int rank;
  uint64_t dim[HELPER_RANK];
  uint64_t bytes;
  uint64_t address; /* HDF5: where the dataset is */
  const void *data; /* MAT v5: its numbers */
} helper_item;

typedef struct helper_text {
  char *key, *value;
} helper_text;

typedef struct helper helper;
struct helper {
  const uint8_t *data; /* the file */
  size_t size;
  helper_item *items;
  size_t n_items, cap_items;
  helper_text *texts;
  size_t n_texts, cap_texts;
  uint64_t left;  /* bytes that may still be answered */
  size_t objects; /* seen so far */
  char path[HELPER_PATH];
  size_t path_length;
  int status; /* the first failure, and its sentence */
  char why[480];
  /* Reads an item into `to`, which has room for its bytes, or fails. */
  bool (*read)(helper *h, const helper_item *item, void *to);
  void *reader; /* its state */
  void (*close)(helper *h);
};

void helper_init(helper *h, const void *data, size_t size);
void helper_fini(helper *h);
/* Keeps the first failure. Returns false. */
bool helper_fail(helper *h, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* ---- items.c: what was found ----------------------------------------------------------- */
/* Appends a step to the path; the old length is what helper_leave() takes. False: too long, too deep or too many. */
bool helper_enter(helper *h, const char *step, int depth, size_t *old);
void helper_leave(helper *h, size_t old);
/* Takes bytes from the budget. */
bool helper_spend(helper *h, uint64_t bytes);
/* dim[0..rank) and the type are set; the name is the path. Counts bytes, which must fit the budget. */
bool helper_add(helper *h, helper_item *item, uint64_t element);
/* A text under the path ("@attribute" behind it, if any); n < 0: one text, else a list of n. Invalid UTF-8 becomes '?'. */
bool helper_add_text(helper *h, const char *attribute, char *const *text, int64_t n);
/* Everything, as safetensors. */
bool helper_write(helper *h, FILE *to);

/* ---- the readers: they fill the lists, and set read, reader, close --------------------------- */
bool helper_hdf5(helper *h, bool matlab);
bool helper_mat5(helper *h);
/* What must be opened by name, before the doors close. */
void helper_mat5_open(helper *h, const char *path);

/* Reads the file into the lists by its signature. */
bool helper_read(helper *h);

/* ---- lock.c ------------------------------------------------------------------------------------ */
/* From here on: no files, no programs, no network, bounded time and memory. What the system does not know is left out. */
void helper_lock(size_t size);

#endif
