/* SPDX-License-Identifier: MIT */
/* npy.c - arrays in numpy's files, as far as measuring needs them */
#include "tests/bench/npy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD 10 /* magic, version 1, length of the header */

static bool bad(const char *path, const char *why) {
  fprintf(stderr, "%s: %s\n", path, why);
  return false;
}

/* "(1, 3, 8, 8)" */
static bool read_shape(const char *text, npy *a) {
  const char *p = strstr(text, "'shape': (");
  if (!p) return false;
  p += strlen("'shape': (");
  a->count = 1;
  for (a->rank = 0; *p && *p != ')'; p += strspn(p, ", ")) {
    char *end;
    long long n = strtoll(p, &end, 10);
    if (end == p || n < 0 || a->rank == NPY_MAX_RANK) return false;
    a->dim[a->rank++] = n, a->count *= (size_t)n;
    p = end;
  }
  return true;
}

static float element(char kind, int size, const unsigned char *p) {
  uint64_t u = 0;
  float f;
  double d;
  memcpy(&u, p, (size_t)size);
  memcpy(&f, p, sizeof f);
  if (kind == 'f' && size == 4) return f;
  memcpy(&d, &u, sizeof d);
  if (kind == 'f') return (float)d;
  int unused = 64 - 8 * size;
  return kind == 'i' ? (float)((int64_t)(u << unused) >> unused) : (float)u;
}

static bool read_elements(FILE *f, const char *text, npy *a) {
  const char *p = strstr(text, "'descr': '");
  unsigned char e[8] = {0};
  if (!p || !strstr(text, "'fortran_order': False")) return false;
  p += strlen("'descr': '");
  char kind = p[1] == 'b' ? 'u' : p[1];
  int size = p[2] - '0';
  bool known = kind == 'f'
                   ? size == 4 || size == 8
                   : (kind == 'i' || kind == 'u') && (size == 1 || size == 2 || size == 4 || size == 8);
  if (!known || *p == '>') return false;
  a->v = malloc((a->count + 1) * sizeof *a->v);
  for (size_t i = 0; a->v && i < a->count; i++) {
    if (fread(e, (size_t)size, 1, f) != 1) return false;
    a->v[i] = element(kind, size, e);
  }
  return a->v != NULL;
}

bool npy_load(const char *path, npy *a) {
  unsigned char head[HEAD];
  char text[4096] = "";
  FILE *f = fopen(path, "rbe");
  *a = (npy){.rank = 0};
  if (!f) return perror(path), false;
  bool good = fread(head, HEAD, 1, f) == 1 && !memcmp(head, "\x93NUMPY\1", 7);
  size_t n = good ? head[8] + 256u * head[9] : 0;
  good = good && n < sizeof text && fread(text, n, 1, f) == 1 && read_shape(text, a) &&
         read_elements(f, text, a);
  fclose(f);
  return good || bad(path, "no .npy file of numbers in C order");
}

bool npy_save(const char *path, const npy *a) {
  char text[256] = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
  FILE *f = fopen(path, "wbe");
  if (!f) return perror(path), false;
  for (int32_t i = 0; i < a->rank; i++) sprintf(text + strlen(text), "%lld, ", (long long)a->dim[i]);
  strcat(text, "), }");
  while ((HEAD + strlen(text) + 1) % 64) strcat(text, " ");
  strcat(text, "\n");
  unsigned char head[HEAD] = "\x93NUMPY\1";
  head[8] = (unsigned char)strlen(text);
  bool good = fwrite(head, HEAD, 1, f) == 1 && fputs(text, f) >= 0 &&
              fwrite(a->v, sizeof *a->v, a->count, f) == a->count;
  return (fclose(f) == 0 && good) || bad(path, "cannot be written");
}
