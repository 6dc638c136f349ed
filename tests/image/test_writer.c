/* SPDX-License-Identifier: MIT */
/* test_writer.c - what is written comes back; what is not finished leaves nothing */
#include "fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const cnnimg_write_options plain = {sizeof plain, NULL, 0, CNNIMG_KEEP_ALL, 1};

/* Any bytes are a picture of U8 or U16; floats get values outside 0..1 too. */
static uint8_t *make_pixels(const cnnimg_format *f) {
  size_t n = ci_row_bytes(f) * f->height;
  uint8_t *p = malloc(n);
  assert_non_null(p);
  if (f->sample == CNNIMG_F32)
    for (size_t i = 0; i < n / 4; i++) ((float *)(void *)p)[i] = (float)(i % 37) / 16.0f - 0.5f;
  else
    for (size_t i = 0; i < n; i++) p[i] = (uint8_t)(i * i * 31 + i * 7);
  return p;
}

static int write_all(const char *path, const cnnimg_format *f, const uint8_t *pixels, const ci_reader *from,
                     const cnnimg_write_options *o, cnnimg_error *err) {
  ci_writer *w;
  int rc = ci_writer_open(&w, path, f, from, o, err);
  if (rc != CNNIMG_OK) {
    assert_null(w);
    return rc;
  }
  for (uint32_t y = 0; y < f->height; y++)
    assert_int_equal(ci_writer_row(w, pixels + y * ci_row_bytes(f), err), 0);
  assert_int_equal(ci_writer_row(w, pixels, NULL), CNNIMG_BADARG);
  return ci_writer_finish(w, err);
}

/* Mean distance of two U8 pictures. */
static double distance(const uint8_t *a, const uint8_t *b, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += abs((int)a[i] - (int)b[i]);
  return sum / (double)n;
}

static void check_round_trip(const ci_codec *codec, const cnnimg_format *f) {
  char name[64];
  snprintf(name, sizeof name, "trip.%s", codec->word);
  const char *path = scratch_path(name);
  cnnimg_error err = {0};
  cnnimg_info info;
  uint8_t *pixels = make_pixels(f), *back;
  if (write_all(path, f, pixels, NULL, &plain, &err) != CNNIMG_OK) fail_msg("%s: %s", codec->name, err.text);
  if (decode_path(path, &info, &back, &err) != CNNIMG_OK) fail_msg("%s: %s", codec->name, err.text);
  assert_string_equal(info.codec, codec->name);
  assert_true(same_format(&info.format, f));
  if (strcmp(codec->name, "jpeg") != 0) assert_memory_equal(back, pixels, ci_row_bytes(f) * f->height);
  free(back);
  free(pixels);
}

/* The contract of every codec: what it says that it can write, it can. */
static void every_codec_writes_what_it_says(void **state) {
  (void)state;
  static const uint8_t samples[] = {CNNIMG_U8, CNNIMG_U16, CNNIMG_F32};
  static const uint32_t sizes[][2] = {{1, 1}, {1, 5}, {6, 1}, {17, 9}};
  size_t written = 0;
  for (const ci_codec *const *c = ci_codecs; *c; c++)
    for (size_t i = 0; i < 3 * 4 * 4; i++) {
      cnnimg_format fit,
          f = {sizes[i / 12][0], sizes[i / 12][1], i & 1 ? 3 : 1, i >> 1 & 1, samples[i / 4 % 3], 0};
      if (!ci_codec_writes(*c) || ci_codec_fit(*c, &f, &fit)) continue;
      check_round_trip(*c, &f);
      written++;
    }
  /* png, jpeg, ppm, pam, pfm, webp, tiff */
  assert_int_equal(written, 4 * (8 + 2 + 4 + 8 + 2 + 2 * CNNIMG_WEBP + 12 * CNNIMG_TIFF));
}

static void other_programs_agree_on_a_picture(void **state) {
  (void)
      state; /* a PNG by hand: signature, sizes, depth and colour type of the header as the standard has them */
  cnnimg_format f = {300, 2, 3, 1, CNNIMG_U16, 0};
  uint8_t head[33], *pixels = make_pixels(&f);
  static const uint8_t want[26] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13, 'I',
                                   'H',  'D', 'R', 0,   0,    1,    44,   0,    0, 0, 2, 16, 6};
  assert_int_equal(write_all(scratch_path("a.png"), &f, pixels, NULL, &plain, NULL), CNNIMG_OK);
  FILE *file = fopen(scratch_path("a.png"), "rb");
  assert_int_equal(fread(head, 1, sizeof head, file), sizeof head);
  fclose(file);
  assert_memory_equal(head, want, sizeof want);
  free(pixels);
}

static void what_a_codec_cannot_hold_is_refused_at_once(void **state) {
  (void)state;
  static const struct {
    const char *name;
    cnnimg_format f;
    int code;
  } cases[] = {
      {"a.jpg", {70000, 1, 3, 0, CNNIMG_U8, 0}, CNNIMG_UNSUPPORTED},
      {"a.jpg", {1, 1, 3, 1, CNNIMG_U8, 0}, CNNIMG_BADARG},
      {"a.jpg", {1, 1, 3, 0, CNNIMG_U16, 0}, CNNIMG_BADARG},
      {"a.png", {1, 1, 3, 0, CNNIMG_F32, 0}, CNNIMG_BADARG},
      {"a.ppm", {1, 1, 1, 1, CNNIMG_U8, 0}, CNNIMG_BADARG},
      {"a.pfm", {1, 1, 1, 0, CNNIMG_U8, 0}, CNNIMG_BADARG},
      {"a.png", {0, 1, 3, 0, CNNIMG_U8, 0}, CNNIMG_BADARG},
      {"a.webp", {16384, 1, 3, 0, CNNIMG_U8, 0}, CNNIMG_WEBP ? CNNIMG_UNSUPPORTED : CNNIMG_BADARG},
      {"a.webp", {1, 1, 1, 0, CNNIMG_U8, 0}, CNNIMG_BADARG},
      {"a.webp", {1, 1, 3, 0, CNNIMG_U16, 0}, CNNIMG_BADARG},
      {"a.tif", {0x80000000u, 1, 3, 0, CNNIMG_U8, 0}, CNNIMG_TIFF ? CNNIMG_UNSUPPORTED : CNNIMG_BADARG},
      {"a.xyz", {1, 1, 3, 0, CNNIMG_U8, 0}, CNNIMG_BADARG},
      {"a", {1, 1, 3, 0, CNNIMG_U8, 0}, CNNIMG_BADARG},
      {"no/a.png", {1, 1, 3, 0, CNNIMG_U8, 0}, CNNIMG_IO},
  };
  size_t before = scratch_count();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cnnimg_error err = {0};
    ci_writer *w;
    int rc = ci_writer_open(&w, scratch_path(cases[i].name), &cases[i].f, NULL, &plain, &err);
    if (rc != cases[i].code || err.code != rc || !*err.text) fail_msg("case %zu: %d '%s'", i, rc, err.text);
    assert_null(w);
  }
  assert_int_equal(scratch_count(), before);
}

static void an_unfinished_file_leaves_nothing(void **state) {
  (void)state;
  cnnimg_format f = {50, 20, 3, 0, CNNIMG_U8, 0};
  uint8_t *pixels = make_pixels(&f);
  for (const ci_codec *const *c = ci_codecs; *c; c++) {
    ci_writer *w;
    char name[32];
    cnnimg_format fit;
    if (!ci_codec_writes(*c)) continue;
    snprintf(name, sizeof name, "gone.%s", (*c)->word);
    ci_codec_fit(*c, &f, &fit);
    size_t before = scratch_count();
    uint8_t *row = calloc(1, ci_row_bytes(&fit));
    assert_int_equal(ci_writer_open(&w, scratch_path(name), &fit, NULL, &plain, NULL), CNNIMG_OK);
    assert_int_equal(access(ci_writer_temp(w), F_OK), 0); /* for signal handlers */
    assert_int_equal(ci_writer_row(w, row, NULL), CNNIMG_OK);
    assert_int_equal(scratch_count(), before + 1);
    ci_writer_abort(w);
    assert_int_equal(scratch_count(), before);
    assert_int_equal(ci_writer_open(&w, scratch_path(name), &fit, NULL, &plain, NULL), CNNIMG_OK);
    assert_int_equal(ci_writer_finish(w, NULL), CNNIMG_BADARG); /* rows are missing */
    assert_int_equal(scratch_count(), before);
    free(row);
  }
  free(pixels);
}

static void existing_files_are_kept_or_replaced(void **state) {
  (void)state;
  cnnimg_format f = {3, 2, 1, 0, CNNIMG_U8, 0};
  uint8_t *pixels = make_pixels(&f);
  cnnimg_write_options o = plain;
  cnnimg_error err = {0};
  cnnimg_info info;
  struct stat st;
  char path[300], link_path[300];
  snprintf(path, sizeof path, "%s", scratch_path("mine.pgm"));
  snprintf(link_path, sizeof link_path, "%s", scratch_path("link.pgm"));
  FILE *file = fopen(path, "w");
  fputs("precious", file);
  fclose(file);
  chmod(path, 0640);
  assert_int_equal(symlink("mine.pgm", link_path), 0);
  o.overwrite = 0;
  assert_int_equal(write_all(path, &f, pixels, NULL, &o, &err), CNNIMG_IO);
  assert_non_null(strstr(err.text, "exists"));
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_size, 8);
  assert_int_equal(write_all(link_path, &f, pixels, NULL, &plain, &err), CNNIMG_OK); /* through the link */
  assert_int_equal(lstat(link_path, &st), 0);
  assert_true(S_ISLNK(st.st_mode));
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0640);
  free(pixels);
  assert_int_equal(decode_path(path, &info, &pixels, &err), CNNIMG_OK);
  free(pixels);
}

/* Somebody else's file that appears while ours grows is not replaced either. */
static void a_race_for_the_name_is_lost_politely(void **state) {
  (void)state;
  cnnimg_format f = {1, 1, 1, 0, CNNIMG_U8, 0};
  cnnimg_write_options o = plain;
  ci_writer *w;
  char path[300];
  o.overwrite = 0;
  snprintf(path, sizeof path, "%s", scratch_path("race.pgm"));
  assert_int_equal(ci_writer_open(&w, path, &f, NULL, &o, NULL), CNNIMG_OK);
  assert_int_equal(ci_writer_row(w, "x", NULL), CNNIMG_OK);
  fclose(fopen(path, "w"));
  size_t before = scratch_count();
  assert_int_equal(ci_writer_finish(w, NULL), CNNIMG_IO);
  assert_int_equal(scratch_count(), before - 1);
}

/* The last bytes find no room: what has the name is what had it before. */
static void the_name_comes_after_the_last_byte(void **state) {
  (void)state;
  cnnimg_format f = {100, 1, 1, 0, CNNIMG_U8, 0};
  const struct sigaction ignore = {.sa_handler = SIG_IGN};
  struct sigaction before;
  struct rlimit all, some;
  struct stat st;
  ci_writer *w;
  char path[300];
  uint8_t row[100] = {0};
  snprintf(path, sizeof path, "%s", scratch_path("full.pgm"));
  assert_int_equal(write_all(path, &f, row, NULL, &plain, NULL), CNNIMG_OK);
  f.height = 2;
  assert_int_equal(ci_writer_open(&w, path, &f, NULL, &plain, NULL), CNNIMG_OK);
  for (int y = 0; y < 2; y++) assert_int_equal(ci_writer_row(w, row, NULL), CNNIMG_OK);
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &all), 0);
  some = all, some.rlim_cur = 64;
  sigaction(SIGXFSZ, &ignore, &before);
  setrlimit(RLIMIT_FSIZE, &some);
  int rc = ci_writer_finish(w, NULL);
  setrlimit(RLIMIT_FSIZE, &all);
  sigaction(SIGXFSZ, &before, NULL);
  assert_int_equal(rc, CNNIMG_IO);
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_size, sizeof "P5\n100 1\n255\n" - 1 + 100);
}

static void new_files_obey_the_umask(void **state) {
  (void)state;
  cnnimg_format f = {1, 1, 1, 0, CNNIMG_U8, 0};
  struct stat st;
  mode_t before = umask(027);
  assert_int_equal(write_all(scratch_path("mode.pgm"), &f, (const uint8_t *)"x", NULL, &plain, NULL),
                   CNNIMG_OK);
  umask(before);
  assert_int_equal(stat(scratch_path("mode.pgm"), &st), 0);
  assert_int_equal(st.st_mode & 0777, 0640);
}

static void devices_are_written_straight(void **state) {
  (void)state;
  cnnimg_format f = {64, 64, 3, 0, CNNIMG_U8, 0};
  cnnimg_write_options o = plain;
  uint8_t *pixels = make_pixels(&f);
  cnnimg_error err = {0};
  o.codec = "png";
  assert_int_equal(write_all("/dev/null", &f, pixels, NULL, &o, &err), CNNIMG_OK);
  static const char *const words[] = {"png", "jpg", "ppm", "webp", "tiff"};
  for (size_t i = 0; i < 5 && access("/dev/full", W_OK) == 0; i++) { /* a full disk is said, not swallowed */
    ci_writer *w;
    o.codec = words[i];
    if (!ci_codec_writes(ci_codec_for_name(words[i]))) continue;
    int rc = ci_writer_open(&w, "/dev/full", &f, NULL, &o, &err);
    for (uint32_t y = 0; rc == CNNIMG_OK && y < f.height; y++) rc = ci_writer_row(w, pixels, &err);
    if (w && rc == CNNIMG_OK) rc = ci_writer_finish(w, &err);
    else ci_writer_abort(w);
    assert_int_equal(rc, CNNIMG_IO);
    assert_non_null(strstr(err.text, "No space left"));
  }
  free(pixels);
}

/* A pipe cannot be sought: PFM's rows, bottom first, must wait. */
static void pfm_goes_through_a_pipe(void **state) {
  (void)state;
  cnnimg_format f = {5, 4, 3, 0, CNNIMG_F32, 0};
  cnnimg_write_options o = plain;
  uint8_t *pixels = make_pixels(&f), *back, bytes[1024];
  cnnimg_info info;
  char path[300];
  snprintf(path, sizeof path, "%s", scratch_path("fifo"));
  assert_int_equal(mkfifo(path, 0600), 0);
  int fd = open(path, O_RDONLY | O_NONBLOCK);
  assert_true(fd >= 0);
  o.codec = "pfm";
  assert_int_equal(write_all(path, &f, pixels, NULL, &o, NULL), CNNIMG_OK);
  ssize_t n = read(fd, bytes, sizeof bytes);
  close(fd);
  assert_true(n > 240);
  assert_int_equal(decode(bytes, (size_t)n, "fifo", &roomy, &info, &back, NULL), CNNIMG_OK);
  assert_memory_equal(back, pixels, 240);
  free(back);
  free(pixels);
}

static void check_same(const char *what, const ci_blob *a, const ci_blob *b) {
  if (a->size != b->size || (a->size && memcmp(a->data, b->data, a->size) != 0)) fail_msg("%s changed", what);
}

/* Not every file has room for texts, or for dots an inch. */
static bool is_called(const char *name, const char *end) { return strcmp(strrchr(name, '.'), end) == 0; }

static void check_meta_path(const char *source, const char *target, uint32_t keep, bool rebuilt) {
  ci_reader *r, *s;
  bool webp = is_called(target, ".webp"), tiff = is_called(target, ".tif");
  cnnimg_write_options o = plain;
  cnnimg_error err = {0};
  o.keep = keep;
  assert_int_equal(ci_reader_open(&r, source, &roomy, 1, &err), CNNIMG_OK);
  cnnimg_format f;
  ci_codec_fit(ci_codec_for_name(target), &ci_reader_info(r)->format, &f);
  uint8_t *pixels = make_pixels(&f);
  if (write_all(scratch_path(target), &f, pixels, r, &o, &err) != CNNIMG_OK) fail_msg("%s", err.text);
  assert_int_equal(ci_reader_open(&s, scratch_path(target), &roomy, 1, &err), CNNIMG_OK);
  const ci_meta *a = ci_reader_meta(r), *b = ci_reader_meta(s), none = {0};
  check_same("ICC", keep & CNNIMG_KEEP_ICC ? &a->icc : &none.icc, &b->icc);
  ci_meta kept; /* texts become EXIF's where they have no other place: test_exif knows how */
  assert_int_equal(ci_meta_copy(&kept, a, keep), CNNIMG_OK);
  if (webp || tiff) assert_int_equal(ci_exif_add_texts(&kept), CNNIMG_OK);
  if (!rebuilt) check_same("EXIF", &kept.exif, &b->exif);
  ci_meta_clear(&kept);
  check_same("XMP", keep & CNNIMG_KEEP_XMP ? &a->xmp : &none.xmp, &b->xmp);
  assert_int_equal(b->n_texts, keep & CNNIMG_KEEP_TEXT && !webp && !tiff ? a->n_texts : 0);
  if (strcmp(ci_reader_info(r)->codec, ci_reader_info(s)->codec) == 0) {
    for (size_t i = 0; i < b->n_texts; i++) assert_string_equal(a->texts[i].value, b->texts[i].value);
    if (keep & CNNIMG_KEEP_ICC) assert_memory_equal(&a->colour, &b->colour, sizeof a->colour);
  }
  if (!webp) assert_true(b->dpi_x > a->dpi_x - 0.5 && b->dpi_x < a->dpi_x + 0.5);
  ci_reader_close(s);
  ci_reader_close(r);
  free(pixels);
}

static void check_meta(const char *source, const char *target, uint32_t keep) {
  char path[4096];
  snprintf(path, sizeof path, "%s", data_path(source));
  check_meta_path(path, target, keep, false);
}

static void metadata_survives(void **state) {
  (void)state;
  static const char *const sources[] = {"metadata.png", "metadata-late.png", "metadata.jpg",
                                        "turn6.png",    "turn3.jpg",         "pillow.png",
                                        "gamma.png",    "cicp.png",          "srgb.png"};
  for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
    check_meta(sources[i], "m.png", CNNIMG_KEEP_ALL);
    check_meta(sources[i], "m.jpg", CNNIMG_KEEP_ALL);
  }
  for (uint32_t keep = 0; keep <= CNNIMG_KEEP_ALL; keep++) {
    check_meta("metadata.png", "m.png", keep);
    check_meta("metadata.jpg", "m.jpg", keep);
  }
}

static void webp_keeps_metadata(void **state) {
  (void)state;
  if (!CNNIMG_WEBP) skip();
  static const char *const sources[] = {"metadata.png",  "metadata.jpg",   "turn6.png", "pillow.png",
                                        "metadata.webp", "jpeg-exif.webp", "turn6.webp"};
  for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
    check_meta(sources[i], "m.webp", CNNIMG_KEEP_ALL);
  for (uint32_t keep = 0; keep <= CNNIMG_KEEP_ALL; keep++) check_meta("metadata.webp", "m.webp", keep);
  check_meta("metadata.webp", "m.jpg", CNNIMG_KEEP_ALL);
}

/* EXIF is taken apart and put together again: what has gone through it once comes back byte for byte. */
static void tiff_keeps_metadata(void **state) {
  (void)state;
  if (!CNNIMG_TIFF) skip();
  static const char *const sources[] = {"metadata-le.tif", "metadata-be.tif", "metadata-big.tif"};
  char path[4096];
  for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
    check_meta(sources[i], "m.tif", CNNIMG_KEEP_ALL);
    check_meta(sources[i], "m.png", CNNIMG_KEEP_ALL);
    snprintf(path, sizeof path, "%s", scratch_path("m.png"));
    check_meta_path(path, "m.tif", CNNIMG_KEEP_ALL, false);
  }
  for (uint32_t keep = 0; keep <= CNNIMG_KEEP_ALL; keep++) check_meta("metadata-be.tif", "m.tif", keep);
  snprintf(path, sizeof path, "%s", data_path("metadata.jpg")); /* whose thumbnail is left behind */
  check_meta_path(path, "m.tif", CNNIMG_KEEP_ALL, true);
  snprintf(path, sizeof path, "%s", data_path("turn6.tif")); /* where nothing is left to say */
  check_meta_path(path, "m.tif", CNNIMG_KEEP_ALL, true);
}

/* A compression that loses nothing is kept. */
static void tiff_is_packed_as_it_was(void **state) {
  (void)state;
  if (!CNNIMG_TIFF) skip();
  static const struct {
    const char *source;
    uint8_t tag[4]; /* the entry of the directory that says it: its value */
  } cases[] = {
      {"lzw.tif", {5, 0}},  {"separate.tif", {1, 0}}, {"zip.tif", {8, 0}}, {"packbits.tif", {0x05, 0x80}},
      {"jpeg.tif", {8, 0}}, {"g4.tif", {8, 0}},       {"rgb8.png", {8, 0}}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    check_meta(cases[i].source, "p.tif", CNNIMG_KEEP_ALL);
    FILE *file = fopen(scratch_path("p.tif"), "rb");
    static uint8_t bytes[65536];
    size_t n = fread(bytes, 1, sizeof bytes, file), found = 0;
    fclose(file);
    uint8_t entry[10] = {3, 1, 3, 0, 1, 0, 0, 0, cases[i].tag[0], cases[i].tag[1]};
    for (size_t at = 0; at + 10 <= n; at++) found += memcmp(bytes + at, entry, 10) == 0;
    if (found != 1) fail_msg("%s: packed in another way", cases[i].source);
  }
}

/* A pipe cannot be sought: the file is made aside. */
static void tiff_goes_through_a_pipe(void **state) {
  (void)state;
  if (!CNNIMG_TIFF) skip();
  cnnimg_format f = {5, 4, 3, 1, CNNIMG_U16, 0};
  cnnimg_write_options o = plain;
  uint8_t *pixels = make_pixels(&f), *back, bytes[4096];
  cnnimg_info info;
  char path[300];
  snprintf(path, sizeof path, "%s", scratch_path("fifo2"));
  assert_int_equal(mkfifo(path, 0600), 0);
  int fd = open(path, O_RDONLY | O_NONBLOCK);
  assert_true(fd >= 0);
  o.codec = "tiff";
  assert_int_equal(write_all(path, &f, pixels, NULL, &o, NULL), CNNIMG_OK);
  ssize_t n = read(fd, bytes, sizeof bytes);
  close(fd);
  assert_true(n > 100);
  assert_int_equal(decode(bytes, (size_t)n, "fifo2", &roomy, &info, &back, NULL), CNNIMG_OK);
  assert_memory_equal(back, pixels, ci_row_bytes(&f) * f.height);
  free(back);
  free(pixels);
}

static void check_webp_like(const char *source, int quality, int want_lossless) {
  ci_reader *r = NULL;
  cnnimg_write_options o = plain;
  cnnimg_info info;
  cnnimg_format f = {40, 30, 3, 1, CNNIMG_U8, 0};
  uint8_t *pixels = make_pixels(&f), *back;
  o.quality = quality;
  if (source) assert_int_equal(ci_reader_open(&r, data_path(source), &roomy, 1, NULL), CNNIMG_OK);
  assert_int_equal(write_all(scratch_path("q.webp"), &f, pixels, r, &o, NULL), CNNIMG_OK);
  assert_int_equal(decode_path(scratch_path("q.webp"), &info, &back, NULL), CNNIMG_OK);
  assert_int_equal(info.lossless, want_lossless);
  for (size_t i = 0; i < 40 * 30; i++)
    assert_int_equal(back[i * 4 + 3], pixels[i * 4 + 3]); /* alpha always */
  if (want_lossless) assert_memory_equal(back, pixels, 40 * 30 * 4);
  ci_reader_close(r);
  free(back);
  free(pixels);
}

static void webp_loses_only_where_it_may(void **state) {
  (void)state;
  if (!CNNIMG_WEBP) skip();
  check_webp_like(NULL, 0, 1);
  check_webp_like(NULL, 100, 1);
  check_webp_like(NULL, 99, 0);
  check_webp_like("rgb8.png", 0, 1);
  check_webp_like("rgb8.png", 80, 0);
  check_webp_like("lossless.webp", 0, 1);
  check_webp_like("lossy.webp", 0, 0);
  check_webp_like("lossy.webp", 100, 1);
  check_webp_like("luma2x1.jpg", 0, 0);
}

/* What the file may not say is left out; the picture is written all the same. */
static void odd_keywords_are_left_out(void **state) {
  (void)state;
  static char odd[] = "\1\2", blank[] = "  ", empty[] = "", good[] = "Title", value[] = "a text";
  char endless[90];
  memset(endless, 'x', 89);
  endless[89] = 0;
  ci_text texts[] = {{odd, value}, {blank, value}, {empty, value}, {endless, value}, {good, value}};
  const ci_meta meta = {.texts = texts, .n_texts = 5};
  const ci_codec *png = ci_codec_for_name("png");
  FILE *file = fopen(scratch_path("odd.png"), "wb");
  const ci_write_job job = {
      file, "odd.png", {.width = 2, .height = 1, .colours = 1, .sample = CNNIMG_U8}, &meta, 90, 0, 0, 0};
  void *state_of = NULL;
  cnnimg_error err = {0};
  if (png->begin(&job, &state_of, &err) || png->put(state_of, "ab", &err) || png->end(state_of, &err))
    fail_msg("%s", err.text);
  png->drop(state_of);
  fclose(file);
  ci_reader *r;
  assert_int_equal(ci_reader_open(&r, scratch_path("odd.png"), &roomy, 1, &err), CNNIMG_OK);
  assert_int_equal(ci_reader_meta(r)->n_texts, 1);
  assert_string_equal(ci_reader_meta(r)->texts[0].key, "Title");
  ci_reader_close(r);
}

/* Where grey has become colours its profile is for another kind of picture. */
static void a_profile_of_grey_stays_with_grey(void **state) {
  uint8_t icc[132] = {0, 0, 0, 132, [16] = 'G', 'R', 'A', 'Y', [36] = 'a', 'c', 's', 'p'},
          pixel[3] = {9, 9, 9};
  size_t size;
  uint8_t *data = data_file("grey.jpg", &size);
  (void)state;
  for (uint8_t colours = 1; colours <= 3; colours += 2) {
    const cnnimg_format f = {1, 1, colours, 0, CNNIMG_U8, 0};
    ci_reader *r, *s;
    ci_source src;
    ci_source_memory(&src, data, size, "x");
    assert_int_equal(ci_reader_open_source(&r, src, &roomy, 1, NULL), CNNIMG_OK);
    assert_int_equal(ci_blob_set((ci_blob *)(uintptr_t)&ci_reader_meta(r)->icc, icc, sizeof icc), CNNIMG_OK);
    assert_int_equal(write_all(scratch_path("profile.jpg"), &f, pixel, r, &plain, NULL), CNNIMG_OK);
    assert_int_equal(ci_reader_open(&s, scratch_path("profile.jpg"), &roomy, 1, NULL), CNNIMG_OK);
    assert_int_equal(ci_reader_meta(s)->icc.size, colours == 1 ? sizeof icc : 0);
    ci_reader_close(r);
    ci_reader_close(s);
  }
  free(data);
}

/* Profiles larger than a segment go into several. */
static void a_large_profile_is_split(void **state) {
  (void)state;
  ci_reader *r, *s;
  size_t size;
  uint8_t *icc = calloc(1, 150000), *data = data_file("rgb.jpg", &size);
  ci_source src;
  cnnimg_format f = {1, 1, 3, 0, CNNIMG_U8, 0};
  for (size_t i = 0; i < 150000; i++) icc[i] = (uint8_t)(i * 17 >> 4);
  ci_source_memory(&src, data, size, "x");
  assert_int_equal(ci_reader_open_source(&r, src, &roomy, 1, NULL), CNNIMG_OK);
  assert_int_equal(ci_blob_set((ci_blob *)(uintptr_t)&ci_reader_meta(r)->icc, icc, 150000), CNNIMG_OK);
  assert_int_equal(write_all(scratch_path("icc.jpg"), &f, icc, r, &plain, NULL), CNNIMG_OK);
  assert_int_equal(ci_reader_open(&s, scratch_path("icc.jpg"), &roomy, 1, NULL), CNNIMG_OK);
  check_same("ICC", &ci_reader_meta(r)->icc, &ci_reader_meta(s)->icc);
  ci_reader_close(r);
  ci_reader_close(s);
  free(icc);
  free(data);
}

static void check_jpeg_like(const char *source, int quality, int want_quality, int want_subsampling) {
  ci_reader *r = NULL;
  cnnimg_write_options o = plain;
  cnnimg_info info;
  cnnimg_format f = {40, 30, 3, 0, CNNIMG_U8, 0};
  uint8_t *pixels = make_pixels(&f), *back;
  o.quality = quality;
  if (source) assert_int_equal(ci_reader_open(&r, data_path(source), &roomy, 1, NULL), CNNIMG_OK);
  assert_int_equal(write_all(scratch_path("q.jpg"), &f, pixels, r, &o, NULL), CNNIMG_OK);
  assert_int_equal(decode_path(scratch_path("q.jpg"), &info, &back, NULL), CNNIMG_OK);
  assert_int_equal(info.quality, want_quality);
  assert_int_equal(info.subsampling, want_subsampling);
  ci_reader_close(r);
  free(back);
  free(pixels);
}

static void jpeg_quality_follows_the_source(void **state) {
  (void)state;
  check_jpeg_like(NULL, 0, 95, 11);
  check_jpeg_like(NULL, 90, 90, 11);
  check_jpeg_like(NULL, 89, 89, 22);
  check_jpeg_like("luma2x1.jpg", 0, 80, 21);
  check_jpeg_like("luma1x2.jpg", 0, 80, 12);
  check_jpeg_like("luma4x1.jpg", 0, 80, 41);
  check_jpeg_like("luma2x1.jpg", 93, 93, 11);
  check_jpeg_like("grey.jpg", 0, 60, 22);
  check_jpeg_like("rgb8.png", 0, 95, 11);
  for (int q = 1; q <= 100; q += 9) check_jpeg_like(NULL, q, q, q >= 90 ? 11 : 22);
}

static void jpeg_is_close_to_what_was_written(void **state) {
  (void)state;
  cnnimg_format f = {33, 17, 3, 0, CNNIMG_U8, 0};
  uint8_t *pixels = malloc(ci_row_bytes(&f) * f.height), *back;
  cnnimg_info info;
  for (size_t i = 0; i < 33 * 17 * 3; i++) pixels[i] = (uint8_t)(i / 3 % 33 * 5 + i % 3 * 30);
  assert_int_equal(write_all(scratch_path("c.jpg"), &f, pixels, NULL, &plain, NULL), CNNIMG_OK);
  assert_int_equal(decode_path(scratch_path("c.jpg"), &info, &back, NULL), CNNIMG_OK);
  assert_true(distance(pixels, back, 33 * 17 * 3) < 1.5);
  free(back);
  free(pixels);
}

static int clean(void **state) {
  (void)state;
  scratch_remove();
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_codec_writes_what_it_says),
      cmocka_unit_test(other_programs_agree_on_a_picture),
      cmocka_unit_test(what_a_codec_cannot_hold_is_refused_at_once),
      cmocka_unit_test(an_unfinished_file_leaves_nothing),
      cmocka_unit_test(existing_files_are_kept_or_replaced),
      cmocka_unit_test(a_race_for_the_name_is_lost_politely),
      cmocka_unit_test(the_name_comes_after_the_last_byte),
      cmocka_unit_test(new_files_obey_the_umask),
      cmocka_unit_test(devices_are_written_straight),
      cmocka_unit_test(pfm_goes_through_a_pipe),
      cmocka_unit_test(metadata_survives),
      cmocka_unit_test(webp_keeps_metadata),
      cmocka_unit_test(tiff_keeps_metadata),
      cmocka_unit_test(tiff_is_packed_as_it_was),
      cmocka_unit_test(tiff_goes_through_a_pipe),
      cmocka_unit_test(webp_loses_only_where_it_may),
      cmocka_unit_test(odd_keywords_are_left_out),
      cmocka_unit_test(a_profile_of_grey_stays_with_grey),
      cmocka_unit_test(a_large_profile_is_split),
      cmocka_unit_test(jpeg_quality_follows_the_source),
      cmocka_unit_test(jpeg_is_close_to_what_was_written),
  };
  return cmocka_run_group_tests(tests, NULL, clean);
}
