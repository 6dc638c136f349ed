/* SPDX-License-Identifier: MIT */
/* colorize.c - plans colours for pictures of one format: the network's size, its inputs, what it will cost */
#include "tasks/colorize.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "exec/exec.h"
#include "tasks/colorize_state.h"

#define USUAL_SIDE 256                 /* pixels of the short side that networks see */
#define MOST_SMALL ((double)(1 << 22)) /* pixels of all that they see: a strip's short side is less then */
#define FINE_SIDE 256                  /* the same of the picture in which colours find their edges, ... */
#define MOST_FINE ((double)(1 << 19))  /* ... and its pixels: more only where the network sees more */
#define BLOCKS 128                     /* of the short side: what hints are carried over */
#define MOST_DRAWN ((double)(1 << 21)) /* pixels of a drawing whose strokes are looked for */
#define MOST_SATURATION 4
#define HINTED 36     /* floats a block, while hints are carried on */
#define DRAWN 13      /* floats a pixel of these, while their parts are found */
#define PAINTING 6000 /* multiply-adds of a network that take as long as a pixel's guide and Lab do */

/* ---- what is wanted ----------------------------------------------------------------------- */

/* Passed over in silence they would seem to do something. */
static int refuse_others(const cnnimg_params *p, cnnimg_error *err) {
  const char *what = p->augment                                            ? "the mean of flips"
                     : p->wrap                                             ? "wrapping"
                     : p->detail > 0                                       ? "detail"
                     : p->scale_num || p->result_width || p->result_height ? "another size"
                     : p->fix_color                                        ? "fix_color"
                     : p->chroma < 1                                       ? "chroma"
                                                                           : NULL;
  if (what) return ci_fail(err, CNNIMG_UNSUPPORTED, "%s is not for colorizing", what);
  if (!(p->saturation >= 0 && p->saturation <= MOST_SATURATION))
    return ci_fail(err, CNNIMG_BADARG, "saturation %g is not in 0..%d", (double)p->saturation,
                   MOST_SATURATION);
  return CNNIMG_OK;
}

static int take_hints(ci_colorize *c, cnnimg_error *err) {
  const cnnimg_view *v = c->o.params.hints;
  const cnnimg_format *f = &c->o.format;
  if (!v) return CNNIMG_OK;
  int status = ci_format_check(&v->format, "hints", err);
  if (status) return status;
  if (!v->data || v->format.alpha != CNNIMG_ALPHA_STRAIGHT || v->format.transfer != CNNIMG_TRANSFER_ENCODED)
    return ci_fail(err, CNNIMG_BADARG,
                   "hints must be a picture with straight alpha, which says where they are");
  if (v->format.width != f->width || v->format.height != f->height)
    return ci_fail(err, CNNIMG_BADARG, "the hints have %ux%u pixels, the picture has %ux%u", v->format.width,
                   v->format.height, f->width, f->height);
  c->hints = *v;
  return CNNIMG_OK;
}

int ci_colorize_set_points(ci_colorize *c, const cnnimg_point *points, size_t n, cnnimg_error *err) {
  int status = ci_points_check(points, n, &c->o.format, err);
  if (status) return status;
  cnnimg_point *copy = ci_calloc(n + 1, sizeof *copy);
  if (!copy) return ci_fail(err, CNNIMG_NOMEM, "no memory for points");
  if (n) memcpy(copy, points, n * sizeof *copy);
  free(c->points);
  c->points = copy, c->n_points = n;
  c->coloured = false;
  return CNNIMG_OK;
}

/* ---- the network ------------------------------------------------------------------------------ */

static bool has_output(const ci_program *p, const char *name) {
  for (size_t i = 0; i < p->n_outputs; i++)
    if (!strcmp(p->values[p->outputs[i]].name, name)) return true;
  return false;
}

static bool card_says(const ci_program *p, const char *key, const char *word) {
  const char *text = ci_program_get_card(p, key);
  return text && !strcmp(text, word);
}

static bool has_inputs(const ci_program *p) {
  static const char *const inputs[] = {"image", "hints", "palette"};
  bool fits = p->n_inputs == 3;
  for (size_t i = 0; i < 3 && fits; i++) fits = ci_program_input(p, inputs[i]) < p->n_inputs;
  return fits;
}

/* Of the network's hints: ab or colours, where they are, and how far down in the picture a cell is. */
static bool has_place(const ci_colorize *c) {
  const ci_program *p = c->o.program;
  const ci_pinput *hints = &p->inputs[ci_program_input(p, "hints")];
  return hints->rank == 4 && hints->dim[1] == (int64_t)ci_colorize_numbers(c) + 2;
}

static int read_network(ci_colorize *c, cnnimg_error *err) {
  const ci_program *p = c->o.program;
  const char *cells = ci_program_get_card(p, "cells");
  c->lineart = card_says(p, "task", "lineart");
  if (!c->lineart && ci_colorize_is_grey(p)) return ci_colorize_grey_read(c, err);
  if (c->lineart && !(has_inputs(p) && has_output(p, "paint") && cells))
    return ci_fail(
        err, CNNIMG_UNSUPPORTED,
        "the card says task=lineart, but the network has not the inputs image, hints and palette, the "
        "output paint, and a card that says cells");
  if (!c->lineart && !(has_inputs(p) && has_output(p, "ab") && card_says(p, "colour", "lab") && cells))
    return ci_fail(err, CNNIMG_UNSUPPORTED,
                   "the network is not made for colorizing: that has the inputs image, hints and palette, "
                   "the output ab, and "
                   "a card that says colour=lab and cells");
  c->place = has_place(c);
  c->has_cells = !c->lineart && has_output(p, "cells");
  return ci_cells_read(cells, &c->centres, &c->n_centres, err);
}

/* A whole number of the card. */
static int32_t card_number(const ci_program *p, const char *key, int32_t least, int32_t most,
                           int32_t otherwise) {
  const char *text = ci_program_get_card(p, key);
  const long v = text ? strtol(text, NULL, 10) : otherwise;
  return v < least || v > most ? otherwise : (int32_t)v;
}

static int32_t scaled(uint32_t size, double factor) {
  const int32_t n = (int32_t)lround(size * factor);
  return n < 1 ? 1 : n;
}

static double least_of(double a, double b) { return a < b ? a : b; }

static double fine_factor(const cnnimg_format *f, double seen) {
  double factor = least_of(1, (double)FINE_SIDE / (f->width < f->height ? f->width : f->height));
  factor = least_of(factor, sqrt(MOST_FINE / ((double)f->width * f->height)));
  return factor > seen ? factor : seen;
}

/* Pictures that are small already stay as they are. */
static void set_small(ci_colorize *c) {
  const cnnimg_format *f = &c->o.format;
  ci_small *s = &c->small;
  const int32_t side = card_number(c->o.program, "size", 16, 4096, USUAL_SIDE),
                grid = (card_number(c->o.program, "multiple", 1, 256, 16) + CI_CELL - 1) / CI_CELL * CI_CELL;
  const double area = (double)f->width * f->height, whole = least_of(1, sqrt(MOST_DRAWN / area));
  double factor = least_of(1, (double)side / (f->width < f->height ? f->width : f->height));
  factor = least_of(factor, c->lineart ? whole : sqrt(MOST_SMALL / area));
  s->seen_w = scaled(f->width, factor), s->seen_h = scaled(f->height, factor);
  const double fine = c->lineart ? whole : c->grey ? factor : fine_factor(f, factor);
  s->w = scaled(f->width, fine), s->h = scaled(f->height, fine);
  s->block = ((s->w < s->h ? s->w : s->h) + BLOCKS - 1) / BLOCKS;
  s->blocks_w = (s->w + s->block - 1) / s->block, s->blocks_h = (s->h + s->block - 1) / s->block;
  s->net_w = (s->seen_w + grid - 1) / grid * grid, s->net_h = (s->seen_h + grid - 1) / grid * grid;
  s->cells_w = s->net_w / CI_CELL, s->cells_h = s->net_h / CI_CELL;
}

static cnnimg_tensor tensor(const char *name, float *data, size_t channels, int32_t h, int32_t w) {
  return (cnnimg_tensor){.name = name,
                         .data = data,
                         .rank = 4,
                         .dim = {1, channels, (uint64_t)h, (uint64_t)w},
                         .capacity = channels * (size_t)h * (size_t)w};
}

/* One input and one output, by whatever names; light and colours are of whole pixels. */
static void set_grey(ci_colorize *c, size_t net) {
  const ci_program *p = c->o.program;
  c->in[0].name = p->values[p->inputs[0].value].name;
  c->out[0].name = p->values[p->outputs[0]].name;
  c->out[0].capacity = 3 * net;
}

/* Sizes are at most some times MOST_SMALL, for a side that is short is filled up to 256 at most. */
static int take_memory(ci_colorize *c, cnnimg_error *err) {
  const ci_small *s = &c->small;
  const size_t pixels = (size_t)s->w * (size_t)s->h, net = (size_t)s->net_w * (size_t)s->net_h,
               cells = (size_t)s->cells_w * (size_t)s->cells_h, colours = ci_colorize_numbers(c),
               hints = colours + 1 + c->place;
  c->light = ci_calloc(pixels, sizeof *c->light);
  c->fine = ci_calloc(colours * pixels, sizeof *c->fine);
  c->image = ci_calloc(net, sizeof *c->image);
  if (!c->lineart && (s->w != s->seen_w || s->h != s->seen_h) &&
      !(c->seen_light = ci_calloc((size_t)s->seen_w * (size_t)s->seen_h, sizeof *c->seen_light)))
    return ci_fail(err, CNNIMG_NOMEM, "no memory for a picture of %dx%d pixels", s->seen_w, s->seen_h);
  c->cell_light = ci_calloc(cells, sizeof *c->cell_light);
  c->hint_map = ci_calloc(hints * cells, sizeof *c->hint_map);
  c->answer = ci_calloc(c->grey ? 3 * net : colours * cells, sizeof *c->answer);
  c->palette = ci_calloc(c->n_centres + 2, sizeof *c->palette);
  if (!c->light || !c->fine || !c->image || !c->cell_light || !c->hint_map || !c->answer || !c->palette)
    return ci_fail(err, CNNIMG_NOMEM, "no memory for a picture of %dx%d pixels", s->net_w, s->net_h);
  c->in[0] = tensor("image", c->image, 1, s->net_h, s->net_w);
  c->in[1] = tensor("hints", c->hint_map, hints, s->cells_h, s->cells_w);
  c->in[2] = tensor("palette", c->palette, c->n_centres + 2, 1, 1);
  c->out[0] =
      (cnnimg_tensor){.name = c->lineart ? "paint" : "ab", .data = c->answer, .capacity = colours * cells};
  c->out[1] = (cnnimg_tensor){.name = "cells"};
  if (c->grey) set_grey(c, net);
  return c->lineart ? ci_lineart_take_memory(c, err) : CNNIMG_OK;
}

static bool is_of(const cnnimg_tensor *t, size_t channels, const ci_small *s) {
  return t->rank == 4 && t->dim[0] == 1 && t->dim[1] == channels && t->dim[2] == (uint64_t)s->cells_h &&
         t->dim[3] == (uint64_t)s->cells_w;
}

/* Of looking and of painting the larger: a strip of rows, and what each thread works in. */
static size_t strip_bytes(const ci_colorize *c) {
  const size_t w = c->o.format.width, from = w * cnnimg_pixel_bytes(&c->o.format),
               to = w * cnnimg_pixel_bytes(&c->result), planes = c->o.format.alpha ? 2 : 1,
               threads = c->o.engine.threads;
  const size_t look = ci_colorize_strip(c, from) * (from + planes * (size_t)c->small.w * sizeof(float)) +
                      threads * w * (3 + planes) * sizeof(float),
               paint = ci_colorize_strip(c, to) * (from + to) + threads * w * 6 * sizeof(float);
  return look > paint ? look : paint;
}

static void set_cost(ci_colorize *c, const ci_plan_stats *stats) {
  const ci_small *s = &c->small;
  const size_t cells = (size_t)s->cells_w * (size_t)s->cells_h,
               pixels = (c->lineart ? DRAWN : 3) * (size_t)s->w * (size_t)s->h,
               blocks = (size_t)s->blocks_w * (size_t)s->blocks_h,
               held = pixels + 2 * (size_t)s->net_w * (size_t)s->net_h + 12 * cells + HINTED * blocks;
  c->cost =
      (cnnimg_cost){.width = c->result.width,
                    .height = c->result.height,
                    .tile = c->result.width,
                    .tiles = 1,
                    .band = 16,
                    .halo = c->result.width > c->result.height ? c->result.width : c->result.height,
                    .threads = c->o.engine.threads,
                    .bytes = held * sizeof(float) + strip_bytes(c) + stats->ring_bytes +
                             stats->scratch_bytes + stats->weight_bytes,
                    .weight_bytes = stats->weight_bytes,
                    .multiply_adds = stats->macs + (uint64_t)PAINTING * c->result.width * c->result.height};
}

static int plan_network(ci_colorize *c, cnnimg_error *err) {
  const struct ci_plan_stats *stats;
  int status = ci_tensors_new(&c->net, c->o.program, c->o.packs, &c->o.engine, c->grey ? 1 : 3, c->in,
                              c->has_cells ? 2 : 1, c->out, err);
  if (!status && c->grey) status = ci_colorize_grey_check(c, err);
  if (status) return status;
  const size_t numbers = ci_colorize_numbers(c);
  if (!c->grey && (!is_of(&c->out[0], numbers, &c->small) ||
                   (c->has_cells && !is_of(&c->out[1], c->n_centres, &c->small))))
    return ci_fail(err, CNNIMG_UNSUPPORTED,
                   "the network does not answer with %zu numbers (%s) and %zu (cells) for %d x %d pixels",
                   numbers, c->out[0].name, c->lineart ? 0 : c->n_centres, CI_CELL, CI_CELL);
  status = ci_tensors_plan(c->net, 0, c->o.params.cancel, &stats, err);
  if (!status) set_cost(c, stats);
  return status;
}

static int plan(ci_colorize *c, cnnimg_error *err) {
  const cnnimg_params *p = &c->o.params;
  int status = ci_format_check(&c->o.format, "a picture", err);
  if (!status) status = refuse_others(p, err);
  if (!status) status = read_network(c, err);
  if (!status) status = take_hints(c, err);
  if (!status) status = ci_colorize_set_points(c, p->points, p->n_points, err);
  if (status) return status;
  c->result = c->o.format;
  c->result.colours = 3;
  set_small(c);
  status = take_memory(c, err);
  if (!status && p->reference)
    status = ci_cells_palette(c->centres, c->n_centres, p->reference,
                              card_number(c->o.program, "size", 16, 4096, USUAL_SIDE), c->palette, err);
  return status ? status : plan_network(c, err);
}

/* ---- life ------------------------------------------------------------------------------------- */

static char *describe(const ci_colorize *c) {
  char text[200];
  const ci_small *s = &c->small;
  if (c->lineart)
    snprintf(text, sizeof text,
             "paint for %ux%u pixels: strokes of %dx%d, of which the network sees %dx%d as %dx%d\n",
             c->result.width, c->result.height, s->w, s->h, s->seen_w, s->seen_h, s->net_w, s->net_h);
  else
    snprintf(text, sizeof text, "colours of %ux%u pixels from %dx%d, which the network sees as %dx%d\n",
             c->result.width, c->result.height, s->seen_w, s->seen_h, s->net_w, s->net_h);
  return ci_strdup(text);
}

int ci_colorize_new(ci_colorize **out, const ci_job_options *o, cnnimg_error *err) {
  ci_colorize *c = ci_calloc(1, sizeof *c);
  *out = NULL;
  if (!c) return ci_fail(err, CNNIMG_NOMEM, "no memory for a job");
  c->o = *o;
  int status = plan(c, err);
  if (!status && !(c->text = describe(c))) status = ci_fail(err, CNNIMG_NOMEM, "no memory for a plan");
  if (status) ci_colorize_free(c);
  else *out = c;
  return status;
}

void ci_colorize_free(ci_colorize *c) {
  if (!c) return;
  ci_tensors_free(c->net);
  free(c->centres);
  free(c->points);
  free(c->light);
  free(c->seen_light);
  free(c->asked);
  free(c->cell_light);
  free(c->fine);
  free(c->image);
  free(c->hint_map);
  free(c->palette);
  free(c->answer);
  ci_lineart_free(c);
  free(c->text);
  free(c);
}

const cnnimg_cost *ci_colorize_cost(const ci_colorize *c) { return &c->cost; }
const cnnimg_format *ci_colorize_result(const ci_colorize *c) { return &c->result; }
const char *ci_colorize_plan_text(const ci_colorize *c) { return c->text; }
void ci_colorize_forget(ci_colorize *c) {
  ci_parts_free(&c->drawing.parts);
  c->seen = c->coloured = false;
}
