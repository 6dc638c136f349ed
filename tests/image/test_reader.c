/* SPDX-License-Identifier: MIT */
/* test_reader.c - every kind of picture file decodes to the right samples, or is refused with a sentence */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

static fixture list[MAX_FIXTURES];
static size_t count;

static int load_list(void **state) {
  (void)state;
  size_t all = fixtures(list);
  for (size_t i = 0; i < all; i++)
    if (!missing_for(list[i].name)) list[count++] = list[i];
  return 0;
}

static void check_pixels(const fixture *f, const uint8_t *pixels) {
  char name[80];
  size_t size, n = ci_row_bytes(&f->format) * f->format.height;
  snprintf(name, sizeof name, "%s.raw", f->name);
  uint8_t *want = data_file(name, &size);
  assert_int_equal(size, n);
  for (size_t i = 0; i < n; i++) {
    size_t at = i; /* the files are little-endian */
    const uint16_t one = 1;
    if (*(const uint8_t *)&one == 0)
      at = i / f->format.sample * f->format.sample + (f->format.sample - 1 - i % f->format.sample);
    unsigned distance = (unsigned)abs((int)pixels[at] - (int)want[i]);
    if (distance > f->tolerance) fail_msg("%s: byte %zu is %u, not %u", f->name, i, pixels[at], want[i]);
  }
  free(want);
}

static void check_info(const fixture *f, const cnnimg_info *info) {
  if (strcmp(info->codec, f->codec) != 0) fail_msg("%s: codec %s", f->name, info->codec);
  if (!same_format(&info->format, &f->format))
    fail_msg("%s: %ux%u, %u+%u channels of %u bytes", f->name, info->format.width, info->format.height,
             info->format.colours, info->format.alpha, info->format.sample);
  if (info->bits != f->bits) fail_msg("%s: %u bits", f->name, info->bits);
  if (info->orientation != f->orientation) fail_msg("%s: orientation %u", f->name, info->orientation);
  if (info->quality != f->quality) fail_msg("%s: quality %u", f->name, info->quality);
  if (info->subsampling != f->subsampling) fail_msg("%s: subsampling %u", f->name, info->subsampling);
}

static void every_fixture_decodes(void **state) {
  (void)state;
  for (size_t i = 0; i < count; i++) {
    cnnimg_info info;
    cnnimg_error err = {0};
    uint8_t *pixels;
    if (decode_path(data_path(list[i].name), &info, &pixels, &err) != CNNIMG_OK) fail_msg("%s", err.text);
    check_info(&list[i], &info);
    check_pixels(&list[i], pixels);
    free(pixels);
  }
}

/* Rotation and interlace through a temporary file give the same; progressive JPEG is told that it needs more. */
static void little_memory_gives_the_same(void **state) {
  (void)state;
  const ci_limits tight = {1000000, 1u << 31, 400};
  for (size_t i = 0; i < count; i++) {
    cnnimg_info info;
    cnnimg_error err = {0};
    uint8_t *pixels;
    size_t size;
    uint8_t *data = data_file(list[i].name, &size);
    int rc = decode(data, size, list[i].name, &tight, &info, &pixels, &err);
    if (strstr(list[i].name, "progressive") ||
        (strstr(list[i].name, ".webp") && list[i].format.width > 1)) { /* they need a whole picture */
      assert_int_equal(rc, CNNIMG_LIMIT);
      assert_non_null(strstr(err.text, "memory limit"));
    } else {
      if (rc != CNNIMG_OK) fail_msg("%s", err.text);
      check_pixels(&list[i], pixels);
    }
    free(pixels);
    free(data);
  }
}

static void check_blob(const char *name, const char *what, const ci_blob *b, const char *want) {
  char crc[12];
  crc_text(b, crc);
  if (strcmp(crc, want) != 0) fail_msg("%s: %s is %s, not %s", name, what, crc, want);
}

static void metadata_is_delivered(void **state) {
  (void)state;
  for (size_t i = 0; i < count; i++) {
    const fixture *f = &list[i];
    ci_reader *r;
    assert_int_equal(ci_reader_open(&r, data_path(f->name), &roomy, 1, NULL), CNNIMG_OK);
    const ci_meta *m = ci_reader_meta(r);
    check_blob(f->name, "ICC", &m->icc, f->icc);
    check_blob(f->name, "EXIF", &m->exif, f->exif);
    check_blob(f->name, "XMP", &m->xmp, f->xmp);
    assert_int_equal(ci_reader_info(r)->has_icc, m->icc.size > 0);
    if (strcmp(f->codec, "png") == 0 || f->texts) assert_int_equal(m->n_texts, f->texts);
    if (f->dpi > 0 && (m->dpi_x < f->dpi - 0.01 || m->dpi_x > f->dpi + 0.01))
      fail_msg("%s: %g dpi", f->name, m->dpi_x);
    ci_reader_close(r);
  }
}

static ci_colour colour_of(const char *name) {
  ci_reader *r;
  assert_int_equal(ci_reader_open(&r, data_path(name), &roomy, 1, NULL), CNNIMG_OK);
  ci_colour c = ci_reader_meta(r)->colour;
  ci_reader_close(r);
  return c;
}

static void colour_chunks_are_delivered(void **state) {
  (void)state;
  ci_colour c = colour_of("gamma.png");
  assert_int_equal(c.gamma, 45455);
  assert_int_equal(c.chroma[0], 31270);
  assert_int_equal(c.chroma[7], 6000);
  assert_int_equal(colour_of("srgb.png").srgb, 2);
  c = colour_of("cicp.png");
  assert_int_equal(c.has_cicp, 1);
  assert_memory_equal(c.cicp, "\x09\x10\x00\x01", 4);
  c = colour_of("rgb8.png");
  assert_true(!c.srgb && !c.gamma && !c.has_cicp && !c.chroma[0]);
}

/* Text files may lose the end of their last number; all others end with something that is missed. */
static bool may_lose_its_end(const fixture *f) {
  return f->name[0] == 'p' && f->name[1] >= '1' && f->name[1] <= '3' && f->name[2] == '.';
}

/* Every length near both ends and of small files; of others a sample. */
static size_t prefix_step(const char *name, size_t n, size_t size) {
  bool many = strstr(name, ".tif") || strstr(name, ".webp");
  if (strncmp(name, "cmyk", 4) == 0) return 131; /* a transform takes 10 ms to make */
  if (n <= 100 || n + 100 >= size) return many && n > 16 && n + 24 < size ? 5 : 1;
  return size > 7000 ? 97 : many ? 41 : 1;
}

static void every_prefix_fails_politely(void **state) {
  (void)state;
  for (size_t i = 0; i < count; i++) {
    size_t size;
    uint8_t *data = data_file(list[i].name, &size);
    for (size_t n = 0; n < size; n += prefix_step(list[i].name, n, size)) {
      cnnimg_info info;
      cnnimg_error err = {0};
      uint8_t *pixels;
      uint8_t *cut = malloc(n ? n : 1); /* so that the address sanitizer sees its end */
      memcpy(cut, data, n);
      int rc = decode(cut, n, list[i].name, &roomy, &info, &pixels, &err);
      if (rc == CNNIMG_OK && !(may_lose_its_end(&list[i]) && n + 4 > size))
        fail_msg("%s: cut to %zu of %zu bytes, but read", list[i].name, n, size);
      if (rc != CNNIMG_OK && (rc != err.code || !strstr(err.text, list[i].name))) fail_msg("'%s'", err.text);
      free(pixels);
      free(cut);
    }
    free(data);
  }
}

static void what_is_refused(void **state) {
  (void)state;
  static const char *const words[] = {"OK", "NOMEM", "IO", "CORRUPT", "UNSUPPORTED", "BADARG", "LIMIT"};
  size_t size, n = 0;
  char *text = (char *)data_file("bad.tsv", &size), *save = NULL;
  text[size] = 0;
  for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save), n++) {
    char *tab = strchr(line, '\t');
    cnnimg_info info;
    cnnimg_error err = {0};
    uint8_t *pixels;
    *tab = 0;
    int rc = decode_path(data_path(line), &info, &pixels, &err);
    if (missing_for(line)) {
      assert_int_equal(rc, CNNIMG_UNSUPPORTED);
      continue;
    }
    if (strcmp(words[rc], tab + 1) != 0) fail_msg("%s: %s, not %s: %s", line, words[rc], tab + 1, err.text);
    if (!strstr(err.text, line)) fail_msg("%s: not named in '%s'", line, err.text);
    free(pixels);
  }
  assert_true(n > 20);
  free(text);
}

/* A build without a library says so, of every file that needs it. */
static void what_is_not_built_in_is_said(void **state) {
  (void)state;
  static fixture all[MAX_FIXTURES];
  for (size_t i = 0, n = fixtures(all); i < n; i++) {
    const char *library = missing_for(all[i].name);
    cnnimg_info info;
    cnnimg_error err = {0};
    uint8_t *pixels;
    if (!library) continue;
    assert_int_equal(decode_path(data_path(all[i].name), &info, &pixels, &err), CNNIMG_UNSUPPORTED);
    if (!strstr(err.text, library) || !strstr(err.text, all[i].name)) fail_msg("'%s'", err.text);
  }
}

static uint32_t next_random(uint32_t *seed) {
  *seed ^= *seed << 13, *seed ^= *seed >> 17, *seed ^= *seed << 5;
  return *seed;
}

/* Bytes changed by seed: anywhere, near the front, near the end, where TIFF's directories are. */
static void damage_ends_in_rows_or_a_sentence(void **state) {
  (void)state;
  const ci_limits some = {5000, 4000000, 32u << 20};
  uint32_t seed = 7;
  for (size_t i = 0; i < count; i++) {
    size_t size;
    uint8_t *data = data_file(list[i].name, &size), *damaged = malloc(size);
    for (unsigned round = 0; round < 20; round++) {
      cnnimg_info info;
      cnnimg_error err = {0};
      uint8_t *pixels;
      size_t span = round % 3 == 0 || size < 300 ? size : 300, from = round % 3 == 1 ? size - span : 0;
      memcpy(damaged, data, size);
      for (unsigned k = 0; k <= round % 5; k++)
        damaged[from + next_random(&seed) % span] = (uint8_t)next_random(&seed);
      int rc = decode(damaged, size, list[i].name, &some, &info, &pixels, &err);
      if (rc != CNNIMG_OK && (rc != err.code || !strstr(err.text, list[i].name)))
        fail_msg("%d '%s'", rc, err.text);
      free(pixels);
    }
    free(damaged);
    free(data);
  }
}

/* What a file holds besides is told, not hidden. */
static void what_is_left_out_is_noted(void **state) {
  (void)state;
  static const char *const noted[] = {"pages.tif", "five.tif"}, *const silent[] = {"thumbnail.tif",
                                                                                   "zip.tif"};
  for (size_t i = 0; CNNIMG_TIFF && i < 4; i++) {
    ci_reader *r;
    assert_int_equal(ci_reader_open(&r, data_path(i < 2 ? noted[i] : silent[i - 2]), &roomy, 1, NULL),
                     CNNIMG_OK);
    assert_int_equal(ci_reader_info(r)->note != NULL, i < 2);
    ci_reader_close(r);
  }
}

/* The profile of inks must not go along with colours. */
static void inks_become_srgb(void **state) {
  (void)state;
  if (!CNNIMG_LCMS2) skip();
  ci_reader *r;
  assert_int_equal(ci_reader_open(&r, data_path("cmyk-adobe.jpg"), &roomy, 1, NULL), CNNIMG_OK);
  assert_int_equal(ci_reader_info(r)->has_icc, 0);
  assert_int_equal(ci_reader_meta(r)->colour.srgb, 2);
  ci_reader_close(r);
}

static void limits_come_from_the_header(void **state) {
  (void)state;
  const ci_limits narrow = {12, 0, 0}, few = {0, 13 * 9 - 1, 0}, exact = {13, 13 * 9, 0};
  const char *const names[] = {"rgb8.png", "metadata.jpg", "p6.ppm", "lossy.webp", "tiles.tif"};
  cnnimg_error err = {0};
  cnnimg_info info;
  uint8_t *pixels;
  size_t size;
  uint8_t *data = data_file("rgb8.png", &size); /* 13 x 9 */
  assert_int_equal(decode(data, size, "x", &narrow, &info, &pixels, &err), CNNIMG_LIMIT);
  assert_non_null(strstr(err.text, "dimension limit"));
  assert_int_equal(decode(data, size, "x", &few, &info, &pixels, &err), CNNIMG_LIMIT);
  assert_non_null(strstr(err.text, "pixel limit of 116"));
  assert_int_equal(decode(data, size, "x", &exact, &info, &pixels, &err), CNNIMG_OK);
  free(pixels);
  free(data);
  const ci_limits one = {0, 1, 0};
  for (size_t i = 0; i < 5; i++) {
    ci_reader *r;
    int want = missing_for(names[i]) ? CNNIMG_UNSUPPORTED : CNNIMG_LIMIT;
    assert_int_equal(ci_reader_open(&r, data_path(names[i]), &one, 1, &err), want);
    assert_null(r);
  }
}

/* One text of 8 MB is fine; ten of them are an attack. */
static void many_small_bombs_are_one_large_bomb(void **state) {
  (void)state;
  size_t size, head = 33;
  cnnimg_error err = {0};
  cnnimg_info info;
  uint8_t *pixels, *data = data_file("text-8mb.png", &size);
  size_t text = 12 + ((size_t)data[head + 2] << 8 | data[head + 3]);
  uint8_t *many = malloc(size + 9 * text);
  memcpy(many, data, head);
  for (size_t i = 0; i < 10; i++) memcpy(many + head + i * text, data + head, text);
  memcpy(many + head + 10 * text, data + head + text, size - head - text);
  assert_int_equal(decode(many, size + 9 * text, "bombs", &roomy, &info, &pixels, &err), CNNIMG_LIMIT);
  assert_non_null(strstr(err.text, "64 MiB"));
  free(many);
  free(data);
}

static void rotation_can_be_refused(void **state) {
  (void)state;
  ci_reader *r;
  assert_int_equal(ci_reader_open(&r, data_path("turn6.png"), &roomy, 0, NULL), CNNIMG_OK);
  assert_int_equal(ci_reader_info(r)->format.width, 11);
  assert_int_equal(ci_reader_info(r)->orientation, 6);
  assert_int_equal(ci_exif_orientation(&ci_reader_meta(r)->exif),
                   6); /* whoever reads the result must turn it */
  ci_reader_close(r);
}

static void missing_files_are_named(void **state) {
  (void)state;
  cnnimg_error err = {0};
  ci_reader *r;
  assert_int_equal(ci_reader_open(&r, "no/such/file.png", &roomy, 1, &err), CNNIMG_IO);
  assert_non_null(strstr(err.text, "no/such/file.png"));
  assert_int_equal(ci_reader_open(&r, data_path(""), &roomy, 1, &err), CNNIMG_IO);
  assert_non_null(strstr(err.text, "folder"));
  assert_int_equal(ci_reader_open(&r, "/dev/null", &roomy, 1, &err), CNNIMG_IO);
}

/* Values of a type that is none have no bytes in the file, so nothing would bound their number. */
static void numbers_of_no_type_are_none(void **state) {
  (void)state;
  if (!CNNIMG_TIFF) skip();
  static const uint8_t endless[] = {0x11, 1, 4, 0x15, 0xff, 0xff, 0xff, 0xff};
  cnnimg_info info;
  cnnimg_error err = {0};
  uint8_t *pixels;
  size_t size, found = 0;
  uint8_t *data = data_file("grey8-le.tif", &size);
  for (size_t i = 0; i + 12 <= size; i++)
    if (data[i] == 0x11 && data[i + 1] == 1 && data[i + 3] == 0 && !found++)
      memcpy(data + i, endless, sizeof endless);
  assert_int_equal(found > 0, 1);
  assert_int_equal(decode(data, size, "endless.tif", &roomy, &info, &pixels, &err), CNNIMG_CORRUPT);
  assert_non_null(strstr(err.text, "endless.tif: TIFF: where its pieces are"));
  free(pixels);
  free(data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_fixture_decodes),        cmocka_unit_test(little_memory_gives_the_same),
      cmocka_unit_test(metadata_is_delivered),        cmocka_unit_test(colour_chunks_are_delivered),
      cmocka_unit_test(every_prefix_fails_politely),  cmocka_unit_test(what_is_refused),
      cmocka_unit_test(what_is_not_built_in_is_said), cmocka_unit_test(damage_ends_in_rows_or_a_sentence),
      cmocka_unit_test(what_is_left_out_is_noted),    cmocka_unit_test(inks_become_srgb),
      cmocka_unit_test(limits_come_from_the_header),  cmocka_unit_test(many_small_bombs_are_one_large_bomb),
      cmocka_unit_test(rotation_can_be_refused),      cmocka_unit_test(missing_files_are_named),
      cmocka_unit_test(numbers_of_no_type_are_none),
  };
  return cmocka_run_group_tests(tests, load_list, NULL);
}
