/* SPDX-License-Identifier: MIT */
/* guide.h - a small map of colours brought to the picture's size, its edges where the picture has them */
#ifndef CI_GUIDE_H
#define CI_GUIDE_H

#include <stdint.h>

/*
 * Joint bilateral upsampling (Kopf, Cohen, Lischinski, Uyttendaele: "Joint bilateral upsampling", SIGGRAPH 2007): a pixel's
 * ab is the mean of the sixteen small ones around it, those that are as light as it is counting most. Near and far are
 * weighed by the square of a cubic B-spline, which ends smoothly, so nothing is seen of the small grid. A mean makes no colour that is
 * not there. A row needs nothing but itself and the small maps.
 */
typedef struct ci_guide {
  const float *ab;    /* h rows of w pairs */
  const float *light; /* h rows of w: how light, 0..1 */
  int32_t w, h;
  double step_x, step_y; /* small pixels a large one, areas */
  float alike[513];      /* the weight of a difference of i / 512 */
} ci_guide;

void ci_guide_init(ci_guide *g, const float *ab, const float *light, int32_t w, int32_t h, double step_x,
                   double step_y);
/* ab of pixels x0 to x0 + n of row y; light: of these pixels. */
void ci_guide_row(const ci_guide *g, int32_t y, int32_t x0, int32_t n, const float *light, float *ab);

#endif
