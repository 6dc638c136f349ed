/* SPDX-License-Identifier: MIT */
/* masks.h - masks as cnn-inpaint is told of them: files, folders, the picture's own alpha or a colour of it, rectangles */
#ifndef DRV_MASKS_H
#define DRV_MASKS_H

#include "driver.h"

#define MSK_MOST 256 /* that may be named */

typedef enum msk_kind { MSK_FILE, MSK_ALPHA, MSK_COLOR, MSK_RECT, MSK_BESIDE } msk_kind;

typedef struct msk_source {
  msk_kind kind;
  const char *path; /* of a file or folder; MSK_BESIDE: none, masks lie beside their pictures */
  int rgb[3], away; /* of a colour: 0..255, and how much each may differ */
  uint32_t rect[4]; /* x, y, width, height */
} msk_source;

/* 0, or -1 and why. */
int msk_parse(const char *value, msk_source *out, char why[DRV_WHY]);
/* Sets what this one says to 255 in the plane, which has the picture's size and no gaps. A cnnimg_status. */
int msk_draw(const drv_run *run, const drv_river *r, const msk_source *m, const char *suffix, uint8_t *plane,
             cnnimg_error *err);
/* Does the file's name end with the suffix, before its type? */
bool msk_is_mask(const char *path, const char *suffix);

#endif
