/* SPDX-License-Identifier: MIT */
/* strength.c - the stage that mixes an enlarged picture with the original, enlarged by a filter */
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "tasks/stage.h"

typedef struct strength {
  ci_stage stage;
  int32_t colours;
  float share; /* of the result */
} strength;

static ci_rect look_at(const ci_stage *s, ci_rect r) {
  (void)s;
  return r;
}

static void make_row(ci_stage *stage, const ci_stage_call *c) {
  const strength *s = (const strength *)stage;
  const ci_rect *r = &c->out->rect;
  const float *in = ci_view_at(c->in, r->x0, c->y), *original = ci_view_at(c->original, r->x0, c->y);
  float *out = ci_view_at(c->out, r->x0, c->y);
  for (int32_t x = r->x0; x < r->x1; x++, in += c->in->cs, original += c->original->cs, out += c->out->cs)
    for (int32_t k = 0; k < stage->in.c; k++)
      out[k] = k < s->colours ? original[k] + s->share * (in[k] - original[k]) : in[k];
}

static void free_stage(ci_stage *s) { free(s); }

int ci_stage_strength_new(ci_stage **out, const ci_stage_spec *spec, cnnimg_error *err) {
  *out = NULL;
  if (spec->same_size || spec->params->strength == 1.0f) return CNNIMG_OK;
  strength *s = ci_calloc(1, sizeof *s);
  if (!s) return ci_fail(err, CNNIMG_NOMEM, "no memory for strength");
  s->stage = (ci_stage){.name = "strength",
                        .in = spec->in,
                        .out = spec->in,
                        .look = look_at,
                        .make = make_row,
                        .free = free_stage};
  s->share = spec->params->strength;
  s->colours = ci_stage_colours(spec->in);
  *out = &s->stage;
  return CNNIMG_OK;
}
