/* SPDX-License-Identifier: MIT */
/* hdf5.c - HDF5 weights (Keras 1 to 3) and Keras configurations: which of the two says the graph, where the other is */
#include <string.h>

#include "base/cursor.h"
#include "base/error.h"
#include "formats/helper.h"
#include "formats/keras.h"
#include "formats/keras_files.h"

/* ---- told by their bytes ------------------------------------------------------------------------ */

/* Where the file proper starts: at 0, 512, 1024, 2048 ...; size: nowhere. */
static size_t signature(const uint8_t *data, size_t size) {
  for (size_t at = 0; size >= 8 && at <= size - 8; at = at ? at * 2 : 512)
    if (!memcmp(data + at, "\x89HDF\r\n\x1a\n", 8)) return at;
  return size;
}

static int bid_hdf5(const uint8_t *data, size_t size) {
  if (size >= 7 && !memcmp(data, "MATLAB ", 7)) return 0;
  return signature(data, size) < size ? 90 : 0;
}

static uint64_t sized(ci_cursor *c, unsigned bytes) {
  uint64_t v = 0;
  for (unsigned i = 0; i < bytes; i++) v |= (uint64_t)ci_cursor_u8(c) << 8 * i;
  return v;
}

/* The superblock says how long the file is: what was cut short needs no other program to tell. */
static int judge_length(const ci_source *src, cnnimg_error *err) {
  size_t at = signature(src->data, src->size);
  ci_cursor c = ci_cursor_make(src->data + at, src->size - at);
  ci_cursor_take(&c, 8);
  unsigned version = ci_cursor_u8(&c), width = 0;
  if (version < 2) {
    ci_cursor_take(&c, 4);
    width = ci_cursor_u8(&c);
    ci_cursor_take(&c, version == 1 ? 14 : 10);
  } else {
    width = ci_cursor_u8(&c);
    ci_cursor_take(&c, 2);
  }
  if (version > 3 || width < 2 || width > 8) return CNNIMG_OK; /* the library may judge */
  sized(&c, width);
  sized(&c, width);
  uint64_t end = sized(&c, width);
  if (c.bad || end > src->size)
    return ci_fail(err, CNNIMG_CORRUPT, "%s: the HDF5 file is cut short: %zu bytes are there", src->name,
                   src->size);
  return CNNIMG_OK;
}

/* ---- what they hold --------------------------------------------------------------------------------- */

static int to_program(const char *file, ci_store *s, const ci_json *config, ci_loaded *out,
                      cnnimg_error *err) {
  cnnimg_error own = {0};
  int status = ci_keras_program(config, s, &out->program, &own);
  if (status) ci_store_free(s);
  return status ? ci_fail(err, status, "%s: %s", file, own.text) : CNNIMG_OK;
}

int ci_keras_loaded(const char *file, ci_store *raw, const ci_json *config, ci_loaded *out,
                    cnnimg_error *err) {
  cnnimg_error own = {0};
  ci_store *s;
  int status = ci_keras_rename(raw, config, &s, &own);
  ci_store_free(raw);
  if (status) return ci_fail(err, status, "%s: %s", file, own.text);
  if (config) return to_program(file, s, config, out, err);
  out->store = s;
  return CNNIMG_OK;
}

static int no_config(const char *file, cnnimg_error *err) {
  return ci_fail(err, CNNIMG_UNSUPPORTED,
                 "%s: Keras 3 weights without their network; put its configuration (model.to_json()) beside "
                 "it as a .json",
                 file);
}

static int load_hdf5(const ci_source *src, ci_loaded *out, cnnimg_error *err) {
  ci_store *raw;
  ci_json *config = NULL;
  cnnimg_error own = {0};
  *out = (ci_loaded){0};
  int status = judge_length(src, err);
  if (!status) status = ci_helper_load(src, &raw, err);
  if (status) return status;
  const char *text = ci_store_meta(raw, "@model_config");
  ci_keras_kind kind = ci_keras_kind_of(raw);
  if (kind == CI_KERAS_NONE) {
    out->store = raw;
    return CNNIMG_OK;
  }
  if (text && (status = ci_json_parse(text, strlen(text), &config, &own)) != CNNIMG_OK)
    ci_fail(err, status, "%s: model_config: %s", src->name, own.text);
  else if (!text) status = ci_keras_config_beside(src, raw, &config, err);
  if (!status && !config && kind == CI_KERAS_VARS) status = no_config(src->name, err);
  if (status) ci_store_free(raw);
  else status = ci_keras_loaded(src->name, raw, config, out, err);
  ci_json_free(config);
  return status;
}

const ci_format ci_format_hdf5 = {"hdf5", bid_hdf5, load_hdf5};

/* ---- a configuration ----------------------------------------------------------------------------------- */

static int bid_json(const uint8_t *data, size_t size) { return ci_keras_is_config(data, size) ? 85 : 0; }

static int load_json(const ci_source *src, ci_loaded *out, cnnimg_error *err) {
  ci_json *config;
  ci_store *raw;
  *out = (ci_loaded){0};
  int status = ci_json_parse(src->data, src->size, &config, err);
  if (status) return ci_fail_in(err, status, src->name);
  status = ci_keras_weights_beside(src, config, &raw, err);
  if (!status) status = ci_keras_loaded(src->name, raw, config, out, err);
  ci_json_free(config);
  return status;
}

const ci_format ci_format_keras_json = {"keras-json", bid_json, load_json};
