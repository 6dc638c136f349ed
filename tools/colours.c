/* SPDX-License-Identifier: MIT */
/* colours.c - palettes, reference pictures and words for colours, as cnn-colorize is given them */
#include "colours.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MOST_COLOURS 4096
#define LONGEST_LINE 512
#define MOST_LINES 65536
#define REFERENCE 2048 /* pixels a side, of which a reference is looked at */

int clr_parse(const char *text, size_t length, float rgb[3]) {
  uint8_t bytes[3];
  if (length != 7 || drv_rgb(text, bytes)) return -1;
  for (int c = 0; c < 3; c++) rgb[c] = (float)bytes[c] / 255.0f;
  return 0;
}

/* ---- pictures ------------------------------------------------------------------------------ */

static void keep_some(const cnnimg_format *from, const uint8_t *row, uint32_t step, cnnimg_view *view,
                      uint32_t y) {
  const size_t pixel = cnnimg_pixel_bytes(from);
  uint8_t *to = (uint8_t *)view->data + (ptrdiff_t)y * view->row_stride;
  for (uint32_t x = 0; x < view->format.width; x++)
    memcpy(to + x * pixel, row + (size_t)x * step * pixel, pixel);
}

static int read_rows(const drv_run *run, cnnimg_reader *reader, uint32_t most, cnnimg_view *view,
                     cnnimg_error *err) {
  const cnnimg_format from = cnnimg_reader_info(reader)->format;
  const uint32_t larger = from.width > from.height ? from.width : from.height,
                 step = most ? (larger - 1) / most + 1 : 1;
  cnnimg_format to = from;
  to.width = (from.width - 1) / step + 1, to.height = (from.height - 1) / step + 1;
  const size_t bytes = drv_row_bytes(&to);
  if (bytes > drv_memory_cap(run->s) / to.height)
    return drv_fail(err, CNNIMG_LIMIT, "does not fit in memory (--memory)");
  uint8_t *row = malloc(drv_row_bytes(&from));
  cnnimg_view_init(view, &to, malloc(bytes * to.height));
  int status = row && view->data ? CNNIMG_OK : drv_fail(err, CNNIMG_NOMEM, "out of memory");
  for (uint32_t y = 0; y < from.height && !status; y++) {
    status =
        drv_cancel.stop ? drv_fail(err, CNNIMG_CANCELLED, "cancelled") : cnnimg_reader_row(reader, row, err);
    if (!status && y % step == 0) keep_some(&from, row, step, view, y / step);
  }
  free(row);
  if (!status) return CNNIMG_OK;
  free(view->data);
  view->data = NULL;
  return status;
}

int clr_read_picture(const drv_run *run, const char *path, uint32_t most, cnnimg_view *view,
                     cnnimg_error *err) {
  cnnimg_reader *reader = NULL;
  int status = cnnimg_reader_open(run->context, path, !run->s->no_rotate, &reader, err);
  if (!status) status = read_rows(run, reader, most, view, err);
  cnnimg_reader_close(reader);
  return status;
}

/* ---- palettes --------------------------------------------------------------------------------- */

/* "#rrggbb" with a word behind it, or GIMP's "R G B name". 1: a colour, 0: none, -1: neither a colour nor to be passed over. */
static int read_line(const char *line, float rgb[3]) {
  int v[3], used = 0;
  line += strspn(line, " \t");
  const size_t n = strcspn(line, " \t\r\n");
  if (!n) return 0;
  if (!clr_parse(line, n, rgb)) return 1;
  if (sscanf(line, "%d %d %d%n", &v[0], &v[1], &v[2], &used) == 3 && strchr(" \t\r\n", line[used])) {
    for (int c = 0; c < 3; c++) {
      if (v[c] < 0 || v[c] > 255) return -1;
      rgb[c] = (float)v[c] / 255.0f;
    }
    return 1;
  }
  return *line == '#' || !strncmp(line, "GIMP Palette", 12) || !strncmp(line, "Name:", 5) ||
                 !strncmp(line, "Columns:", 8)
             ? 0
             : -1;
}

static int read_lines(FILE *file, cnnimg_view *view, cnnimg_error *err) {
  char line[LONGEST_LINE];
  float *colours = malloc(3 * MOST_COLOURS * sizeof *colours);
  cnnimg_format f = {.height = 1, .colours = 3, .sample = CNNIMG_F32};
  int status = colours ? CNNIMG_OK : drv_fail(err, CNNIMG_NOMEM, "out of memory");
  for (unsigned i = 1; !status && fgets(line, sizeof line, file); i++) {
    const int found = f.width < MOST_COLOURS ? read_line(line, colours + 3 * (size_t)f.width) : -1;
    if (i > MOST_LINES) status = drv_fail(err, CNNIMG_LIMIT, "has more than %d lines", MOST_LINES);
    else if (found < 0)
      status = drv_fail(err, CNNIMG_CORRUPT,
                        f.width < MOST_COLOURS
                            ? "line %u is no colour: \"#rrggbb\", or \"R G B\" as in a GIMP palette"
                            : "line %u: more colours than a palette has",
                        i);
    f.width += found > 0;
  }
  if (!status && !f.width) status = drv_fail(err, CNNIMG_CORRUPT, "has no colours");
  if (status) free(colours);
  else cnnimg_view_init(view, &f, colours);
  return status;
}

int clr_read_palette(const drv_run *run, const char *path, cnnimg_view *view, cnnimg_error *err) {
  if (cnnimg_looks_like_picture(path)) return clr_read_picture(run, path, REFERENCE, view, err);
  FILE *file = fopen(path, "r");
  if (!file) return drv_fail(err, CNNIMG_IO, "%s", strerror(errno));
  int status = read_lines(file, view, err);
  fclose(file);
  return status;
}
