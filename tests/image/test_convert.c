/* SPDX-License-Identifier: MIT */
/* test_convert.c - rows change their format with correct rounding; codecs are found by name, bytes, format */
#include "fixture.h"

#include <math.h>
#include <string.h>

static cnnimg_format shape(uint32_t width, int colours, int alpha, int sample) {
  return (cnnimg_format){width, 1, (uint8_t)colours, (uint8_t)alpha, (uint8_t)sample, 0};
}

static void integers_round_to_nearest(void **state) {
  (void)state;
  cnnimg_format u8 = shape(1, 1, 0, CNNIMG_U8), u16 = shape(1, 1, 0, CNNIMG_U16);
  for (unsigned v = 0; v < 256; v++) {
    uint8_t in = (uint8_t)v, back;
    uint16_t out;
    ci_convert_row(&u8, &in, &u16, &out);
    assert_int_equal(out, v * 257);
    ci_convert_row(&u16, &out, &u8, &back);
    assert_int_equal(back, v);
  }
  for (unsigned v = 0; v < 65536; v++) {
    uint16_t in = (uint16_t)v;
    uint8_t out;
    ci_convert_row(&u16, &in, &u8, &out);
    assert_int_equal(out, (v * 255 + 32767) / 65535);
  }
}

static void floats_are_clamped_but_only_for_integers(void **state) {
  (void)state;
  cnnimg_format f = shape(6, 1, 0, CNNIMG_F32), u8 = shape(6, 1, 0, CNNIMG_U8),
                u16 = shape(6, 1, 0, CNNIMG_U16);
  const float in[6] = {1.5f, -0.25f, NAN, INFINITY, 0.5f, 1.0f};
  const uint8_t want[6] = {255, 0, 0, 255, 128, 255};
  uint8_t bytes[6];
  float same[6];
  ci_convert_row(&f, in, &u8, bytes);
  assert_memory_equal(bytes, want, 6);
  ci_convert_row(&f, in, &f, same);
  assert_memory_equal(same, in, sizeof in);
  for (unsigned v = 0; v < 65536; v++) { /* 16 bits survive floats */
    uint16_t a[6] = {(uint16_t)v}, b[6];
    ci_convert_row(&u16, a, &f, same);
    ci_convert_row(&f, same, &u16, b);
    assert_int_equal(a[0], b[0]);
  }
}

static void alpha_is_added_opaque_and_dropped_onto_white(void **state) {
  (void)state;
  cnnimg_format grey = shape(2, 1, 0, CNNIMG_U8), rgba = shape(2, 3, 1, CNNIMG_U8),
                rgb = shape(2, 3, 0, CNNIMG_U8);
  const uint8_t in[2] = {10, 200}, want[8] = {10, 10, 10, 255, 200, 200, 200, 255};
  uint8_t out[8];
  ci_convert_row(&grey, in, &rgba, out);
  assert_memory_equal(out, want, 8);
  const uint8_t clear[8] = {10, 20, 30, 0, 100, 0, 255, 51}, white[6] = {255, 255, 255, 224, 204, 255};
  ci_convert_row(&rgba, clear, &rgb, out);
  assert_memory_equal(out, white, 6);
  cnnimg_format one = shape(1, 1, 0, CNNIMG_U8), three = shape(1, 3, 0, CNNIMG_U8);
  ci_convert_row(&three, "\xff\0\0", &one, out);
  assert_int_equal(out[0], 76); /* 0.299 x 255 */
}

static void names_find_codecs(void **state) {
  (void)state;
  static const char *const known[][2] = {{"a.png", "png"},     {"a.JPG", "jpeg"},  {"x.y/b.jpeg", "jpeg"},
                                         {"jpg", "jpeg"},      {"a.b.pgm", "ppm"}, {"pfm", "pfm"},
                                         {"dir/a.pam", "pam"}, {"png", "png"},     {"photo.jfif", "jpeg"},
                                         {"../a.ppm", "ppm"}};
  static const char *const unknown[] = {"a.gif",   "",     "a.",     ".",       "x.png/readme",
                                        "dir/png", "a.pn", "a.pngx", "jpg,jpeg"};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    const ci_codec *c = ci_codec_for_name(known[i][0]);
    if (!c || strcmp(c->name, known[i][1]) != 0) fail_msg("%s", known[i][0]);
  }
  for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
    if (ci_codec_for_name(unknown[i])) fail_msg("%s", unknown[i]);
}

static void formats_fit_codecs(void **state) {
  (void)state;
  static const struct {
    const char *codec;
    int alpha, sample, alpha_out, sample_out;
  } cases[] = {{"png", 1, CNNIMG_U16, 1, CNNIMG_U16}, {"png", 0, CNNIMG_F32, 0, CNNIMG_U16},
               {"jpg", 1, CNNIMG_U16, 0, CNNIMG_U8},  {"jpg", 0, CNNIMG_F32, 0, CNNIMG_U8},
               {"pfm", 1, CNNIMG_U8, 0, CNNIMG_F32},  {"ppm", 1, CNNIMG_U8, 0, CNNIMG_U8},
               {"pam", 1, CNNIMG_U8, 1, CNNIMG_U8}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cnnimg_format in = shape(5, 3, cases[i].alpha, cases[i].sample), out;
    int changed = ci_codec_fit(ci_codec_for_name(cases[i].codec), &in, &out);
    if (out.alpha != cases[i].alpha_out || out.sample != cases[i].sample_out) fail_msg("case %zu", i);
    assert_int_equal(changed, out.alpha != in.alpha || out.sample != in.sample);
    assert_int_equal(out.colours, 3);
  }
}

/* Every codec has all of its contract, and none takes empty or foreign bytes for its own. What the build lacks can be
 * recognised only. */
static void the_table_is_complete(void **state) {
  int absent = 0;
  (void)state;
  for (const ci_codec *const *p = ci_codecs; *p; p++) {
    const ci_codec *c = *p;
    assert_true(c->name && c->suffixes && c->bid && c->open);
    assert_ptr_equal(ci_codec_for_name(c->name), c);
    if (!ci_codec_writes(c)) {
      absent++;
    } else {
      assert_true(c->max_dimension && c->row && c->close && c->begin && c->put && c->end && c->drop);
      c->drop(NULL);
    }
    assert_false(c->bid((const uint8_t *)"", 0));
    assert_false(c->bid((const uint8_t *)"GIF89a\1\0\1\0", 10));
  }
  assert_int_equal(absent, !CNNIMG_WEBP + !CNNIMG_TIFF);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(integers_round_to_nearest),
      cmocka_unit_test(floats_are_clamped_but_only_for_integers),
      cmocka_unit_test(alpha_is_added_opaque_and_dropped_onto_white),
      cmocka_unit_test(names_find_codecs),
      cmocka_unit_test(formats_fit_codecs),
      cmocka_unit_test(the_table_is_complete),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
