/* SPDX-License-Identifier: MIT */
/* helper.h - HDF5 and MAT files as tensors: another program reads them, its answer comes through a pipe */
#ifndef CI_HELPER_H
#define CI_HELPER_H

#include "base/source.h"
#include "net/store.h"

/*
 * The program (helper/ in the source) is looked for in the folder that the environment names, else where it was installed.
 * It gets the file as its standard input and nothing else of the host's. Host and threads go on as they were: no signal's
 * action is changed, and only this child is waited for.
 */
#define CI_HELPER_NAME "cnnimg-hdf5"
#define CI_HELPER_VARIABLE "CNNIMG_LIBEXEC"
#define CI_HELPER_FAILED 64 /* its exit status is this and a cnnimg_status */
/* Its answer is at most this for a file of `size` bytes; it keeps itself to half of it. */
#define CI_HELPER_MOST(size) (((size_t)512 << 10) + 40 * (size))

typedef struct ci_helper_answer {
  uint8_t *bytes;
  size_t size;
} ci_helper_answer;

/* milliseconds: how long it may take; 0: by the file's size. What it refuses is refused with its own words; its crash and
 * its time-out are CNNIMG_CORRUPT, its absence CNNIMG_UNSUPPORTED. Errors name the file. */
int ci_helper_run(const ci_source *src, int64_t milliseconds, ci_helper_answer *out, cnnimg_error *err);
/* Reads the answer of a child whose standard output and error these are (both are closed), and waits for it. */
int ci_helper_collect(const ci_source *src, int pid, int out, int complaint, int64_t milliseconds,
                      ci_helper_answer *answer, cnnimg_error *err);
/* Safetensors to a store (finished), which keeps the bytes. They are taken over, also on failure. */
int ci_helper_store(const char *file, ci_helper_answer answer, ci_store **out, cnnimg_error *err);
/* The two in one: every tensor of the file by its path, texts as remarks. */
int ci_helper_load(const ci_source *src, ci_store **out, cnnimg_error *err);

#endif
