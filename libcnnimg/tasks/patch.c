/* SPDX-License-Identifier: MIT */
/* patch.c - fills a hole with patches of the picture itself, from coarse to fine */
#include "tasks/patch.h"

#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/error.h"
#include "base/memory.h"
#include "tasks/patch_state.h"

#define MOST_SIDE (1 << 20)
#define MOST_PIXELS (1u << 30)
#define MOST_LEVELS 12
#define DEEPEST \
  12 /* half the hole's width that the coarsest level may have: smaller ones lose what they show */
#define LEAST_SIDE 24     /* pixels; smaller pictures have nothing to choose from, */
#define LEAST_SOURCES 100 /* nor have fewer patches */
#define MOST_TURNS 12
#define SETTLED 0.1    /* of 255: mean change of a pixel, below which a level is done */
#define SWEEPS 2       /* of the field before pixels vote again */
#define FIRST_SWEEPS 8 /* where the field is random still */

typedef struct filling {
  const ci_patch_params *p;
  ci_patch_search search;
  ci_patch_level level[MOST_LEVELS];
  ci_patch_field field[2]; /* of this level, and of the coarser one */
  int32_t levels, turns;
  uint64_t done, total; /* pixels times turns */
} filling;

static int no_memory(cnnimg_error *err) {
  return ci_fail(err, CNNIMG_NOMEM, "no memory to fill a hole with patches");
}

/* ---- sizes ------------------------------------------------------------------------------------ */

static int32_t count_levels(const filling *f, int32_t depth) {
  const ci_patch_level *l = &f->level[0];
  int32_t n = 1, side = l->w < l->h ? l->w : l->h;
  for (; n < MOST_LEVELS && depth > DEEPEST && side / 2 >= LEAST_SIDE; n++)
    depth = (depth + 1) / 2, side /= 2;
  return f->p->levels > 0 && n > f->p->levels ? f->p->levels : n;
}

static int add_level(filling *f, bool *useful, cnnimg_error *err) {
  ci_patch_level *l = &f->level[f->levels];
  int32_t depth;
  int status = ci_patch_level_half(l, l - 1, err);
  if (!status) status = ci_patch_level_sources(l, err);
  if (!status) status = ci_patch_level_depth(l, &depth, err);
  *useful = !status && l->sources >= LEAST_SOURCES && l->radius == CI_PATCH_RADIUS;
  if (*useful) f->levels++;
  else ci_patch_level_fini(l);
  return status;
}

/* Texture is averaged over what the coarsest level's patches see of it. */
static int make_levels(filling *f, cnnimg_error *err) {
  int32_t depth = 0;
  int status = ci_patch_level_depth(&f->level[0], &depth, err);
  if (status) return status;
  int32_t want = count_levels(f, depth), reach = 1 << (want > 3 ? want - 2 : 1);
  status = ci_patch_level_texture(&f->level[0], reach, err);
  bool useful = true;
  for (f->levels = 1; !status && useful && f->levels < want;) status = add_level(f, &useful, err);
  if (!status) ci_patch_level_texture_rest(&f->level[f->levels - 1]);
  for (int32_t i = 0; i < f->levels; i++) f->total += f->level[i].pixels * (uint64_t)(f->turns + 2);
  return status;
}

/* ---- turns ----------------------------------------------------------------------------------------- */

static int report(filling *f, uint64_t pixels, cnnimg_error *err) {
  const ci_patch_params *p = f->p;
  f->done += pixels;
  if (ci_pool_failed(f->search.pool)) return ci_fail(err, CNNIMG_CANCELLED, "the host's threads gave up");
  if (ci_cancelled(p->cancel) || (p->progress && p->progress(p->progress_user, f->done, f->total)))
    return ci_fail(err, CNNIMG_CANCELLED, "cancelled");
  return CNNIMG_OK;
}

static int search(filling *f, int32_t sweeps, cnnimg_error *err) {
  int status = CNNIMG_OK;
  ci_patch_cost_all(&f->search);
  for (int32_t i = 0; !status && i < sweeps; i++) {
    ci_patch_search_turn(&f->search);
    f->search.turn++;
    status = report(f, 0, err);
  }
  return status;
}

/* Search and vote in turns, until votes no longer change much. */
static int settle(filling *f, int32_t at, bool first, cnnimg_error *err) {
  ci_patch_level *l = &f->level[at];
  int status = CNNIMG_OK;
  int32_t turn = 0;
  for (bool moves = true; moves && turn < f->turns; turn++) {
    status = search(f, first && !turn ? FIRST_SWEEPS : SWEEPS, err);
    if (status) return status;
    int64_t change = ci_patch_vote_all(l, &f->field[0], NULL, f->search.pool);
    moves = (double)change >= SETTLED * CI_PATCH_STEPS / 255 * 3 * (double)l->pixels;
    status = report(f, l->pixels, err);
    if (status) return status;
  }
  return report(f, l->pixels * (uint64_t)(f->turns - turn), err);
}

/* Pixels of the best patches, which are sharp, in the place of means. */
static int finish(filling *f, cnnimg_error *err) {
  ci_patch_level *l = &f->level[0];
  uint32_t *from = ci_calloc((size_t)l->w * (size_t)l->h, sizeof *from);
  if (!from) return no_memory(err);
  int status = search(f, SWEEPS, err);
  if (!status) ci_patch_vote_all(l, &f->field[0], from, f->search.pool);
  ci_patch_field_release(&f->field[0]);
  ci_patch_field_release(&f->field[1]);
  ci_patch_level_release(l);
  if (!status && !f->p->no_blend)
    status = ci_patch_blend(l, f->field[0].inside, from, f->search.pool, f->p->cancel, err);
  free(from);
  return status;
}

static int start_coarsest(filling *f, ci_patch_level *l, cnnimg_error *err) {
  ci_patch_field_random(&f->field[0], l, f->search.seed);
  return f->p->from_fill ? CNNIMG_OK : ci_patch_peel(&f->search, l, &f->field[0], err);
}

static int start_level(filling *f, int32_t at, cnnimg_error *err) {
  ci_patch_level *l = &f->level[at];
  ci_patch_field_fini(&f->field[1]);
  f->field[1] = f->field[0];
  int status = ci_patch_field_init(&f->field[0], l, err);
  if (status) return status;
  f->search.level = l, f->search.field = &f->field[0];
  f->search.reach = l->w > l->h ? l->w : l->h;
  if (at == f->levels - 1) status = start_coarsest(f, l, err);
  else {
    ci_patch_field_double(&f->field[0], l, &f->field[1], l + 1, f->search.seed);
    ci_patch_vote_all(l, &f->field[0], NULL, f->search.pool);
    ci_patch_level_fini(l + 1);
  }
  return status ? status : report(f, l->pixels, err);
}

static int run(filling *f, cnnimg_error *err) {
  int status = ci_patch_level_sources(&f->level[0], err);
  if (status) return status;
  if (!f->level[0].sources)
    return ci_fail(err, CNNIMG_BADARG,
                   "there is nothing to fill the hole with: no pixel of the %d x %d around it may be copied",
                   f->level[0].w, f->level[0].h);
  status = make_levels(f, err);
  for (int32_t at = f->levels - 1; !status && at >= 0; at--) {
    status = start_level(f, at, err);
    if (!status) status = settle(f, at, at == f->levels - 1, err);
  }
  if (!status) status = finish(f, err);
  return status ? status : report(f, f->total - f->done, err);
}

/* ---- one call ------------------------------------------------------------------------------------------ */

static void put(const ci_patch_level *l, float *rgb) {
  size_t n = (size_t)l->w * (size_t)l->h;
  for (size_t i = 0; i < n; i++)
    if (l->hole[i]) memcpy(rgb + 3 * i, l->rgb + 3 * i, 3 * sizeof *rgb);
}

static int check(int32_t w, int32_t h, cnnimg_error *err) {
  if (w < 1 || h < 1) return ci_fail(err, CNNIMG_BADARG, "%d x %d is no picture", w, h);
  if (w > MOST_SIDE || h > MOST_SIDE || (uint64_t)w * (uint64_t)h > MOST_PIXELS)
    return ci_fail(err, CNNIMG_LIMIT,
                   "%d x %d pixels are too many to search: at most %d a side and %u in all", w, h, MOST_SIDE,
                   MOST_PIXELS);
  return CNNIMG_OK;
}

static void clean_up(filling *f) {
  ci_patch_field_fini(&f->field[0]);
  ci_patch_field_fini(&f->field[1]);
  for (int32_t i = 0; i < MOST_LEVELS; i++) ci_patch_level_fini(&f->level[i]);
  free(f);
}

int ci_patch_fill(float *rgb, int32_t width, int32_t height, const uint8_t *hole, const uint8_t *source,
                  const ci_patch_params *params, ci_pool *pool, cnnimg_error *err) {
  int status = check(width, height, err);
  if (status) return status;
  filling *f = ci_calloc(1, sizeof *f);
  if (!f) return no_memory(err);
  f->p = params;
  f->turns = params->iterations > 0 ? params->iterations : MOST_TURNS;
  f->search = (ci_patch_search){
      .k = ci_kernels_best(), .pool = pool, .cancel = params->cancel, .seed = ci_patch_mix(params->seed)};
  status = ci_patch_level_first(&f->level[0], rgb, width, height, hole, source, err);
  if (!status && f->level[0].pixels) status = run(f, err);
  if (!status) put(&f->level[0], rgb);
  clean_up(f);
  return status;
}

size_t ci_patch_bytes(int32_t width, int32_t height) {
  size_t pixels, bytes;
  bool fits = ci_mul((size_t)width, (size_t)height, &pixels) &&
              ci_mul(pixels, CI_PATCH_PIXEL_BYTES, &bytes) && ci_add(bytes, 1 << 16, &bytes);
  return fits ? bytes : SIZE_MAX;
}
