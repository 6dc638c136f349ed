/* SPDX-License-Identifier: MIT */
/* patch.c - fills a hole with patches of the picture itself, from coarse to fine */
#include "tasks/patch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/error.h"
#include "base/memory.h"
#include "tasks/patch_state.h"

#define MOST_LEVELS 12
#define LEAST_SIDE 24 /* pixels; smaller pictures have nothing to choose from */
#define LEAST_SOURCES 100
#define MOST_TURNS 12
#define SETTLED 0.1 /* of 255: mean change of a pixel, below which a level is done */

typedef struct filling {
  const ci_patch_params *p;
  ci_patch_search search;
  ci_patch_level level[MOST_LEVELS];
  ci_patch_field field[2]; /* of this level, and of the coarser one */
  int32_t levels, turns;
  uint64_t seed, done, total; /* pixels times turns */
} filling;

/* ---- sizes ------------------------------------------------------------------------------------ */

static int depth_of(const ci_patch_level *l, int32_t *depth, cnnimg_error *err) {
  int32_t *d = ci_calloc((size_t)l->w * (size_t)l->h, sizeof *d);
  if (!d) return ci_fail(err, CNNIMG_NOMEM, "no memory to fill a hole with patches");
  *depth = ci_patch_level_depth(l, d);
  free(d);
  return CNNIMG_OK;
}

static int add_level(filling *f, bool *useful, cnnimg_error *err) {
  ci_patch_level *l = &f->level[f->levels];
  *useful = false;
  int status = ci_patch_level_half(l, l - 1, err);
  if (!status) status = ci_patch_level_sources(l, err);
  if (status) return status;
  *useful = l->sources >= LEAST_SOURCES && l->radius == CI_PATCH_RADIUS;
  if (*useful) f->levels++;
  else ci_patch_level_fini(l);
  return CNNIMG_OK;
}

static int32_t count_levels(const filling *f, int32_t depth) {
  const ci_patch_level *l = &f->level[0];
  int32_t n = 1, side = l->w < l->h ? l->w : l->h;
  while (n < MOST_LEVELS && depth > CI_PATCH_RADIUS && side / 2 >= LEAST_SIDE)
    n++, depth = (depth + 1) / 2, side /= 2;
  if (f->p->levels > 0 && n > f->p->levels) n = f->p->levels;
  return n;
}

static int make_levels(filling *f, cnnimg_error *err) {
  int32_t depth = 0;
  int status = depth_of(&f->level[0], &depth, err);
  if (status) return status;
  int32_t want = count_levels(f, depth), reach = 1 << (want > 2 ? want - 2 : 0);
  status = ci_patch_level_texture(&f->level[0], reach < 3 ? 3 : reach, err);
  bool useful = true;
  for (f->levels = 1; !status && useful && f->levels < want;) status = add_level(f, &useful, err);
  if (!status) ci_patch_level_texture_rest(&f->level[f->levels - 1]);
  return status;
}

/* ---- turns ----------------------------------------------------------------------------------------- */

static int report(filling *f, uint64_t pixels, cnnimg_error *err) {
  f->done += pixels;
  if (ci_cancelled(f->p->cancel)) return ci_fail(err, CNNIMG_CANCELLED, "cancelled");
  if (f->p->progress &&
      f->p->progress(f->p->progress_user, f->done < f->total ? f->done : f->total, f->total))
    return ci_fail(err, CNNIMG_CANCELLED, "cancelled");
  if (ci_pool_failed(f->search.pool)) return ci_fail(err, CNNIMG_CANCELLED, "the host's threads gave up");
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

static int fill_level(filling *f, int32_t at, cnnimg_error *err) {
  ci_patch_level *l = &f->level[at];
  ci_patch_field *field = &f->field[0];
  uint32_t pixels = 0;
  for (size_t i = 0; i < (size_t)l->w * (size_t)l->h; i++) pixels += l->hole[i];
  f->search.level = l, f->search.field = field;
  f->search.reach = l->w > l->h ? l->w : l->h;
  bool coarsest = at == f->levels - 1;
  int status = CNNIMG_OK;
  for (int32_t turn = 0; !status && turn < f->turns; turn++) {
    status = search(f, coarsest && !turn ? 8 : 2, err);
    if (status) break;
    int64_t change = ci_patch_vote_all(l, field, CI_PATCH_MEAN, f->search.pool);
    status = report(f, pixels, err);
    if (false)
      fprintf(stderr, "level %d turn %d change %g\n", at, turn, (double)change / 12 / pixels);
    if ((double)change < SETTLED * 12 * pixels) break;
  }
  if (!status && at == 0) {
    status = search(f, 2, err);
    if (!status)
      ci_patch_vote_all(l, field, CI_PATCH_BEST, f->search.pool);
  }
  return status;
}

static int start_level(filling *f, int32_t at, cnnimg_error *err) {
  ci_patch_level *l = &f->level[at];
  bool coarsest = at == f->levels - 1;
  ci_patch_field_fini(&f->field[1]);
  f->field[1] = f->field[0];
  int status = ci_patch_field_init(&f->field[0], l, err);
  if (status) return status;
  if (coarsest) ci_patch_field_random(&f->field[0], l, f->seed);
  else {
    ci_patch_field_double(&f->field[0], l, &f->field[1], l + 1, f->seed);
    ci_patch_vote_all(l, &f->field[0], CI_PATCH_MEAN, f->search.pool);
    ci_patch_level_fini(l + 1);
  }
  return CNNIMG_OK;
}

static int run(filling *f, cnnimg_error *err) {
  int status = ci_patch_level_sources(&f->level[0], err);
  if (status) return status;
  if (!f->level[0].sources) return ci_fail(err, CNNIMG_BADARG, "nothing to copy from");
  status = make_levels(f, err);
  for (int32_t at = f->levels - 1; !status && at >= 0; at--) {
    status = start_level(f, at, err);
    if (!status) status = fill_level(f, at, err);
  }
  return status;
}

static void put(const ci_patch_level *l, float *rgb) {
  size_t n = (size_t)l->w * (size_t)l->h;
  for (size_t i = 0; i < n; i++)
    if (l->hole[i]) memcpy(rgb + 3 * i, l->rgb + 3 * i, 3 * sizeof *rgb);
}

int ci_patch_fill(float *rgb, int32_t width, int32_t height, const uint8_t *hole, const uint8_t *source,
                  const ci_patch_params *params, ci_pool *pool, cnnimg_error *err) {
  filling *f = ci_calloc(1, sizeof *f);
  if (!f) return ci_fail(err, CNNIMG_NOMEM, "no memory to fill a hole with patches");
  f->p = params;
  f->seed = ci_patch_mix(params->seed);
  f->turns = params->iterations > 0 ? params->iterations : MOST_TURNS;
  f->search =
      (ci_patch_search){.k = ci_kernels_best(), .pool = pool, .cancel = params->cancel, .seed = f->seed};
  int status = ci_patch_level_first(&f->level[0], rgb, width, height, hole, source, err);
  if (!status) status = run(f, err);
  if (!status) put(&f->level[0], rgb);
  ci_patch_field_fini(&f->field[0]);
  ci_patch_field_fini(&f->field[1]);
  for (int32_t i = 0; i < MOST_LEVELS; i++) ci_patch_level_fini(&f->level[i]);
  free(f);
  return status;
}

size_t ci_patch_bytes(int32_t width, int32_t height) {
  size_t pixels, bytes;
  if (!ci_mul((size_t)width, (size_t)height, &pixels) || !ci_mul(pixels, CI_PATCH_PIXEL_BYTES, &bytes))
    return SIZE_MAX;
  return bytes;
}
