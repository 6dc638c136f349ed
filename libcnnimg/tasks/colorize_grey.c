/* SPDX-License-Identifier: MIT */
/* colorize_grey.c - networks of others that make colours of a grey picture: what they say of light is not believed */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "exec/pixels.h"
#include "tasks/card.h"
#include "tasks/colorize_state.h"
#include "tasks/lab.h"

bool ci_colorize_is_grey(const ci_program *p) {
  const ci_pinput *in = p->inputs;
  return p->n_inputs == 1 && p->n_outputs == 1 && (in->rank < 0 || (in->rank == 4 && in->dim[1] <= 1));
}

/* A palette would be passed over in silence. */
int ci_colorize_grey_read(ci_colorize *c, cnnimg_error *err) {
  const cnnimg_params *p = &c->o.params;
  ci_card card;
  if (p->reference)
    return ci_fail(err, CNNIMG_UNSUPPORTED,
                   "the network colours by itself: it does not take a palette or reference");
  int status = ci_card_read(&card, c->o.program, err);
  if (!status) c->in_tone = card.in, c->out_tone = card.out;
  ci_card_fini(&card);
  c->grey = true;
  return status;
}

int ci_colorize_grey_check(const ci_colorize *c, cnnimg_error *err) {
  const cnnimg_tensor *t = &c->out[0];
  const ci_small *s = &c->small;
  if (t->rank == 4 && t->dim[0] == 1 && t->dim[1] == 3 && t->dim[2] == (uint64_t)s->net_h &&
      t->dim[3] == (uint64_t)s->net_w)
    return CNNIMG_OK;
  return ci_fail(err, CNNIMG_UNSUPPORTED,
                 "the network is not made for colorizing: of a grey picture it does not make "
                 "one of the same size in red, green and blue");
}

/* ab of a row of the small picture. */
static void ab_row(void *arg, uint32_t y, uint32_t worker) {
  const ci_colorize *c = arg;
  const ci_small *s = &c->small;
  const ci_tone *tone = &c->out_tone;
  const size_t plane = (size_t)s->net_w * (size_t)s->net_h;
  const float *from = c->answer + (size_t)y * (size_t)s->net_w;
  float *to = c->fine + 2 * (size_t)y * (size_t)s->w;
  (void)worker;
  for (int32_t x = 0; x < s->w; x++) {
    float rgb[3];
    for (int k = 0; k < 3; k++) {
      const int own = tone->bgr ? 2 - k : k;
      const float v = from[(size_t)own * plane + (size_t)x] * tone->gain[own] + tone->bias[own];
      rgb[k] = v > 0 ? v < 1 ? v : 1 : 0;
    }
    ci_lab_ab(rgb, to + 2 * x);
  }
}

static void light_row(void *arg, uint32_t y, uint32_t worker) {
  ci_colorize *c = arg;
  const ci_small *s = &c->small;
  const float *from = c->light + (size_t)ci_colorize_mirrored((int32_t)y, s->h) * (size_t)s->w;
  float *to = c->image + (size_t)y * (size_t)s->net_w;
  (void)worker;
  for (int32_t x = 0; x < s->net_w; x++)
    to[x] = from[ci_colorize_mirrored(x, s->w)] * c->in_tone.gain[0] + c->in_tone.bias[0];
}

int ci_colorize_grey_think(ci_colorize *c, cnnimg_error *err) {
  ci_pool *pool = ci_tensors_pool(c->net);
  int status = ci_colorize_splat(c, err); /* what the network does not know of is obeyed all the same */
  if (status) return status;
  ci_pool_run(pool, (uint32_t)c->small.net_h, light_row, c);
  c->out[0].data = c->answer;
  status = ci_tensors_run(c->net, c->in, c->out, err);
  if (!status) ci_pool_run(pool, (uint32_t)c->small.h, ab_row, c);
  if (!status) status = ci_colorize_obey(c, err);
  if (!status && ci_pool_failed(pool)) status = ci_fail(err, CNNIMG_CANCELLED, "the host's workers gave up");
  c->coloured = !status;
  return status;
}
