/* SPDX-License-Identifier: MIT */
/* look.c - what a graph does, seen without a plan: its multiply-adds, how far a pixel of its result looks */
#include "exec/look.h"

#include <stdlib.h>

#include "base/error.h"
#include "exec/exec.h"
#include "ops/window.h"

#define LARGE 48 /* a map that is read whole for one pixel is read whole for its own sake from here on */

typedef struct look {
  const ci_graph *g;
  ci_shape *shapes; /* one a value */
  ci_rect *rects;   /* one a value: what is needed of it */
  ci_shape *in;     /* of the node at hand */
} look;

static void set_inputs(const look *l, const ci_node *n) {
  for (int32_t k = 0; k < n->n_in; k++)
    l->in[k] = ci_is_map(l->g, n->in[k]) ? l->shapes[n->in[k]] : (ci_shape){0, 0, 0};
}

/* Convolutions answer need() with whole tiles of theirs. This is what their sums are of. */
static ci_rect of_window(const ci_params *p, ci_shape in, ci_rect r) {
  int64_t size, x0, y0, x1, y1;
  ci_window y = ci_window_of(p, 0, in.h, &size), x = ci_window_of(p, 1, in.w, &size);
  ci_window_need(&y, r.y0, r.y1, &y0, &y1);
  ci_window_need(&x, r.x0, r.x1, &x0, &x1);
  return ci_rect_from(x0, y0, x1, y1, in);
}

static int64_t floor_div(int64_t a, int64_t b) { return a >= 0 ? a / b : -((b - 1 - a) / b); }

/* Output o is of those inputs i for which o = i stride - pad + tap dilation. */
static void of_transposed(const ci_params *p, int axis, int32_t o0, int32_t o1, int64_t *i0, int64_t *i1) {
  int64_t s = p->stride[axis], pad = p->pads[axis],
          reach = (int64_t)(p->kernel[axis] - 1) * p->dilation[axis];
  *i0 = floor_div(o0 + pad - reach + s - 1, s);
  *i1 = floor_div(o1 - 1 + pad, s) + 1;
}

static ci_rect need(const look *l, const ci_node *n, int32_t k, ci_rect r) {
  int64_t x0, y0, x1, y1;
  if (k == n->residual) return r;
  if (n->op == CI_OP_conv) return of_window(&n->p, l->in[k], r);
  if (n->op != CI_OP_conv_transpose || n->p.auto_pad != CI_AUTO_NOTSET)
    return ci_ops[n->op]->need(n, l->in, l->shapes[n->out], k, r);
  of_transposed(&n->p, 0, r.y0, r.y1, &y0, &y1);
  of_transposed(&n->p, 1, r.x0, r.x1, &x0, &x1);
  return ci_rect_from(x0, y0, x1, y1, l->in[k]);
}

static uint64_t count_macs(const look *l) {
  uint64_t sum = 0;
  for (size_t i = 0; i < l->g->n_nodes; i++) {
    const ci_node *n = &l->g->nodes[i];
    ci_shape out = l->shapes[n->out];
    set_inputs(l, n);
    if (ci_ops[n->op]->macs)
      sum += ci_ops[n->op]->macs(n, l->g, l->in, out) * (uint64_t)out.h * (uint64_t)out.w;
  }
  return sum;
}

/* What one pixel of the result needs, backwards through the nodes. */
static ci_rect walk(const look *l, ci_rect pixel, size_t input) {
  const ci_graph *g = l->g;
  for (size_t v = 0; v < g->n_values; v++) l->rects[v] = (ci_rect){0, 0, 0, 0};
  l->rects[g->output] = pixel;
  for (size_t i = g->n_nodes; i-- > 0;) {
    const ci_node *n = &g->nodes[i];
    if (ci_rect_empty(l->rects[n->out])) continue;
    set_inputs(l, n);
    for (int32_t k = 0; k < n->n_in; k++) {
      int32_t v = n->in[k];
      if (ci_is_map(g, v)) l->rects[v] = ci_rect_union(l->rects[v], need(l, n, k, l->rects[n->out]));
    }
  }
  return l->rects[g->inputs[input]];
}

static ci_rect pixel_at(ci_shape s, int32_t i) {
  int32_t x = ci_clamp(s.w / 2 + i, 0, s.w - 1), y = ci_clamp(s.h / 2 + i, 0, s.h - 1);
  return (ci_rect){x, y, x + 1, y + 1};
}

/* Is there a node on the way that reads a map whole for one pixel? What depends on the input alone counts. */
static bool finds_whole(const look *l, const bool *live) {
  for (size_t i = 0; i < l->g->n_nodes; i++) {
    const ci_node *n = &l->g->nodes[i];
    if (ci_rect_empty(l->rects[n->out])) continue;
    set_inputs(l, n);
    for (int32_t k = 0; k < n->n_in; k++) {
      if (!ci_is_map(l->g, n->in[k]) || !live[n->in[k]]) continue;
      ci_shape s = l->in[k];
      ci_rect r = need(l, n, k, pixel_at(l->shapes[n->out], 0));
      bool all = r.x0 <= 0 && r.y0 <= 0 && r.x1 >= s.w && r.y1 >= s.h;
      if (all && (s.w >= LARGE || s.h >= LARGE || n->op == CI_OP_held)) return true;
    }
  }
  return false;
}

/* Which values depend on the input? */
static void find_live(const ci_graph *g, size_t input, bool *live) {
  live[g->inputs[input]] = true;
  for (size_t i = 0; i < g->n_nodes; i++)
    for (int32_t k = 0; k < g->nodes[i].n_in; k++)
      if (g->nodes[i].in[k] >= 0 && live[g->nodes[i].in[k]]) live[g->nodes[i].out] = true;
}

/* From the pixel of the input that lies as far along the map as the result's pixel does. */
static int32_t reach_along(int32_t pixel, int32_t from, int32_t to, int32_t result, int32_t in) {
  int32_t place = (int32_t)((int64_t)pixel * in / result), below = place - from, above = to - 1 - place;
  return below > above ? below : above;
}

static int32_t reach_of(ci_rect pixel, ci_rect r, ci_shape result, ci_shape in) {
  if (ci_rect_empty(r)) return 0;
  int32_t x = reach_along(pixel.x0, r.x0, r.x1, result.w, in.w),
          y = reach_along(pixel.y0, r.y0, r.y1, result.h, in.h);
  return x > y ? x : y;
}

static void find_field(const look *l, size_t input, int32_t phases, const bool *live, ci_look *out) {
  ci_shape in = l->shapes[l->g->inputs[input]], result = l->shapes[l->g->output];
  for (int32_t i = 0; i < phases; i++) {
    ci_rect r = walk(l, pixel_at(result, i), input);
    int32_t w = r.x1 - r.x0, h = r.y1 - r.y0;
    out->field = ci_clamp(w > h ? w : h, out->field, INT32_MAX);
    out->reach = ci_clamp(reach_of(pixel_at(result, i), r, result, in), out->reach, INT32_MAX);
    out->clipped =
        out->clipped || (!ci_rect_empty(r) && (r.x0 <= 0 || r.y0 <= 0 || r.x1 >= in.w || r.y1 >= in.h));
  }
  out->whole = finds_whole(l, live);
}

static size_t most_inputs(const ci_graph *g) {
  size_t most = 1;
  for (size_t i = 0; i < g->n_nodes; i++)
    if ((size_t)g->nodes[i].n_in > most) most = (size_t)g->nodes[i].n_in;
  return most;
}

int ci_graph_look(const ci_graph *g, const ci_shape *inputs, size_t input, int32_t phases, ci_look *out,
                  cnnimg_error *err) {
  look l = {g, ci_calloc(g->n_values + 1, sizeof *l.shapes), ci_calloc(g->n_values + 1, sizeof *l.rects),
            ci_calloc(most_inputs(g), sizeof *l.in)};
  bool *live = ci_calloc(g->n_values + 1, sizeof *live);
  *out = (ci_look){0};
  int status = l.shapes && l.rects && l.in && live
                   ? CNNIMG_OK
                   : ci_fail(err, CNNIMG_NOMEM, "no memory to look at a network");
  if (!status) status = ci_infer_shapes(g, inputs, l.shapes, err);
  if (!status) {
    out->macs = count_macs(&l);
    find_live(g, input, live);
    find_field(&l, input, phases, live, out);
  }
  free(l.shapes);
  free(l.rects);
  free(l.in);
  free(live);
  return status;
}
