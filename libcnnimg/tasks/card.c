/* SPDX-License-Identifier: MIT */
/* card.c - reads a model's card: roles, tones, sizes */
#include "tasks/card.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

#define MOST_NUMBERS 4096 /* of a vector */
#define MOST_MARGIN 1024

/* ---- numbers ------------------------------------------------------------------------- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* A decimal number at *at, which moves behind it. Not strtod(): that reads by the host's locale. */
static bool number(const char **at, double *out) {
  const char *p = *at;
  double v = 0, sign = 1;
  int digits = 0, exponent = 0, e = 0, e_sign = 1;
  if (*p == '-' || *p == '+') sign = *p++ == '-' ? -1 : 1;
  for (; is_digit(*p); p++, digits++) v = v * 10 + (*p - '0');
  if (*p == '.')
    for (p++; is_digit(*p); p++, digits++, exponent--) v = v * 10 + (*p - '0');
  if (!digits) return false;
  if (*p == 'e' || *p == 'E') {
    p++;
    if (*p == '-' || *p == '+') e_sign = *p++ == '-' ? -1 : 1;
    if (!is_digit(*p)) return false;
    for (; is_digit(*p); p++) e = e < 1000 ? e * 10 + (*p - '0') : e;
  }
  *out = sign * (exponent + e_sign * e < 0 ? v / pow(10, -(exponent + e_sign * e))
                                           : v * pow(10, exponent + e_sign * e));
  *at = p;
  return isfinite(*out);
}

static const char *skip(const char *p, const char *what) { return p + strspn(p, what); }

/* "1", "1, 2.5, 3" or "[1 2.5 3]"; how many, or -1. */
static int numbers(const char *text, float *out, int most) {
  int n = 0;
  const char *p = skip(text, " \t[(");
  while (*p && n < most) {
    double v;
    if (!number(&p, &v)) break;
    out[n++] = (float)v;
    if (*p && !strchr(" \t,;])", *p)) return -1;
    p = skip(p, " \t,;");
  }
  return *skip(p, " \t])") ? -1 : n;
}

static int refuse(const ci_program *p, const char *key, const char *why, cnnimg_error *err) {
  return ci_fail(err, CNNIMG_UNSUPPORTED, "the model's card says %s=%s: %s", key, ci_program_get_card(p, key),
                 why);
}

/* Up to three numbers; one stands for three. The key that is there first is read; none: what is there stays. */
static int triple(const ci_program *p, const char *key, float *v, cnnimg_error *err) {
  const char *text = ci_program_get_card(p, key);
  float got[3];
  if (!text) return CNNIMG_OK;
  int n = numbers(text, got, 3);
  if (n != 1 && n != 3) return refuse(p, key, "one or three numbers are wanted", err);
  for (int c = 0; c < 3; c++) v[c] = got[n == 1 ? 0 : c];
  return CNNIMG_OK;
}

static int whole(const ci_program *p, const char *key, float least, float most, int32_t *v,
                 cnnimg_error *err) {
  const char *text = ci_program_get_card(p, key);
  float got;
  if (!text) return CNNIMG_OK;
  if (numbers(text, &got, 1) != 1 || !(got >= least && got <= most) || got != floorf(got))
    return refuse(p, key, "a whole number is wanted", err);
  *v = (int32_t)got;
  return CNNIMG_OK;
}

/* ---- tones -------------------------------------------------------------------------------- */

typedef struct norm {
  float range[3], mean[3], std[3];
} norm;

static int read_norm(const ci_program *p, const char *prefix, norm *n, cnnimg_error *err) {
  char range[24], mean[24], std[24];
  snprintf(range, sizeof range, "%srange", prefix);
  snprintf(mean, sizeof mean, "%smean", prefix);
  snprintf(std, sizeof std, "%sstd", prefix);
  int status = triple(p, range, n->range, err);
  if (!status) status = triple(p, mean, n->mean, err);
  if (!status) status = triple(p, std, n->std, err);
  for (int c = 0; !status && c < 3; c++) {
    if (!(fabsf(n->range[c]) > 0)) status = refuse(p, range, "it may not be 0", err);
    else if (!(fabsf(n->std[c]) > 0)) status = refuse(p, std, "it may not be 0", err);
  }
  return status;
}

/* In: (colour * range - mean) / std. Out: its inverse, with the output's own numbers. Lists name the network's first
 * channel first in neither: they are red, green, blue. */
static int read_tones(ci_card *card, const ci_program *p, cnnimg_error *err) {
  norm n = {{1, 1, 1}, {0, 0, 0}, {1, 1, 1}};
  const char *order = ci_program_get_card(p, "order");
  int status = read_norm(p, "", &n, err);
  norm o = n;
  if (!status) status = read_norm(p, "output.", &o, err);
  if (!status && order && strcmp(order, "rgb") && strcmp(order, "bgr"))
    status = refuse(p, "order", "rgb or bgr is wanted", err);
  if (status) return status;
  bool bgr = order && !strcmp(order, "bgr");
  card->in.bgr = card->out.bgr = bgr;
  card->plain = !bgr;
  for (int c = 0; c < 3; c++) {
    int k = bgr ? 2 - c : c; /* the network's channel c is colour k */
    card->in.gain[c] = n.range[k] / n.std[k];
    card->in.bias[c] = -n.mean[k] / n.std[k];
    card->out.gain[c] = o.std[k] / o.range[k];
    card->out.bias[c] = o.mean[k] / o.range[k];
    card->plain = card->plain && card->in.gain[c] == 1 && card->in.bias[c] == 0 && card->out.gain[c] == 1 &&
                  card->out.bias[c] == 0;
  }
  return CNNIMG_OK;
}

/* ---- inputs and outputs --------------------------------------------------------------------- */

static const char *const role_names[] = {"", "image", "sigma", "mask", "hint", "kernel", "quality", "vector"};

const char *ci_role_name(ci_role role) { return role_names[role]; }

static const char *input_name(const ci_program *p, size_t i) { return p->values[p->inputs[i].value].name; }

/* The card's line for input i, or NULL. */
static const char *said_of(const ci_program *p, size_t i) {
  const char *name = input_name(p, i);
  for (size_t k = 0; k < p->n_card; k++)
    if (!strncmp(p->card[k].key, "input.", 6) && !strcmp(p->card[k].key + 6, name)) return p->card[k].value;
  return NULL;
}

static ci_role role_named(const char *word) {
  if (!strncmp(word, "vector:", 7)) return CI_ROLE_VECTOR;
  if (!strcmp(word, "qf")) return CI_ROLE_QUALITY; /* as FBCNN calls it */
  for (ci_role r = CI_ROLE_IMAGE; r < CI_ROLE_VECTOR; r++)
    if (!strcmp(word, role_names[r])) return r;
  return CI_ROLE_UNKNOWN;
}

static ci_role role_by_word(const ci_program *p, size_t i) {
  const char *said = said_of(p, i);
  return role_named(said ? said : input_name(p, i));
}

ci_role ci_role_of(const ci_program *p, size_t i) {
  ci_role r = role_by_word(p, i);
  if (r != CI_ROLE_UNKNOWN || i != 0 || said_of(p, 0)) return r;
  for (size_t k = 1; k < p->n_inputs; k++)
    if (role_by_word(p, k) == CI_ROLE_IMAGE) return CI_ROLE_UNKNOWN;
  return p->inputs[0].rank == 4 || p->inputs[0].rank < 0 ? CI_ROLE_IMAGE : CI_ROLE_UNKNOWN;
}

static int read_vector(ci_card *card, const ci_program *p, size_t i, cnnimg_error *err) {
  const char *said = said_of(p, i);
  float *v = ci_calloc(MOST_NUMBERS, sizeof *v);
  if (!v) return ci_fail(err, CNNIMG_NOMEM, "no memory for the model's card");
  card->vector[i] = v;
  int n = said ? numbers(said + strlen("vector:"), v, MOST_NUMBERS) : -1;
  if (n < 1)
    return ci_fail(err, CNNIMG_UNSUPPORTED, "the model's card says input.%s=%s: numbers are wanted",
                   input_name(p, i), said ? said : "vector");
  card->vector_n[i] = (size_t)n;
  return CNNIMG_OK;
}

static int read_inputs(ci_card *card, const ci_program *p, cnnimg_error *err) {
  int status = CNNIMG_OK;
  card->image = p->n_inputs;
  for (size_t i = 0; i < p->n_inputs && !status; i++) {
    const char *said = said_of(p, i);
    card->role[i] = ci_role_of(p, i);
    if (said && card->role[i] == CI_ROLE_UNKNOWN)
      status = ci_fail(err, CNNIMG_UNSUPPORTED, "the model's card says input.%s=%s: no such role",
                       input_name(p, i), said);
    if (card->role[i] == CI_ROLE_IMAGE && card->image == p->n_inputs) card->image = i;
    else if (card->role[i] == CI_ROLE_IMAGE)
      status = ci_fail(err, CNNIMG_UNSUPPORTED, "the network has two images, %s and %s",
                       input_name(p, card->image), input_name(p, i));
    if (!status && card->role[i] == CI_ROLE_VECTOR) status = read_vector(card, p, i, err);
  }
  return status;
}

/* Pictures that were shrunk go on symmetrically: their outermost pixels are means of what lay inside. */
static int read_mirror(ci_card *card, const ci_program *p, cnnimg_error *err) {
  const char *text = ci_program_get_card(p, "mirror");
  card->symmetric = text && !strcmp(text, "symmetric");
  if (!text || card->symmetric || !strcmp(text, "reflect")) return CNNIMG_OK;
  return refuse(p, "mirror", "reflect or symmetric is wanted", err);
}

static bool find_output(const ci_program *p, const char *name, size_t *out) {
  for (*out = 0; *out < p->n_outputs; ++*out)
    if (!strcmp(p->values[p->outputs[*out]].name, name)) return true;
  return false;
}

/* "output.sigma=2, 4, 6": the outputs are the picture as networks for levels of noise make it. Whoever names an output
 * wants that one. */
static int read_levels(ci_card *card, const ci_program *p, cnnimg_error *err) {
  const char *text = ci_program_get_card(p, "output.sigma");
  if (!text || ci_program_get_card(p, "output")) return CNNIMG_OK;
  if (p->n_outputs > MOST_NUMBERS) return refuse(p, "output.sigma", "there are too many outputs", err);
  card->level = ci_calloc(p->n_outputs + 1, sizeof *card->level);
  if (!card->level) return ci_fail(err, CNNIMG_NOMEM, "no memory for the model's card");
  bool good = numbers(text, card->level, (int)p->n_outputs) == (int)p->n_outputs;
  for (size_t i = 1; i < p->n_outputs; i++) good = good && card->level[i] > card->level[i - 1];
  if (!good) return refuse(p, "output.sigma", "a rising number for each output is wanted", err);
  card->n_levels = p->n_outputs;
  return CNNIMG_OK;
}

size_t ci_card_output(const ci_card *card, float sigma) {
  size_t k = 0;
  while (k + 1 < card->n_levels && card->level[k] < sigma) k++;
  return card->n_levels ? k : card->output;
}

int ci_card_read(ci_card *card, const ci_program *p, cnnimg_error *err) {
  const char *output = ci_program_get_card(p, "output");
  float sigma_max[3] = {255, 255, 255};
  *card = (ci_card){.n_inputs = p->n_inputs};
  card->role = ci_calloc(p->n_inputs + 1, sizeof *card->role);
  card->vector = ci_calloc(p->n_inputs + 1, sizeof *card->vector);
  card->vector_n = ci_calloc(p->n_inputs + 1, sizeof *card->vector_n);
  int status = card->role && card->vector && card->vector_n
                   ? CNNIMG_OK
                   : ci_fail(err, CNNIMG_NOMEM, "no memory for the model's card");
  if (!status) status = read_inputs(card, p, err);
  if (!status) status = read_levels(card, p, err);
  if (!status) status = read_tones(card, p, err);
  if (!status) status = whole(p, "multiple", 1, 4096, &card->multiple, err);
  if (!status) status = whole(p, "margin", 0, MOST_MARGIN, &card->margin, err);
  if (!status) status = read_mirror(card, p, err);
  if (!status) status = whole(p, "scale", 1, 64, &card->scale, err);
  if (!status) status = triple(p, "sigma_max", sigma_max, err);
  if (!status && output && !find_output(p, output, &card->output))
    status = refuse(p, "output", "no such output", err);
  card->sigma_max = sigma_max[0] / 255.0f;
  if (status) ci_card_fini(card);
  return status;
}

void ci_card_fini(ci_card *card) {
  for (size_t i = 0; card->vector && i < card->n_inputs; i++) free(card->vector[i]);
  free(card->role);
  free(card->vector);
  free(card->vector_n);
  free(card->level);
  *card = (ci_card){0};
}

/* ---- options -------------------------------------------------------------------------------- */

size_t ci_program_input(const ci_program *p, const char *name) {
  size_t i = 0;
  while (i < p->n_inputs && strcmp(input_name(p, i), name)) i++;
  return i;
}

static int check_key(const ci_program *p, const char *key, cnnimg_error *err) {
  static const char *const known[] = {"output",  "range",        "mean",        "std",        "order",
                                      "scale",   "output.range", "output.mean", "output.std", "multiple",
                                      "margin",  "mirror",       "name",        "sigma_max",  "task",
                                      "licence", "colour",       NULL};
  for (size_t i = 0; known[i]; i++)
    if (!strcmp(known[i], key)) return CNNIMG_OK;
  if (strncmp(key, "input.", 6))
    return ci_fail(err, CNNIMG_BADARG,
                   "no model option is called %s; there are input.NAME, output, range, mean, std, "
                   "order, colour, multiple, margin, mirror, scale, sigma_max, output.sigma, output.range, "
                   "output.mean, output.std, task, "
                   "name, licence",
                   key);
  if (ci_program_input(p, key + 6) == p->n_inputs)
    return ci_fail(err, CNNIMG_BADARG, "%s: the network has no such input", key);
  return CNNIMG_OK;
}

static int set_option(ci_program *p, const char *option, cnnimg_error *err) {
  const char *equals = strchr(option, '=');
  if (!equals || equals == option)
    return ci_fail(err, CNNIMG_BADARG, "model option %s: key=value is wanted", option);
  char *key = ci_strndup(option, (size_t)(equals - option));
  if (!key) return ci_fail(err, CNNIMG_NOMEM, "no memory for a model option");
  int status = check_key(p, key, err);
  if (!status && ci_program_set_card(p, key, equals + 1))
    status = ci_fail(err, CNNIMG_NOMEM, "no memory for a model option");
  free(key);
  return status;
}

int ci_card_options(ci_program *p, const char *const *options, cnnimg_error *err) {
  ci_card card;
  cnnimg_error own = {0};
  int status = CNNIMG_OK;
  for (size_t i = 0; options && options[i] && !status; i++) status = set_option(p, options[i], err);
  if (status || !options || !options[0]) return status;
  status = ci_card_read(&card, p, &own);
  ci_card_fini(&card);
  return !status ? CNNIMG_OK
                 : ci_fail(err, status == CNNIMG_UNSUPPORTED ? CNNIMG_BADARG : status, "%s", own.text);
}
