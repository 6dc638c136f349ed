/* SPDX-License-Identifier: MIT */
/* chroma.c - the stage that takes only part of what the network did to chroma: luma is the network's, chroma a mix */
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "tasks/stage.h"

typedef struct chroma {
  ci_stage stage;
  float share; /* of the network's chroma */
} chroma;

static ci_rect look_at(const ci_stage *s, ci_rect r) {
  (void)s;
  return r;
}

static void make_row(ci_stage *stage, const ci_stage_call *c) {
  const chroma *s = (const chroma *)stage;
  const ci_rect *r = &c->out->rect;
  const float *in = ci_view_at(c->in, r->x0, c->y), *original = ci_view_at(c->original, r->x0, c->y);
  float *out = ci_view_at(c->out, r->x0, c->y);
  for (int32_t x = r->x0; x < r->x1; x++, in += c->in->cs, original += c->original->cs, out += c->out->cs) {
    float luma = ci_stage_luma(in), before = ci_stage_luma(original);
    for (int32_t k = 0; k < 3; k++) {
      float own = in[k] - luma, old = original[k] - before;
      out[k] = luma + old + s->share * (own - old);
    }
    if (stage->in.c > 3) out[3] = in[3];
  }
}

static void free_stage(ci_stage *s) { free(s); }

int ci_stage_chroma_new(ci_stage **out, const ci_stage_spec *spec, cnnimg_error *err) {
  *out = NULL;
  if (spec->params->chroma == 1.0f || ci_stage_colours(spec->in) != 3) return CNNIMG_OK;
  chroma *s = ci_calloc(1, sizeof *s);
  if (!s) return ci_fail(err, CNNIMG_NOMEM, "no memory for chroma");
  s->stage = (ci_stage){.name = "chroma",
                        .in = spec->in,
                        .out = spec->in,
                        .look = look_at,
                        .make = make_row,
                        .free = free_stage};
  s->share = spec->params->chroma;
  *out = &s->stage;
  return CNNIMG_OK;
}
