/* SPDX-License-Identifier: MIT */
/* colorize_state.h - private to colorizing: what planning found and running uses */
#ifndef CI_COLORIZE_STATE_H
#define CI_COLORIZE_STATE_H

#include "exec/pixels.h"
#include "tasks/colorize.h"
#include "tasks/guide.h"
#include "tasks/lineart.h"
#include "tasks/rects.h"
#include "tasks/spread.h"
#include "tasks/tensors.h"

#define CI_CELL 4 /* pixels of the network's picture a side: hints and answers have one number for so many */
#define CI_MOST_POINTS 4096

typedef struct ci_small {
  int32_t w, h;           /* the picture made small */
  int32_t seen_w, seen_h; /* of it what the network sees: the same or less */
  int32_t net_w, net_h;   /* and up to the network's multiples, mirrored */
  int32_t cells_w, cells_h;
  int32_t block, blocks_w,
      blocks_h; /* pixels a side of what a hint is for at least; and how many there are */
} ci_small;

struct ci_colorize {
  ci_job_options o;
  cnnimg_format result;
  cnnimg_cost cost;
  char *text;
  ci_small small;
  float *centres; /* pairs of ab, n_centres of them: the cells of the distribution */
  size_t n_centres;
  bool has_cells; /* the network has an output of that name */
  bool grey;      /* a network of another kind (colorize_grey.c): no cells; its answer is red, green, blue */
  ci_tone in_tone, out_tone; /* of that */
  bool place;                /* behind the hints the network is told how far down each cell is */
  bool lineart;              /* one for drawings: of three colours, not ab */
  ci_drawing drawing;
  cnnimg_point *points;
  size_t n_points;
  cnnimg_view hints; /* data NULL: none */
  ci_tensors *net;
  cnnimg_tensor in[3], out[2];       /* image, hints, palette; ab or paint, cells */
  float *light;                      /* of the small picture: encoded grey, 0..1 */
  float *seen_light;                 /* of what the network sees, where that is smaller; else NULL */
  float *cell_light;                 /* and of its cells */
  float *image, *hint_map, *palette; /* of the network */
  ci_change *asked;                  /* ab that hints want, block by block */
  size_t n_asked;
  float *answer;       /* its ab or paint, in planes */
  float *fine;         /* pairs of ab of the small picture, or its paint */
  bool seen, coloured; /* light, and fine, are those of the picture */
  /* during a run */
  const ci_job_io *io;
  ci_rects picture;
  ci_rect want;
  ci_guide guide;
};

/* Numbers of a colour: ab, or those of paint. */
static inline size_t ci_colorize_numbers(const ci_colorize *c) { return c->lineart ? 3 : 2; }

/* colorize_small.c: the picture made small; sets light. */
int ci_colorize_see(ci_colorize *c, cnnimg_error *err);
/* How many rows of so many bytes are worked at together. */
uint32_t ci_colorize_strip(const ci_colorize *c, size_t row_bytes);
/* How light each pixel of a row of the picture is, encoded; rgb: room for 3 n floats, which are the colours then. */
void ci_colorize_light(const cnnimg_view *row, uint32_t n, float *rgb, float *light);

/* colorize_net.c: light and hints through the network; sets fine. scores: of the cells, or NULL. */
int ci_colorize_think(ci_colorize *c, float *scores, cnnimg_error *err);

/* colorize_obey.c: what hints say beyond what the network made of them, carried to all that belongs to them: into fine. */
int ci_colorize_obey(ci_colorize *c, cnnimg_error *err);

/* What is beyond the picture is its mirror image. */
int32_t ci_colorize_mirrored(int32_t i, int32_t n);

/* colorize_grey.c: a network of one grey picture to one of three channels. */
bool ci_colorize_is_grey(const ci_program *p);
int ci_colorize_grey_read(ci_colorize *c, cnnimg_error *err);
int ci_colorize_grey_check(const ci_colorize *c, cnnimg_error *err);
int ci_colorize_grey_think(ci_colorize *c, cnnimg_error *err);

/* colorize_hints.c: where hints are, and their colours, into the network's cells, and into blocks: sets hint_map and asked. */
int ci_colorize_splat(ci_colorize *c, cnnimg_error *err);
int ci_points_check(const cnnimg_point *points, size_t n, const cnnimg_format *f, cnnimg_error *err);

/* colorize_cells.c: the card's pairs of ab; the vector of a picture's colours (n + 2 numbers: the share of each cell, the
 * mean chroma, and 1). side: a larger reference is made so small. */
int ci_cells_read(const char *text, float **centres, size_t *n, cnnimg_error *err);
int ci_cells_palette(const float *centres, size_t n, const cnnimg_view *reference, int32_t side,
                     float *palette, cnnimg_error *err);

#endif
