/* SPDX-License-Identifier: MIT */
/* colours.h - what cnn-colorize is told of colours: in files and in words */
#ifndef DRV_COLOURS_H
#define DRV_COLOURS_H

#include "driver.h"

/* "#rrggbb", to 0..1; 0, or -1: it is none. */
int clr_parse(const char *text, size_t length, float rgb[3]);
/* A whole picture in memory, every `step`-th row and column where it is larger than most pixels a side (0: any size).
 * view->data is malloc'ed. A cnnimg_status. */
int clr_read_picture(const drv_run *run, const char *path, uint32_t most, cnnimg_view *view,
                     cnnimg_error *err);
/* The colours of a palette's file, a row of them: GIMP's (.gpl), or a "#rrggbb" a line; else it is a picture. */
int clr_read_palette(const drv_run *run, const char *path, cnnimg_view *view, cnnimg_error *err);

#endif
