/* SPDX-License-Identifier: MIT */
/* webpwrite.c - writes WebP: the whole picture is held until its last row, then encoded at once */
#include "image/webpwrite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#include <webp/encode.h>
#include <webp/mux.h>

#define LOSSLESS_LEVEL 4 /* of 0..9 */

/* libwebp's compressor looks at all of a picture before it writes any of it, so rows wait in its own format: four
 * bytes a pixel, and as much again while it works. */
typedef struct encoder {
  ci_write_job job;
  WebPConfig config;
  WebPPicture picture;
  WebPMemoryWriter packed;
  uint32_t next;
} encoder;

void ci_webp_drop(void *state) {
  encoder *e = state;
  if (!e) return;
  WebPPictureFree(&e->picture);
  WebPMemoryWriterClear(&e->packed);
  free(e);
}

/* exact: colour under transparent pixels stays. One thread: the library starts none but its own. */
static bool configure(encoder *e) {
  if (!WebPConfigInit(&e->config) || !WebPPictureInit(&e->picture)) return false;
  if (e->job.lossless) {
    if (!WebPConfigLosslessPreset(&e->config, LOSSLESS_LEVEL)) return false;
  } else {
    e->config.quality = (float)e->job.quality;
  }
  e->config.exact = 1;
  e->config.alpha_quality = 100;
  e->picture.use_argb = 1;
  e->picture.width = (int)e->job.format.width;
  e->picture.height = (int)e->job.format.height;
  return WebPValidateConfig(&e->config) != 0;
}

int ci_webp_begin(const ci_write_job *job, void **state, cnnimg_error *err) {
  encoder *e = ci_calloc(1, sizeof *e);
  if (!e) return ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory", job->name);
  WebPMemoryWriterInit(&e->packed);
  *state = e; /* dropped by the caller, whatever happens */
  e->job = *job;
  if (!configure(e))
    return ci_fail(err, CNNIMG_UNSUPPORTED, "%s: this libwebp is not the one that was built with", job->name);
  if (!WebPPictureAlloc(&e->picture))
    return ci_fail(err, CNNIMG_NOMEM,
                   "%s: not enough memory for %ux%u pixels, which a WebP file needs at once", job->name,
                   job->format.width, job->format.height);
  return CNNIMG_OK;
}

int ci_webp_put(void *state, const void *row, cnnimg_error *err) {
  encoder *e = state;
  const uint8_t *p = row;
  size_t pixel = ci_pixel_bytes(&e->job.format);
  uint32_t *to = e->picture.argb + (size_t)e->next++ * (size_t)e->picture.argb_stride;
  (void)err;
  for (uint32_t x = 0; x < e->job.format.width; x++, p += pixel)
    to[x] = (pixel == 4 ? (uint32_t)p[3] : 255u) << 24 | (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
  return CNNIMG_OK;
}

static int encode(encoder *e, cnnimg_error *err) {
  e->picture.writer = WebPMemoryWrite;
  e->picture.custom_ptr = &e->packed;
  if (WebPEncode(&e->config, &e->picture)) {
    WebPPictureFree(&e->picture);
    return CNNIMG_OK;
  }
  WebPEncodingError why = e->picture.error_code;
  if (why == VP8_ENC_ERROR_OUT_OF_MEMORY || why == VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY)
    return ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory to encode a WebP of %ux%u pixels", e->job.name,
                   e->job.format.width, e->job.format.height);
  return ci_fail(err, CNNIMG_UNSUPPORTED, "%s: libwebp could not encode %ux%u pixels (its error %d)",
                 e->job.name, e->job.format.width, e->job.format.height, (int)why);
}

static bool set_chunk(WebPMux *mux, const char *name, const ci_blob *b) {
  const WebPData data = {b->data, b->size};
  return !b->size || b->size > UINT32_MAX / 4 || WebPMuxSetChunk(mux, name, &data, 0) == WEBP_MUX_OK;
}

/* The picture among its metadata. */
static bool assemble(const encoder *e, WebPData *whole) {
  const ci_meta *m = e->job.meta;
  const WebPData picture = {e->packed.mem, e->packed.size};
  WebPMux *mux = WebPMuxNew();
  bool ok = mux && WebPMuxSetImage(mux, &picture, 0) == WEBP_MUX_OK && set_chunk(mux, "ICCP", &m->icc) &&
            set_chunk(mux, "EXIF", &m->exif) && set_chunk(mux, "XMP ", &m->xmp) &&
            WebPMuxAssemble(mux, whole) == WEBP_MUX_OK;
  WebPMuxDelete(mux);
  return ok;
}

static int write_bytes(const encoder *e, const uint8_t *p, size_t n, cnnimg_error *err) {
  if (fwrite(p, 1, n, e->job.file) == n && fflush(e->job.file) == 0) return CNNIMG_OK;
  return ci_fail_errno(err, e->job.name, "cannot write");
}

int ci_webp_end(void *state, cnnimg_error *err) {
  encoder *e = state;
  WebPData whole = {NULL, 0};
  int rc = encode(e, err);
  if (rc != CNNIMG_OK) return rc;
  if (!e->job.meta->icc.size && !e->job.meta->exif.size && !e->job.meta->xmp.size)
    return write_bytes(e, e->packed.mem, e->packed.size, err);
  if (!assemble(e, &whole))
    rc = ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory for the metadata", e->job.name);
  else rc = write_bytes(e, whole.bytes, whole.size, err);
  WebPDataClear(&whole);
  return rc;
}
