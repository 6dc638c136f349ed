/* SPDX-License-Identifier: MIT */
/* page.h - what the parts of the server share: pictures that are open, requests, answers */
#ifndef PAGE_H
#define PAGE_H

#include <cnnimg.h>
#include <stdbool.h>

#define PG_OPEN 4                          /* pictures at once; the one that was not used for longest goes */
#define PG_ID 33                           /* 32 hexadecimal digits: nobody guesses them */
#define PG_PATH 600                        /* of files in the folder */
#define PG_PREVIEW 1000                    /* pixels of the preview's longer side */
#define PG_SUGGESTED 7                     /* colours, the mean of all among them */
#define PG_MOST_PIXELS ((uint64_t)1 << 26) /* of a picture */

typedef struct pg_picture {
  char id[PG_ID]; /* "": none here */
  uint32_t width, height;
  unsigned used;           /* when, counted in requests */
  cnnimg_view preview;     /* the picture made small, 8 bits; data is owned */
  cnnimg_session *session; /* for the preview */
} pg_picture;

typedef struct pg_room {
  cnnimg_context *context;
  cnnimg_model *model;
  cnnimg_cancel cancel;
  char folder[PG_PATH / 2]; /* the only place where files are written and read, and gone at the end */
  unsigned clock;
  pg_picture pictures[PG_OPEN];
} pg_room;

typedef struct pg_points {
  cnnimg_point *at; /* of the whole picture */
  size_t n;
} pg_points;

/* picture.c: all return a cnnimg_status. */
int pg_room_open(pg_room *room, const char *model, cnnimg_error *err);
void pg_room_close(pg_room *room);
/* The path of a file in the folder; name is never the browser's. */
void pg_path(const pg_room *room, const char *name, const char *suffix, char path[PG_PATH]);
/* The file at path, which lies in the folder, is taken over. */
int pg_open(pg_room *room, const char *path, pg_picture **out, cnnimg_error *err);
pg_picture *pg_find(pg_room *room, const char *id); /* NULL: none is called so */
/* Writes the preview as JPEG: as it is (points NULL), or coloured. */
int pg_preview(pg_room *room, pg_picture *p, const pg_points *points, const char *path, cnnimg_error *err);
int pg_suggest(pg_room *room, pg_picture *p, const pg_points *points, uint32_t x, uint32_t y,
               cnnimg_suggestion *out, size_t *n, cnnimg_error *err);
/* Writes the whole picture coloured, as cnn-colorize would. codec: "png", "jpg" */
int pg_save(pg_room *room, pg_picture *p, const pg_points *points, const char *codec, const char *path,
            cnnimg_error *err);

/* shrink.c: rows of any picture come in order; their means go into a small one of 8 bits. */
typedef struct pg_shrink {
  cnnimg_format from;
  const cnnimg_view *to; /* the same colours, no alpha */
  double *sums;          /* a row of the small picture: each sample, then how many pixels */
  uint32_t row;          /* of the small picture, that sums are of */
} pg_shrink;
int pg_shrink_begin(pg_shrink *s, const cnnimg_format *from, const cnnimg_view *to); /* 0, or no memory */
void pg_shrink_row(pg_shrink *s, uint32_t y, const void *row);
void pg_shrink_end(pg_shrink *s);

#endif
