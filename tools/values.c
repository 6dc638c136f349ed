/* SPDX-License-Identifier: MIT */
/* values.c - judges the values of options that are more than a word or a count */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver.h"

#define MAX_THREADS 1024

int drv_rgb(const char *text, uint8_t rgb[3]) {
  char digits[7] = "";
  if (text[0] != '#' || strspn(text + 1, "0123456789abcdefABCDEF") < 6) return -1;
  memcpy(digits, text + 1, 6);
  const unsigned long v = strtoul(digits, NULL, 16);
  for (int c = 0; c < 3; c++) rgb[c] = (uint8_t)(v >> (16 - 8 * c));
  return 0;
}

int drv_number(const char *text, double min, double max, double *out) {
  char *end;
  if (!*text || strspn(text, "+-.0123456789eE") != strlen(text)) return -1;
  double v = strtod(text, &end);
  if (end == text || *end || !isfinite(v) || v < min || v > max) return -1;
  *out = v;
  return 0;
}

static int whole(const char *text, double min, double max, long *out) {
  double v;
  if (!*text || strspn(text, "-0123456789") != strlen(text) || drv_number(text, min, max, &v)) return -1;
  *out = (long)v;
  return 0;
}

const char *drv_formats(char words[DRV_WORDS]) {
  const char *word;
  size_t n = 0;
  *words = 0;
  for (size_t i = 0; (word = cnnimg_codec_word(i)) && n + strlen(word) + 3 < DRV_WORDS; i++)
    n += (size_t)snprintf(words + n, DRV_WORDS - n, "%s%s", n ? ", " : "", word);
  return words;
}

/* A format that is known and not written is one whose library was not there when the library was built. */
int drv_left_out(const char *name, char why[DRV_WHY]) {
  char words[DRV_WORDS];
  if (!cnnimg_looks_like_picture(name) || cnnimg_can_write(name)) return 0;
  snprintf(why, DRV_WHY, "this build was made without that format's library; it writes %s",
           drv_formats(words));
  return 1;
}

int drv_set_format(drv_settings *s, const char *value, char why[DRV_WHY]) {
  char name[32];
  snprintf(name, sizeof name, "x.%s", value);
  s->format = value;
  if (*value && strlen(value) < 16 && !strpbrk(value, "./") && cnnimg_can_write(name)) return 0;
  char words[DRV_WORDS];
  if (drv_left_out(name, why)) return -1;
  snprintf(why, DRV_WHY, "is no format that this version writes (%s)", drv_formats(words));
  return -1;
}

/* Which keys there are is the library's to say. */
int drv_add_model_opt(drv_settings *s, const char *value, char why[DRV_WHY]) {
  const char *equals = strchr(value, '=');
  if (!equals || equals == value) return snprintf(why, DRV_WHY, "must be KEY=VALUE"), -1;
  if (s->model_opts.n) s->model_opts.n--; /* the NULL */
  if (!drv_names_add(&s->model_opts, value) && !drv_names_add(&s->model_opts, NULL)) return 0;
  snprintf(why, DRV_WHY, "out of memory");
  return -1;
}

/* Other names are surely slips: a picture would be written over. */
int drv_set_save(drv_settings *s, const char *value, char why[DRV_WHY]) {
  size_t n = strlen(value);
  s->save_model = value;
  if (n > 5 && !strcmp(value + n - 5, ".onnx")) return 0;
  snprintf(why, DRV_WHY, "must end in .onnx");
  return -1;
}

/* "-n NAME" or "-n LEVEL", as in realesrgan-ncnn-vulkan and waifu2x-ncnn-vulkan. */
int drv_set_name(drv_settings *s, const char *value, char why[DRV_WHY]) {
  long level;
  if (*value && strspn(value, "-0123456789") != strlen(value)) {
    s->model_name = value;
    return 0;
  }
  if (!whole(value, -1, 3, &level)) return s->tool->level(s, (int)level, why);
  snprintf(why, DRV_WHY, "must be the name of a model, or a noise level from -1 to 3");
  return -1;
}

int drv_set_gpu(drv_settings *s, const char *value, char why[DRV_WHY]) {
  (void)s;
  if (!strcmp(value, "-1") || !strcmp(value, "auto") || !strcmp(value, "0")) return 0;
  snprintf(why, DRV_WHY, "this is a CPU build: -g takes -1, auto or 0");
  return -1;
}

/* realcugan-ncnn-vulkan's choice of how tiles agree; here a picture is never cut so that it shows. */
int drv_set_sync(drv_settings *s, const char *value, char why[DRV_WHY]) {
  long mode;
  (void)s;
  if (!whole(value, 0, 3, &mode)) return 0;
  snprintf(why, DRV_WHY, "must be 0, 1, 2 or 3, and has no effect: there are no seams");
  return -1;
}

/* N, or the ncnn tools' LOAD:PROCESS:SAVE, where PROCESS may be a list with a number for each GPU. */
int drv_set_threads(drv_settings *s, const char *value, char why[DRV_WHY]) {
  char field[3][24];
  long n[3] = {0, 0, 0};
  int fields = 0;
  for (const char *p = value; fields < 3; fields++) {
    size_t all = strcspn(p, ":"), first = strcspn(p, ":,");
    if (first >= sizeof field[0]) break;
    snprintf(field[fields], sizeof field[0], "%.*s", (int)first, p);
    if (whole(field[fields], fields == 0 && !strchr(value, ':') ? 0 : 1, MAX_THREADS, &n[fields])) break;
    if (!p[all]) {
      s->config.threads = (uint32_t)(fields == 0 ? n[0] : n[1]);
      if (fields != 1 && (fields == 2 || !p[first])) return 0;
      break;
    }
    p += all + 1;
  }
  snprintf(why, DRV_WHY, "must be a number of threads up to %d (0: chosen), or three as in 1:2:2",
           MAX_THREADS);
  return -1;
}

/* A number and perhaps one of K, M, G, T; steps of 1024 or 1000. */
static int scaled(const char *value, double step, double max, double *out) {
  char digits[40];
  const char *units = "KMGT";
  size_t n = strlen(value);
  double factor = 1;
  if (!n || n >= sizeof digits) return -1;
  memcpy(digits, value, n + 1);
  char last = digits[n - 1] >= 'a' ? (char)(digits[n - 1] - 32) : digits[n - 1];
  const char *unit = strchr(units, last);
  if (unit) factor = pow(step, (double)(unit - units + 1)), digits[n - 1] = 0;
  if (strspn(digits, ".0123456789") != strlen(digits) || drv_number(digits, 0, max / factor, out)) return -1;
  *out *= factor;
  return *out >= 1 ? 0 : -1;
}

static double machine_bytes(void) {
  long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 ? (double)pages * (double)page : 0;
}

int drv_set_memory(drv_settings *s, const char *value, char why[DRV_WHY]) {
  size_t n = strlen(value);
  double v = 0;
  char digits[16];
  int bad = -1;
  if (n && n < sizeof digits && value[n - 1] == '%') {
    snprintf(digits, sizeof digits, "%.*s", (int)(n - 1), value);
    bad = drv_number(digits, 0.01, 100, &v);
    v *= machine_bytes() / 100;
  } else {
    bad = scaled(value, 1024, 1e15, &v);
  }
  if (!bad && v < 1 << 20) bad = -1;
  s->config.memory_limit = bad ? 0 : (uint64_t)v;
  if (bad) snprintf(why, DRV_WHY, "must be a size of at least 1M, such as 800M or 2G, or a percentage");
  return bad;
}

int drv_share(const char *value, float *share, char why[DRV_WHY]) {
  double v;
  char digits[24];
  size_t n = strlen(value);
  snprintf(why, DRV_WHY, "must be a percentage from 0 to 100");
  if (n >= sizeof digits) return -1;
  snprintf(digits, sizeof digits, "%.*s", (int)(n && value[n - 1] == '%' ? n - 1 : n), value);
  if (drv_number(digits, 0, 100, &v)) return -1;
  *share = (float)(v / 100);
  return 0;
}

int drv_set_augment(drv_settings *s, const char *value, char why[DRV_WHY]) {
  (void)value, (void)why;
  s->params.augment = 1;
  return 0;
}

int drv_set_wrap(drv_settings *s, const char *value, char why[DRV_WHY]) {
  static const char *const words[] = {"", "x", "y", "both"}; /* CNNIMG_WRAP_* */
  for (uint32_t i = 1; i < 4; i++)
    if (!strcmp(value, words[i])) return s->params.wrap = i, 0;
  snprintf(why, DRV_WHY, "must be one of x|y|both");
  return -1;
}

int drv_set_strength(drv_settings *s, const char *value, char why[DRV_WHY]) {
  return drv_share(value, &s->params.strength, why);
}

int drv_set_detail(drv_settings *s, const char *value, char why[DRV_WHY]) {
  return drv_share(value, &s->params.detail, why);
}

int drv_set_keep(drv_settings *s, const char *value, char why[DRV_WHY]) {
  static const struct {
    const char *word;
    uint32_t bits;
  } words[] = {{"all", CNNIMG_KEEP_ALL}, {"none", 0},
               {"icc", CNNIMG_KEEP_ICC}, {"exif", CNNIMG_KEEP_EXIF},
               {"xmp", CNNIMG_KEEP_XMP}, {"text", CNNIMG_KEEP_TEXT}};
  s->keep = 0;
  for (const char *p = value;;) {
    size_t n = strcspn(p, ","), i = 0;
    while (i < 6 && (strlen(words[i].word) != n || memcmp(words[i].word, p, n))) i++;
    if (i == 6 || (i < 2 && (p != value || p[n]))) break;
    s->keep |= words[i].bits;
    if (!p[n]) return 0;
    p += n + 1;
  }
  snprintf(why, DRV_WHY, "must be all, none, or some of exif,icc,xmp,text");
  return -1;
}

int drv_set_suffix(drv_settings *s, const char *value, char why[DRV_WHY]) {
  s->suffix = value;
  if (!strchr(value, '/')) return 0;
  snprintf(why, DRV_WHY, "must not have a / in it");
  return -1;
}

int drv_set_shard(drv_settings *s, const char *value, char why[DRV_WHY]) {
  char first[16];
  const char *slash = strchr(value, '/');
  size_t n = slash ? (size_t)(slash - value) : 0;
  long k, all;
  snprintf(why, DRV_WHY, "must be K/N with K from 1 to N");
  if (!slash || n >= sizeof first) return -1;
  snprintf(first, sizeof first, "%.*s", (int)n, value);
  if (whole(slash + 1, 1, 1000000, &all) || whole(first, 1, (double)all, &k)) return -1;
  s->shard = (uint32_t)k;
  s->shards = (uint32_t)all;
  return 0;
}

int drv_set_pixels(drv_settings *s, const char *value, char why[DRV_WHY]) {
  double v;
  snprintf(why, DRV_WHY, "must be a number of pixels, such as 50000000 or 50M");
  if (scaled(value, 1000, 1e18, &v)) return -1;
  s->config.pixel_limit = (uint64_t)v;
  return 0;
}
