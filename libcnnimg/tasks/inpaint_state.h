/* SPDX-License-Identifier: MIT */
/* inpaint_state.h - private to filling holes: what planning found and running uses */
#ifndef CI_INPAINT_STATE_H
#define CI_INPAINT_STATE_H

#include "tasks/holes.h"
#include "tasks/inpaint.h"
#include "tasks/rects.h"

#define CI_MOST_FEATHER 255

struct ci_inpaint {
  ci_job_options o;
  ci_holes holes;
  ci_pool *pool;
  cnnimg_cost cost;
  char *text;
  uint32_t beside; /* small windows that are filled at a time */
  bool queue;      /* rows wait in memory from a group's first to its last; else all are kept */
  ci_job *net;     /* for windows of net_w x net_h, or NULL */
  int32_t net_w, net_h;
  /* during a run */
  const ci_job_io *io;
  ci_rects picture; /* the source, unless it comes by rows */
  ci_rows rows;
  ci_rect want;
  float **filled; /* window by window: three floats for each pixel of its holes; NULL: not filled */
  double done;    /* pixels of the result */
  double share;   /* of which the window that is being filled is worth so many */
};

/* Windows that have rows in common, directly or through others. */
typedef struct ci_group {
  const uint32_t *windows; /* from top to bottom */
  size_t n;
  int32_t y0, y1;
} ci_group;
/* The next one of n windows in order. */
ci_group ci_group_next(const ci_holes *h, const uint32_t *windows, size_t n);

/* What a window is filled by: a cnnimg_method, not auto, or patches and the network. */
#define CI_BOTH (CNNIMG_METHOD_DIFFUSE + 1)
int ci_inpaint_method(const ci_inpaint *j, const ci_window *w);
static inline bool ci_inpaint_by_patches(int method) {
  return method == CNNIMG_METHOD_PATCH || method == CI_BOTH;
}
/* One that is filled with all threads, not beside others. */
bool ci_inpaint_alone(const ci_inpaint *j, const ci_window *w);
/* Memory that a window takes while it is filled. */
size_t ci_inpaint_bytes(const ci_inpaint *j, const ci_window *w);
/* With both: do patches begin from what the network says at a coarse size? */
bool ci_inpaint_plans(const ci_window *w);
/* How many times the window is halved for the network; less than 0: the network does not see it. */
int ci_inpaint_halvings(const ci_inpaint *j, const ci_window *w);
/* A job for the network, of windows of that size; the last one again where that fits. */
int ci_inpaint_net(ci_inpaint *j, int32_t w, int32_t h, cnnimg_error *err);

/* inpaint_run.c: gapless pixels of a rectangle of the source. */
int ci_inpaint_fetch(ci_inpaint *j, ci_rect r, uint8_t *to, cnnimg_error *err);
/* Tells progress: so much (0..1) of the present window is done. Not 0: cancelled. */
int ci_inpaint_tell(void *j, uint64_t done, uint64_t total);

/* inpaint_fill.c: fills these windows. */
int ci_inpaint_fill(ci_inpaint *j, const ci_group *g, cnnimg_error *err);

/* A window that is being filled. */
typedef struct ci_pane {
  ci_inpaint *j;
  uint32_t index;
  const ci_window *w;
  int32_t width, height;
  size_t pixels;
  uint8_t *raw;    /* samples of the source */
  float *rgb;      /* three a pixel, grey too */
  float *original; /* of which some is mixed in; NULL: nothing is */
  uint8_t *hole;   /* a ci_pane_pixel */
  ci_pool *pool;   /* NULL: on this thread alone */
  int status;
  cnnimg_error err;
} ci_pane;
/* What a pixel is: seen; to be filled from here; by another window; nobody knows. */
enum ci_pane_pixel { CI_KNOWN, CI_OWN, CI_OTHERS, CI_HIDDEN };

/* What is no number, or so far from all others that they would be lost beside it, is no colour. */
bool ci_pane_is_colour(const float *rgb);
/* inpaint_net.c: the hole, which is filled smoothly, by the network, at the size that ci_inpaint_halvings() says. */
int ci_pane_ask(ci_pane *p, cnnimg_error *err);

/* feather.c: how far each pixel of the hole (not 0) is from one that is not, up to most, as the square of pixels. */
int ci_hole_depth(const uint8_t *hole, int32_t w, int32_t h, int32_t most, int32_t *squares,
                  cnnimg_error *err);

#endif
