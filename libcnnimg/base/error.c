/* SPDX-License-Identifier: MIT */
/* error.c - writes the sentence of a failure into the caller's record */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Names come from hostile files: nothing that steers a terminal may get through. */
static void set_text(cnnimg_error *err, int code, const char *text) {
  size_t i = 0;
  for (; text[i] && i + 1 < sizeof err->text; i++) {
    unsigned char c = (unsigned char)text[i];
    err->text[i] = c < 0x20 || c == 0x7f ? '?' : (char)c;
  }
  err->text[i] = 0;
  err->code = code;
}

int ci_fail(cnnimg_error *err, int code, const char *fmt, ...) {
  if (!err) return code;
  char text[sizeof err->text]; /* an argument may be err->text itself */
  va_list args;
  va_start(args, fmt);
  int n = vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  set_text(err, code, n < 0 ? "unprintable message" : text);
  return code;
}

int ci_fail_in(cnnimg_error *err, int code, const char *prefix) {
  return err ? ci_fail(err, code, "%s: %s", prefix, err->text) : code;
}

/* strerror's buffer is a thread's own in glibc (2.32) and constant in musl. */
int ci_fail_errno(cnnimg_error *err, const char *path, const char *what) {
  int number = errno;
  return ci_fail(err, number == ENOMEM ? CNNIMG_NOMEM : CNNIMG_IO, "%s: %s: %s", path, what,
                 strerror(number));
}
