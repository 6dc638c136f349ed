/* SPDX-License-Identifier: MIT */
/* test_pixels.c - half precision both ways, sRGB's curve, rounding and clamping of samples */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>

#include <cmocka.h>

#include "base/half.h"
#include "exec/pixels.h"

/* Values from IEEE 754's definition of binary16. */
static void test_known_halves(void **state) {
  static const struct {
    uint16_t half;
    float value;
  } known[] = {{0x0000, 0.0f},
               {0x3c00, 1.0f},
               {0xc000, -2.0f},
               {0x7bff, 65504.0f},
               {0x0400, 0x1p-14f},
               {0x0001, 0x1p-24f},
               {0x03ff, 1023 * 0x1p-24f},
               {0x3555, 0.333251953125f},
               {0x7c00, (float)INFINITY},
               {0xfc00, -(float)INFINITY}};
  (void)state;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    assert_true(ci_half_to_float(known[i].half) == known[i].value);
    assert_int_equal(ci_half_from_float(known[i].value), known[i].half);
  }
  assert_true(isnan(ci_half_to_float(0x7e00)) && isnan(ci_half_to_float(ci_half_from_float((float)NAN))));
  assert_int_equal(ci_half_from_float(-0.0f), 0x8000);
}

static void test_every_half_comes_back(void **state) {
  (void)state;
  for (uint32_t h = 0; h < 65536; h++)
    if ((h & 0x7fff) <= 0x7c00) assert_int_equal(ci_half_from_float(ci_half_to_float((uint16_t)h)), h);
}

/* Half way between two halves the even one is taken; a bit more or less decides otherwise. */
static void test_halves_are_rounded_to_even(void **state) {
  (void)state;
  for (uint32_t h = 0; h < 0x7bff; h++) {
    float low = ci_half_to_float((uint16_t)h), high = ci_half_to_float((uint16_t)(h + 1)),
          middle = low + (high - low) / 2;
    assert_int_equal(ci_half_from_float(middle), h % 2 ? h + 1 : h);
    assert_int_equal(ci_half_from_float(nextafterf(middle, 0)), h);
    assert_int_equal(ci_half_from_float(nextafterf(middle, 1e9f)), h + 1);
  }
  assert_int_equal(ci_half_from_float(65519.996f), 0x7bff);
  assert_int_equal(ci_half_from_float(65520.0f), 0x7c00);
}

#ifdef __FLT16_MANT_DIG__
/* The compiler's own conversion, over a sample of all floats. */
static void test_halves_are_the_compilers(void **state) {
  (void)state;
  for (uint64_t i = 0; i < (uint64_t)1 << 32; i += 5003) {
    uint32_t bits = (uint32_t)i;
    uint16_t want;
    float f;
    memcpy(&f, &bits, sizeof f);
    _Float16 h = (_Float16)f;
    memcpy(&want, &h, sizeof want);
    if (!isnan(f)) assert_int_equal(ci_half_from_float(f), want);
  }
}
#endif

/* IEC 61966-2-1, and its inverse. */
static void test_srgb(void **state) {
  (void)state;
  assert_true(fabsf(ci_srgb_encode(0.5f) - 0.7353570f) < 1e-6f &&
              fabsf(ci_srgb_encode(0.001f) - 0.01292f) < 1e-8f);
  assert_true(fabsf(ci_srgb_decode(0.5f) - 0.2140411f) < 1e-6f && ci_srgb_encode(1) == 1 &&
              ci_srgb_decode(1) == 1);
  assert_true(ci_srgb_encode(-0.5f) == -ci_srgb_encode(0.5f) && ci_srgb_encode(2) > 1.3f &&
              ci_srgb_encode(0) == 0);
  for (int i = -50; i <= 150; i++)
    assert_true(fabsf(ci_srgb_decode(ci_srgb_encode((float)i / 100)) - (float)i / 100) < 2e-6f);
}

/* Whole numbers are rounded to the nearest and clamped; what is no number is black. */
static void test_samples_are_rounded_and_clamped(void **state) {
  static const float in[] = {0.0f, 0.49f / 255, 0.51f / 255, 254.49f / 255, 1.0f, 1.5f, -1.0f, (float)NAN};
  static const uint8_t want[] = {0, 0, 1, 254, 255, 255, 0, 0};
  static const uint16_t want16[] = {0, 126, 131, 65404, 65535, 65535, 0, 0};
  const ci_original none = {.strength = 1};
  uint8_t out[8];
  uint16_t out16[8];
  cnnimg_view v = {.data = out, .pixel_stride = 1, .channel_stride = 1};
  (void)state;
  v.format = (cnnimg_format){.width = 8, .height = 1, .colours = 1, .sample = CNNIMG_U8};
  ci_pixels_store(&v, 0, 8, in, 1, 1, NULL, &none);
  assert_memory_equal(out, want, sizeof want);
  v.data = out16, v.pixel_stride = 2, v.format.sample = CNNIMG_U16;
  ci_pixels_store(&v, 0, 8, in, 1, 1, NULL, &none);
  assert_memory_equal(out16, want16, sizeof want16);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_known_halves),
      cmocka_unit_test(test_every_half_comes_back),
      cmocka_unit_test(test_halves_are_rounded_to_even),
#ifdef __FLT16_MANT_DIG__
      cmocka_unit_test(test_halves_are_the_compilers),
#endif
      cmocka_unit_test(test_srgb),
      cmocka_unit_test(test_samples_are_rounded_and_clamped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
