/* SPDX-License-Identifier: MIT */
/* absent.c - formats that this build was made without: recognised, and refused by a sentence that says so */
#include <string.h>

#include "base/error.h"
#include "image/image.h"

#if !CNNIMG_WEBP
static int bid_webp(const uint8_t *head, size_t size) {
  return size >= 12 && memcmp(head, "RIFF", 4) == 0 && memcmp(head + 8, "WEBP", 4) == 0;
}

static int open_webp(const ci_source *src, const ci_limits *limits, cnnimg_info *info, ci_meta *meta,
                     void **state, cnnimg_error *err) {
  (void)limits, (void)info, (void)meta, (void)state;
  return ci_fail(err, CNNIMG_UNSUPPORTED, "%s: is a WebP file; this build of cnnimg was made without libwebp",
                 src->name);
}

extern const ci_codec ci_codec_no_webp;
const ci_codec ci_codec_no_webp = {
    .name = "webp", .suffixes = "webp", .word = "webp", .bid = bid_webp, .open = open_webp};
#endif

#if !CNNIMG_TIFF
static int bid_tiff(const uint8_t *head, size_t size) {
  return size >= 4 && (memcmp(head, "II*\0", 4) == 0 || memcmp(head, "MM\0*", 4) == 0 ||
                       memcmp(head, "II+\0", 4) == 0 || memcmp(head, "MM\0+", 4) == 0);
}

static int open_tiff(const ci_source *src, const ci_limits *limits, cnnimg_info *info, ci_meta *meta,
                     void **state, cnnimg_error *err) {
  (void)limits, (void)info, (void)meta, (void)state;
  return ci_fail(err, CNNIMG_UNSUPPORTED,
                 "%s: is a TIFF file; this build of cnnimg was made without libtiff (4.5 or newer)",
                 src->name);
}

extern const ci_codec ci_codec_no_tiff;
const ci_codec ci_codec_no_tiff = {
    .name = "tiff", .suffixes = "tiff,tif", .word = "tiff", .bid = bid_tiff, .open = open_tiff};
#endif

#if CNNIMG_WEBP && CNNIMG_TIFF
extern const int ci_nothing_is_absent;
const int ci_nothing_is_absent = 1; /* a file must not be empty */
#endif
