/* SPDX-License-Identifier: MIT */
/* colorize.c - the description of cnn-colorize: its options and what they mean to the library */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "colours.h"

#define MOST_POINTS 4096
#define MOST_RADIUS 1e6
#define SUGGESTED 6 /* colours, the mean of all besides */

/* What was asked for, and what of it must live while sessions run. */
static struct {
  const char *hints, *save, *palette, *reference;
  cnnimg_point *points; /* of --point */
  size_t n_points;
  uint32_t x, y; /* of --suggest */
  cnnimg_view hint_picture, colours;
} asked;

/* ---- options ---------------------------------------------------------------------------------- */

/* "X,Y" at the text's beginning; what is behind it, or NULL. */
static const char *read_place(const char *text, uint32_t *x, uint32_t *y) {
  uint32_t *const to[] = {x, y};
  for (int i = 0; i < 2; i++) {
    const size_t n = strspn(text, "0123456789");
    if (n < 1 || n > 9 || (!i && text[n] != ',')) return NULL;
    *to[i] = (uint32_t)strtoul(text, NULL, 10);
    text += n + !i;
  }
  return text;
}

static int read_point(const char *value, cnnimg_point *p) {
  float rgb[3];
  double radius = 0;
  const char *rest = read_place(value, &p->x, &p->y);
  if (!rest || *rest != '=') return -1;
  const size_t n = strcspn(++rest, "@");
  if (clr_parse(rest, n, rgb) || (rest[n] && drv_number(rest + n + 1, 0, MOST_RADIUS, &radius))) return -1;
  p->red = rgb[0], p->green = rgb[1], p->blue = rgb[2], p->radius = (float)radius;
  return 0;
}

static int add_points(const cnnimg_point *points, size_t n) {
  if (n > MOST_POINTS - asked.n_points) return -1;
  cnnimg_point *all = realloc(asked.points, (asked.n_points + n + 1) * sizeof *all);
  if (!all) return -1;
  asked.points = all;
  if (n) memcpy(all + asked.n_points, points, n * sizeof *all);
  asked.n_points += n;
  return 0;
}

static int set_point(drv_settings *s, const char *value, char why[DRV_WHY]) {
  cnnimg_point p;
  (void)s;
  snprintf(why, DRV_WHY, "must be X,Y=#RRGGBB, with @RADIUS or without, in pixels");
  if (read_point(value, &p)) return -1;
  snprintf(why, DRV_WHY, "there may be %d points", MOST_POINTS);
  return add_points(&p, 1);
}

static int set_suggest(drv_settings *s, const char *value, char why[DRV_WHY]) {
  snprintf(why, DRV_WHY, "must be X,Y: a pixel, counted from 0");
  const char *rest = read_place(value, &asked.x, &asked.y);
  s->measure_only = true;
  return rest && !*rest ? 0 : -1;
}

static int set_saturation(drv_settings *s, const char *value, char why[DRV_WHY]) {
  double v;
  snprintf(why, DRV_WHY, "must be a percentage from 0 to 400");
  if (drv_number(value, 0, 400, &v)) return -1;
  s->params.saturation = (float)(v / 100);
  return 0;
}

static int set_text(const char **to, const char *value, char why[DRV_WHY]) {
  snprintf(why, DRV_WHY, "must not be empty");
  *to = value;
  return *value ? 0 : -1;
}

static int set_hints(drv_settings *s, const char *value, char why[DRV_WHY]) {
  (void)s;
  return set_text(&asked.hints, value, why);
}

static int set_save(drv_settings *s, const char *value, char why[DRV_WHY]) {
  (void)s;
  return set_text(&asked.save, value, why);
}

static int set_palette(drv_settings *s, const char *value, char why[DRV_WHY]) {
  (void)s;
  return set_text(&asked.palette, value, why);
}

static int set_reference(drv_settings *s, const char *value, char why[DRV_WHY]) {
  (void)s;
  return set_text(&asked.reference, value, why);
}

static int set_level(drv_settings *s, int level, char why[DRV_WHY]) {
  (void)s, (void)level;
  snprintf(why, DRV_WHY, "colours have no noise level; a word is the name of a model");
  return -1;
}

static int check(const drv_settings *s, char why[DRV_WHY]) {
  const char *wrong =
      asked.palette && asked.reference ? "--palette and --reference both say what colours there are" : NULL;
  if (s->params.augment || s->params.wrap || s->params.detail > 0)
    wrong = "-x, --wrap and --detail are not for colours";
  if (s->lineart && s->measure_only) wrong = "--suggest is not for line art";
  if (asked.save && asked.hints && cnnimg_looks_like_picture(asked.hints))
    wrong = "--save-hints writes points; hints that are a picture are a file already";
  if (!wrong) return 0;
  snprintf(why, DRV_WHY, "%s", wrong);
  return -1;
}

/* ---- before the first picture --------------------------------------------------------------------- */

/* Points of the command line come behind those of the file, so they are on top. */
static int load_points(cnnimg_error *err) {
  cnnimg_point *of_file, *own = asked.points;
  const size_t n = asked.n_points;
  size_t n_file;
  int status = cnnimg_points_load(asked.hints, &of_file, &n_file, err);
  if (status) return status;
  asked.points = NULL, asked.n_points = 0;
  if (add_points(of_file, n_file) || add_points(own, n)) {
    err->code = status = CNNIMG_LIMIT;
    snprintf(err->text, sizeof err->text, "more than %d points", MOST_POINTS);
  }
  cnnimg_points_free(of_file);
  free(own);
  return status;
}

static int load_hints(drv_run *run, cnnimg_error *err) {
  if (!asked.hints) return CNNIMG_OK;
  if (!cnnimg_looks_like_picture(asked.hints)) return load_points(err);
  int status = clr_read_picture(run, asked.hints, 0, &asked.hint_picture, err);
  if (status || asked.hint_picture.format.alpha) {
    run->params.hints = &asked.hint_picture;
    return status;
  }
  err->code = CNNIMG_BADARG;
  snprintf(err->text, sizeof err->text, "hints that are a picture need alpha, which says where they are");
  return CNNIMG_BADARG;
}

static int complain(const drv_run *run, const char *path, const cnnimg_error *err) {
  drv_say(run->s, path, "%s", err->text);
  return DRV_EXIT_FAILED;
}

/* Without the option a network for drawings works as well: it is the card that decides. */
static bool fits(const drv_run *run) {
  const char *task = run->model ? cnnimg_model_get(run->model, "task") : NULL;
  return !run->s->lineart || (task && !strcmp(task, "lineart"));
}

static int start(drv_run *run) {
  cnnimg_error err = {0};
  if (!fits(run)) {
    drv_say(run->s, run->model_path, "is no network for line art: its card does not say task=lineart");
    return DRV_EXIT_MODEL;
  }
  const char *colours = asked.palette ? asked.palette : asked.reference;
  if (load_hints(run, &err)) return complain(run, asked.hints, &err);
  if (asked.palette && clr_read_palette(run, asked.palette, &asked.colours, &err))
    return complain(run, colours, &err);
  if (asked.reference && clr_read_picture(run, asked.reference, 2048, &asked.colours, &err))
    return complain(run, colours, &err);
  if (asked.colours.data) run->params.reference = &asked.colours;
  run->params.points = asked.points, run->params.n_points = asked.n_points;
  if (asked.save && !run->s->dry_run && cnnimg_points_save(asked.save, asked.points, asked.n_points, &err))
    return complain(run, asked.save, &err);
  return DRV_GO;
}

static void finish(void) {
  free(asked.points);
  free(asked.hint_picture.data);
  free(asked.colours.data);
}

/* ---- which colours are likely ------------------------------------------------------------------------- */

static unsigned byte_of(float v) { return v > 0 ? v < 1 ? (unsigned)(v * 255 + 0.5f) : 255 : 0; }

static void tell(const cnnimg_suggestion *c, size_t n, drv_result *r) {
  size_t text = 0, json = 0;
  for (size_t i = 0; i < n; i++) {
    const unsigned red = byte_of(c[i].red), green = byte_of(c[i].green), blue = byte_of(c[i].blue);
    const int percent = (int)(c[i].share * 100 + 0.5f);
    if (i)
      text += (size_t)snprintf(r->answer + text, sizeof r->answer - text, "#%02x%02x%02x %d%%\n", red, green,
                               blue, percent);
    else text += (size_t)snprintf(r->answer, sizeof r->answer, "#%02x%02x%02x mean\n", red, green, blue);
    if (i)
      json += (size_t)snprintf(r->answer_json + json, sizeof r->answer_json - json,
                               "%s{\"color\":\"#%02x%02x%02x\",\"percent\":%d}", i > 1 ? "," : "", red, green,
                               blue, percent);
    else
      json += (size_t)snprintf(r->answer_json, sizeof r->answer_json,
                               "\"x\":%u,\"y\":%u,\"mean\":\"#%02x%02x%02x\",\"colors\":[", asked.x, asked.y,
                               red, green, blue);
  }
  snprintf(r->answer_json + json, sizeof r->answer_json - json, "]");
}

static int suggest(drv_run *run, const cnnimg_view *view, drv_result *r, cnnimg_error *err) {
  cnnimg_suggestion colours[1 + SUGGESTED];
  cnnimg_view source = *view;
  size_t n;
  int status = cnnimg_session_set_sigma(run->session, -1, err); /* another picture */
  if (!status)
    status = cnnimg_session_suggest(run->session, cnnimg_read_view, &source, asked.x, asked.y, colours,
                                    1 + SUGGESTED, &n, err);
  if (!status) tell(colours, n, r);
  return status;
}

static const drv_option options[] = {
    {0, "hints", "FILE", "colours at places: points (JSON), or a picture (alpha)", DRV_OWN, .own = set_hints},
    {0, "point", "PLACE", "X,Y=#RRGGBB[@RADIUS]: one such place; repeatable", DRV_OWN, .own = set_point},
    {0, "save-hints", "FILE", "write all points as JSON", DRV_OWN, .own = set_save, .rare = true},
    {0, "suggest", "X,Y", "print which colours are likely there; write nothing", DRV_OWN, .own = set_suggest},
    {0, "saturation", "PCT", "0..400 [100]", DRV_OWN, .own = set_saturation},
    {0, "palette", "FILE", "colours to use, #rrggbb a line; or --reference IMG", DRV_OWN, .own = set_palette},
    {0, "reference", "IMG", NULL, DRV_OWN, .own = set_reference},
    {0, "lineart", NULL, "drawings: paint between strokes, which stay as they are", DRV_FLAG,
     .at = offsetof(drv_settings, lineart)},
    {0}};

const drv_tool drv_this_tool = {
    .name = "cnn-colorize",
    .does = "gives grey pictures colours",
    .task = CNNIMG_TASK_COLORIZE,
    .model = "colorize",
    .options = options,
    .examples = "Example: cnn-colorize --point 120,80=#3050a0@6 grey.jpg colours.png\n",
    .level = set_level,
    .check = check,
    .start = start,
    .finish = finish,
    .ask = suggest,
};
