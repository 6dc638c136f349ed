/* SPDX-License-Identifier: MIT */
/* patch_state.h - what the files of patch fill share: one size of the picture, and the patches that are nearest */
#ifndef CI_PATCH_STATE_H
#define CI_PATCH_STATE_H

#include "base/threads.h"
#include "kernels/kernels.h"
#include "net/map.h"
#include "tasks/patch.h"

#define CI_PATCH_NONE UINT32_MAX
#define CI_PATCH_TILE 32 /* pixels a side; what one thread searches at a time */

/* Samples are compared in quarters of 1/255, texture in sixteenths. */
#define CI_PATCH_STEPS 1020.0f
#define CI_PATCH_TEXTURE_STEPS 4080.0f
#define CI_PATCH_TEXTURE_MOST 1023

typedef struct ci_patch_level {
  int32_t w, h;
  uint64_t pixels; /* in the hole */
  float *rgb;
  uint8_t *hole;     /* 1: to be filled */
  uint8_t *source;   /* 1: may be copied from */
  uint8_t *ok;       /* 1: the patch around lies in source */
  uint8_t *depth;    /* rows and columns to what is known, to 255 */
  int16_t *samples;  /* rgb in whole numbers */
  int16_t *texture;  /* mean size of the change across and down, around the pixel */
  int32_t radius;    /* of patches */
  uint32_t *centres; /* of the patches in source, in order */
  uint32_t sources;  /* how many */
} ci_patch_level;

/* The nearest patch of each target (a patch that touches the hole), in a rectangle around all of them. */
typedef struct ci_patch_field {
  ci_rect box;     /* of the targets' centres */
  ci_rect inside;  /* of the hole's pixels */
  uint32_t *at;    /* the centre of its nearest patch, y * w + x; CI_PATCH_NONE: no target */
  uint32_t *last;  /* the same, of the turn before */
  int32_t *cost;   /* how different they are */
  uint16_t *tiles; /* that have targets: column, row */
  uint32_t n_tiles, targets;
} ci_patch_field;

static inline size_t ci_patch_at(const ci_patch_level *l, int32_t x, int32_t y) {
  return (size_t)y * (size_t)l->w + (size_t)x;
}
static inline size_t ci_field_at(const ci_patch_field *f, int32_t x, int32_t y) {
  return (size_t)(y - f->box.y0) * (size_t)(f->box.x1 - f->box.x0) + (size_t)(x - f->box.x0);
}

/* patch_level.c: the picture at its full size, and at half of another one's. */
int ci_patch_level_first(ci_patch_level *l, const float *rgb, int32_t w, int32_t h, const uint8_t *hole,
                         const uint8_t *source, cnnimg_error *err);
int ci_patch_level_half(ci_patch_level *l, const ci_patch_level *from, cnnimg_error *err);
void ci_patch_level_release(ci_patch_level *l); /* what search needs */
void ci_patch_level_fini(ci_patch_level *l);
/* The largest patches that there are enough of to copy from; l->sources is 0 where there are none. */
int ci_patch_level_sources(ci_patch_level *l, cnnimg_error *err);
/* Sets depth; *most: half the width of the widest square in the hole, rounded up. */
int ci_patch_level_depth(ci_patch_level *l, int32_t *most, cnnimg_error *err);
/* Texture of what is known, averaged over (2 * reach + 1) pixels each way; -1 where nothing near is known. */
int ci_patch_level_texture(ci_patch_level *l, int32_t reach, cnnimg_error *err);
void ci_patch_level_texture_rest(ci_patch_level *l);
int16_t ci_patch_sample(float v);
/* out: is something set within r rows and columns? */
int ci_patch_spread(const uint8_t *mask, int32_t w, int32_t h, int32_t r, uint8_t *out, cnnimg_error *err);

/* patch_field.c */
int ci_patch_field_init(ci_patch_field *f, const ci_patch_level *l, cnnimg_error *err);
ci_rect ci_field_tile(const ci_patch_field *f, uint32_t tile);
void ci_patch_field_random(ci_patch_field *f, const ci_patch_level *l, uint64_t seed);
/* Twice the offsets of a field of half the size. */
void ci_patch_field_double(ci_patch_field *f, const ci_patch_level *l, const ci_patch_field *half,
                           const ci_patch_level *half_level, uint64_t seed);
void ci_patch_field_release(ci_patch_field *f); /* but for its rectangles */
void ci_patch_field_fini(ci_patch_field *f);

/* patch_match.c: one turn of search in all tiles. */
typedef struct ci_patch_search {
  const ci_kernels *k;
  const ci_patch_level *level;
  ci_patch_field *field;
  ci_pool *pool;
  const cnnimg_cancel *cancel;
  uint64_t seed; /* of the run */
  int32_t turn;  /* counts over all levels */
  int32_t reach; /* of random search, pixels */
} ci_patch_search;
void ci_patch_cost_all(const ci_patch_search *s);
void ci_patch_search_turn(const ci_patch_search *s);

/* A target that looks for its nearest patch. */
typedef struct ci_patch_seeker {
  const ci_patch_search *s;
  ci_patch_pair pair;
  int32_t x, y, texture[2], area, near;
  uint32_t best;
  int32_t cost;
} ci_patch_seeker;
ci_patch_seeker ci_patch_seek(const ci_patch_search *s, int32_t x, int32_t y); /* with none yet */
void ci_patch_try(ci_patch_seeker *k, uint32_t at);

/* patch_peel.c: the field, and the hole, from its border inwards. */
int ci_patch_peel(const ci_patch_search *s, ci_patch_level *l, ci_patch_field *f, cnnimg_error *err);

/* patch_vote.c: the hole's pixels from the patches around them. */
/* Means, or from (w * h), which takes the pixel that each best one is a copy of. Returns the changes of all samples. */
int64_t ci_patch_vote_all(ci_patch_level *l, const ci_patch_field *f, uint32_t *from, ci_pool *pool);

void ci_patch_vote_one(ci_patch_level *l, const ci_patch_field *f, int32_t x, int32_t y);

/* patch_blend.c: after copies of pixels. */
int ci_patch_blend(ci_patch_level *l, ci_rect inside /* the hole */, const uint32_t *from, ci_pool *pool,
                   const cnnimg_cancel *cancel, cnnimg_error *err);

/* Counted random numbers: the same for a seed, a pixel and a turn, in whatever order pixels are visited. */
static inline uint64_t ci_patch_mix(uint64_t x) { /* splitmix64: Steele, Lea and Flood 2014 */
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}
/* 0 to n - 1 */
static inline uint32_t ci_patch_below(uint64_t random, uint32_t n) {
  return (uint32_t)((random >> 32) * n >> 32);
}

#endif
