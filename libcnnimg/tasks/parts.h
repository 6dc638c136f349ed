/* SPDX-License-Identifier: MIT */
/* parts.h - the parts of a drawing that its strokes keep apart */
#ifndef CI_PARTS_H
#define CI_PARTS_H

#include <stdint.h>

#include "cnnimg.h"

/*
 * Strokes are what is narrow and darker than its surroundings, and what is dark altogether. The paper between them is flooded
 * from where strokes are farthest (Meyer's watershed on distances): two basins become one where the opening between them is
 * wide, or not much narrower than the smaller basin; else the opening is a gap in a stroke, and they stay two. Such is the
 * idea of trapped balls (Zhang, Chen, Zhang, Zhao, Martin, Hu: "Vectorizing cartoon animations", TVCG 2009) without a
 * ball for each size. A stroke belongs to the parts beside it, half and half.
 */
typedef struct ci_parts {
  int32_t w, h;
  uint32_t *part; /* of each pixel, from 0 on */
  uint16_t *far;  /* thirds of pixels to the nearest stroke, as far as that goes; 0: is one */
  uint32_t n;
} ci_parts;

/* light: h rows of w, 0..1, fewer than 2^31. Memory of 12 bytes a pixel besides for as long as it takes. */
int ci_parts_find(ci_parts *p, const float *light, int32_t w, int32_t h, const cnnimg_cancel *cancel,
                  cnnimg_error *err);
void ci_parts_free(ci_parts *p);

/* strokes.c: p->far of light; room: as many floats or uint32_t. */
void ci_strokes_find(ci_parts *p, const float *light, void *room);

#endif
