/* SPDX-License-Identifier: MIT */
/* plan.c - from a graph and a size to stripes, bands, an arena and packed weights */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "exec/plan.h"

#define SOFT_RING_BYTES (24u << 20)      /* bands get lower until the rings are near the caches */
#define WEIGHT_FLOOR ((size_t)256 << 20) /* packed weights that any memory cap allows */
#define MIN_BAND 8
#define HEAVY_FACTOR 21u          /* bytes of packed weights of tiles a multiply-add of the direct sum */
#define HEAVY ((uint64_t)2 << 20) /* bytes of weights for which a band should have ... */
#define SOME_PIXELS 1152u         /* ... so many pixels, 48 tiles ... */
#define VERY_HEAVY ((uint64_t)8 << 20)
#define MANY_PIXELS 2304u /* ... or twice as many */
#define LITTLE 8          /* a part of the memory so small is little */
#define MIN_TILE 64

static int32_t imin(int32_t a, int32_t b) { return a < b ? a : b; }

/* ---- steps ------------------------------------------------------------------- */

static size_t count_inputs(const ci_graph *g) {
  size_t n = 1;
  for (size_t i = 0; i < g->n_nodes; i++) n += (size_t)g->nodes[i].n_in;
  return n;
}

static bool allocate_tables(ci_plan *p) {
  const ci_graph *g = p->g;
  p->shapes = ci_calloc(g->n_values, sizeof *p->shapes);
  p->lanes = ci_calloc(g->n_values, sizeof *p->lanes);
  p->spooled = ci_calloc(g->n_values, 1);
  p->folded = ci_calloc(g->n_values, 1);
  p->steps = ci_calloc(g->n_nodes + 1, sizeof *p->steps);
  p->packs = ci_calloc(g->n_nodes + 1, sizeof *p->packs);
  p->in_shapes = ci_calloc(count_inputs(g), sizeof *p->in_shapes);
  p->in_views = ci_calloc(count_inputs(g), sizeof *p->in_views);
  return p->shapes && p->lanes && p->spooled && p->folded && p->steps && p->packs && p->in_shapes &&
         p->in_views;
}

/* Packed weights that are larger than the caches are read from memory for every band: enough pixels, then, for each
 * reading. macs: a pixel, which for tiles of 3x3 is a ninth of the packed floats over their number of samples. */
static int32_t rows_of(const ci_step *s) {
  uint64_t bytes = s->macs * HEAVY_FACTOR, pixels = bytes > VERY_HEAVY ? MANY_PIXELS : SOME_PIXELS;
  int32_t a = s->align[0];
  if (a == 1 || bytes < HEAVY) return a;
  uint64_t across = (uint64_t)s->out.w * (uint64_t)a, times = (pixels + across - 1) / across;
  uint64_t rows = times * (uint64_t)a, most = (uint64_t)(s->out.h + a - 1) / (uint64_t)a * (uint64_t)a;
  return (int32_t)(rows < most ? rows : most);
}

static void make_steps(ci_plan *p) {
  size_t at = 0;
  for (size_t i = 0; i < p->g->n_nodes; i++) {
    const ci_node *n = &p->g->nodes[i];
    ci_step *s = &p->steps[i];
    *s = (ci_step){.node = n,
                   .op = ci_ops[n->op],
                   .in = p->in_shapes + at,
                   .views = p->in_views + at,
                   .out = p->shapes[n->out]};
    for (int32_t k = 0; k < n->n_in; k++)
      if (ci_is_map(p->g, n->in[k])) s->in[k] = p->shapes[n->in[k]];
    at += (size_t)n->n_in;
    s->macs = s->op->macs ? s->op->macs(n, p->g, s->in, s->out) : 0;
    for (int axis = 0; axis < 2; axis++)
      s->align[axis] = s->op->align ? s->op->align(n, s->in, s->out, axis) : 1;
    s->rows = rows_of(s);
    if (!s->op->fold) continue;
    p->folded[n->out] = 1;
    s->state = p->state_bytes;
    p->state_bytes += ci_round_up(s->op->fold->bytes(n, s->in, s->out), CI_ALIGN);
  }
}

/* Several nodes may have one pack. seen: room for twice as many as there are nodes. */
static bool is_new(const ci_pack **seen, size_t room, const ci_pack *pack) {
  size_t at = ((uintptr_t)pack >> 6) * 31 % room;
  while (seen[at] && seen[at] != pack) at = (at + 1) % room;
  bool fresh = !seen[at];
  seen[at] = pack;
  return fresh;
}

static int check_weights(const ci_plan *p, const char *name, cnnimg_error *err) {
  size_t cap = p->o.memory > WEIGHT_FLOOR ? p->o.memory : WEIGHT_FLOOR;
  if (!p->o.memory || p->stats.weight_bytes <= cap) return CNNIMG_OK;
  return ci_fail(err, CNNIMG_LIMIT, "%s: packed weights are over the memory cap of %zu MiB", name, cap >> 20);
}

static int get_packs(ci_plan *p, const ci_pack **seen, cnnimg_error *err) {
  for (; p->n_packs < p->g->n_nodes; p->n_packs++) {
    ci_step *s = &p->steps[p->n_packs];
    ci_pack *pack;
    if (!s->op->pack) continue;
    const ci_pack_ask ask = {p->g, s->node, s->in, s->out, p->k, &p->o.allocator};
    int status = ci_packs_get(p->store, &ask, &pack, err);
    if (status) return status;
    p->packs[p->n_packs] = pack;
    s->packed = ci_pack_data(pack);
    if (pack && is_new(seen, 2 * p->g->n_nodes, pack)) p->stats.weight_bytes += ci_pack_bytes(pack);
    if ((status = check_weights(p, s->node->name, err))) return status;
  }
  return CNNIMG_OK;
}

static int pack_weights(ci_plan *p, cnnimg_error *err) {
  const ci_pack **seen = ci_calloc(2 * p->g->n_nodes, sizeof *seen);
  p->store = p->o.packs ? p->o.packs : (p->own = ci_packs_new(NULL));
  int status =
      seen && p->store ? get_packs(p, seen, err) : ci_fail(err, CNNIMG_NOMEM, "no memory for a plan");
  free(seen);
  return status;
}

/* ---- size of stripes and bands ------------------------------------------------ */

/* The largest stripe's maps in memory and in the file, for this tile and band. */
static bool measure(ci_plan *p, int32_t tile, int32_t band, size_t *arena, size_t *file) {
  size_t a, f;
  ci_shape out = p->stats.out;
  *arena = *file = 0;
  for (int32_t x = 0; x < out.w; x += imin(tile, out.w - x)) {
    ci_stripe_begin(p, (ci_rect){x, 0, x + imin(tile, out.w - x), out.h}, x == 0);
    if (!ci_stripe_measure(p, band, &a, &f)) return false;
    if (a > *arena) *arena = a;
    if (f > *file) *file = f;
  }
  return true;
}

/* Lower bands until the rings are near the caches, or until that saves little: where most of the memory is maps that are
 * held, lower bands only cost turns. */
static bool choose_band(ci_plan *p, int32_t tile, size_t cap, int32_t *band, size_t *arena, size_t *file) {
  size_t soft = cap < SOFT_RING_BYTES ? cap : SOFT_RING_BYTES;
  *band = imin(p->o.band ? p->o.band : 64, p->stats.out.h);
  if (!measure(p, tile, *band, arena, file)) return false;
  while (!p->o.band && *arena > soft && *band / 2 >= MIN_BAND) {
    size_t lower, lower_file;
    if (!measure(p, tile, *band / 2, &lower, &lower_file)) return false;
    if (*arena <= cap && lower > *arena - *arena / LITTLE) return true;
    *band /= 2, *arena = lower, *file = lower_file;
  }
  return true;
}

/* Maps that are held whole go to the file, the largest first, until the rest fits. */
static bool spool(ci_plan *p, int32_t tile, size_t cap, int32_t band, size_t *arena, size_t *file) {
  ci_shape out = p->stats.out;
  while (*arena > cap) {
    ci_stripe_begin(p, (ci_rect){0, 0, imin(tile, out.w), out.h}, true);
    if (!ci_stripe_measure(p, band, arena, file)) return false;
    if (!ci_stripe_spool_one(p)) break;
    if (!measure(p, tile, band, arena, file)) return false;
  }
  return measure(p, tile, band, arena, file);
}

static int too_large(const ci_plan *p, cnnimg_error *err) {
  if (p->starved) return ci_fail(err, CNNIMG_NOMEM, "no memory for a plan");
  return ci_fail(err, CNNIMG_LIMIT, "a picture of %dx%d needs more memory than can be addressed",
                 p->stats.out.w, p->stats.out.h);
}

/* Scratch of whole rows: no stripe takes more. */
static size_t widest_scratch(const ci_plan *p) {
  size_t most = 0, need;
  for (size_t i = 0; i < p->g->n_nodes; i++) {
    const ci_step *s = &p->steps[i];
    need = s->op->scratch ? s->op->scratch(s->node, s->in, s->out, s->out.w) : 0;
    if (need > most) most = need;
  }
  return ci_mul(most, p->o.threads, &need) ? need : SIZE_MAX;
}

/* What weights and scratch leave of the cap, and half of it at least. */
static size_t room_for_rings(const ci_plan *p) {
  size_t cap = p->o.memory, fixed;
  if (!ci_add(widest_scratch(p), p->stats.weight_bytes, &fixed) || !ci_add(fixed, p->state_bytes, &fixed))
    return cap / 2;
  return fixed < cap / 2 ? cap - fixed : cap / 2;
}

static int choose_sizes(ci_plan *p, size_t cap, cnnimg_error *err) {
  ci_plan_stats *st = &p->stats;
  st->tile = p->o.tile > 0 ? imin(p->o.tile, st->out.w) : st->out.w;
  for (;;) {
    if (!choose_band(p, st->tile, cap, &st->band, &st->ring_bytes, &st->spool_bytes))
      return too_large(p, err);
    if (st->ring_bytes > cap && !spool(p, st->tile, cap, st->band, &st->ring_bytes, &st->spool_bytes))
      return too_large(p, err);
    if (st->ring_bytes <= cap) break;
    if (p->o.tile > 0 || st->tile <= MIN_TILE)
      return ci_fail(err, CNNIMG_LIMIT, "%dx%d pixels need %zu MiB of working memory, the cap is %zu MiB",
                     st->out.w, st->out.h, st->ring_bytes >> 20, cap >> 20);
    st->tile = (int32_t)ci_round_up((size_t)st->tile / 2, 16);
  }
  st->tiles = (st->out.w + st->tile - 1) / st->tile;
  return CNNIMG_OK;
}

/* Weights and scratch are as large as the network, whatever the picture is: where they leave too little, the cap is for
 * the rings alone. */
static int fit_under_cap(ci_plan *p, cnnimg_error *err) {
  if (!p->o.memory) return choose_sizes(p, SIZE_MAX, err);
  int status = choose_sizes(p, room_for_rings(p), NULL);
  if (status != CNNIMG_LIMIT) return status ? too_large(p, err) : CNNIMG_OK;
  memset(p->spooled, 0, p->g->n_values);
  return choose_sizes(p, p->o.memory, err);
}

/* ---- what is known afterwards -------------------------------------------------- */

static void count_work(ci_plan *p) {
  for (int32_t x = 0; x < p->stats.out.w; x += imin(p->stats.tile, p->stats.out.w - x)) {
    ci_stripe_begin(p, (ci_rect){x, 0, imin(x + p->stats.tile, p->stats.out.w), p->stats.out.h}, x == 0);
    for (size_t i = 0; i < p->g->n_nodes; i++) {
      const ci_step *s = &p->steps[i];
      const ci_lane *l = &p->lanes[s->node->out];
      uint64_t cols = ci_lane_needed(l) ? (uint64_t)(l->x1 - l->x0) : 0;
      if (!l->kept) p->stats.macs += s->macs * cols * (uint64_t)s->out.h;
      size_t need = s->op->scratch ? s->op->scratch(s->node, s->in, s->out, (int32_t)cols) : 0;
      if (need > p->scratch_each) p->scratch_each = need;
    }
  }
}

/* The columns of input 0 that the middle pixel of the result looks at. */
static void measure_halo(ci_plan *p) {
  const ci_lane *in = p->g->n_inputs ? &p->lanes[p->g->inputs[0]] : NULL;
  ci_stripe_begin(p, (ci_rect){p->stats.out.w / 2, 0, p->stats.out.w / 2 + 1, p->stats.out.h}, true);
  if (in && in->x1 > in->x0) p->stats.halo = (in->x1 - in->x0) / 2;
}

static int allocate_memory(ci_plan *p, cnnimg_error *err) {
  size_t scratch;
  p->scratch_each = ci_round_up(p->scratch_each + CI_ALIGN, CI_ALIGN);
  if (!ci_mul(p->scratch_each, p->o.threads, &scratch))
    return ci_fail(err, CNNIMG_LIMIT, "scratch memory for %u threads is too large", p->o.threads);
  p->stats.scratch_bytes = scratch;
  p->scratch = ci_big_alloc(&p->o.allocator, scratch);
  p->states = ci_big_alloc(&p->o.allocator, p->state_bytes + CI_ALIGN);
  if (!p->scratch || !p->states)
    return ci_fail(err, CNNIMG_NOMEM, "no memory for %zu MiB of scratch", (scratch + p->state_bytes) >> 20);
  return ci_plan_reserve(p, p->stats.ring_bytes + CI_ALIGN, p->stats.spool_bytes, err);
}

static int build(ci_plan *p, const ci_shape *inputs, cnnimg_error *err) {
  int status = ci_infer_shapes(p->g, inputs, p->shapes, err);
  if (status) return status;
  p->stats.out = p->shapes[p->g->output];
  make_steps(p);
  if ((status = pack_weights(p, err))) return status;
  if ((status = fit_under_cap(p, err))) return status;
  count_work(p);
  measure_halo(p);
  return allocate_memory(p, err);
}

int ci_plan_new(ci_plan **out, const ci_graph *g, const ci_shape *inputs, const ci_kernels *k,
                const ci_plan_options *options, cnnimg_error *err) {
  *out = NULL;
  ci_plan *p = ci_calloc(1, sizeof *p);
  if (!p) return ci_fail(err, CNNIMG_NOMEM, "no memory for a plan");
  p->g = g;
  p->k = k;
  p->o = *options;
  if (!p->o.threads) p->o.threads = 1;
  int status =
      allocate_tables(p) ? build(p, inputs, err) : ci_fail(err, CNNIMG_NOMEM, "no memory for a plan");
  if (status) {
    ci_plan_free(p);
    return status;
  }
  *out = p;
  return CNNIMG_OK;
}

void ci_plan_free(ci_plan *p) {
  if (!p) return;
  if (p->n_packs) ci_packs_give_back(p->store, p->packs, p->n_packs);
  ci_packs_free(p->own);
  ci_plan_release(p);
  ci_big_free(&p->o.allocator, p->scratch);
  ci_big_free(&p->o.allocator, p->states);
  free(p->spooled);
  free(p->folded);
  free(p->shapes);
  free(p->lanes);
  free(p->steps);
  free(p->packs);
  free(p->in_shapes);
  free(p->in_views);
  free(p);
}

const ci_plan_stats *ci_plan_get_stats(const ci_plan *p) { return &p->stats; }

/* ---- the plan in words ---------------------------------------------------------- */

static void describe_step(const ci_plan *p, const ci_step *s, FILE *f) {
  static const char *const acts[CI_ACT_COUNT] = {
      "",       " relu",  " leaky",     " prelu",    " sigmoid",     " tanh",         " clip",
      " elu",   " selu",  " celu",      " softplus", " softsign",    " hard-sigmoid", " hard-swish",
      " swish", " gelu",  " gelu-tanh", " mish",     " thresholded", " shrink",       " abs",
      " neg",   " sqrt",  " exp",       " log",      " reciprocal",  " erf",          " floor",
      " ceil",  " round", " trunc",     " sign",     " not",         " sin",          " cos",
      " tan",   " asin",  " acos",      " atan",     " sinh",        " cosh",         " asinh",
      " acosh", " atanh"};
  const ci_lane *l = &p->lanes[s->node->out];
  fprintf(f, "%-20s %4d x %5d x %5d  ring %4d rows %7.2f MiB%s  %9.3f kmac/px%s%s%s  %s\n", s->op->name,
          s->out.c, s->out.h, s->out.w, l->ring,
          (double)l->ring * (double)(l->x1 - l->x0) * ci_channel_stride(s->out.c) * 4 / 1048576.0,
          p->spooled[s->node->out] ? " in a file" : "", (double)s->macs / 1000, acts[s->node->act.kind],
          s->node->residual >= 0 ? " +residual" : "", acts[s->node->act2.kind], s->node->name);
}

char *ci_plan_describe(const ci_plan *p) {
  char *text = NULL;
  size_t size;
  FILE *f = open_memstream(&text, &size);
  if (!f) return NULL;
  const ci_plan_stats *st = &p->stats;
  fprintf(f, "kernels %s, %u threads; %d stripes of %d columns, bands of %d rows, halo %d\n", p->k->name,
          p->o.threads, st->tiles, st->tile, st->band, st->halo);
  fprintf(f, "rings %.1f MiB, in a file %.1f MiB, scratch %.1f MiB, weights %.1f MiB, %.3f Gmac\n",
          (double)st->ring_bytes / 1048576, (double)st->spool_bytes / 1048576,
          (double)st->scratch_bytes / 1048576, (double)st->weight_bytes / 1048576, (double)st->macs / 1e9);
  ci_plan *mutable = (ci_plan *)p; /* the lanes are scratch between runs */
  size_t bytes, file;
  ci_stripe_begin(mutable, (ci_rect){0, 0, st->tile, st->out.h}, true);
  if (ci_stripe_measure(mutable, st->band, &bytes, &file))
    for (size_t i = 0; i < p->g->n_nodes; i++) describe_step(p, &p->steps[i], f);
  if (fclose(f)) return NULL;
  return text;
}
