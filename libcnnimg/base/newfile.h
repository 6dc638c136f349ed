/* SPDX-License-Identifier: MIT */
/* newfile.h - a file that grows beside its place and gets its name when it is whole */
#ifndef CI_NEWFILE_H
#define CI_NEWFILE_H

#include <stdbool.h>
#include <stdio.h>

#include "cnnimg.h"

typedef struct ci_newfile {
  FILE *file;         /* read and written by the owner; opened "w+b" where there is a temporary file */
  char *path;         /* where it will be, links resolved */
  char *temp;         /* where it grows; NULL: written straight (a pipe, /dev/null) */
  bool keep_existing; /* a file that is there is an error */
} ci_newfile;

/* On failure nothing is left behind. A file that is replaced gives its permissions. */
int ci_newfile_open(ci_newfile *f, const char *path, bool keep_existing, cnnimg_error *err);
/* Flushed, synced, renamed; after a failure ci_newfile_abort() throws it away. */
int ci_newfile_settle(ci_newfile *f, cnnimg_error *err);
/* Throws away what has not been settled, frees the rest; zeroed or opened before. */
void ci_newfile_abort(ci_newfile *f);

#endif
