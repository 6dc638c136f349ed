/* SPDX-License-Identifier: MIT */
/* chain.c - lets rows run through the stages, holding as few of them as the stages need */
#include "tasks/chain.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "tasks/resample.h"

/* In the order in which pictures pass them. Stages that look at the original stand behind resampling. */
static const ci_stage_maker makers[] = {
    ci_stage_resample_new,
    ci_stage_alpha_new,
    ci_stage_fix_color_new,
    ci_stage_chroma_new,
    ci_stage_detail_new,
    ci_stage_strength_new,
};
#define MOST_STAGES (sizeof makers / sizeof *makers)

/* A picture between two stages: a ring of its rows. */
typedef struct level {
  ci_view view;
  int32_t next; /* the row that comes next */
  int32_t held; /* how many rows must be there at a time */
  size_t capacity;
} level;

struct ci_chain {
  ci_stage *stages[MOST_STAGES];
  size_t n;
  level levels[MOST_STAGES + 1]; /* the picture before stage i; the last one is the result */
  ci_stage *enlarge;             /* the original's way to the result's size; NULL: it has it */
  level source, original;        /* without enlarge, only original is used */
  ci_chain_ends ends;
  float sigma;
  bool dry; /* only counts rows */
};

ci_rect ci_stage_around(ci_rect r, int32_t reach, ci_shape p) {
  return ci_rect_clip((ci_rect){r.x0 - reach, r.y0 - reach, r.x1 + reach, r.y1 + reach}, p);
}

/* ---- rectangles ------------------------------------------------------------------------- */

static ci_rect need(const ci_stage *s, ci_rect r) { return s->need ? s->need(s, r) : r; }

/* The next row of a picture; empty at the end. */
static ci_rect next_row(const level *l) {
  ci_rect r = l->view.rect;
  return (ci_rect){r.x0, l->next, r.x1, l->next < r.y1 ? l->next + 1 : l->next};
}

static void set_level(level *l, ci_shape picture, ci_rect r) {
  float *data = l->view.data;
  l->view = (ci_view){.data = data,
                      .map = picture,
                      .rect = r,
                      .cs = ci_channel_stride(picture.c),
                      .ring = 1,
                      .row_stride = (size_t)(r.x1 - r.x0) * (size_t)ci_channel_stride(picture.c)};
  l->next = r.y0;
  l->held = 1;
}

/* From the result's rectangle back to what is needed of every picture. */
static void set_levels(ci_chain *c, ci_rect r) {
  ci_rect original = {0, 0, 0, 0};
  ci_shape shape = c->stages[c->n - 1]->out;
  set_level(&c->levels[c->n], shape, r);
  for (size_t i = c->n; i-- > 0;) {
    const ci_stage *s = c->stages[i];
    if (s->look) original = ci_rect_union(original, s->look(s, r));
    r = need(s, r);
    set_level(&c->levels[i], s->in, r);
  }
  set_level(&c->original, c->original.view.map, original);
  if (c->enlarge && !ci_rect_empty(original)) original = need(c->enlarge, original);
  set_level(&c->source, c->source.view.map, original);
}

/* ---- the original, which is read as far as the stages look ---------------------------------- */

static void note_held(level *l, int32_t low) {
  if (l->next - low > l->held) l->held = l->next - low;
}

static int read_source(ci_chain *c, level *l, int32_t y1, cnnimg_error *err) {
  int status = CNNIMG_OK;
  for (; !status && l->next < y1; l->next++)
    if (!c->dry) status = c->ends.source(c->ends.user, &l->view, l->next, err);
  return status;
}

static int enlarge_row(ci_chain *c, cnnimg_error *err) {
  level *in = &c->source, *out = &c->original;
  ci_rect wants = need(c->enlarge, next_row(out));
  int status = read_source(c, in, wants.y1, err);
  const ci_stage_call call = {&in->view, NULL, &out->view, out->next, c->sigma};
  if (!status && !c->dry) c->enlarge->make(c->enlarge, &call);
  note_held(in, wants.y0);
  out->next++;
  return status;
}

static int pull(ci_chain *c, int32_t y1, cnnimg_error *err) {
  int status = CNNIMG_OK;
  if (!c->enlarge) return read_source(c, &c->original, y1, err);
  while (!status && c->original.next < y1) status = enlarge_row(c, err);
  return status;
}

/* The first row of the original that some stage will look at. */
static int32_t original_low(const ci_chain *c) {
  int32_t low = c->original.view.rect.y1;
  for (size_t i = 0; i < c->n; i++) {
    const ci_stage *s = c->stages[i];
    ci_rect r = next_row(&c->levels[i + 1]);
    if (!s->look || ci_rect_empty(r)) continue;
    r = s->look(s, r);
    if (r.y0 < low) low = r.y0;
  }
  return low;
}

/* ---- rows through the stages ------------------------------------------------------------------ */

static int make_row(ci_chain *c, size_t i, ci_rect row, cnnimg_error *err) {
  ci_stage *s = c->stages[i];
  level *in = &c->levels[i], *out = &c->levels[i + 1];
  int status = s->look ? pull(c, s->look(s, row).y1, err) : CNNIMG_OK;
  const ci_stage_call call = {&in->view, s->look ? &c->original.view : NULL, &out->view, out->next, c->sigma};
  if (s->look) note_held(&c->original, original_low(c));
  if (!status && !c->dry) s->make(s, &call);
  return status;
}

/* Level i has one row more. */
static int advance(ci_chain *c, size_t i, cnnimg_error *err) {
  level *in = &c->levels[i], *out = &c->levels[i + 1];
  int status = CNNIMG_OK;
  in->next++;
  if (i == c->n) return c->dry ? CNNIMG_OK : c->ends.result(c->ends.user, &in->view, in->next - 1, err);
  for (ci_rect row; !status && !ci_rect_empty(row = next_row(out));) {
    ci_rect wants = need(c->stages[i], row);
    note_held(in, wants.y0);
    if (wants.y1 > in->next) break;
    status = make_row(c, i, row, err);
    if (!status) status = advance(c, i + 1, err);
  }
  return status;
}

/* ---- memory ------------------------------------------------------------------------------------- */

static level *level_at(ci_chain *c, size_t i) {
  return i <= c->n ? &c->levels[i] : i == c->n + 1 ? &c->source : &c->original;
}

static bool is_used(const ci_chain *c, const level *l) {
  return !ci_rect_empty(l->view.rect) && (l != &c->source || c->enlarge);
}

/* Counts how many rows are held where; then all pictures are at their beginning again. */
static void count_rows(ci_chain *c, ci_rect result) {
  set_levels(c, result);
  c->dry = true;
  while (c->levels[0].next < c->levels[0].view.rect.y1) (void)advance(c, 0, NULL);
  c->dry = false;
  for (size_t i = 0; i < c->n + 3; i++) {
    level *l = level_at(c, i);
    l->view.ring = l->held;
    l->next = l->view.rect.y0;
  }
}

static bool floats_of(const level *l, size_t *floats) {
  return ci_mul((size_t)l->view.ring, l->view.row_stride, floats) && *floats <= SIZE_MAX / sizeof(float);
}

size_t ci_chain_bytes(const ci_chain *c) {
  size_t sum = 0, floats;
  for (size_t i = 0; i < c->n + 3; i++) {
    const level *l = level_at((ci_chain *)(uintptr_t)c, i);
    if (is_used(c, l) && floats_of(l, &floats)) sum += floats * sizeof(float);
  }
  return sum;
}

static int take_memory(ci_chain *c, cnnimg_error *err) {
  for (size_t i = 0; i < c->n + 3; i++) {
    level *l = level_at(c, i);
    size_t floats;
    if (!is_used(c, l)) continue;
    bool fits = floats_of(l, &floats);
    if (fits && floats <= l->capacity) continue;
    ci_aligned_free(l->view.data);
    l->view.data = fits ? ci_aligned_zero(floats * sizeof(float)) : NULL;
    l->capacity = l->view.data ? floats : 0;
    if (!l->view.data)
      return ci_fail(err, CNNIMG_NOMEM, "no memory for %d rows of %d pixels", l->view.ring,
                     l->view.rect.x1 - l->view.rect.x0);
  }
  return CNNIMG_OK;
}

/* ---- life ------------------------------------------------------------------------------------------ */

static bool looks(const ci_chain *c) {
  for (size_t i = 0; i < c->n; i++)
    if (c->stages[i]->look) return true;
  return false;
}

/* Alpha has hard edges, behind which a sharper filter's ripples would be seen. */
static int make_original(ci_chain *c, const ci_stage_spec *spec, cnnimg_error *err) {
  ci_shape from = spec->source, to = {spec->source.c, spec->result.h, spec->result.w};
  c->source.view.map = from;
  c->original.view.map = to;
  if (!looks(c) || (from.w == to.w && from.h == to.h)) return CNNIMG_OK;
  return ci_resample_new(&c->enlarge, from, to.w, to.h, CI_FILTER_CUBIC, err);
}

static int make_stages(ci_chain *c, const ci_stage_spec *spec, cnnimg_error *err) {
  ci_stage_spec own = *spec;
  int status = CNNIMG_OK;
  for (size_t i = 0; !status && i < MOST_STAGES; i++) {
    ci_stage *s = NULL;
    status = makers[i](&s, &own, err);
    if (!status && s) c->stages[c->n++] = s, own.in = s->out;
  }
  return status ? status : make_original(c, spec, err);
}

int ci_chain_new(ci_chain **out, const ci_stage_spec *spec, cnnimg_error *err) {
  *out = NULL;
  ci_chain *c = ci_calloc(1, sizeof *c);
  if (!c) return ci_fail(err, CNNIMG_NOMEM, "no memory for stages");
  int status = make_stages(c, spec, err);
  if (!status && c->n) {
    count_rows(c, ci_rect_whole(c->stages[c->n - 1]->out));
    *out = c;
    return CNNIMG_OK;
  }
  ci_chain_free(c);
  return status;
}

void ci_chain_free(ci_chain *c) {
  if (!c) return;
  for (size_t i = 0; i < c->n + 3; i++) ci_aligned_free(level_at(c, i)->view.data);
  for (size_t i = 0; i < c->n; i++) c->stages[i]->free(c->stages[i]);
  if (c->enlarge) c->enlarge->free(c->enlarge);
  free(c);
}

ci_shape ci_chain_result(const ci_chain *c) { return c->stages[c->n - 1]->out; }

/* ---- a run --------------------------------------------------------------------------------------------- */

int ci_chain_begin(ci_chain *c, ci_rect result, const ci_chain_ends *ends, float sigma, ci_rect *wants,
                   cnnimg_error *err) {
  count_rows(c, result);
  c->ends = *ends;
  c->sigma = sigma;
  for (size_t i = 0; i < c->n; i++)
    if (c->stages[i]->begin) c->stages[i]->begin(c->stages[i]);
  *wants = c->levels[0].view.rect;
  return take_memory(c, err);
}

const ci_view *ci_chain_next(const ci_chain *c, int32_t *y) {
  *y = c->levels[0].next;
  return &c->levels[0].view;
}

int ci_chain_push(ci_chain *c, cnnimg_error *err) { return advance(c, 0, err); }

int32_t ci_chain_low(const ci_chain *c) {
  const level *l = c->enlarge ? &c->source : &c->original;
  return l->next < l->view.rect.y1 ? l->next : INT32_MAX;
}
