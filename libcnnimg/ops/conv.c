/* SPDX-License-Identifier: MIT */
/* conv.c - convolution: any kernel, stride, dilation, groups and zero padding */
#include <string.h>

#include "ops/conv_fft.h"
#include "ops/conv_winograd.h"
#include "ops/window.h"

static bool has_bias(const ci_node *n) { return ci_op_has(n, 2) && n->residual != 2; }

/* Weights and bias against the input; *cout from the weights. */
static int check_weights(const ci_graph *g, const ci_node *n, ci_shape in, int32_t *cout, cnnimg_error *err) {
  const ci_tensor *w, *b;
  const ci_params *p = &n->p;
  int status = ci_op_const(g, n, 1, 4, &w, err);
  if (status) return status;
  if (w->dim[2] != p->kernel[0] || w->dim[3] != p->kernel[1])
    return ci_op_fail(n, err, CNNIMG_CORRUPT, "the weight '%.100s' is %lld x %lld, kernel_shape says %d x %d",
                      ci_op_value(g, n, 1), (long long)w->dim[2], (long long)w->dim[3], p->kernel[0],
                      p->kernel[1]);
  if (w->dim[0] < 1 || w->dim[0] > CI_MAX_CHANNELS || p->group < 1 || w->dim[0] % p->group)
    return ci_op_fail(n, err, CNNIMG_CORRUPT, "%lld output channels in %d groups", (long long)w->dim[0],
                      p->group);
  if (in.c % p->group || w->dim[1] != in.c / p->group)
    return ci_op_fail(n, err, CNNIMG_CORRUPT,
                      "the weight '%.100s' takes %lld channels in %d groups, the map has %d",
                      ci_op_value(g, n, 1), (long long)w->dim[1], p->group, in.c);
  *cout = (int32_t)w->dim[0];
  return has_bias(n) ? ci_op_vector(g, n, 2, "bias", *cout, &b, err) : CNNIMG_OK;
}

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  int32_t cout = 0;
  int64_t h, w;
  int status = ci_op_count(n, 2, 4, err);
  if (!status) status = ci_op_map(g, n, in, 0, err);
  if (!status) status = ci_window_check(n, err);
  if (!status) status = check_weights(g, n, in[0], &cout, err);
  if (status) return status;
  ci_window_of(&n->p, 0, in[0].h, &h);
  ci_window_of(&n->p, 1, in[0].w, &w);
  return ci_op_shape(g, n, in, cout, h, w, out, err);
}

static ci_rect need(const ci_node *n, const ci_shape *in, ci_shape out, int32_t k, ci_rect r) {
  if (k == n->residual) return ci_need_same(n, in, out, k, r);
  ci_wino_scheme tiles = ci_winograd_scheme(n, in[0], out);
  if (tiles.tile.ny) return ci_winograd_need(&tiles, n, in[0], r);
  if (ci_fft_size(n, in[0], out)) return ci_fft_need(n, in[0], r, ci_fft_size(n, in[0], out));
  int64_t size, x0, y0, x1, y1;
  ci_window y = ci_window_of(&n->p, 0, in[k].h, &size), x = ci_window_of(&n->p, 1, in[k].w, &size);
  ci_window_need(&y, r.y0, r.y1, &y0, &y1);
  ci_window_need(&x, r.x0, r.x1, &x0, &x1);
  return ci_rect_from(x0, y0, x1, y1, in[k]);
}

/* One channel in and one out in each of several groups. */
static bool is_depthwise(const ci_node *n, int32_t cin, int32_t cout) {
  return n->p.group > 1 && n->p.group == cin && n->p.group == cout;
}

static void pack_depthwise(const float *w, int32_t c, int32_t taps, float *to) {
  int32_t cs = ci_channel_stride(c);
  for (int32_t t = 0; t < taps; t++)
    for (int32_t i = 0; i < c; i++)
      to[(size_t)t * (size_t)cs + (size_t)i] = w[(size_t)i * (size_t)taps + (size_t)t];
}

static void pack_group(const ci_node *n, const ci_kernels *k, const float *w, const float *bias,
                       int32_t group, int32_t cin, int32_t cout, const ci_wino_tile *tiles,
                       const ci_packed *p) {
  const int32_t *kernel = n->p.kernel;
  ptrdiff_t area = (ptrdiff_t)kernel[0] * kernel[1];
  ci_conv_weights cw = {w + (size_t)group * (size_t)cout * (size_t)cin * (size_t)area,
                        cout,
                        cin,
                        kernel[0],
                        kernel[1],
                        area * cin,
                        area,
                        kernel[1],
                        1};
  if (tiles->ny) ci_wino_pack(k, tiles, &cw, p->part[0]);
  else ci_conv_pack(k, &cw, p->part[0] + (size_t)group * ci_conv_packed_floats(k, cout, cin, (int32_t)area));
  if (bias)
    memcpy(p->part[1] + (size_t)group * ci_conv_bias_floats(cout), bias + (size_t)group * (size_t)cout,
           (size_t)cout * sizeof(float));
}

static int pack(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape out, const ci_kernels *k,
                const ci_allocator *a, void **packed, size_t *bytes, cnnimg_error *err) {
  const float *w = ci_const(g, n->in[1])->data;
  const float *bias = has_bias(n) ? ci_const(g, n->in[2])->data : NULL;
  int32_t taps = n->p.kernel[0] * n->p.kernel[1], cin = in[0].c / n->p.group, cout = out.c / n->p.group;
  const ci_wino_tile tiles = ci_winograd_scheme(n, in[0], out).tile;
  bool single = is_depthwise(n, in[0].c, out.c);
  int32_t fft = tiles.ny ? 0 : ci_fft_size(n, in[0], out);
  size_t group = (size_t)n->p.group, floats[3] = {0};
  floats[0] = single     ? (size_t)taps * (size_t)ci_channel_stride(out.c)
              : tiles.ny ? ci_wino_packed_floats(k, &tiles, cout, cin)
                         : group * ci_conv_packed_floats(k, cout, cin, taps);
  if (ci_fft_runs(k, fft)) floats[0] = ci_fft_weights(n, in[0], out, k, fft);
  floats[1] = single ? ci_conv_bias_floats(out.c) : group * ci_conv_bias_floats(cout);
  ci_packed *p;
  int status = ci_pack_new(g, n, out.c, floats, a, &p, bytes, err);
  if (status) return status;
  *packed = p;
  if (ci_fft_runs(k, fft)) {
    ci_fft_weights_pack(n, in[0], out, k, fft, w, p->part[0]);
    if (bias) memcpy(p->part[1], bias, (size_t)out.c * sizeof(float));
  } else if (single) {
    pack_depthwise(w, out.c, taps, p->part[0]);
    if (bias) memcpy(p->part[1], bias, (size_t)out.c * sizeof(float));
  } else {
    for (int32_t i = 0; i < n->p.group; i++) pack_group(n, k, w, bias, i, cin, cout, &tiles, p);
  }
  return CNNIMG_OK;
}

static size_t scratch(const ci_node *n, const ci_shape *in, ci_shape out, int32_t width) {
  (void)width;
  ci_wino_scheme tiles = ci_winograd_scheme(n, in[0], out);
  if (tiles.tile.ny) return ci_winograd_scratch(&tiles, in[0], out);
  if (ci_fft_size(n, in[0], out)) return ci_fft_scratch(n, in[0], out, ci_fft_size(n, in[0], out));
  return (size_t)n->p.kernel[0] * sizeof(float *);
}

static void run_group(const ci_call *c, ci_row_job *j, int32_t first) {
  const ci_view *res = c->node->residual < 0 ? NULL : &c->in[c->node->residual];
  for (int32_t y = c->rect.y0; y < c->rect.y1; y++)
    ci_row_job_run(j, y, c->rect.x0, c->rect.x1, ci_out_row(c, y) + first,
                   res ? ci_view_at(res, c->rect.x0, y) + first : NULL);
}

static void run_direct(const ci_call *c) {
  const ci_node *n = c->node;
  const ci_packed *p = c->packed;
  ci_shape in = c->in[0].map, out = c->out->map;
  int32_t group = is_depthwise(n, in.c, out.c) ? 1 : n->p.group, cin = in.c / group, cout = out.c / group;
  size_t weights = ci_conv_packed_floats(c->k, cout, cin, n->p.kernel[0] * n->p.kernel[1]);
  int64_t size;
  ci_row_job j = {.in = c->in, .k = c->k, .rows = c->scratch};
  j.emit = group == 1 && n->p.group > 1 ? ci_emit_depthwise : ci_emit_conv;
  j.y = ci_window_of(&n->p, 0, in.h, &size);
  j.x = ci_window_of(&n->p, 1, in.w, &size);
  j.row = (ci_conv_row){.cin = cin,
                        .cout = cout,
                        .kh = n->p.kernel[0],
                        .kw = n->p.kernel[1],
                        .out_step = c->out->cs,
                        .residual_step = c->out->cs,
                        .room = group > 1 ? cout : c->out->cs};
  for (int32_t i = 0; i < group; i++) {
    j.channel = i * cin;
    j.row.weights = p->part[0] + (size_t)i * weights;
    j.row.bias = p->part[1] + (size_t)i * ci_conv_bias_floats(cout);
    j.row.act = ci_op_kact(c, 0);
    j.row.act2 = ci_op_kact(c, 1);
    if (j.row.act.slope) j.row.act.slope += i * cout;
    if (j.row.act2.slope) j.row.act2.slope += i * cout;
    run_group(c, &j, i * cout);
  }
}

static void run(const ci_call *c) {
  ci_wino_scheme tiles = ci_winograd_scheme(c->node, c->in[0].map, c->out->map);
  int32_t fft = ci_fft_size(c->node, c->in[0].map, c->out->map);
  if (tiles.tile.ny) ci_winograd_run(&tiles, c);
  else if (ci_fft_runs(c->k, fft)) ci_fft_run(c, fft);
  else run_direct(c);
}

static int32_t align(const ci_node *n, const ci_shape *in, ci_shape out, int axis) {
  ci_wino_scheme tiles = ci_winograd_scheme(n, in[0], out);
  if (tiles.tile.ny) return ci_winograd_align(&tiles, axis);
  int32_t fft = ci_fft_size(n, in[0], out);
  return fft ? ci_fft_reach(n, fft) : 1;
}

/* How weights are packed. */
static uint32_t form(const ci_node *n, const ci_shape *in, ci_shape out) {
  return ci_winograd_scheme(n, in[0], out).tile.ny ? 1 : 2 * (uint32_t)ci_fft_size(n, in[0], out);
}

static uint64_t macs(const ci_node *n, const ci_graph *g, const ci_shape *in, ci_shape out) {
  (void)g;
  return (uint64_t)n->p.kernel[0] * (uint64_t)n->p.kernel[1] * (uint64_t)(in[0].c / n->p.group) *
         (uint64_t)out.c;
}

const ci_op ci_op_conv = {"Conv", shape, need, pack, scratch, run, macs, align, NULL, form};
