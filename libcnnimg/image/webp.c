/* SPDX-License-Identifier: MIT */
/* webp.c - WebP through libwebp: still pictures, lossy and lossless, decoded as far as rows are asked for */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "image/image.h"
#include "image/webpwrite.h"

#include <webp/decode.h>
#include <webp/demux.h>

#define SLICE ((size_t)64 << 10) /* bytes of the bitstream that are decoded at once */

/* libwebp decodes into a picture of its own; of a lossless one it holds the pixels once more. */
typedef struct decoder {
  const char *name;
  WebPDemuxer *demux; /* points into the file */
  WebPIterator frame;
  bool has_frame;
  WebPDecoderConfig config;
  WebPIDecoder *incremental;
  size_t fed;    /* bytes of the frame that were decoded */
  uint32_t next; /* row that is asked for */
} decoder;

static int bid(const uint8_t *head, size_t size) {
  return size >= 12 && memcmp(head, "RIFF", 4) == 0 && memcmp(head + 8, "WEBP", 4) == 0;
}

static void close_webp(void *state) {
  decoder *d = state;
  if (!d) return;
  WebPIDelete(d->incremental);
  WebPFreeDecBuffer(&d->config.output);
  if (d->has_frame) WebPDemuxReleaseIterator(&d->frame);
  WebPDemuxDelete(d->demux);
  free(d);
}

/* The first chunk of that name; EXIF is sometimes written with the head that it has in a JPEG. */
static int take_chunk(decoder *d, const char *name, const char *skip, size_t skip_size, ci_blob *to) {
  WebPChunkIterator i;
  int rc = CNNIMG_OK;
  if (!WebPDemuxGetChunk(d->demux, name, 1, &i)) return rc;
  const uint8_t *p = i.chunk.bytes;
  size_t n = i.chunk.size;
  if (skip_size && n >= skip_size && memcmp(p, skip, skip_size) == 0) p += skip_size, n -= skip_size;
  if (n) rc = ci_blob_set(to, p, n);
  WebPDemuxReleaseChunkIterator(&i);
  return rc;
}

static int read_meta(decoder *d, ci_meta *meta, cnnimg_error *err) {
  int rc = take_chunk(d, "ICCP", NULL, 0, &meta->icc);
  if (rc == CNNIMG_OK) rc = take_chunk(d, "EXIF", "Exif\0", 6, &meta->exif);
  if (rc == CNNIMG_OK) rc = take_chunk(d, "XMP ", NULL, 0, &meta->xmp);
  return rc == CNNIMG_OK ? rc : ci_fail(err, rc, "%s: not enough memory for the metadata", d->name);
}

/* Four bytes a pixel for what libwebp hands out; a lossless one once more while it is decoded, with a margin of rows. */
static int check_memory(const decoder *d, const ci_limits *limits, cnnimg_error *err) {
  const WebPBitstreamFeatures *f = &d->config.input;
  uint64_t bytes = (uint64_t)f->width * (uint64_t)f->height * (f->has_alpha ? 4 : 3);
  if (f->format == 2) bytes += ((uint64_t)f->width + 16) * (uint64_t)f->height * 4;
  else if (f->has_alpha) bytes += (uint64_t)f->width * (uint64_t)f->height;
  if (limits->memory == 0 || bytes <= limits->memory) return CNNIMG_OK;
  return ci_fail(err, CNNIMG_LIMIT,
                 "%s: a WebP of %dx%d pixels needs %llu MiB, more than the memory limit of %llu MiB", d->name,
                 f->width, f->height, (unsigned long long)bytes >> 20,
                 (unsigned long long)limits->memory >> 20);
}

static int find_frame(decoder *d, const ci_source *src, const ci_limits *limits, cnnimg_error *err) {
  const WebPData all = {src->data, src->size};
  d->demux = WebPDemux(&all);
  if (!d->demux) return ci_fail(err, CNNIMG_CORRUPT, "%s: WebP: damaged, or cut off", d->name);
  int rc = ci_limits_check(limits, d->name, WebPDemuxGetI(d->demux, WEBP_FF_CANVAS_WIDTH),
                           WebPDemuxGetI(d->demux, WEBP_FF_CANVAS_HEIGHT), err);
  if (rc != CNNIMG_OK) return rc;
  if (WebPDemuxGetI(d->demux, WEBP_FF_FORMAT_FLAGS) & ANIMATION_FLAG)
    return ci_fail(err, CNNIMG_UNSUPPORTED,
                   "%s: is an animation of %u pictures; only still pictures are read", d->name,
                   WebPDemuxGetI(d->demux, WEBP_FF_FRAME_COUNT));
  d->has_frame = WebPDemuxGetFrame(d->demux, 1, &d->frame);
  if (!d->has_frame || !d->frame.complete)
    return ci_fail(err, CNNIMG_CORRUPT, "%s: WebP: without a picture", d->name);
  return CNNIMG_OK;
}

static int start(decoder *d, const ci_limits *limits, cnnimg_info *info, cnnimg_error *err) {
  WebPBitstreamFeatures *f = &d->config.input;
  if (!WebPInitDecoderConfig(&d->config))
    return ci_fail(err, CNNIMG_UNSUPPORTED, "%s: WebP: another libwebp", d->name);
  if (WebPGetFeatures(d->frame.fragment.bytes, d->frame.fragment.size, f) != VP8_STATUS_OK ||
      f->width != d->frame.width || f->height != d->frame.height)
    return ci_fail(err, CNNIMG_CORRUPT, "%s: WebP: its picture's header is damaged", d->name);
  int rc = ci_limits_check(limits, d->name, (uint64_t)f->width, (uint64_t)f->height, err);
  if (rc == CNNIMG_OK) rc = check_memory(d, limits, err);
  if (rc != CNNIMG_OK) return rc;
  d->config.output.colorspace = f->has_alpha ? MODE_RGBA : MODE_RGB;
  d->incremental = WebPINewDecoder(&d->config.output);
  if (!d->incremental) return ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory", d->name);
  info->format = (cnnimg_format){.width = (uint32_t)f->width,
                                 .height = (uint32_t)f->height,
                                 .colours = 3,
                                 .alpha = f->has_alpha != 0,
                                 .sample = CNNIMG_U8};
  info->bits = 8;
  info->lossless = f->format == 2;
  return CNNIMG_OK;
}

static int open_webp(const ci_source *src, const ci_limits *limits, cnnimg_info *info, ci_meta *meta,
                     void **state, cnnimg_error *err) {
  decoder *d = ci_calloc(1, sizeof *d);
  if (!d) return ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory", src->name);
  d->name = src->name;
  int rc = find_frame(d, src, limits, err);
  if (rc == CNNIMG_OK) rc = start(d, limits, info, err);
  if (rc == CNNIMG_OK) rc = read_meta(d, meta, err);
  if (rc == CNNIMG_OK) *state = d;
  else close_webp(d);
  return rc;
}

/* The next slice of the bitstream; what is there in full and still wants more is damaged. */
static int feed(decoder *d, cnnimg_error *err) {
  size_t all = d->frame.fragment.size;
  if (d->fed == all) return ci_fail(err, CNNIMG_CORRUPT, "%s: WebP: row %u is missing", d->name, d->next + 1);
  d->fed = all - d->fed > SLICE ? d->fed + SLICE : all;
  VP8StatusCode s = WebPIUpdate(d->incremental, d->frame.fragment.bytes, d->fed);
  if (s == VP8_STATUS_OK || s == VP8_STATUS_SUSPENDED) return CNNIMG_OK;
  if (s == VP8_STATUS_OUT_OF_MEMORY)
    return ci_fail(err, CNNIMG_NOMEM, "%s: WebP: not enough memory", d->name);
  return ci_fail(err, CNNIMG_CORRUPT, "%s: WebP: the picture is damaged", d->name);
}

static int row_webp(void *state, void *row, cnnimg_error *err) {
  decoder *d = state;
  int last = -1, width, height, stride;
  const uint8_t *pixels = NULL;
  for (;;) {
    pixels = WebPIDecGetRGB(d->incremental, &last, &width, &height, &stride);
    if (pixels && last > 0 && (uint32_t)last > d->next) break;
    int rc = feed(d, err);
    if (rc != CNNIMG_OK) return rc;
  }
  memcpy(row, pixels + (size_t)d->next * (size_t)stride, (size_t)width * (d->config.input.has_alpha ? 4 : 3));
  d->next++;
  return CNNIMG_OK;
}

extern const ci_codec ci_codec_webp;
const ci_codec ci_codec_webp = {.name = "webp",
                                .suffixes = "webp",
                                .word = "webp",
                                .max_dimension = CI_WEBP_MAX,
                                .samples = CNNIMG_U8,
                                .alpha = 1,
                                .no_grey = 1,
                                .no_texts = 1,
                                .held = CI_WEBP_HELD,
                                .bid = bid,
                                .open = open_webp,
                                .row = row_webp,
                                .close = close_webp,
                                .begin = ci_webp_begin,
                                .put = ci_webp_put,
                                .end = ci_webp_end,
                                .drop = ci_webp_drop};
