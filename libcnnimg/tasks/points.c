/* SPDX-License-Identifier: MIT */
/* points.c - points of colour as a JSON file */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/newfile.h"
#include "base/source.h"
#include "tasks/colorize_state.h"

#define MOST_BYTES ((size_t)4 << 20)

/* ---- reading ------------------------------------------------------------------------------ */

static bool whole(const ci_json *v, uint32_t *out) {
  const int64_t n = ci_json_int(v, -1);
  *out = (uint32_t)n;
  return n >= 0 && n <= UINT32_MAX;
}

static bool colour(const ci_json *v, cnnimg_point *p) {
  const char *text = ci_json_string(v, "");
  unsigned rgb;
  if (text[0] != '#' || strlen(text) != 7 || strspn(text + 1, "0123456789abcdefABCDEF") != 6) return false;
  rgb = (unsigned)strtoul(text + 1, NULL, 16);
  p->red = (float)(rgb >> 16) / 255.0f, p->green = (float)(rgb >> 8 & 255) / 255.0f,
  p->blue = (float)(rgb & 255) / 255.0f;
  return true;
}

static const char *strange_key(const ci_json *object, const char *const *known) {
  void *iter = NULL;
  const char *key;
  const ci_json *value;
  while (ci_json_next(object, &iter, &key, &value)) {
    size_t i = 0;
    while (known[i] && strcmp(known[i], key)) i++;
    if (!known[i]) return key;
  }
  return NULL;
}

static int read_point(const ci_json *v, const char *name, size_t i, cnnimg_point *p, cnnimg_error *err) {
  static const char *const known[] = {"x", "y", "color", "radius", NULL};
  const ci_json *radius = ci_json_get(v, "radius");
  const char *strange = strange_key(v, known);
  if (!ci_json_is_object(v)) return ci_fail(err, CNNIMG_CORRUPT, "%s: point %zu is no object", name, i + 1);
  if (strange)
    return ci_fail(err, CNNIMG_CORRUPT, "%s: point %zu says \"%s\", which is not known", name, i + 1,
                   strange);
  if (!whole(ci_json_get(v, "x"), &p->x) || !whole(ci_json_get(v, "y"), &p->y))
    return ci_fail(err, CNNIMG_CORRUPT, "%s: point %zu: x and y must be whole numbers from 0 on", name,
                   i + 1);
  if (!colour(ci_json_get(v, "color"), p))
    return ci_fail(err, CNNIMG_CORRUPT, "%s: point %zu: color must be \"#rrggbb\"", name, i + 1);
  p->radius = (float)ci_json_number(radius, ci_json_is_null(radius) ? 0 : -1);
  if (!(p->radius >= 0 && p->radius <= 1e6f))
    return ci_fail(err, CNNIMG_CORRUPT, "%s: point %zu: radius must be a number from 0 to 1000000", name,
                   i + 1);
  return CNNIMG_OK;
}

static int read_points(const ci_json *root, const char *name, cnnimg_point **out, size_t *n,
                       cnnimg_error *err) {
  static const char *const known[] = {"points", NULL};
  const ci_json *list = ci_json_get(root, "points");
  const char *strange = strange_key(root, known);
  if (!ci_json_is_array(list)) return ci_fail(err, CNNIMG_CORRUPT, "%s: has no list \"points\"", name);
  if (strange) return ci_fail(err, CNNIMG_CORRUPT, "%s: says \"%s\", which is not known", name, strange);
  const size_t count = ci_json_size(list);
  if (count > CI_MOST_POINTS)
    return ci_fail(err, CNNIMG_LIMIT, "%s: has %zu points, of which there may be %d", name, count,
                   CI_MOST_POINTS);
  cnnimg_point *points = ci_calloc(count + 1, sizeof *points);
  int status = points ? CNNIMG_OK : ci_fail(err, CNNIMG_NOMEM, "no memory for points");
  for (size_t i = 0; i < count && !status; i++)
    status = read_point(ci_json_at(list, i), name, i, &points[i], err);
  if (status) free(points);
  else *out = points, *n = count;
  return status;
}

int cnnimg_points_load(const char *path, cnnimg_point **points, size_t *n, cnnimg_error *err) {
  ci_source s;
  ci_json *root = NULL;
  cnnimg_error own = {0};
  *points = NULL, *n = 0;
  int status = ci_source_open_changing(&s, path, MOST_BYTES, MOST_BYTES, err);
  if (status) return status;
  if (s.size > MOST_BYTES)
    status = ci_fail(err, CNNIMG_LIMIT, "%s: is larger than %zu bytes", s.name, MOST_BYTES);
  if (!status && (status = ci_json_parse(s.data, s.size, &root, &own)))
    (void)ci_fail(err, status, "%s: %s", s.name, own.text);
  if (!status) status = read_points(root, s.name, points, n, err);
  ci_json_free(root);
  ci_source_close(&s);
  return status;
}

void cnnimg_points_free(cnnimg_point *points) { free(points); }

/* ---- writing ------------------------------------------------------------------------------------ */

static unsigned byte_of(float v) { return v > 0 ? v < 1 ? (unsigned)lrintf(v * 255) : 255 : 0; }

/* Tenths of a thousandth of a pixel are enough, and no locale has a say in whole numbers. */
static void write_radius(FILE *to, float radius) {
  const unsigned long long parts = radius > 0 ? (unsigned long long)llrint((double)radius * 10000) : 0;
  fprintf(to, "%llu", parts / 10000);
  if (parts % 10000) fprintf(to, ".%04llu", parts % 10000);
}

static void write_point(FILE *to, const cnnimg_point *p, bool last) {
  fprintf(to, "    {\"x\": %u, \"y\": %u, \"color\": \"#%02x%02x%02x\", \"radius\": ", p->x, p->y,
          byte_of(p->red), byte_of(p->green), byte_of(p->blue));
  write_radius(to, p->radius);
  fprintf(to, "}%s\n", last ? "" : ",");
}

int cnnimg_points_save(const char *path, const cnnimg_point *points, size_t n, cnnimg_error *err) {
  ci_newfile f = {0};
  int status = ci_newfile_open(&f, path, false, err);
  if (status) return status;
  fprintf(f.file, "{\n  \"points\": [\n");
  for (size_t i = 0; i < n; i++) write_point(f.file, &points[i], i + 1 == n);
  fprintf(f.file, "  ]\n}\n");
  status = ci_newfile_settle(&f, err);
  ci_newfile_abort(&f);
  return status;
}
