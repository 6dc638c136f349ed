/* SPDX-License-Identifier: MIT */
/* resample.h - a picture of another size: filters, their taps, and the stage that applies them */
#ifndef CI_RESAMPLE_H
#define CI_RESAMPLE_H

#include "tasks/stage.h"

/*
 * Pixels are areas, so that the corners of both pictures coincide: the centre of pixel i lies at (i + 0.5) * in / out - 0.5.
 * Where the picture shrinks, the filter is as much wider.
 */
typedef enum ci_filter {
  CI_FILTER_LANCZOS, /* a sinc within a window of three lobes: the sharpest */
  CI_FILTER_CUBIC    /* Catmull-Rom: no ripples inside a flat area behind an edge */
} ci_filter;

/* The weights of output sample i of an axis: samples *from .. *from + count of the input. Returns count, at most
 * ci_taps_most(). */
typedef struct ci_axis {
  ci_filter filter;
  int32_t in, out;
} ci_axis;
int32_t ci_taps_most(const ci_axis *a);
int32_t ci_taps(const ci_axis *a, int32_t i, int32_t *from, float *weights);
/* Which samples [*from, *to) some tap of output sample i reads. */
void ci_taps_range(const ci_axis *a, int32_t i, int32_t *from, int32_t *to);

/* At most four channels. */
int ci_resample_new(ci_stage **out, ci_shape from, int32_t width, int32_t height, ci_filter filter,
                    cnnimg_error *err);
/* A whole picture into all of out: load() gives its rows in order, one at a time, ci_channel_stride() floats a pixel, so it
 * is never held. */
typedef void (*ci_resample_load)(void *user, int32_t y, float *to);
int ci_resample_whole(ci_shape from, const ci_view *out, ci_filter filter, ci_resample_load load, void *user,
                      cnnimg_error *err);

#endif
