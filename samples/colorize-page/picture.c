/* SPDX-License-Identifier: MIT */
/* picture.c - the library's part: pictures are opened, coloured small for the eye, and as a whole to be saved */
#include "page.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QUALITY 92 /* of previews */

static int fail(cnnimg_error *err, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));
static int fail(cnnimg_error *err, int status, const char *format, ...) {
  va_list list;
  va_start(list, format);
  err->code = status;
  vsnprintf(err->text, sizeof err->text, format, list);
  va_end(list);
  return status;
}

void pg_path(const pg_room *room, const char *name, const char *suffix, char path[PG_PATH]) {
  snprintf(path, PG_PATH, "%s/%.40s%.8s", room->folder, name, suffix);
}

/* ---- the room -------------------------------------------------------------------------------- */

/* That the network is one for colours is better known now than when the first picture comes. */
static int try_model(pg_room *room, cnnimg_error *err) {
  const cnnimg_format f = {.width = 64, .height = 64, .colours = 1, .sample = CNNIMG_U8};
  cnnimg_session *session;
  cnnimg_params params;
  cnnimg_params_init(&params, CNNIMG_TASK_COLORIZE);
  int status = cnnimg_session_new(room->context, room->model, &params, &f, &session, err);
  cnnimg_session_free(session);
  return status;
}

int pg_room_open(pg_room *room, const char *model, cnnimg_error *err) {
  cnnimg_config config;
  cnnimg_config_init(&config);
  config.pixel_limit = PG_MOST_PIXELS;
  int status = cnnimg_open(&config, &room->context, err);
  if (!status) status = cnnimg_model_load(room->context, model, &room->model, err);
  return status ? status : try_model(room, err);
}

static void forget(pg_room *room, pg_picture *p) {
  char path[PG_PATH];
  if (!*p->id) return;
  pg_path(room, p->id, "", path);
  unlink(path);
  cnnimg_session_free(p->session);
  free(p->preview.data);
  *p = (pg_picture){0};
}

void pg_room_close(pg_room *room) {
  for (size_t i = 0; i < PG_OPEN; i++) forget(room, &room->pictures[i]);
  cnnimg_model_unref(room->model);
  cnnimg_close(room->context);
}

pg_picture *pg_find(pg_room *room, const char *id) {
  for (size_t i = 0; i < PG_OPEN; i++) {
    pg_picture *p = &room->pictures[i];
    if (!*p->id || !id || strcmp(p->id, id) != 0) continue;
    p->used = ++room->clock;
    return p;
  }
  return NULL;
}

static pg_picture *oldest(pg_room *room) {
  pg_picture *best = &room->pictures[0];
  for (size_t i = 1; i < PG_OPEN; i++)
    if (room->pictures[i].used < best->used) best = &room->pictures[i];
  return best;
}

/* ---- opening ----------------------------------------------------------------------------------- */

static int make_id(char id[PG_ID], cnnimg_error *err) {
  unsigned char bytes[(PG_ID - 1) / 2];
  if (getentropy(bytes, sizeof bytes)) return fail(err, CNNIMG_IO, "there are no random numbers");
  for (size_t i = 0; i < sizeof bytes; i++) snprintf(id + 2 * i, 3, "%02x", bytes[i]);
  return CNNIMG_OK;
}

static int take_rows(pg_picture *p, cnnimg_reader *reader, cnnimg_error *err) {
  const cnnimg_format *f = &cnnimg_reader_info(reader)->format;
  pg_shrink s;
  void *row = malloc(cnnimg_pixel_bytes(f) * f->width);
  int status =
      !row || pg_shrink_begin(&s, f, &p->preview) ? fail(err, CNNIMG_NOMEM, "out of memory") : CNNIMG_OK;
  if (!status) {
    for (uint32_t y = 0; y < f->height && !status; y++) {
      status = cnnimg_reader_row(reader, row, err);
      if (!status) pg_shrink_row(&s, y, row);
    }
    pg_shrink_end(&s);
  }
  free(row);
  return status;
}

static uint32_t scaled(uint32_t side, uint32_t longer) {
  const uint64_t v = longer > PG_PREVIEW ? (uint64_t)side * PG_PREVIEW / longer : side;
  return v ? (uint32_t)v : 1;
}

static int make_preview(pg_room *room, pg_picture *p, cnnimg_reader *reader, cnnimg_error *err) {
  const cnnimg_format *from = &cnnimg_reader_info(reader)->format;
  const uint32_t longer = from->width > from->height ? from->width : from->height;
  const cnnimg_format f = {.width = scaled(from->width, longer),
                           .height = scaled(from->height, longer),
                           .colours = from->colours,
                           .sample = CNNIMG_U8};
  cnnimg_params params;
  p->width = from->width, p->height = from->height;
  cnnimg_view_init(&p->preview, &f, malloc(cnnimg_pixel_bytes(&f) * f.width * f.height));
  if (!p->preview.data) return fail(err, CNNIMG_NOMEM, "out of memory");
  int status = take_rows(p, reader, err);
  cnnimg_params_init(&params, CNNIMG_TASK_COLORIZE);
  params.cancel = &room->cancel;
  return status ? status : cnnimg_session_new(room->context, room->model, &params, &f, &p->session, err);
}

int pg_open(pg_room *room, const char *path, pg_picture **out, cnnimg_error *err) {
  pg_picture p = {0}, *place = oldest(room);
  cnnimg_reader *reader = NULL;
  char own[PG_PATH];
  *out = NULL;
  int status = cnnimg_reader_open(room->context, path, 1, &reader, err);
  if (!status) status = make_preview(room, &p, reader, err);
  if (!status) status = make_id(p.id, err);
  cnnimg_reader_close(reader);
  pg_path(room, p.id, "", own);
  if (!status && rename(path, own)) status = fail(err, CNNIMG_IO, "the picture cannot be kept");
  if (status) {
    cnnimg_session_free(p.session);
    free(p.preview.data);
    return status;
  }
  forget(room, place);
  p.used = ++room->clock;
  *place = p, *out = place;
  return CNNIMG_OK;
}

/* ---- points --------------------------------------------------------------------------------------- */

/* The library would say so too, of the preview's pixels. */
static int check_points(const pg_picture *p, const pg_points *points, cnnimg_error *err) {
  for (size_t i = 0; i < points->n; i++)
    if (points->at[i].x >= p->width || points->at[i].y >= p->height)
      return fail(err, CNNIMG_BADARG, "the hint at %u,%u lies outside the picture, which has %ux%u pixels",
                  points->at[i].x, points->at[i].y, p->width, p->height);
  return CNNIMG_OK;
}

static uint32_t moved(uint32_t at, uint32_t size, uint32_t small) {
  return (uint32_t)((uint64_t)at * small / size);
}

/* Those of the whole picture, for the preview. */
static int set_points(pg_picture *p, const pg_points *points, cnnimg_error *err) {
  const cnnimg_format *f = &p->preview.format;
  int status = check_points(p, points, err);
  if (status) return status;
  cnnimg_point *at = calloc(points->n + 1, sizeof *at);
  if (!at) return fail(err, CNNIMG_NOMEM, "out of memory");
  for (size_t i = 0; i < points->n; i++) {
    at[i] = points->at[i];
    at[i].x = moved(at[i].x, p->width, f->width), at[i].y = moved(at[i].y, p->height, f->height);
    at[i].radius *= (float)f->width / (float)p->width;
  }
  status = cnnimg_session_set_points(p->session, at, points->n, err);
  free(at);
  return status;
}

/* ---- what is asked for ---------------------------------------------------------------------------- */

static int write_jpeg(const cnnimg_view *v, const char *path, cnnimg_error *err) {
  cnnimg_write_options options;
  cnnimg_writer *writer = NULL;
  cnnimg_write_options_init(&options);
  options.codec = "jpg", options.quality = QUALITY, options.overwrite = 1;
  int status = cnnimg_writer_open(NULL, path, &v->format, NULL, &options, &writer, err);
  for (uint32_t y = 0; y < v->format.height && !status; y++)
    status = cnnimg_writer_row(writer, (const char *)v->data + (ptrdiff_t)y * v->row_stride, err);
  if (!status) return cnnimg_writer_finish(writer, err);
  cnnimg_writer_abort(writer);
  return status;
}

/* By rectangle, not by cnnimg_run(): so the session knows the picture from the first time on. */
static int colour_preview(pg_picture *p, const char *path, cnnimg_error *err) {
  const cnnimg_format *f = cnnimg_session_format(p->session);
  cnnimg_view view, source = p->preview;
  cnnimg_view_init(&view, f, malloc(cnnimg_pixel_bytes(f) * f->width * f->height));
  if (!view.data) return fail(err, CNNIMG_NOMEM, "out of memory");
  int status = cnnimg_run_region(p->session, cnnimg_read_view, &source, 0, 0, &view, err);
  if (!status) status = write_jpeg(&view, path, err);
  free(view.data);
  return status;
}

int pg_preview(pg_room *room, pg_picture *p, const pg_points *points, const char *path, cnnimg_error *err) {
  (void)room;
  if (!points) return write_jpeg(&p->preview, path, err);
  int status = set_points(p, points, err);
  return status ? status : colour_preview(p, path, err);
}

int pg_suggest(pg_room *room, pg_picture *p, const pg_points *points, uint32_t x, uint32_t y,
               cnnimg_suggestion *out, size_t *n, cnnimg_error *err) {
  const cnnimg_format *f = &p->preview.format;
  cnnimg_view source = p->preview;
  (void)room;
  *n = 0;
  if (x >= p->width || y >= p->height)
    return fail(err, CNNIMG_BADARG, "%u,%u lies outside the picture, which has %ux%u pixels", x, y, p->width,
                p->height);
  int status = set_points(p, points, err);
  if (status) return status;
  return cnnimg_session_suggest(p->session, cnnimg_read_view, &source, moved(x, p->width, f->width),
                                moved(y, p->height, f->height), out, PG_SUGGESTED, n, err);
}

/* ---- saving ---------------------------------------------------------------------------------------- */

static int read_row(void *user, uint32_t y, void *row, cnnimg_error *err) {
  (void)y;
  return cnnimg_reader_row(user, row, err);
}

static int write_row(void *user, uint32_t y, const void *row, cnnimg_error *err) {
  (void)y;
  return cnnimg_writer_row(user, row, err);
}

static int save_rows(cnnimg_session *session, cnnimg_reader *reader, const char *codec, const char *path,
                     cnnimg_error *err) {
  cnnimg_write_options options;
  cnnimg_writer *writer;
  cnnimg_write_options_init(&options);
  options.codec = codec, options.overwrite = 1;
  int status = cnnimg_writer_open(NULL, path, cnnimg_session_format(session), reader, &options, &writer, err);
  if (status) return status;
  status = cnnimg_run_rows(session, read_row, reader, write_row, writer, err);
  if (!status) return cnnimg_writer_finish(writer, err);
  cnnimg_writer_abort(writer);
  return status;
}

int pg_save(pg_room *room, pg_picture *p, const pg_points *points, const char *codec, const char *path,
            cnnimg_error *err) {
  cnnimg_reader *reader = NULL;
  cnnimg_session *session = NULL;
  cnnimg_params params;
  char own[PG_PATH];
  cnnimg_params_init(&params, CNNIMG_TASK_COLORIZE);
  params.points = points->at, params.n_points = points->n;
  params.cancel = &room->cancel;
  pg_path(room, p->id, "", own);
  int status = cnnimg_reader_open(room->context, own, 1, &reader, err);
  if (!status)
    status = cnnimg_session_new(room->context, room->model, &params, &cnnimg_reader_info(reader)->format,
                                &session, err);
  if (!status) status = save_rows(session, reader, codec, path, err);
  cnnimg_session_free(session);
  cnnimg_reader_close(reader);
  return status;
}
