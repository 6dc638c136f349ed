/* SPDX-License-Identifier: MIT */
/* scan.h - numbers and JSON read from text as a stream: no document is built, no locale is asked */
#ifndef CI_SCAN_H
#define CI_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cnnimg.h"

/* A decimal number at *at, which moves behind it; false: there is none (infinities and what is no number are none). The
 * nearest double but for the last bit. */
bool ci_scan_number(const char **at, const char *end, double *v);

/*
 * JSON, value by value. The first thing that goes wrong is kept in *err and status; from then on nothing moves, objects
 * and arrays end, numbers are 0. So a file is read without looking and judged once.
 */
typedef struct ci_scan {
  const char *start, *at, *end;
  int status;
  cnnimg_error *err;
} ci_scan;

#define CI_SCAN_DEEPEST 32 /* arrays and objects in each other, of a value that is passed over */

ci_scan ci_scan_make(const void *text, size_t size, cnnimg_error *err);
/* CNNIMG_CORRUPT with the line, unless something failed before; returns the status. */
int ci_scan_fail(ci_scan *s, const char *what);
char ci_scan_peek(ci_scan *s); /* the next character that is no space; 0: the end, or a failure */
/* Members of an object: *first starts as true; the key lies in key (cut where it is longer); false: the object has ended.
 * The caller then reads the value. Items of an array: likewise. */
bool ci_scan_member(ci_scan *s, bool *first, char *key, size_t room);
bool ci_scan_item(ci_scan *s, bool *first);
void ci_scan_string(ci_scan *s, char *to, size_t room); /* cut where it is longer; escapes are '?' */
double ci_scan_double(ci_scan *s);
int32_t ci_scan_int(ci_scan *s, int32_t least, int32_t most);
/* Numbers of arrays in arrays, in order, however they nest: at most `most`, else a failure. Returns how many. */
size_t ci_scan_floats(ci_scan *s, float *to, size_t most);
void ci_scan_skip(ci_scan *s); /* any value */

#endif
