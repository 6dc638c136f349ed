/* SPDX-License-Identifier: MIT */
/* test_torch_module.c - modules of PyTorch that do not say their network: refused in words, never guessed
 *
 * Those that do say it are files (tests/formats/make_torch.py), with PyTorch's answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "archs/arch.h"
#include "base/memory.h"

#define CONV "module.0.stride=1\0module.0.padding=[1, 1]\0module.0.dilation=[1, 1]\0module.0.groups=1\0"

/* "key=value" after each other, the last one empty. One convolution's weight is there. */
static ci_store *store_of(const char *lines) {
  static const int64_t dim[4] = {3, 3, 3, 3};
  ci_store *s = ci_store_new();
  ci_tensor *t = ci_tensor_new(CI_F32, 4, dim);
  cnnimg_error err = {0};
  memset(t->owned, 0, t->count * sizeof(float));
  assert_int_equal(ci_store_add(s, "0.weight", t, &err), CNNIMG_OK);
  for (; *lines; lines += strlen(lines) + 1) {
    const char *equals = strchr(lines, '=');
    char *key = ci_strndup(lines, (size_t)(equals - lines));
    assert_int_equal(ci_store_set_meta(s, key, equals + 1, &err), CNNIMG_OK);
    free(key);
  }
  assert_int_equal(ci_store_finish(s, &err), CNNIMG_OK);
  return s;
}

static const struct {
  const char *lines, *words;
} cases[] = {
    {"module=Sequential\0module.0=Conv2d\0" CONV, NULL},
    {"module=__main__.Net\0module.0=Conv2d\0" CONV, "no architecture that is known"},
    {"module=__main__.Sequential\0module.0=Conv2d\0" CONV, "no architecture that is known"},
    {"module=Sequential\0module.0=__main__.Conv2d\0" CONV, "no convolution"},
    {"module=Sequential\0module.0=Conv2d\0" CONV "module.1=__main__.Attention\0",
     "\"1\" is a __main__.Attention"},
    {"module=Sequential\0module.0=Conv2d\0module.0.stride=1\0module.0.dilation=1\0", "no stride, padding"},
    {"module=Sequential\0module.0=Conv2d\0" CONV "module.0.padding_mode=odd\0", "no padding_mode"},
    {"module=Sequential\0module.0=Conv2d\0" CONV "module.1=PixelShuffle\0", "no upscale_factor"},
    {"module=Sequential\0module.0=Conv2d\0" CONV "module.1=PixelShuffle\0module.1.upscale_factor=1e9\0",
     "no upscale_factor"},
    {"module=Sequential\0module.0=Conv2d\0" CONV "module.1=LeakyReLU\0module.1.negative_slope=none\0",
     "no negative_slope"},
    {"module=Sequential\0module.0=Conv2d\0" CONV "module.1=AvgPool2d\0module.1.kernel_size=2\0module.1."
                                                 "stride=2\0module.1.padding=0\0module.1.ceil_mode=true\0",
     "ceil_mode that is understood"},
    {"module=Sequential\0module.0=Conv2d\0" CONV "module.1=Upsample\0module.1.mode=area\0", "no mode"},
    {"module=Sequential\0module.0=Conv2d\0" CONV "module.1=Upsample\0module.1.size=[9, 9]\0",
     "no scale_factor"},
    {"module=Sequential\0module.0=Conv2d\0" CONV "module.1=BatchNorm2d\0module.1.eps=1e-05\0", "1.weight"},
};

static void test_refusals(void **unused) {
  (void)unused;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ci_store *s = store_of(cases[i].lines);
    ci_program *p = NULL;
    cnnimg_error err = {0};
    const char *name = NULL;
    int status = ci_arch_build(s, "a file", &p, &name, &err);
    if (!cases[i].words) {
      if (status) fail_msg("%s", err.text);
    } else if (status != CNNIMG_UNSUPPORTED || !strstr(err.text, cases[i].words))
      fail_msg("%zu: %d \"%s\", not \"%s\"", i, status, err.text, cases[i].words);
    if (status) ci_store_free(s);
    ci_program_free(p);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_refusals)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
