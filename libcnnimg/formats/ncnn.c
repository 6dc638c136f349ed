/* SPDX-License-Identifier: MIT */
/* ncnn.c - ncnn's networks: a .param, which says the layers, and the .bin beside it, which holds their weights */
#include "formats/ncnn.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "formats/format.h"

static const uint8_t half_tag[4] = {0x47, 0x6b, 0x30, 0x01}, no_tag[4] = {0, 0, 0, 0};
static const uint8_t binary_magic[4] = {0xdd, 0x85, 0x76, 0x00}; /* 7767517 of a .param.bin */

static bool starts(const uint8_t *data, size_t size, const void *with, size_t n) {
  return size >= n && !memcmp(data, with, n);
}

static bool is_param(const uint8_t *data, size_t size) {
  size_t n = strlen(CI_NCNN_MAGIC);
  return starts(data, size, CI_NCNN_MAGIC, n) &&
         (size == n || data[n] == '\n' || data[n] == '\r' || data[n] == ' ');
}

/* A .bin has no head: it is one where a .param lies beside it, which load() looks at. */
static int bid(const uint8_t *data, size_t size) {
  if (is_param(data, size)) return 95;
  if (starts(data, size, binary_magic, 4)) return 60;
  if (starts(data, size, half_tag, 4)) return 40;
  return starts(data, size, no_tag, 4) ? 2 : 0;
}

static int read_both(const ci_source *param, const ci_source *bin, ci_program **out, cnnimg_error *err) {
  ci_ncnn_graph g;
  cnnimg_error own = {0};
  int status = ci_ncnn_read(&g, param->data, param->size, &own);
  if (status) return ci_fail(err, status, "%s: %s", param->name, own.text);
  status = ci_ncnn_translate(&g, bin->data, bin->size, param->name, out, err);
  ci_ncnn_free(&g);
  return status;
}

static void release(void *s) {
  ci_source_close(s);
  free(s);
}

/* The weights may point into the second file, which the program keeps. */
static int load_param(const ci_source *src, ci_loaded *out, cnnimg_error *err) {
  ci_source *bin = ci_calloc(1, sizeof *bin);
  if (!bin) return ci_fail(err, CNNIMG_NOMEM, "%s: no memory", src->name);
  int status = ci_source_sibling(bin, src, ".bin", err);
  if (status) {
    free(bin);
    return status;
  }
  status = read_both(src, bin, &out->program, err);
  if (status) return release(bin), status;
  if (!ci_keep(&out->program->kept, bin, release)) return CNNIMG_OK;
  ci_program_free(out->program);
  out->program = NULL;
  return ci_fail(err, CNNIMG_NOMEM, "%s: no memory", src->name);
}

static int load_bin(const ci_source *src, ci_loaded *out, cnnimg_error *err) {
  ci_source param;
  cnnimg_error own = {0};
  int status = ci_source_sibling(&param, src, ".param", &own);
  if (!status && !is_param(param.data, param.size)) {
    ci_source_close(&param);
    status = CNNIMG_UNSUPPORTED;
  }
  if (status)
    return ci_fail(
        err, CNNIMG_UNSUPPORTED,
        "%s: not a weight file that is known; if it holds ncnn's weights, its .param is wanted beside it",
        src->name);
  status = read_both(&param, src, &out->program, err);
  ci_source_close(&param);
  return status;
}

static int load(const ci_source *src, ci_loaded *out, cnnimg_error *err) {
  *out = (ci_loaded){0};
  if (starts(src->data, src->size, binary_magic, 4))
    return ci_fail(err, CNNIMG_UNSUPPORTED,
                   "%s: a binary .param.bin of ncnn is not read; its text, the .param, is", src->name);
  return is_param(src->data, src->size) ? load_param(src, out, err) : load_bin(src, out, err);
}

const ci_format ci_format_ncnn = {"ncnn", bid, load};
