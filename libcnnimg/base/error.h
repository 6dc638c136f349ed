/* SPDX-License-Identifier: MIT */
/* error.h - one way to fail: a status, and a sentence in the caller's record */
#ifndef CI_ERROR_H
#define CI_ERROR_H

#include "cnnimg.h"

/* Writes the sentence (printf style) and returns the code, so that `return ci_fail(...)` works.
 * err may be NULL. Control characters of hostile names are replaced by '?'. */
int ci_fail(cnnimg_error *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Puts "prefix: " before the sentence that is already there; returns err's code. */
int ci_fail_in(cnnimg_error *err, int code, const char *prefix);
/* CNNIMG_IO with strerror(errno): "path: what: reason". */
int ci_fail_errno(cnnimg_error *err, const char *path, const char *what);

#endif
