/* SPDX-License-Identifier: MIT */
/* scan.c - numbers and JSON read from text as a stream: no document is built, no locale is asked */
#include "formats/scan.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

/* ---- numbers ------------------------------------------------------------------------------------------- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

typedef struct digits {
  uint64_t value; /* the first nineteen */
  int n, shift;   /* digits; powers of ten that value lacks */
} digits;

static const char *take_digits(const char *p, const char *end, digits *d, bool fraction) {
  for (; p < end && is_digit(*p); p++) {
    bool room = d->value <= (UINT64_MAX - 9) / 10;
    if (d->n < 1 << 20) d->n++;
    if (room) d->value = d->value * 10 + (uint64_t)(*p - '0');
    /* a digit without room still counts in the whole part; one with room has moved the point in the fraction */
    if (room == fraction && d->shift > -100000 && d->shift < 100000) d->shift += room ? -1 : 1;
  }
  return p;
}

static const char *take_exponent(const char *p, const char *end, int *e) {
  const char *q = p + 1;
  int sign = 1, v = 0;
  if (p >= end || (*p != 'e' && *p != 'E')) return p;
  if (q < end && (*q == '-' || *q == '+')) sign = *q++ == '-' ? -1 : 1;
  if (q >= end || !is_digit(*q)) return p;
  for (; q < end && is_digit(*q); q++) v = v < 100000 ? v * 10 + (*q - '0') : v;
  *e = sign * v;
  return q;
}

/* With 64 bits of mantissa where the machine has them, one rounding for all usual numbers. */
static double ten_times(uint64_t value, int e) {
  static const long double small[] = {1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,  1e7L,  1e8L,  1e9L,
                                      1e10L, 1e11L, 1e12L, 1e13L, 1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L,
                                      1e20L, 1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L};
  if (e < -400) return 0;
  if (e > 400) return value ? HUGE_VAL : 0;
  if (e < 0 && e >= -27) return (double)((long double)value / small[-e]);
  if (e >= 0 && e <= 27) return (double)((long double)value * small[e]);
  return (double)((long double)value * powl(10, e));
}

bool ci_scan_number(const char **at, const char *end, double *v) {
  const char *p = *at;
  digits d = {0};
  int e = 0;
  bool minus = p < end && *p == '-';
  if (p < end && (*p == '-' || *p == '+')) p++;
  p = take_digits(p, end, &d, false);
  if (p < end && *p == '.') p = take_digits(p + 1, end, &d, true);
  if (!d.n) return false;
  p = take_exponent(p, end, &e);
  double size = ten_times(d.value, e + d.shift);
  *v = minus ? -size : size;
  *at = p;
  return isfinite(size);
}

/* ---- JSON ------------------------------------------------------------------------------------------------ */

ci_scan ci_scan_make(const void *text, size_t size, cnnimg_error *err) {
  const char *p = text;
  return (ci_scan){.start = p, .at = p, .end = p + size, .err = err};
}

int ci_scan_fail(ci_scan *s, const char *what) {
  size_t line = 1;
  if (s->status) return s->status;
  for (const char *p = s->start; p < s->at; p++) line += *p == '\n';
  return s->status = ci_fail(s->err, CNNIMG_CORRUPT, "line %zu, byte %zu: %s", line,
                             (size_t)(s->at - s->start), what);
}

char ci_scan_peek(ci_scan *s) {
  while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t')) s->at++;
  return s->status || s->at >= s->end ? 0 : *s->at;
}

static bool take(ci_scan *s, char c, const char *otherwise) {
  if (ci_scan_peek(s) == c) return s->at++, true;
  ci_scan_fail(s, otherwise);
  return false;
}

/* Behind the opening bracket, a comma, or before the closing one. */
static bool next(ci_scan *s, bool *first, char open, char close) {
  if (*first) {
    *first = false;
    if (!take(s, open, open == '{' ? "an object is wanted" : "an array is wanted")) return false;
    if (ci_scan_peek(s) != close) return !s->status;
  } else if (ci_scan_peek(s) != close) {
    return take(s, ',', "a comma or a closing bracket is wanted");
  }
  s->at++;
  return false;
}

bool ci_scan_item(ci_scan *s, bool *first) { return next(s, first, '[', ']'); }

bool ci_scan_member(ci_scan *s, bool *first, char *key, size_t room) {
  if (!next(s, first, '{', '}')) return false;
  ci_scan_string(s, key, room);
  return take(s, ':', "a colon is wanted");
}

void ci_scan_string(ci_scan *s, char *to, size_t room) {
  size_t n = 0;
  to[0] = 0;
  if (!take(s, '"', "a string is wanted")) return;
  for (; s->at < s->end && *s->at != '"'; s->at++) {
    bool escape = *s->at == '\\';
    if (escape && ++s->at >= s->end) break;
    if (n + 1 < room) to[n++] = escape ? '?' : *s->at;
  }
  to[n] = 0;
  take(s, '"', "a string has no end");
}

double ci_scan_double(ci_scan *s) {
  double v = 0;
  ci_scan_peek(s);
  if (!s->status && !ci_scan_number(&s->at, s->end, &v)) ci_scan_fail(s, "a finite number is wanted");
  return s->status ? 0 : v;
}

int32_t ci_scan_int(ci_scan *s, int32_t least, int32_t most) {
  double v = ci_scan_double(s);
  if (!s->status && (v < least || v > most || v != floor(v)))
    ci_scan_fail(s, "a whole number of another size is wanted");
  return s->status ? least : (int32_t)v;
}

size_t ci_scan_floats(ci_scan *s, float *to, size_t most) {
  size_t n = 0;
  int depth = 0;
  do {
    char c = ci_scan_peek(s);
    if (c == '[') depth++, s->at++;
    else if (c == ']' && depth > 0) depth--, s->at++;
    else if (c == ',' && depth > 0) s->at++;
    else if (n >= most) ci_scan_fail(s, "more numbers than its sizes say");
    else {
      to[n] = (float)ci_scan_double(s);
      if (!s->status && !isfinite(to[n])) ci_scan_fail(s, "a number is too large");
      n += !s->status;
    }
    if (depth > CI_SCAN_DEEPEST) ci_scan_fail(s, "arrays in arrays in arrays");
  } while (depth > 0 && !s->status);
  return n;
}

static void skip_word(ci_scan *s) {
  const char *from = s->at;
  while (s->at < s->end && ((*s->at >= 'a' && *s->at <= 'z') || (*s->at >= 'A' && *s->at <= 'Z'))) s->at++;
  if (s->at == from) ci_scan_fail(s, "a value is wanted");
}

void ci_scan_skip(ci_scan *s) {
  char text[2];
  int depth = 0;
  do {
    char c = ci_scan_peek(s);
    if (c == '[' || c == '{') depth++, s->at++;
    else if ((c == ']' || c == '}') && depth > 0) depth--, s->at++;
    else if ((c == ',' || c == ':') && depth > 0) s->at++;
    else if (c == '"') ci_scan_string(s, text, sizeof text);
    else if (c == '-' || is_digit(c)) ci_scan_double(s);
    else skip_word(s);
    if (depth > CI_SCAN_DEEPEST) ci_scan_fail(s, "arrays in arrays in arrays");
  } while (depth > 0 && !s->status);
}
