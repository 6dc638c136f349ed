/* SPDX-License-Identifier: MIT */
/* colorize_obey.c - a hint's colour is had where it was given, whatever the network made of it */
#include <stdlib.h>

#include "base/error.h"
#include "tasks/colorize_state.h"
#include "tasks/lab.h"
#include "tasks/spread.h"

bool ci_colorize_has_hints(const ci_colorize *c) { return c->n_points || c->hints.data; }

static size_t find_changes(const ci_colorize *c, const float *pairs, ci_change *to) {
  const int32_t w = c->small.cells_w;
  const size_t cells = (size_t)w * (size_t)c->small.cells_h;
  const float *a = c->hint_map, *b = a + cells, *given = b + cells;
  size_t n = 0;
  for (size_t i = 0; i < cells; i++) {
    if (!(given[i] > 0)) continue;
    to[n++] = (ci_change){.x = (int32_t)i % w,
                          .y = (int32_t)i / w,
                          .v = {a[i] * CI_LAB_AB - pairs[2 * i], b[i] * CI_LAB_AB - pairs[2 * i + 1]}};
  }
  return n;
}

int ci_colorize_obey(const ci_colorize *c, const float *pairs, float *change, cnnimg_error *err) {
  const ci_small *s = &c->small;
  const ci_spread spread = {.light = c->cell_light,
                            .w = s->cells_w,
                            .h = s->cells_h,
                            .pool = ci_tensors_pool(c->net),
                            .cancel = c->o.params.cancel};
  ci_change *changes = ci_calloc((size_t)s->cells_w * (size_t)s->cells_h, sizeof *changes);
  if (!changes) return ci_fail(err, CNNIMG_NOMEM, "no memory for hints");
  int status = ci_spread_run(&spread, changes, find_changes(c, pairs, changes), change, err);
  free(changes);
  return status;
}
