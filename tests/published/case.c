/* SPDX-License-Identifier: MIT */
/* case.c - for check-published: what case.json expects of its weight files, and whether that is so */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "tests/formats/feed.h"
#include "tests/published/published.h"

#define GROUPS 8 /* weight files, the halves of pairs counted once */

/* ---- the folder ------------------------------------------------------------------------------ */

const char *case_path(const published *c, const char *file, char *room, size_t size) {
  folder_join(room, size, &c->f, file, "");
  return room;
}

bool case_array(const published *c, const char *file, npy *a) {
  char path[1024];
  *a = (npy){.rank = 0};
  return folder_has(&c->f, file) && npy_load(case_path(c, file, path, sizeof path), a);
}

bool case_open(published *c, const char *path, char *why, size_t room) {
  char json[1024];
  ci_source s;
  cnnimg_error err = {0};
  *c = (published){.json = NULL};
  folder_open(&c->f, path);
  int status = ci_source_open(&s, case_path(c, "case.json", json, sizeof json), 0, &err);
  if (!status) {
    status = ci_json_parse(s.data, s.size, &c->json, &err);
    ci_source_close(&s);
  }
  c->name = ci_json_string(ci_json_get(c->json, "case"), c->f.name);
  c->tolerance = ci_json_number(ci_json_get(c->json, "tolerance"), 0);
  if (status) snprintf(why, room, "%s", err.text);
  return !status;
}

void case_close(published *c) {
  folder_close(&c->f);
  ci_json_free(c->json);
}

double case_sigma(const published *c) {
  return ci_json_number(ci_json_get(ci_json_get(c->json, "noise"), "sigma"), -1);
}

static const char *file_name(const published *c, size_t i) {
  return ci_json_string(ci_json_get(ci_json_at(ci_json_get(c->json, "files"), i), "name"), NULL);
}

static bool ends(const char *name, const char *suffix) {
  size_t n = strlen(name), k = strlen(suffix);
  return n >= k && !strcmp(name + n - k, suffix);
}

/* The file by way of which this one is read. Keras 3 keeps a network and its weights apart, as .json and .weights.h5. */
static bool first_of(const published *c, const char *file, char *first, size_t room) {
  if (folder_second(&c->f, file, first, room)) return true;
  for (size_t i = 0; ends(file, ".json") && file_name(c, i); i++) {
    snprintf(first, room, "%s", file_name(c, i));
    if (ends(first, ".weights.h5")) return true;
  }
  return false;
}

static bool is_second(const published *c, const char *file) {
  char first[512];
  return first_of(c, file, first, sizeof first);
}

/* The file, or one that belongs with it: what our readers take. */
static int open_either(const published *c, const char **file, const char *const *options, model *m,
                       cnnimg_error *err) {
  char path[1024], first[512];
  const char *second;
  cnnimg_error other = {0};
  int status = model_open(m, case_path(c, *file, path, sizeof path), options, err);
  for (size_t i = 0; status && (second = file_name(c, i)); i++) {
    if (!first_of(c, second, first, sizeof first) || strcmp(first, *file)) continue;
    status = model_open(m, case_path(c, second, path, sizeof path), options, &other) ? status : CNNIMG_OK;
    if (!status) *file = second;
  }
  return status;
}

int case_model(const published *c, const char *const *options, model *m, const char **file,
               cnnimg_error *err) {
  int status = ci_fail(err, CNNIMG_BADARG, "%s: case.json names no weight file", c->name);
  for (size_t i = 0; status && (*file = file_name(c, i)); i++)
    if (!is_second(c, *file)) status = open_either(c, file, options, m, err);
  return status;
}

/* ---- one answer ------------------------------------------------------------------------------- */

static void fail(row *r, const char *why) {
  r->failed = true;
  snprintf(r->note, sizeof r->note, "%.390s", why);
}

/* A user's picture is in image scale: the card must say the scale that the network wants. */
static void check_scale(const published *c, const model *m, row *r) {
  double in = ci_json_number(ci_json_get(c->json, "input_scale"), 1);
  double out = ci_json_number(ci_json_get(c->json, "output_scale"), 1);
  if (fabs(m->card.in.gain[0] - in) < 1e-4 * in && fabs(m->card.out.gain[0] * out - 1) < 1e-4) return;
  char why[200];
  snprintf(why, sizeof why, "the card's range is %g in, %g out, where the authors have %g and %g",
           (double)m->card.in.gain[0], 1 / (double)m->card.out.gain[0], in, out);
  fail(r, why);
}

static bool same_shape(const npy *a, const npy *b) {
  if (a->rank != 3 || b->rank != 3) return a->count == b->count;
  return !memcmp(a->dim, b->dim, 3 * sizeof *a->dim);
}

static void compare(const npy *got, const npy *want, row *r) {
  char why[200];
  r->error = feed_difference(got, want);
  if (!same_shape(got, want)) {
    snprintf(why, sizeof why, "%lld x %lld x %lld instead of %lld x %lld x %lld", (long long)got->dim[0],
             (long long)got->dim[1], (long long)got->dim[2], (long long)want->dim[0], (long long)want->dim[1],
             (long long)want->dim[2]);
    fail(r, why);
  } else if (!(r->error <= r->tolerance)) fail(r, "another answer");
}

static void answer(const model *m, const npy *image, const model_extra *extra, const npy *want, row *r) {
  cnnimg_error err = {0};
  npy got = {0};
  if (model_run(m, image, extra, &got, &err)) fail(r, err.text);
  else compare(&got, want, r);
  free(got.v);
}

static row start_row(const published *c, const model *m, const char *what) {
  row r = {.error = -1, .seconds = m->seconds, .tolerance = c->tolerance};
  snprintf(r.name, sizeof r.name, "%.80s%s%.40s", c->name, what[0] ? " " : "", what);
  snprintf(r.format, sizeof r.format, "%s", m->format);
  snprintf(r.architecture, sizeof r.architecture, "%s", model_architecture(m));
  return r;
}

/* network_input.npy through the file, against the array `expected`. */
static void check_answer(const published *c, const model *m, const char *expected, const char *what,
                         case_report report, void *user) {
  row r = start_row(c, m, what);
  npy image, full, second, want;
  bool good = case_array(c, "network_input.npy", &image);
  model_extra extra = {.sigma = case_sigma(c)};
  if (case_array(c, "network_input_full.npy", &full)) extra.full = &full;
  if (case_array(c, "network_input2.npy", &second)) extra.second = &second;
  good = case_array(c, expected, &want) && good;
  if (!good) fail(&r, "the case has no input or no answer");
  else answer(m, &image, &extra, &want, &r);
  if (!r.failed) check_scale(c, m, &r);
  free(image.v), free(full.v), free(second.v), free(want.v);
  report(&r, user);
}

/* ---- more answers --------------------------------------------------------------------------------- */

/* digits.npy: N pictures, and N answers. */
static void check_many(const published *c, const model *m, case_report report, void *user) {
  npy images, answers;
  const model_extra extra = {.sigma = -1};
  bool good = case_array(c, "digits.npy", &images), has = case_array(c, "digits_expected.npy", &answers);
  row r = start_row(c, m, "digits"), one;
  if (!good || !has || images.rank != 4 || answers.rank != 2 || images.dim[0] != answers.dim[0])
    fail(&r, "digits.npy and digits_expected.npy do not go together");
  for (int64_t i = 0; !r.failed && i < images.dim[0]; i++) {
    npy image = {.rank = 3, .dim = {images.dim[1], images.dim[2], images.dim[3]}};
    npy want = {.rank = 1, .dim = {answers.dim[1]}, .count = (size_t)answers.dim[1]};
    image.count = (size_t)(image.dim[0] * image.dim[1] * image.dim[2]);
    image.v = images.v + (size_t)i * image.count, want.v = answers.v + (size_t)i * want.count;
    one = r;
    answer(m, &image, &extra, &want, &one);
    if (one.failed || one.error > r.error) r = one;
  }
  free(images.v), free(answers.v);
  report(&r, user);
}

/* A grey picture of 8 bits in image scale. */
static bool load_grey(const char *path, npy *a) {
  cnnimg_context *context;
  cnnimg_reader *reader;
  uint8_t line[4096];
  if (cnnimg_open(NULL, &context, NULL)) return false;
  if (cnnimg_reader_open(context, path, 0, &reader, NULL)) return cnnimg_close(context), false;
  const cnnimg_format f = cnnimg_reader_info(reader)->format;
  bool good = f.colours == 1 && !f.alpha && f.sample == CNNIMG_U8 && f.width <= sizeof line;
  *a = (npy){.rank = 3, .dim = {f.height, f.width, 1}, .count = (size_t)f.height * f.width};
  a->v = good ? calloc(a->count + 1, sizeof *a->v) : NULL;
  for (uint32_t y = 0; a->v && good && y < f.height; y++) {
    good = !cnnimg_reader_row(reader, line, NULL);
    for (uint32_t x = 0; x < f.width; x++) a->v[(size_t)y * f.width + x] = (float)line[x] / 255;
  }
  cnnimg_reader_close(reader);
  cnnimg_close(context);
  return good && a->v;
}

/* The answer to input_224.png, of which the case holds rows and columns 300 to 363. */
static void check_part(const published *c, const model *m, case_report report, void *user) {
  char path[1024];
  row r = start_row(c, m, "224x224");
  const model_extra extra = {.sigma = -1};
  npy image = {0}, want, got = {0}, part = {.rank = 3, .dim = {64, 64, 1}, .count = 64 * 64};
  cnnimg_error err = {0};
  bool good = case_array(c, "expected_224_part.npy", &want);
  part.v = calloc(part.count, sizeof *part.v);
  if (!good || !part.v || !load_grey(case_path(c, "input_224.png", path, sizeof path), &image))
    fail(&r, "input_224.png cannot be read");
  else if (model_run(m, &image, &extra, &got, &err)) fail(&r, err.text);
  else if (got.rank != 3 || got.dim[0] != 672 || got.dim[1] != 672) fail(&r, "not 672 x 672");
  else {
    for (int64_t i = 0; i < 64 * 64; i++) part.v[i] = got.v[(300 + i / 64) * 672 + 300 + i % 64];
    compare(&part, &want, &r);
  }
  free(image.v), free(want.v), free(got.v), free(part.v);
  report(&r, user);
}

/* expected_x3.npy: the file again, with scale=3. */
static void check_scales(const published *c, const char *file, case_report report, void *user) {
  for (int scale = 2; scale <= 8; scale++) {
    char expected[32], option[32], path[1024];
    snprintf(expected, sizeof expected, "expected_x%d.npy", scale);
    snprintf(option, sizeof option, "scale=%d", scale);
    if (!folder_has(&c->f, expected)) continue;
    const char *const options[2] = {option, NULL};
    model m;
    cnnimg_error err = {0};
    if (!model_open(&m, case_path(c, file, path, sizeof path), options, &err)) {
      check_answer(c, &m, expected, option, report, user);
      model_close(&m);
      continue;
    }
    m = (model){.seconds = -1, .format = ""};
    row r = {.error = -1, .seconds = -1};
    snprintf(r.name, sizeof r.name, "%.80s %s", c->name, option);
    fail(&r, err.text);
    report(&r, user);
  }
}

static void check_more(const published *c, const model *m, const char *file, case_report report, void *user) {
  check_scales(c, file, report, user);
  if (folder_has(&c->f, "digits.npy")) check_many(c, m, report, user);
  if (folder_has(&c->f, "expected_224_part.npy")) check_part(c, m, report, user);
}

/* ---- a case ------------------------------------------------------------------------------------- */

static void check_answers(const published *c, case_report report, void *user) {
  const char *file;
  size_t files = 0;
  for (size_t i = 0; (file = file_name(c, i)); i++) {
    model m;
    cnnimg_error err = {0};
    if (is_second(c, file)) continue;
    files++;
    if (open_either(c, &file, NULL, &m, &err)) {
      row r = {.error = -1, .seconds = -1, .tolerance = c->tolerance};
      snprintf(r.name, sizeof r.name, "%s", c->name);
      fail(&r, err.text);
      report(&r, user);
      continue;
    }
    check_answer(c, &m, "expected.npy", files > 1 ? file : "", report, user);
    if (files == 1) check_more(c, &m, file, report, user);
    model_close(&m);
  }
  row r = {.error = -1, .seconds = -1};
  snprintf(r.name, sizeof r.name, "%s", c->name);
  fail(&r, "case.json names no weight file");
  if (!files) report(&r, user);
}

static void check_refusals(const published *c, case_report report, void *user) {
  const char *file;
  for (size_t i = 0; (file = file_name(c, i)); i++) {
    row r = {.error = -1, .seconds = -1};
    char path[1024];
    model m;
    cnnimg_error err = {0};
    snprintf(r.name, sizeof r.name, "%s", c->name);
    if (!model_open(&m, case_path(c, file, path, sizeof path), NULL, &err)) {
      fail(&r, "it should be refused");
      model_close(&m);
    } else if (!strstr(err.text, file)) fail(&r, "the sentence does not name the file");
    else snprintf(r.note, sizeof r.note, "refused: %.300s", err.text + (strstr(err.text, file) - err.text));
    report(&r, user);
  }
}

void case_check(const published *c, case_report report, void *user) {
  const char *expect = ci_json_string(ci_json_get(c->json, "expect"), "answer");
  if (!strcmp(expect, "refuse")) check_refusals(c, report, user);
  else if (!strcmp(expect, "tensors")) case_check_tensors(c, report, user);
  else check_answers(c, report, user);
}
