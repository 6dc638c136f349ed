/* SPDX-License-Identifier: MIT */
/* test_lower.c - graphs as exporters write them: what they become, and that it computes what ONNX Runtime does */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "exec/exec.h"
#include "archs/weights.h"
#include "tasks/network.h"
#include "tests/lower/reference.h"
#include "tests/net/interpret.h"

#define WORST 3e-5 /* of the largest value; cases.txt has six digits */
#define MOST_INPUTS 4

static const char *const op_names[] = {
#define CI_OP(id, name) #id,
#include "net/ops.inc"
#undef CI_OP
};

static char *data_path(char *room, size_t n, const char *name) {
  const char *top = getenv("abs_top_srcdir");
  snprintf(room, n, "%s/tests/lower/data/%s", top ? top : ".", name);
  return room;
}

static void open_file(ci_source *s, const char *name, const char *suffix) {
  char path[1024], file[100];
  cnnimg_error err = {0};
  snprintf(file, sizeof file, "%s%s", name, suffix);
  if (ci_source_open(s, data_path(path, sizeof path, file), (size_t)1 << 20, &err)) fail_msg("%s", err.text);
}

/* ---- a case ---------------------------------------------------------------------------------- */

typedef struct subject {
  char name[64];
  ci_source source;
  ci_program *p;
  size_t n_in, outputs;
  ci_dims dims[MOST_INPUTS];
  float *in[MOST_INPUTS];
} subject;

static ci_dims read_dims(char **at) {
  ci_dims d = {.rank = (int32_t)strtol(*at, at, 10)};
  assert_in_range(d.rank, 0, CI_MAX_RANK);
  for (int32_t i = 0; i < d.rank; i++) d.dim[i] = strtol(*at, at, 10);
  return d;
}

static void begin_case(subject *s, const char *line) {
  cnnimg_error err = {0};
  *s = (subject){.n_in = 0};
  assert_int_equal(sscanf(line, "case %63s", s->name), 1);
  open_file(&s->source, s->name, ".onnx");
  if (ci_weights_load(&s->source, &s->p, NULL, &err)) fail_msg("%s", err.text);
}

/* Noise; whole numbers of 0 to 9 made of it. */
static void add_input(subject *s, char *line) {
  size_t i = s->n_in++, n;
  assert_true(s->n_in <= MOST_INPUTS && s->n_in <= s->p->n_inputs);
  s->dims[i] = read_dims(&line);
  n = ci_dims_count(&s->dims[i]);
  s->in[i] = ci_calloc(n, sizeof(float));
  ci_test_noise(s->in[i], n, i);
  for (size_t k = 0; k < n && s->p->inputs[i].type != CI_FLOAT; k++)
    s->in[i][k] = floorf((s->in[i][k] + 1) * 5);
}

static ci_lowered *lower(const subject *s, size_t output) {
  ci_lowered *l;
  cnnimg_error err = {0};
  assert_int_equal(s->n_in, s->p->n_inputs);
  if (ci_lower(s->p, output, s->dims, &l, &err)) fail_msg("%s: output %zu: %s", s->name, output, err.text);
  return l;
}

/* The graph consists of these ops: what is meant to stream is not held. */
static void check_ops(const subject *s, const char *words) {
  char seen[500] = "";
  ci_lowered *l = lower(s, 0);
  for (size_t i = 0; i < l->graph->n_nodes; i++) {
    size_t at = strlen(seen);
    snprintf(seen + at, sizeof seen - at, "%s%s", i ? " " : "", op_names[l->graph->nodes[i].op]);
  }
  if (strcmp(seen, words)) fail_msg("%s: is made of\n  %s instead of\n  %s", s->name, seen, words);
  ci_lowered_free(l);
}

static void end_case(subject *s) {
  for (size_t i = 0; i < s->n_in; i++) free(s->in[i]);
  ci_program_free(s->p);
  if (s->p) ci_source_close(&s->source);
  s->p = NULL;
}

/* ---- answers ------------------------------------------------------------------------------------- */

static void check_values(const subject *s, const char *how, const float *got, const float *want, size_t n) {
  float top = 1;
  for (size_t i = 0; i < n; i++) top = fmaxf(top, fabsf(want[i]));
  for (size_t i = 0; i < n; i++)
    if (!(fabsf(got[i] - want[i]) <= WORST * top))
      fail_msg("%s, output %zu, %s: item %zu is %.7g instead of %.7g", s->name, s->outputs, how, i, got[i],
               want[i]);
}

static void check_dims(const subject *s, const char *how, const ci_dims *got, const ci_dims *want) {
  bool same = got->rank == want->rank;
  for (int32_t i = 0; i < got->rank && same; i++) same = got->dim[i] == want->dim[i];
  if (!same) fail_msg("%s, output %zu, %s: other dimensions", s->name, s->outputs, how);
}

static void check_lowered(const subject *s, const ci_lowered *l, const char *how, const float *want,
                          const ci_dims *dims) {
  float *got;
  cnnimg_error err = {0};
  check_dims(s, how, &l->out_dims, dims);
  if (ci_lowered_run(l, s->dims, (const float *const *)s->in, &got, &err))
    fail_msg("%s, %s: %s", s->name, how, err.text);
  check_values(s, how, got, want, ci_dims_count(dims));
  free(got);
}

/* What every operator does by itself on held arrays. */
static void check_reference(const subject *s, const float *want, const ci_dims *dims) {
  float *got;
  ci_dims own;
  cnnimg_error err = {0};
  if (ci_reference(s->p, s->outputs, s->dims, (const float *const *)s->in, 1 << 20, &got, &own, &err))
    fail_msg("%s: held: %s", s->name, err.text);
  check_dims(s, "held", &own, dims);
  check_values(s, "held", got, want, ci_dims_count(dims));
  free(got);
}

/* As it is lowered, as it is simplified, and without lowering, the numbers are ONNX Runtime's. */
static void check_output(subject *s, char *line) {
  ci_dims dims = read_dims(&line);
  cnnimg_error err = {0};
  size_t n = ci_dims_count(&dims);
  float *want = ci_calloc(n, sizeof *want);
  for (size_t i = 0; i < n; i++) want[i] = strtof(line, &line);
  ci_lowered *l = lower(s, s->outputs);
  check_lowered(s, l, "lowered", want, &dims);
  ci_lowered_free(l);
  if (ci_network_new(s->p, s->outputs, s->dims, &l, &err)) fail_msg("%s: %s", s->name, err.text);
  check_lowered(s, l, "simplified", want, &dims);
  ci_lowered_free(l);
  check_reference(s, want, &dims);
  free(want);
  s->outputs++;
}

/* ---- what is refused ------------------------------------------------------------------------------- */

static int lower_at_sizes(const ci_program *p, cnnimg_error *err) {
  ci_dims *dims = ci_calloc(p->n_inputs + 1, sizeof *dims);
  ci_lowered *l = NULL;
  int status = CNNIMG_OK;
  for (size_t i = 0; i < p->n_inputs && !status; i++)
    status = ci_lower_picture_dims(p, i, 3, 6, 4, &dims[i], err);
  if (!status) status = ci_network_new(p, 0, dims, &l, err);
  ci_lowered_free(l);
  free(dims);
  return status;
}

/* words: NULL: whatever. */
static void check_refusal(char *name, const char *words) {
  ci_source source;
  ci_program *p;
  cnnimg_error err = {0};
  open_file(&source, name, ".onnx");
  int status = ci_weights_load(&source, &p, NULL, &err);
  if (!status) status = ci_network_probe(p, &err);
  if (!status && words)
    status = lower_at_sizes(p, &err); /* ci_network_probe() lets pass what is about sizes */
  if (words && (!status || status != err.code || !strstr(err.text, words)))
    fail_msg("%s: status %d, \"%s\" does not say \"%s\"", name, status, err.text, words);
  ci_program_free(p);
  ci_source_close(&source);
}

static void check_accepted(const char *name) {
  ci_source source;
  ci_program *p;
  cnnimg_error err = {0};
  open_file(&source, name, ".onnx");
  int status = ci_weights_load(&source, &p, NULL, &err);
  if (!status) status = lower_at_sizes(p, &err);
  if (status) fail_msg("%s: %s", name, err.text);
  ci_program_free(p);
  ci_source_close(&source);
}

static void refuse(char *line) {
  char *name = strchr(line, ' ') + 1, *words = strchr(name, ' ');
  if (words) *words++ = 0;
  check_refusal(name, words);
}

static void do_line(subject *s, char *line) {
  if (!strncmp(line, "refuse ", 7) || !strncmp(line, "survive ", 8)) {
    refuse(line);
  } else if (!strncmp(line, "accept ", 7)) {
    check_accepted(line + 7);
  } else if (!strncmp(line, "case ", 5)) {
    end_case(s);
    begin_case(s, line);
  } else if (!strncmp(line, "in ", 3)) {
    add_input(s, line + 3);
  } else if (!strncmp(line, "ops ", 4)) {
    check_ops(s, line + 4);
  } else if (!strncmp(line, "out ", 4)) {
    check_output(s, line + 4);
  }
}

static void test_cases(void **state) {
  (void)state;
  ci_source file;
  subject s = {.n_in = 0};
  int cases = 0, outputs = 0;
  open_file(&file, "cases", ".txt");
  char *text = ci_strndup((const char *)file.data, file.size);
  for (char *line = text, *end; line && *line; line = end) {
    end = strchr(line, '\n');
    if (end) *end++ = 0;
    cases += !strncmp(line, "case ", 5), outputs += !strncmp(line, "out ", 4);
    do_line(&s, line);
  }
  end_case(&s);
  free(text);
  ci_source_close(&file);
  if (!getenv("CNNIMG_TEST_FEW"))
    assert_true(cases >= 45 && outputs >= cases); /* random_lower.py tries one at a time */
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
