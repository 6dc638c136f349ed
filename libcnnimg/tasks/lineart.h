/* SPDX-License-Identifier: MIT */
/* lineart.h - private to colorizing: drawings, whose strokes keep colours apart */
#ifndef CI_LINEART_H
#define CI_LINEART_H

#include <stdbool.h>

#include "tasks/parts.h"

/*
 * A network for drawings sees them with the short side at a size of its own, as one for photographs does, and answers with
 * paint: what the drawing is to be multiplied with. It knows little of where strokes are exactly. So its paint is spread within
 * the parts that they keep apart, which are found in a picture as large as memory allows: for most drawings the drawing
 * itself. Where there are hints, a part has their colours, the nearest one's, and the network no say.
 */
typedef struct ci_drawing {
  ci_parts parts;  /* of the small picture; part NULL: not known yet */
  uint32_t *owner; /* of its pixels: the hint that they belong to, packed; 0: none */
  float *weight;   /* of its pixels' paint, while it is spread */
  float *seen;     /* what the network sees of it, before it is filled up to its multiples */
} ci_drawing;

struct ci_colorize;

int ci_lineart_take_memory(struct ci_colorize *c, cnnimg_error *err);
void ci_lineart_free(struct ci_colorize *c);
/* Finds parts, and what the network sees, where the picture is a new one. */
int ci_lineart_look(struct ci_colorize *c, cnnimg_error *err);
/* c->answer to c->fine: three floats for each pixel of the small picture. */
void ci_lineart_spread(struct ci_colorize *c);
/* lineart_hints.c: there are other hints; each of them, pixel by pixel of the picture; to whole parts, and into the network's
 * input: colours times the share of a cell that has them, and that share. */
void ci_lineart_begin_hints(struct ci_colorize *c);
void ci_lineart_hint(struct ci_colorize *c, uint32_t x, uint32_t y, const float rgb[3]);
int ci_lineart_give_hints(struct ci_colorize *c, cnnimg_error *err);
void ci_lineart_owned(uint32_t owner, float rgb[3]); /* its colour */
/* lineart_flow.c: the network's paint alone; and its saturation, as the parameters say. */
void ci_lineart_flow(struct ci_colorize *c);
void ci_lineart_saturate(struct ci_colorize *c);
/* Paint for n pixels of the picture from x0, y on. */
void ci_lineart_row(const struct ci_colorize *c, int32_t y, int32_t x0, int32_t n, float *paint);

#endif
