/* SPDX-License-Identifier: MIT */
/* test_convnets.c - every file of tests/formats/data/architectures: its name and factor, and what is refused once it is damaged */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "archs/arch.h"
#include "archs/weights.h"
#include "formats/format.h"
#include "tasks/network.h"
#include "tests/formats/feed.h"
#include "tests/formats/folder.h"

#define WORST 2e-5 /* of the largest value, or of 1 */
#define CASE(stem, name, scale) \
  { stem, name, scale }

static const struct {
  const char *stem, *architecture, *scale;
} cases[] = {
    CASE("carn", "CARN", "2"),
    CASE("carn-m", "CARN", "2"),
    CASE("colorizer", "dilated colorizer", "1"),
    CASE("cugan-fast-x2", "CUNet", "2"),
    CASE("cugan-pro-x3", "CUNet", "3"),
    CASE("cugan-x2", "CUNet", "2"),
    CASE("cugan-x4", "CUNet", "4"),
    CASE("cunet-nunif-x2", "CUNet", "2"),
    CASE("cunet-x1", "CUNet", "1"),
    CASE("dncnn-colour", "DnCNN", "1"),
    CASE("dncnn-norm", "DnCNN", "1"),
    CASE("dncnn-saoyan", "DnCNN", "1"),
    CASE("drunet-grey", "DRUNet", "1"),
    CASE("edsr-basicsr-x2", "EDSR", "2"),
    CASE("espcn-x3", "ESPCN", "3"),
    CASE("esrgan-bsrgan-x4", "ESRGAN (RRDBNet)", "4"),
    CASE("esrgan-old-x2", "ESRGAN (RRDBNet)", "2"),
    CASE("esrgan-plus-x1", "ESRGAN (RRDBNet)", "1"),
    CASE("esrgan-real-x2", "ESRGAN (RRDBNet)", "2"),
    CASE("fdncnn", "FDnCNN", "1"),
    CASE("ffdnet-colour", "FFDNet", "1"),
    CASE("fsrcnn", "FSRCNN", NULL),
    CASE("imdn-rtc-x2", "IMDN_RTC", "2"),
    CASE("imdn-x3", "IMDN", "3"),
    CASE("ircnn-grey", "IRCNN", "1"),
    CASE("ircnn-levels", "IRCNN (25 levels)", "1"),
    CASE("mosr-dys-x3", "MoSR", "3"),
    CASE("mosr-part-gps-x2", "MoSR", "2"),
    CASE("mosr-x2", "MoSR", "2"),
    CASE("msrresnet-x3", "MSRResNet", "3"),
    CASE("msrresnet-x4", "MSRResNet", "4"),
    CASE("nafnet", "NAFNet", "1"),
    CASE("plksr-x2", "PLKSR", "2"),
    CASE("rcan-basicsr-x3", "RCAN", "3"),
    CASE("rcan-unshuffle-x2", "RCAN", "2"),
    CASE("rcan-x2", "RCAN", "2"),
    CASE("realplksr-dys-x2", "PLKSR", "2"),
    CASE("realplksr-dys-x3", "PLKSR", "3"),
    CASE("realplksr-norm-x4", "PLKSR", "4"),
    CASE("realplksr-x2", "PLKSR", "2"),
    CASE("safmn-x2", "SAFMN", "2"),
    CASE("span-raw-x4", "SPAN", "4"),
    CASE("span-x2", "SPAN", "2"),
    CASE("srcnn", "SRCNN", "1"),
    CASE("srvgg-x1", "SRVGGNetCompact", "1"),
    CASE("srvgg-x3", "SRVGGNetCompact", "3"),
    CASE("swiftsrgan-x2", "Swift-SRGAN", "2"),
    CASE("vdsr", "VDSR", "1"),
    CASE("waifu2x-chainer-x1", "waifu2x vgg_7/upconv_7", "1"),
    CASE("waifu2x-chainer-x2", "waifu2x vgg_7/upconv_7", "2"),
    CASE("waifu2x-nunif-x1", "waifu2x vgg_7/upconv_7 (nunif)", "1"),
    CASE("waifu2x-nunif-x2", "waifu2x vgg_7/upconv_7 (nunif)", "2"),
};
#define CASES (sizeof cases / sizeof *cases)

static folder files;

static int start(void **state) {
  char path[700];
  const char *top = getenv("abs_top_srcdir");
  (void)state;
  snprintf(path, sizeof path, "%s/tests/formats/data/architectures", top ? top : ".");
  return folder_open(&files, path) ? 0 : -1;
}

static int stop(void **state) {
  (void)state;
  folder_close(&files);
  return 0;
}

/* Which weight file has that stem. */
static const char *file_of(const char *stem) {
  for (size_t i = 0; i < files.n; i++)
    if (folder_is_weights(files.file[i]) && !strncmp(files.file[i], stem, strlen(stem)) &&
        !strchr(files.file[i] + strlen(stem) + 1, '.') && files.file[i][strlen(stem)] == '.')
      return files.file[i];
  fail_msg("no file %s", stem);
  return NULL;
}

static void open_file(const char *stem, ci_source *s) {
  char path[1024];
  cnnimg_error err = {0};
  folder_join(path, sizeof path, &files, file_of(stem), "");
  if (ci_source_open(s, path, 0, &err)) fail_msg("%s", err.text);
}

static ci_store *open_store(const char *stem, ci_source *s) {
  ci_loaded l;
  cnnimg_error err = {0};
  open_file(stem, s);
  if (ci_format_load(s, &l, NULL, &err)) fail_msg("%s", err.text);
  assert_non_null(l.store);
  return l.store;
}

static int load_scaled(const ci_source *s, int32_t scale, ci_program **p, cnnimg_error *err) {
  char option[32];
  const char *const options[] = {scale ? option : NULL, NULL};
  snprintf(option, sizeof option, "scale=%d", scale);
  return ci_weights_load_opt(s, options, p, NULL, err);
}

/* ---- what each is ------------------------------------------------------------------------------------ */

static void test_names(void **state) {
  (void)state;
  for (size_t i = 0; i < CASES; i++) {
    ci_source s;
    ci_program *p = NULL;
    cnnimg_error err = {0};
    open_file(cases[i].stem, &s);
    int status = load_scaled(&s, cases[i].scale ? 0 : 3, &p, &err);
    if (status) fail_msg("%s", err.text);
    assert_string_equal(ci_program_get_card(p, "architecture"), cases[i].architecture);
    assert_string_equal(ci_program_get_card(p, "scale"), cases[i].scale ? cases[i].scale : "3");
    ci_program_free(p);
    ci_source_close(&s);
  }
}

/* Every file has its line above, and is found by one architecture alone: a surer one hides no second. */
static void test_no_ties(void **state) {
  size_t n = 0;
  (void)state;
  for (size_t i = 0; i < files.n; i++) n += folder_is_weights(files.file[i]);
  assert_int_equal(n, CASES);
  for (size_t i = 0; i < CASES; i++) {
    ci_source src;
    ci_store *s = open_store(cases[i].stem, &src);
    size_t bidders = 0;
    for (size_t k = 0; ci_archs[k]; k++) {
      if (ci_archs[k]->bid(s) <= 0) continue;
      bidders++;
      if (strcmp(ci_archs[k]->name, cases[i].architecture))
        fail_msg("%s could be %s", cases[i].stem, ci_archs[k]->name);
    }
    assert_int_equal(bidders, 1);
    ci_store_free(s);
    ci_source_close(&src);
  }
}

/* ---- files that are told their factor: NAME.x3.in.npy, NAME.x3.out.npy --------------------------------- */

static void check_scale(const char *stem, int32_t scale, const npy *in, const npy *want) {
  ci_source s;
  ci_program *p;
  cnnimg_error err = {0};
  npy got;
  char text[8];
  double top = 1;
  open_file(stem, &s);
  if (load_scaled(&s, scale, &p, &err)) fail_msg("%s", err.text);
  snprintf(text, sizeof text, "%d", scale);
  assert_string_equal(ci_program_get_card(p, "scale"), text);
  const feed_input feed = {.array = in};
  if (feed_run(p, 0, &feed, &got, &err)) fail_msg("%s: %s", stem, err.text);
  for (size_t i = 0; i < want->count; i++) top = fmax(top, fabs((double)want->v[i]));
  double off = feed_difference(&got, want);
  if (!(off <= WORST * top)) fail_msg("%s x%d: off by %.3g of %.3g", stem, scale, off, top);
  free(got.v);
  ci_program_free(p);
  ci_source_close(&s);
}

static void test_factors(void **state) {
  size_t n = 0;
  (void)state;
  for (size_t i = 0; i < CASES; i++)
    for (int32_t k = 2; k <= 4; k++) {
      char name[64], path[1024];
      npy in, want;
      snprintf(name, sizeof name, "%s.x%d.out.npy", cases[i].stem, k);
      if (!folder_has(&files, name)) continue;
      folder_join(path, sizeof path, &files, name, "");
      assert_true(npy_load(path, &want));
      snprintf(name, sizeof name, "%s.x%d.in.npy", cases[i].stem, k);
      folder_join(path, sizeof path, &files, name, "");
      assert_true(npy_load(path, &in));
      check_scale(cases[i].stem, k, &in, &want);
      free(in.v);
      free(want.v);
      n++;
    }
  assert_int_equal(n, 7);
}

static void refuse_scale(const char *stem, int32_t scale, const char *words) {
  ci_source s;
  ci_program *p;
  cnnimg_error err = {0};
  open_file(stem, &s);
  assert_int_equal(load_scaled(&s, scale, &p, &err), CNNIMG_UNSUPPORTED);
  if (!strstr(err.text, words)) fail_msg("%s", err.text);
  ci_source_close(&s);
}

static void test_other_factors(void **state) {
  (void)state;
  refuse_scale("fsrcnn", 0, "say scale=2, scale=3 or scale=4");
  refuse_scale("fsrcnn", 5, "say scale=2");
  refuse_scale("carn-m", 5, "no layers for a factor of 5");
}

/* ---- damage ------------------------------------------------------------------------------------------------ */

typedef enum damage { RENAMED, REMOVED, LONGER, FLATTER, KINDS } damage;

/* The tensor with one more of the first dimension, or with one dimension less. */
static void reshape(ci_store *s, size_t i, damage d) {
  const ci_tensor *old = s->entries[i].tensor;
  int64_t dim[CI_MAX_RANK] = {0};
  int32_t rank = d == FLATTER ? old->rank - 1 : old->rank;
  memcpy(dim, d == FLATTER ? old->dim + 1 : old->dim, (size_t)rank * sizeof *dim);
  if (d == FLATTER) dim[0] *= old->dim[0];
  else dim[0]++;
  ci_tensor *made = ci_tensor_new(old->dtype, rank, dim);
  assert_non_null(made);
  memset(made->owned, 0, made->count * (made->dtype == CI_F32 ? sizeof(float) : sizeof(int64_t)));
  ci_tensor_free(s->entries[i].tensor);
  s->entries[i].tensor = made;
}

static void harm(ci_store *s, size_t i, damage d) {
  cnnimg_error err = {0};
  if (d == RENAMED) s->entries[i].name[0] = '~';
  else if (d == REMOVED) {
    free(s->entries[i].name);
    ci_tensor_free(s->entries[i].tensor);
    s->entries[i] = s->entries[--s->n];
  } else reshape(s, i, d);
  assert_int_equal(ci_store_finish(s, &err), CNNIMG_OK);
}

static bool ends(const char *name, const char *suffix) {
  size_t n = strlen(name), k = strlen(suffix);
  return n >= k && !strcmp(name + n - k, suffix);
}

/* A layer may do without a bias, a network without a part that only training had. */
static bool may_pass(const char *name, damage d) {
  static const char *const unused[] = {
      ".num_batches_tracked", ".block2.act.weight", "convblock.act.weight", "no_norm", "pro", NULL};
  for (int i = 0; unused[i]; i++)
    if (ends(name, unused[i])) return true;
  if (strstr(name, "upsample.up") && (d == REMOVED || !strstr(name, "up2.")))
    return true;                              /* CARN's factors */
  if (strstr(name, "eval_conv")) return true; /* SPAN's merged copies */
  if (d == FLATTER)
    return ends(name, "beta") || ends(name, "gamma") || ends(name, "init_pos"); /* as many, in order */
  if (!strcmp(name, "residual_layer.3.conv.weight")) return d == REMOVED;       /* the last of VDSR's */
  return d == REMOVED && (ends(name, "bias") || ends(name, "/b"));
}

/* A picture of the size that the file's example has. */
static int lower(const ci_program *p, const npy *example, cnnimg_error *err) {
  ci_dims dims[2];
  ci_lowered *net = NULL;
  assert_true(p->n_inputs <= 2 && feed_dims(p, 0, example, &dims[0]));
  dims[1] = dims[0], dims[1].dim[1] = 1; /* sigma's plane */
  int status = ci_network_new(p, 0, dims, &net, err);
  ci_lowered_free(net);
  return status;
}

/* True: refused in words, when it is loaded or when its sizes are known. */
static bool refused(ci_store *s, const char *stem, const npy *example, cnnimg_error *err) {
  ci_program *p = NULL;
  s->scale = !strcmp(stem, "fsrcnn") ? 3 : 0;
  int status = ci_arch_build(s, "the file", &p, NULL, err);
  if (status) ci_store_free(s);
  else status = lower(p, example, err);
  ci_program_free(p);
  return status && status != CNNIMG_NOMEM && strlen(err->text) > 20;
}

/* How many tensors there are; *passed grows where what is left is a network. */
static size_t harm_one(const char *stem, size_t k, damage d, const npy *example, size_t *passed) {
  ci_source src;
  char name[200];
  cnnimg_error err = {0};
  ci_store *s = open_store(stem, &src);
  size_t n = s->n;
  snprintf(name, sizeof name, "%s", s->entries[k].name);
  if ((d == FLATTER && s->entries[k].tensor->rank < 2) || (d == LONGER && !s->entries[k].tensor->rank)) {
    ci_store_free(s);
  } else {
    harm(s, k, d);
    bool pass = !refused(s, stem, example, &err);
    *passed += pass;
    if (pass && !may_pass(name, d)) fail_msg("%s: \"%s\" may be damaged (%d)", stem, name, (int)d);
  }
  ci_source_close(&src);
  return n;
}

static void test_damage(void **state) {
  size_t n = 0, passed = 0;
  (void)state;
  for (size_t i = 0; i < CASES; i++) {
    char path[1024];
    npy example;
    folder_join(path, sizeof path, &files, cases[i].stem, cases[i].scale ? ".in.npy" : ".x3.in.npy");
    assert_true(npy_load(path, &example));
    size_t tensors = 1;
    for (size_t k = 0; k < tensors; k++)
      for (damage d = 0; d < KINDS; d++, n++) tensors = harm_one(cases[i].stem, k, d, &example, &passed);
    free(example.v);
  }
  print_message("%zu files damaged, %zu of them still networks\n", n, passed);
}

/* ---- files of no architecture: which is nearest --------------------------------------------------------- */

static void unknown(const char *stem, const char *tensor, damage d, const char *words) {
  ci_source src;
  ci_program *p;
  cnnimg_error err = {0};
  ci_store *s = open_store(stem, &src);
  ci_entry *e = ci_store_find(s, "%s", tensor);
  assert_non_null(e);
  harm(s, (size_t)(e - s->entries), d);
  assert_int_equal(ci_arch_build(s, "the file", &p, NULL, &err), CNNIMG_UNSUPPORTED);
  if (!strstr(err.text, words)) fail_msg("%s", err.text);
  ci_store_free(s);
  ci_source_close(&src);
}

static void test_nearest(void **state) {
  (void)state;
  unknown("nafnet", "ending.weight", RENAMED, "nearest is NAFNet, but there is no \"ending.weight\"");
  unknown("cugan-x4", "unet2.conv4_up.weight", REMOVED,
          "nearest is CUNet, but there is no \"unet2.conv4_up.weight\"");
  unknown("rcan-x2", "tail.1.weight", RENAMED, "but there is no \"tail.1.weight\"");
  unknown("vdsr", "output.weight", LONGER, "nearest is VDSR, but shapes differ");
  unknown("waifu2x-nunif-x1", "net.12.bias", REMOVED,
          "nearest is waifu2x vgg_7/upconv_7 (nunif), but shapes differ");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names),         cmocka_unit_test(test_no_ties), cmocka_unit_test(test_factors),
      cmocka_unit_test(test_other_factors), cmocka_unit_test(test_damage),  cmocka_unit_test(test_nearest),
  };
  return cmocka_run_group_tests(tests, start, stop);
}
