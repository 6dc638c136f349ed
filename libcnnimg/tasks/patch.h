/* SPDX-License-Identifier: MIT */
/* patch.h - fills a hole with patches of the picture itself, from coarse to fine */
#ifndef CI_PATCH_H
#define CI_PATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/threads.h"
#include "cnnimg.h"

/*
 * The hole is filled so that each small patch of it looks like some patch of the picture: the energy of Wexler, Shechtman
 * and Irani (Space-Time Completion of Video, 2007), lowered level by level in turns of two steps: nearest patches by
 * PatchMatch (Barnes et al. 2009), then each pixel from what the patches around it say. Texture features and the upsampled
 * offsets are those of Newson et al. (Video Inpainting of Complex Scenes, 2014), the closing of the border is Poisson
 * Image Editing (Perez et al. 2003).
 */
typedef struct ci_patch_params {
  uint64_t seed;  /* another seed, another choice among patches that are about as good */
  int32_t levels; /* sizes, halved each time, at most; 1: the full size only. 0: until the hole is narrow */
  int32_t iterations; /* turns a level, at most; 0: as many as it takes */
  bool
      from_fill; /* starts from what the hole holds (a guess, with few levels), not from its border inwards */
  bool no_blend; /* leaves the border as the patches have it */
  const cnnimg_cancel *cancel;                                /* NULL is allowed */
  int (*progress)(void *user, uint64_t done, uint64_t total); /* not 0 cancels; NULL is allowed */
  void *progress_user;
} ci_patch_params;

/* Patches of 7 x 7; smaller ones where the picture or what may be copied is small. */
#define CI_PATCH_RADIUS 3

/*
 * rgb: height x width x 3, encoded, 0 to 1; what the hole holds matters with from_fill only.
 * hole: height x width, not 0: to be filled. Pixels elsewhere are not written.
 * source: the same size, not 0: may be copied from; NULL: all that is not hole. What the hole covers never is.
 * The result depends on these and params, and on nothing else: not on the pool's threads.
 * A hole without a pixel is filled. CNNIMG_BADARG: nothing to copy from. CNNIMG_LIMIT, CNNIMG_NOMEM, CNNIMG_CANCELLED: the
 * hole is left as it was.
 */
int ci_patch_fill(float *rgb, int32_t width, int32_t height, const uint8_t *hole, const uint8_t *source,
                  const ci_patch_params *params, ci_pool *pool, cnnimg_error *err);

/* The most memory that this takes besides, in bytes: CI_PATCH_PIXEL_BYTES a pixel and some for the levels. */
#define CI_PATCH_PIXEL_BYTES 128
size_t ci_patch_bytes(int32_t width, int32_t height);

#endif
