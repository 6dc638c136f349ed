/* SPDX-License-Identifier: MIT */
/* npz.c - NumPy's arrays: .npy, and .npz, a zip archive of them */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/zip.h"
#include "formats/elements.h"
#include "formats/format.h"

#define MAGIC "\x93NUMPY"
#define HEAD_MOST 65536
#define GROWTH 64 /* unpacked, an archive may be so many times its size */

static bool is_npy(const uint8_t *data, size_t size) { return size >= 10 && !memcmp(data, MAGIC, 6); }

static bool ends_in(const char *name, const char *suffix) {
  size_t n = strlen(name), m = strlen(suffix);
  return n >= m && !strcmp(name + n - m, suffix);
}

/* A zip archive's first member that is called *.npy: others tell PyTorch's or Keras' files by theirs. */
static int bid(const uint8_t *data, size_t size) {
  ci_cursor c = ci_cursor_make(data, size);
  if (is_npy(data, size)) return 95;
  if (ci_cursor_u32(&c, false) != 0x04034b50u) return 0;
  ci_cursor_sub(&c, 22);
  uint16_t n = ci_cursor_u16(&c, false);
  ci_cursor_u16(&c, false);
  ci_cursor name = ci_cursor_sub(&c, n);
  return !c.bad && n > 4 && !memcmp(name.p + n - 4, ".npy", 4) ? 90 : 0;
}

/* ---- an array's head: a dictionary in Python's notation ------------------------------------------------ */

/* What stands behind 'key': in the head, or NULL. */
static const char *value_of(const char *head, const char *key) {
  char quoted[32];
  snprintf(quoted, sizeof quoted, "'%s'", key);
  const char *at = strstr(head, quoted);
  if (!at) return NULL;
  at += strlen(quoted);
  at += strspn(at, " ");
  if (*at++ != ':') return NULL;
  return at + strspn(at, " ");
}

static bool read_type(const char *head, ci_element *type) {
  const char *v = value_of(head, "descr");
  if (!v || v[0] != '\'' || (v[1] != '<' && v[1] != '|') || !v[2] || !v[3] || v[4] != '\'') return false;
  *type = ci_element_numpy(v[2], v[3] - '0');
  return type->size > 0;
}

/* Texts, Python's objects, dates and records are no weights; numbers of a kind that is not read may be. */
static bool holds_numbers(const char *head) {
  const char *v = value_of(head, "descr");
  return !v || (v[0] == '\'' && v[1] && strchr("fiubc", v[2]));
}

static bool read_shape(const char *head, ci_elements *e) {
  const char *v = value_of(head, "shape");
  if (!v || *v++ != '(') return false;
  for (e->rank = 0; *v && *v != ')'; e->rank++) {
    char *end;
    v += strspn(v, " ");
    if (*v == ')') break;
    if (*v < '0' || *v > '9' || e->rank == CI_MAX_RANK) return false;
    e->dim[e->rank] = strtoll(v, &end, 10);
    v = end + strspn(end, "L ");
    if (*v == ',') v++;
  }
  return *v == ')';
}

/* Fortran's order: the first dimension is the fastest. */
static void set_strides(const char *head, ci_elements *e, int64_t *stride) {
  const char *v = value_of(head, "fortran_order");
  if (!v || strncmp(v, "True", 4)) return;
  size_t step = 1;
  for (int32_t i = 0; i < e->rank; i++) {
    stride[i] = (int64_t)step;
    if (!ci_mul(step, (size_t)e->dim[i], &step) || step > INT64_MAX)
      step = INT64_MAX; /* too large, which is seen later */
  }
  e->stride = stride;
}

/* *t stays NULL where the array holds no numbers. */
static int read_array(const uint8_t *data, size_t size, const char *name, size_t *budget, ci_tensor **t,
                      cnnimg_error *err) {
  ci_cursor c = ci_cursor_make(data, size);
  ci_elements e = {.name = name};
  int64_t stride[CI_MAX_RANK];
  char head[HEAD_MOST + 1];
  if (!is_npy(data, size)) return ci_fail(err, CNNIMG_CORRUPT, "\"%s\" is no NumPy array", name);
  ci_cursor_sub(&c, 6);
  uint8_t major = ci_cursor_u8(&c);
  ci_cursor_u8(&c);
  size_t n = major == 1 ? ci_cursor_u16(&c, false) : ci_cursor_u32(&c, false);
  const uint8_t *text = n <= HEAD_MOST ? ci_cursor_take(&c, n) : NULL;
  if (!text) return ci_fail(err, CNNIMG_CORRUPT, "the head of the array \"%s\" is damaged", name);
  memcpy(head, text, n);
  head[n] = 0;
  if (!holds_numbers(head)) return CNNIMG_OK;
  if (!read_type(head, &e.type) || !read_shape(head, &e))
    return ci_fail(err, CNNIMG_UNSUPPORTED, "the array \"%s\" is not of numbers that are read: %.60s", name,
                   head);
  e.data = c.p, e.bytes = ci_cursor_left(&c);
  set_strides(head, &e, stride);
  return ci_elements_tensor(&e, budget, t, err);
}

/* ---- files ------------------------------------------------------------------------------------------------ */

static int add_array(ci_store *s, const uint8_t *data, size_t size, const char *name, size_t *budget,
                     cnnimg_error *err) {
  ci_tensor *t = NULL;
  int status = read_array(data, size, name, budget, &t, err);
  return status || !t ? status : ci_store_add(s, name, t, err);
}

/* "conv1/W.npy" is called "conv1/W". */
static int add_member(ci_store *s, const ci_zip_member *m, size_t *unpacked, size_t *budget,
                      cnnimg_error *err) {
  const uint8_t *data;
  void *owned;
  if (!ends_in(m->name, ".npy")) return CNNIMG_OK;
  int status = ci_zip_read(m, *unpacked, &data, &owned, err);
  if (status) return status;
  if (owned) *unpacked -= m->size;
  if (owned && ci_keep(&s->kept, owned, free)) return ci_fail(err, CNNIMG_NOMEM, "no memory for the weights");
  char *name = ci_strndup(m->name, strlen(m->name) - 4);
  status = name ? add_array(s, data, m->size, name, budget, err)
                : ci_fail(err, CNNIMG_NOMEM, "no memory for the weights");
  free(name);
  return status;
}

static int read_archive(ci_store *s, const ci_source *src, size_t *budget, cnnimg_error *err) {
  ci_zip z;
  size_t unpacked = GROWTH * src->size;
  int status = ci_zip_open(&z, src->data, src->size, err);
  for (size_t i = 0; i < z.n && !status; i++) status = add_member(s, &z.members[i], &unpacked, budget, err);
  ci_zip_close(&z);
  return status;
}

static int load(const ci_source *src, ci_loaded *out, cnnimg_error *err) {
  cnnimg_error own = {0};
  size_t budget = GROWTH * src->size + 4096;
  ci_store *s = ci_store_new();
  *out = (ci_loaded){0};
  int status = s ? CNNIMG_OK : ci_fail(&own, CNNIMG_NOMEM, "no memory for the weights");
  if (!status && is_npy(src->data, src->size))
    status = add_array(s, src->data, src->size, "array", &budget, &own);
  else if (!status) status = read_archive(s, src, &budget, &own);
  if (!status) status = ci_store_finish(s, &own);
  if (!status) out->store = s;
  else ci_store_free(s);
  return status ? ci_fail(err, status, "%s: %s", src->name, own.text) : CNNIMG_OK;
}

const ci_format ci_format_npz = {"npz", bid, load};
