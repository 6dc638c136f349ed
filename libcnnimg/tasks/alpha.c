/* SPDX-License-Identifier: MIT */
/* alpha.c - the stage that gives an enlarged picture the original's alpha, enlarged */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "tasks/stage.h"

static ci_rect look_at(const ci_stage *s, ci_rect r) {
  (void)s;
  return r;
}

/* The filter swings over at edges; NaN is 0. */
static float clamped(float a) { return a > 0 ? a < 1 ? a : 1 : 0; }

static void make_row(ci_stage *s, const ci_stage_call *c) {
  const ci_rect *r = &c->out->rect;
  size_t colours = (size_t)s->in.c;
  const float *in = ci_view_at(c->in, r->x0, c->y), *original = ci_view_at(c->original, r->x0, c->y);
  float *out = ci_view_at(c->out, r->x0, c->y);
  for (int32_t x = r->x0; x < r->x1; x++, in += c->in->cs, original += c->original->cs, out += c->out->cs) {
    memcpy(out, in, colours * sizeof *out);
    out[colours] = clamped(original[colours]);
  }
}

static void free_stage(ci_stage *s) { free(s); }

int ci_stage_alpha_new(ci_stage **out, const ci_stage_spec *spec, cnnimg_error *err) {
  *out = NULL;
  if (spec->same_size || spec->source.c == spec->in.c) return CNNIMG_OK;
  ci_stage *s = ci_calloc(1, sizeof *s);
  if (!s) return ci_fail(err, CNNIMG_NOMEM, "no memory for alpha");
  *s = (ci_stage){.name = "alpha",
                  .in = spec->in,
                  .out = spec->result,
                  .look = look_at,
                  .make = make_row,
                  .free = free_stage};
  *out = s;
  return CNNIMG_OK;
}
