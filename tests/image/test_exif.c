/* SPDX-License-Identifier: MIT */
/* test_exif.c - orientation in both byte orders, and hostile structures that must do no harm */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

/* Little-endian: IFD0 with orientation 6 as SHORT, no more. */
static const uint8_t small[] = {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3,
                                0,   1,   0,  0, 0, 6, 0, 0, 0, 0, 0,    0, 0};

static ci_blob copy(const void *data, size_t size) {
  ci_blob b = {0};
  assert_int_equal(ci_blob_set(&b, data, size), CNNIMG_OK);
  return b;
}

static void orientation_is_found_and_cleared(void **state) {
  (void)state;
  ci_blob b = copy(small, sizeof small);
  assert_int_equal(ci_exif_orientation(&b), 6);
  ci_exif_normalise(&b, 1, 3, 4);
  assert_int_equal(ci_exif_orientation(&b), 1);
  assert_int_equal(b.size, sizeof small);
  size_t changed = 0;
  for (size_t i = 0; i < b.size; i++) changed += b.data[i] != small[i];
  assert_int_equal(changed, 1);
  free(b.data);
}

static void nonsense_is_upright(void **state) {
  (void)state;
  const ci_blob none = {0};
  assert_int_equal(ci_exif_orientation(&none), 1);
  uint8_t bad[sizeof small];
  for (int v = 0; v < 256; v++) {
    memcpy(bad, small, sizeof bad);
    bad[18] = (uint8_t)v;
    ci_blob b = {bad, sizeof bad};
    assert_int_equal(ci_exif_orientation(&b), v >= 1 && v <= 8 ? v : 1);
  }
}

static void add_a_text(ci_blob *exif) {
  ci_meta m = {.exif = *exif};
  assert_int_equal(ci_meta_add_text(&m, "Title", "a title", 7), CNNIMG_OK);
  assert_int_equal(ci_exif_add_texts(&m), CNNIMG_OK);
  *exif = m.exif;
  m.exif = (ci_blob){0};
  ci_meta_clear(&m);
}

/* Bytes as TIFF 6.0 lays them out, by hand. */
static void texts_become_tags(void **state) {
  (void)state;
  static const char *const texts[][2] = {{"Copyright", "me"},        {"Author", "J\xf6rg"},
                                         {"Warning", "is left out"}, {"Comment", "not this"},
                                         {"Description", ""},        {"Description", "a cat"}};
  /* The old directory of one entry ends at 26; behind it 26 "a cat", 32 "Jo:rg", 38 "me", which fits into its entry. */
  static const uint8_t want[] = {'I',  'I',  42,  0,   42,  0, 0,   0,    1,    0,   0x12, 1, 3,
                                 0,    1,    0,   0,   0,   6, 0,   0,    0,    0,   0,    0, 0, /**/
                                 'a',  ' ',  'c', 'a', 't', 0, 'J', 0xc3, 0xb6, 'r', 'g',  0, 'm',
                                 'e',  0,    0,                                               /**/
                                 4,    0,                                                     /**/
                                 0x0e, 1,    2,   0,   6,   0, 0,   0,    26,   0,   0,    0, /**/
                                 0x12, 1,    3,   0,   1,   0, 0,   0,    6,    0,   0,    0, /**/
                                 0x3b, 1,    2,   0,   6,   0, 0,   0,    32,   0,   0,    0, /**/
                                 0x98, 0x82, 2,   0,   3,   0, 0,   0,    'm',  'e', 0,    0, /**/
                                 0,    0,    0,   0};
  ci_meta m = {.exif = copy(small, sizeof small)};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    assert_int_equal(ci_meta_add_text(&m, texts[i][0], texts[i][1], strlen(texts[i][1])), CNNIMG_OK);
  for (int i = 0; i < 2; i++) { /* once added, they are there */
    assert_int_equal(ci_exif_add_texts(&m), CNNIMG_OK);
    assert_int_equal(m.exif.size, sizeof want);
    assert_memory_equal(m.exif.data, want, sizeof want);
  }
  assert_int_equal(ci_exif_orientation(&m.exif), 6);
  ci_meta_clear(&m);
}

/* Each byte takes hostile values, each length is tried; the address sanitizer listens. */
static void damage_stays_inside(void **state) {
  (void)state;
  static const uint8_t values[] = {0, 1, 8, 0x7f, 0x80, 0xff};
  ci_reader *r;
  assert_int_equal(ci_reader_open(&r, data_path("turn2.png"), &roomy, 0, NULL), CNNIMG_OK);
  const ci_blob *whole = &ci_reader_meta(r)->exif;
  assert_true(whole->size > 80);
  for (size_t i = 0; i < whole->size * sizeof values; i++) {
    ci_blob b = copy(whole->data, whole->size);
    b.data[i / sizeof values] = values[i % sizeof values];
    int o = ci_exif_orientation(&b);
    assert_true(o >= 1 && o <= 8);
    ci_exif_normalise(&b, 1, 70000, 7);
    ci_exif_drop_thumbnail(&b);
    assert_true(b.size <= whole->size);
    add_a_text(&b);
    free(b.data);
  }
  for (size_t n = 0; n < whole->size; n++) {
    ci_blob b = copy(whole->data, n);
    ci_exif_orientation(&b);
    ci_exif_normalise(&b, 1, 9, 9);
    add_a_text(&b);
    free(b.data);
  }
  ci_reader_close(r);
}

static void xmp_is_turned_too(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"a tiff:Orientation=\"6\" b", "a tiff:Orientation=\"1\" b"},
      {"<tiff:Orientation>8</tiff:Orientation>", "<tiff:Orientation>1</tiff:Orientation>"},
      {"tiff:Orientation='3'tiff:Orientation=\"9\"", "tiff:Orientation='1'tiff:Orientation=\"9\""},
      {"tiff:Orientation=\"6", "tiff:Orientation=\"6"},
      {"tiff:Orientation", "tiff:Orientation"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ci_blob b = copy(cases[i][0], strlen(cases[i][0]));
    ci_xmp_normalise(&b);
    assert_memory_equal(b.data, cases[i][1], b.size);
    free(b.data);
  }
}

static void copies_are_independent(void **state) {
  (void)state;
  ci_meta a = {0}, b;
  assert_int_equal(ci_blob_set(&a.exif, "exif", 4), CNNIMG_OK);
  for (int i = 0; i < CI_TEXTS_MAX + 5; i++)
    assert_int_equal(ci_meta_add_text(&a, "key", "value\0hidden", 12), CNNIMG_OK);
  assert_int_equal(a.n_texts, CI_TEXTS_MAX);
  assert_int_equal(ci_meta_copy(&b, &a, CNNIMG_KEEP_ALL), CNNIMG_OK);
  ci_meta_clear(&a);
  assert_memory_equal(b.exif.data, "exif", 4);
  assert_string_equal(b.texts[CI_TEXTS_MAX - 1].value, "value");
  ci_meta_clear(&b);
  assert_null(b.texts);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(orientation_is_found_and_cleared),
      cmocka_unit_test(nonsense_is_upright),
      cmocka_unit_test(texts_become_tags),
      cmocka_unit_test(damage_stays_inside),
      cmocka_unit_test(xmp_is_turned_too),
      cmocka_unit_test(copies_are_independent),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
