/* SPDX-License-Identifier: MIT */
/* keras_zip.c - Keras 3's .keras: an archive of a configuration and its weights */
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/error.h"
#include "base/zip.h"
#include "formats/helper.h"
#include "formats/keras_files.h"

#define MOST_CONFIG ((size_t)8 << 20)

static bool is(ci_cursor name, const char *text) {
  size_t n = strlen(text);
  return ci_cursor_left(&name) == n && !memcmp(name.p, text, n);
}

/* Keras writes metadata.json first, then config.json. */
static int bid(const uint8_t *data, size_t size) {
  ci_cursor c = ci_cursor_make(data, size);
  if (ci_cursor_u32(&c, false) != 0x04034b50u) return 0;
  ci_cursor_sub(&c, 22);
  uint16_t n = ci_cursor_u16(&c, false);
  ci_cursor_u16(&c, false);
  ci_cursor name = ci_cursor_sub(&c, n);
  return !c.bad && (is(name, "metadata.json") || is(name, "config.json") || is(name, "model.weights.h5")) ? 90
                                                                                                          : 0;
}

static int member(const ci_zip *z, const char *name, size_t most, const uint8_t **data, size_t *size,
                  void **owned, cnnimg_error *err) {
  const ci_zip_member *m = ci_zip_find(z, name);
  *owned = NULL, *size = 0;
  if (!m) return ci_fail(err, CNNIMG_UNSUPPORTED, "a Keras archive without %s", name);
  *size = m->size;
  return ci_zip_read(m, most, data, owned, err);
}

static int read_config(const ci_zip *z, ci_json **config, cnnimg_error *err) {
  const uint8_t *text;
  size_t size;
  void *owned;
  *config = NULL;
  int status = member(z, "config.json", MOST_CONFIG, &text, &size, &owned, err);
  if (!status) status = ci_json_parse(text, size, config, err);
  free(owned);
  return status;
}

/* The file's own name stands for its member in messages. */
static int read_weights(const ci_zip *z, const ci_source *of, ci_store **raw, cnnimg_error *err) {
  const uint8_t *bytes;
  size_t size;
  void *owned;
  cnnimg_error own = {0};
  ci_source src;
  *raw = NULL;
  int status = member(z, "model.weights.h5", 20 * of->size + ((size_t)1 << 20), &bytes, &size, &owned, &own);
  if (status) return ci_fail(err, status, "%s: %s", of->name, own.text);
  ci_source_memory(&src, bytes, size, of->name);
  status = src.name ? ci_helper_load(&src, raw, err) : ci_fail(err, CNNIMG_NOMEM, "%s: no memory", of->name);
  ci_source_close(&src);
  free(owned);
  return status;
}

static int load(const ci_source *src, ci_loaded *out, cnnimg_error *err) {
  ci_zip z;
  ci_json *config = NULL;
  ci_store *raw = NULL;
  cnnimg_error own = {0};
  *out = (ci_loaded){0};
  int status = ci_zip_open(&z, src->data, src->size, &own);
  if (status) return ci_fail(err, status, "%s: %s", src->name, own.text);
  status = read_config(&z, &config, &own);
  if (status) ci_fail(err, status, "%s: %s", src->name, own.text);
  else status = read_weights(&z, src, &raw, err);
  if (!status) status = ci_keras_loaded(src->name, raw, config, out, err);
  ci_json_free(config);
  ci_zip_close(&z);
  return status;
}

const ci_format ci_format_keras_zip = {"keras", bid, load};
