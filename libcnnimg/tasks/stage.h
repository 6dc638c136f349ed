/* SPDX-License-Identifier: MIT */
/* stage.h - what is done to the network's rows on their way to the result: resampling, alpha, colours, detail ... */
#ifndef CI_STAGE_H
#define CI_STAGE_H

#include "cnnimg.h"
#include "net/map.h"

/*
 * A stage makes a picture out of the one that comes in, row by row and in order, and may look at the original besides.
 * Pictures are views of floats in the picture's own range (white is 1), encoded, red first: shape.c channels are the
 * colours, then alpha where there is one; ci_channel_stride(c) floats a pixel. The original is the picture that the
 * network got (colour under transparent pixels bled), brought to the size of the result: only stages whose picture has
 * that size look at it.
 *
 * Rows come while the network runs, and only those that are needed are held. So what a pixel becomes may depend on
 * nothing but the rows that need() and look() name: neither on the rectangle that is asked for nor on what was made
 * before. Then any rectangle of the result is the same bytes as that part of the whole. What costs much and is the same
 * for many rows (means of blocks) may be kept from row to row; begin() forgets it.
 */
typedef struct ci_stage ci_stage;

typedef struct ci_stage_call {
  const ci_view *in;       /* covers need() of the row */
  const ci_view *original; /* covers look() of the row; NULL: the stage looks at nothing */
  const ci_view *out;      /* its row y, columns out->rect.x0 to x1, is to be made */
  int32_t y;
  float sigma; /* of the picture's noise, 0..255, as it was given or estimated; < 0: not known */
} ci_stage_call;

struct ci_stage {
  const char *name;
  ci_shape in, out; /* whole pictures */
  /* What a rectangle of the result needs of `in`, and of the original. Inside the pictures; lower rows never need higher
   * ones than those above them do. NULL: the same rectangle; for look: nothing. */
  ci_rect (*need)(const ci_stage *s, ci_rect r);
  ci_rect (*look)(const ci_stage *s, ci_rect r);
  void (*begin)(ci_stage *s); /* a run begins; NULL: nothing to be done */
  void (*make)(ci_stage *s, const ci_stage_call *c);
  void (*free)(ci_stage *s); /* never NULL; frees s too */
};

/* What a stage is made for. */
typedef struct ci_stage_spec {
  const cnnimg_params *params; /* checked; only valid while the stage is made */
  ci_shape in;     /* what the stage before it makes; first: the network's picture, c its colours */
  ci_shape result; /* c: colours, and alpha */
  ci_shape source; /* c: colours, and alpha */
  /* The network's result has the source's size, and so has the result: alpha and strength are then the store's
   * (exec/pixels), bit by bit, and `in` and `result` have no alpha. */
  bool same_size;
} ci_stage_spec;

/* Makes the stage, or *out = NULL where the parameters do not ask for it. All memory is taken here. */
typedef int (*ci_stage_maker)(ci_stage **out, const ci_stage_spec *spec, cnnimg_error *err);

/* How many of a picture's channels are colours. */
static inline int32_t ci_stage_colours(ci_shape s) { return s.c < 3 ? 1 : 3; }
/* Of red, green, blue: ITU-R BT.601, as JPEG files have it. */
static inline float ci_stage_luma(const float *p) { return 0.299f * p[0] + 0.587f * p[1] + 0.114f * p[2]; }
/* The rectangle and so many rows and columns around it, inside the picture. */
ci_rect ci_stage_around(ci_rect r, int32_t reach, ci_shape picture);

/* ---- the stages: a file each, listed in chain.c in the order in which pictures pass them ------------------ */

int ci_stage_resample_new(ci_stage **out, const ci_stage_spec *spec, cnnimg_error *err);
int ci_stage_alpha_new(ci_stage **out, const ci_stage_spec *spec, cnnimg_error *err);
int ci_stage_fix_color_new(ci_stage **out, const ci_stage_spec *spec, cnnimg_error *err);
int ci_stage_chroma_new(ci_stage **out, const ci_stage_spec *spec, cnnimg_error *err);
int ci_stage_detail_new(ci_stage **out, const ci_stage_spec *spec, cnnimg_error *err);
int ci_stage_strength_new(ci_stage **out, const ci_stage_spec *spec, cnnimg_error *err);

#endif
