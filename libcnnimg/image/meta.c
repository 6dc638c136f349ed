/* SPDX-License-Identifier: MIT */
/* meta.c - metadata as bytes: set, copied, cleared */
#include <stdlib.h>
#include <string.h>

#include "image/image.h"

int ci_blob_set(ci_blob *b, const void *data, size_t size) {
  uint8_t *copy = NULL;
  if (size) {
    size_t room;
    copy = ci_add(size, 1, &room) ? malloc(room) : NULL;
    if (!copy) return CNNIMG_NOMEM;
    memcpy(copy, data, size);
    copy[size] = 0;
  }
  free(b->data);
  *b = (ci_blob){copy, size};
  return CNNIMG_OK;
}

int ci_meta_add_text(ci_meta *m, const char *key, const char *value, size_t size) {
  void *texts = m->texts;
  if (m->n_texts >= CI_TEXTS_MAX) return CNNIMG_OK;
  if (!ci_grow(&texts, &m->cap_texts, m->n_texts + 1, sizeof *m->texts)) return CNNIMG_NOMEM;
  m->texts = texts;
  ci_text t = {ci_strdup(key), ci_strndup(value, size)};
  if (!t.key || !t.value) {
    free(t.key);
    free(t.value);
    return CNNIMG_NOMEM;
  }
  m->texts[m->n_texts++] = t;
  return CNNIMG_OK;
}

void ci_meta_clear(ci_meta *m) {
  for (size_t i = 0; i < m->n_texts; i++) {
    free(m->texts[i].key);
    free(m->texts[i].value);
  }
  free(m->texts);
  free(m->icc.data);
  free(m->exif.data);
  free(m->xmp.data);
  memset(m, 0, sizeof *m);
}

static int copy_texts(ci_meta *to, const ci_meta *from) {
  int rc = CNNIMG_OK;
  for (size_t i = 0; rc == CNNIMG_OK && i < from->n_texts; i++)
    rc = ci_meta_add_text(to, from->texts[i].key, from->texts[i].value, strlen(from->texts[i].value));
  return rc;
}

int ci_meta_copy(ci_meta *to, const ci_meta *from, uint32_t keep) {
  int rc = CNNIMG_OK;
  memset(to, 0, sizeof *to);
  if (keep & CNNIMG_KEEP_ICC) {
    to->colour = from->colour;
    rc = ci_blob_set(&to->icc, from->icc.data, from->icc.size);
  }
  if (rc == CNNIMG_OK && (keep & CNNIMG_KEEP_EXIF))
    rc = ci_blob_set(&to->exif, from->exif.data, from->exif.size);
  if (rc == CNNIMG_OK && (keep & CNNIMG_KEEP_XMP)) rc = ci_blob_set(&to->xmp, from->xmp.data, from->xmp.size);
  if (rc == CNNIMG_OK && (keep & CNNIMG_KEEP_TEXT)) rc = copy_texts(to, from);
  to->dpi_x = from->dpi_x, to->dpi_y = from->dpi_y; /* says how to print: no one's secret */
  to->dpi_is_aspect = from->dpi_is_aspect;
  to->packing = from->packing;
  if (rc != CNNIMG_OK) ci_meta_clear(to);
  return rc;
}

/* ICC.1: bytes 0..3 are the size, byte 8 the version, 36..39 the signature. */
int ci_icc_plausible(const ci_blob *icc) {
  const uint8_t *p = icc->data;
  if (!p || icc->size < 132 || memcmp(p + 36, "acsp", 4) != 0) return 0;
  size_t size = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
  return size == icc->size && (p[8] <= 3 || size % 4 == 0);
}

/* ICC.1: bytes 16..19 are the colour space. */
int ci_icc_is_grey(const ci_blob *icc) { return icc->size >= 20 && memcmp(icc->data + 16, "GRAY", 4) == 0; }
