/* SPDX-License-Identifier: MIT */
/* model.c - for check-published: a weight file as a user has it, and pictures through it */
#include "tests/published/model.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "archs/weights.h"
#include "base/error.h"
#include "tasks/fit.h"
#include "tests/formats/feed.h"

#define MOST 8 /* inputs */

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int model_open(model *m, const char *path, const char *const *options, cnnimg_error *err) {
  *m = (model){.format = ""};
  double start = now();
  int status = ci_source_open(&m->source, path, 0, err);
  if (status) return status;
  status = ci_weights_load_opt(&m->source, options, &m->program, &m->format, err);
  m->seconds = now() - start;
  if (!status && options) status = ci_card_options(m->program, options, err);
  if (!status) status = ci_fit_open(m->program, err);
  if (!status) status = ci_card_read(&m->card, m->program, err);
  if (!status && m->program->n_inputs > MOST) status = ci_fail(err, CNNIMG_LIMIT, "too many inputs");
  if (status) model_close(m);
  return status;
}

void model_close(model *m) {
  ci_card_fini(&m->card);
  ci_program_free(m->program);
  ci_source_close(&m->source);
  m->program = NULL;
}

const char *model_architecture(const model *m) {
  const char *name = ci_program_get_card(m->program, "architecture");
  return name ? name : "";
}

/* ---- numbers -------------------------------------------------------------------------------- */

static npy empty(int64_t h, int64_t w, int64_t c) {
  npy a = {.rank = 3, .dim = {h, w, c}, .count = (size_t)(h * w * c)};
  a.v = calloc(a.count + 1, sizeof *a.v);
  return a;
}

/* A copy with these sides, the last row and column repeated; its first channels in the network's numbers and order. */
static npy to_network(const npy *a, const ci_tone *tone, int64_t h, int64_t w) {
  npy out = empty(h, w, a->dim[2]);
  int64_t c = a->dim[2];
  for (int64_t y = 0; out.v && y < h; y++)
    for (int64_t x = 0; x < w; x++)
      for (int64_t k = 0; k < c; k++) {
        int64_t sy = y < a->dim[0] ? y : a->dim[0] - 1, sx = x < a->dim[1] ? x : a->dim[1] - 1;
        int64_t from = tone->bgr && c == 3 ? 2 - k : k;
        float v = a->v[(sy * a->dim[1] + sx) * c + from];
        out.v[(y * w + x) * c + k] = k < 3 ? v * tone->gain[k] + tone->bias[k] : v;
      }
  return out;
}

static npy from_network(const npy *a, const ci_tone *tone, int64_t h, int64_t w) {
  npy out = empty(h, w, a->dim[2]);
  int64_t c = a->dim[2];
  for (int64_t y = 0; out.v && y < h; y++)
    for (int64_t x = 0; x < w; x++)
      for (int64_t k = 0; k < c; k++) {
        float v = a->v[(y * a->dim[1] + x) * c + k];
        int64_t to = tone->bgr && c == 3 ? 2 - k : k;
        out.v[(y * w + x) * c + to] = k < 3 ? v * tone->gain[k] + tone->bias[k] : v;
      }
  return out;
}

/* ---- inputs --------------------------------------------------------------------------------- */

/* Channels that the file says for input i; 0: open. */
static int64_t channels_of(const ci_program *p, size_t i) {
  bool last = ci_lower_picture_layout(p, i) == CI_LAYOUT_NHWC;
  return p->inputs[i].rank == 4 ? p->inputs[i].dim[last ? 3 : 1] : 0;
}

/* One number a channel, everywhere; or the numbers as they are. */
static npy spread(const float *v, size_t n, const ci_dims *dims, int64_t h, int64_t w) {
  npy a = dims->rank == 4
              ? empty(h, w, (int64_t)n)
              : (npy){.rank = 1, .dim = {(int64_t)n}, .count = n, .v = calloc(n + 1, sizeof(float))};
  for (size_t i = 0; a.v && i < a.count; i++) a.v[i] = v[i % n];
  return a;
}

typedef struct run {
  const model *m;
  const npy *image;
  const model_extra *extra;
  int64_t h, w; /* of the network's picture */
  npy made[MOST];
  feed_input in[MOST];
  ci_dims dims[MOST];
} run;

static int no_array(const run *r, size_t i, cnnimg_error *err) {
  const ci_program *p = r->m->program;
  return ci_fail(err, CNNIMG_UNSUPPORTED, "the case has nothing for the network's input \"%s\"",
                 p->values[p->inputs[i].value].name);
}

static int fill_input(run *r, size_t i, cnnimg_error *err) {
  const model *m = r->m;
  const npy *full = r->extra->full, *second = r->extra->second;
  bool all_planes = full && channels_of(m->program, i) == full->dim[2];
  r->in[i].dims = r->dims[i];
  switch (m->card.role[i]) {
    case CI_ROLE_IMAGE:
      r->made[i] = to_network(all_planes ? full : r->image, &m->card.in, r->h, r->w);
      break;
    case CI_ROLE_SIGMA:
      r->in[i].value = (float)(r->extra->sigma / 255);
      return r->extra->sigma < 0 ? no_array(r, i, err) : CNNIMG_OK;
    case CI_ROLE_VECTOR:
      r->made[i] = spread(m->card.vector[i], m->card.vector_n[i], &r->dims[i], r->h, r->w);
      break;
    default:
      if (!second) return no_array(r, i, err);
      r->made[i] = to_network(second, &m->card.in, second->dim[0], second->dim[1]);
  }
  r->in[i].array = &r->made[i];
  return r->made[i].v ? CNNIMG_OK : CNNIMG_NOMEM;
}

static int run_at(run *r, npy *out, cnnimg_error *err) {
  const model *m = r->m;
  const ci_sizes sizes = {
      .program = m->program, .card = &m->card, .picture_channels = (int32_t)r->image->dim[2]};
  int status = ci_sizes_dims(&sizes, (int32_t)r->h, (int32_t)r->w, r->dims, err);
  for (size_t i = 0; !status && i < m->program->n_inputs; i++) status = fill_input(r, i, err);
  if (!status) status = feed_run(m->program, m->card.output, r->in, out, err);
  for (size_t i = 0; i < MOST; i++) free(r->made[i].v), r->made[i].v = NULL;
  return status;
}

static int64_t up(int64_t n, int64_t multiple) { return (n + multiple - 1) / multiple * multiple; }

int model_run(const model *m, const npy *image, const model_extra *extra, npy *out, cnnimg_error *err) {
  int64_t h = image->dim[0], w = image->dim[1], multiple = m->card.multiple ? m->card.multiple : 1;
  run r = {.m = m, .image = image, .extra = extra, .h = h, .w = w};
  npy raw = {0};
  cnnimg_error first = {0};
  if (image->rank != 3) return ci_fail(err, CNNIMG_BADARG, "the picture has rank %d", image->rank);
  int status = run_at(&r, &raw, &first);
  if (status && (h % multiple || w % multiple)) {
    r.h = up(h, multiple), r.w = up(w, multiple);
    status = run_at(&r, &raw, &first);
  }
  if (status) return ci_fail(err, status, "%s", first.text);
  if (raw.rank != 3) {
    *out = raw; /* no picture */
    return CNNIMG_OK;
  }
  *out = from_network(&raw, &m->card.out, raw.dim[0] * h / r.h, raw.dim[1] * w / r.w);
  free(raw.v);
  return out->v ? CNNIMG_OK : CNNIMG_NOMEM;
}
