/* SPDX-License-Identifier: MIT */
/* codecs.c - the table of codecs, and which of them fits a file, a name, a format of rows */
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "image/image.h"

#define CI_CODEC(name) extern const ci_codec ci_codec_##name;
#include "image/codecs.inc"
#undef CI_CODEC

#define CI_CODEC(name) &ci_codec_##name,
const ci_codec *const ci_codecs[] = {
#include "image/codecs.inc"
    NULL};
#undef CI_CODEC

const ci_codec *ci_codec_for_bytes(const uint8_t *head, size_t size) {
  for (const ci_codec *const *c = ci_codecs; *c; c++)
    if ((*c)->bid(head, size)) return *c;
  return NULL;
}

/* Is the word one of a list that is separated by commas? */
static int is_listed(const char *list, const char *word) {
  size_t n = strlen(word);
  for (const char *p = list; n && *p;) {
    size_t m = strcspn(p, ",");
    if (m == n && strncasecmp(p, word, n) == 0) return 1;
    p += m + (p[m] == ',');
  }
  return 0;
}

const ci_codec *ci_codec_for_name(const char *file_or_format) {
  const char *slash = strrchr(file_or_format, '/');
  const char *base = slash ? slash + 1 : file_or_format;
  const char *dot = strrchr(base, '.');
  const char *word = dot ? dot + 1 : base;
  if (!dot && slash) return NULL; /* a file without a suffix, whatever it is called */
  for (const ci_codec *const *c = ci_codecs; *c; c++)
    if (is_listed((*c)->suffixes, word) || strcasecmp((*c)->name, word) == 0) return *c;
  return NULL;
}

/* The mask's sample that loses least. */
static uint8_t nearest_sample(uint8_t mask, uint8_t sample) {
  if (sample == CNNIMG_F16)
    return mask & CNNIMG_F32 ? CNNIMG_F32 : mask & CNNIMG_U16 ? CNNIMG_U16 : CNNIMG_U8;
  if (mask & sample) return sample;
  for (unsigned wider = sample * 2u; wider <= CNNIMG_F32; wider *= 2)
    if (mask & wider) return (uint8_t)wider;
  return mask & CNNIMG_U16 ? CNNIMG_U16 : mask & CNNIMG_U8 ? CNNIMG_U8 : CNNIMG_F32;
}

int ci_codec_fit(const ci_codec *codec, const cnnimg_format *in, cnnimg_format *out) {
  *out = *in;
  if (!codec->alpha) out->alpha = 0;
  if (codec->no_grey) out->colours = 3;
  out->sample = nearest_sample(codec->samples, in->sample);
  return out->alpha != in->alpha || out->sample != in->sample || out->colours != in->colours;
}

void ci_codec_words(char *text, size_t size) {
  size_t n = 0;
  *text = 0;
  for (const ci_codec *const *c = ci_codecs; *c; c++) {
    if (!ci_codec_writes(*c) || n >= size) continue;
    int more = snprintf(text + n, size - n, "%s%s", n ? ", " : "", (*c)->word);
    n += more > 0 ? (size_t)more : 0;
  }
}

int ci_codec_check_size(const ci_codec *codec, const char *path, const cnnimg_format *f, cnnimg_error *err) {
  if (f->width <= codec->max_dimension && f->height <= codec->max_dimension) return CNNIMG_OK;
  return ci_fail(err, CNNIMG_UNSUPPORTED, "%s: %ux%u pixels; a %s file holds at most %u a side", path,
                 f->width, f->height, codec->name, codec->max_dimension);
}
