/* SPDX-License-Identifier: MIT */
/* family.c - makes a network of one channel one of three when a picture wants it */
#include "tasks/family.h"

#include <string.h>

#include "base/error.h"
#include "net/adapt.h"

void ci_family_init(ci_family *f) {
  *f = (ci_family){0};
  pthread_mutex_init(&f->lock, NULL);
  pthread_mutex_init(&f->file.fits.lock, NULL);
  pthread_mutex_init(&f->colour.fits.lock, NULL);
}

int ci_family_set(ci_family *f, ci_program *program, cnnimg_error *err) {
  f->program = program;
  f->file.program = program;
  f->packs = ci_packs_new(program);
  return f->packs ? CNNIMG_OK : ci_fail(err, CNNIMG_NOMEM, "no memory for a model");
}

void ci_family_fini(ci_family *f) {
  ci_packs_free(f->packs);
  ci_program_free(f->made);
  ci_program_free(f->program);
  pthread_mutex_destroy(&f->file.fits.lock);
  pthread_mutex_destroy(&f->colour.fits.lock);
  pthread_mutex_destroy(&f->lock);
}

static ci_colour_way way_of(const ci_program *p) {
  const char *colour = ci_program_get_card(p, "colour"), *task = ci_program_get_card(p, "task");
  if (colour && !strcmp(colour, "y-studio")) return CI_COLOUR_STUDIO;
  if (colour && !strcmp(colour, "y")) return CI_COLOUR_LUMA;
  return !task || !strcmp(task, "denoise") ? CI_COLOUR_EACH : CI_COLOUR_LUMA;
}

/* One channel in and out, at a size that the network takes? Then spec says how the result lies. */
static bool is_grey(const ci_program *p, const ci_card *card, const ci_sizes *s, const ci_fit *fit,
                    ci_colour_spec *spec) {
  ci_dims dims[16];
  ci_lowered *l = NULL;
  int32_t size = fit->safe ? fit->safe : 1; /* what the file fixes stays */
  if (p->n_inputs > 16 || ci_sizes_dims(s, size, size, dims, NULL) ||
      ci_lower(p, card->output, dims, &l, NULL))
    return false;
  spec->in_last = ci_lower_picture_layout(p, card->image) == CI_LAYOUT_NHWC;
  spec->out_last = l->out == CI_LAYOUT_NHWC;
  ci_shape picture = ci_network_picture(&dims[card->image], spec->in_last ? CI_LAYOUT_NHWC : CI_LAYOUT_NCHW);
  ci_shape result = l->out == CI_LAYOUT_VECTOR ? (ci_shape){0} : ci_network_picture(&l->out_dims, l->out);
  ci_lowered_free(l);
  return picture.c == 1 && result.c == 1;
}

/* Numbers that the card puts around the network must undo each other, for the luma's result is mixed with the picture. */
static bool same_tones(const ci_card *c) {
  for (int k = 0; k < 3; k++)
    if (c->in.gain[k] * c->out.gain[k] != 1 || c->in.gain[k] != c->in.gain[0] ||
        c->in.bias[k] != c->in.bias[0])
      return false;
  return true;
}

static int make_colour(ci_family *f, cnnimg_error *err) {
  const ci_program *p = f->program;
  ci_card card;
  ci_fit fit;
  int status = ci_card_read(&card, p, err);
  if (status) return status;
  ci_sizes s = {.program = p, .card = &card, .hint_channels = 4};
  ci_colour_spec spec = {
      .way = way_of(p), .image = card.image, .output = card.output, .levels = card.n_levels > 0};
  bool plain = card.image < card.n_inputs && same_tones(&card);
  if (plain && !ci_fit_get(&f->file.fits, &s, &fit, NULL)) {
    s.picture_channels = fit.channels;
    spec.scale = fit.scale, spec.loss = fit.loss;
    if (is_grey(p, &card, &s, &fit, &spec)) status = ci_program_in_colour(p, &spec, &f->made, err);
  }
  ci_card_fini(&card);
  f->colour.program = f->made ? f->made : p;
  return status;
}

int ci_family_get(ci_family *f, uint8_t colours, ci_member **out, cnnimg_error *err) {
  int status = CNNIMG_OK;
  *out = &f->file;
  if (colours != 3) return CNNIMG_OK;
  pthread_mutex_lock(&f->lock);
  if (!f->colour.program) status = make_colour(f, err);
  if (!status && f->made) *out = &f->colour;
  pthread_mutex_unlock(&f->lock);
  return status;
}
