/* SPDX-License-Identifier: MIT */
/* conv_transpose.c - transposed convolution: one small convolution for each phase of the output grid */
#include <string.h>

#include "ops/window.h"

#define MAX_STRIDE 64 /* as many phases an axis, and a search through them a row */

/*
 * Along one axis output o gets tap k of input i where o = i * stride - pad + k * dilation. All outputs with the
 * same phase (o + pad) % stride see the same taps k = k0, k0 + step, ... and their inputs lie dilation / gcd apart,
 * backwards. So the outputs o = first + q * stride of a phase are a convolution over q with stride 1.
 */
typedef struct phase {
  int32_t first; /* the first output */
  int32_t k0, step;
  ci_window window; /* over q; tap t is k0 + (taps - 1 - t) * step */
} phase;

static int32_t gcd(int32_t a, int32_t b) { return b ? gcd(b, a % b) : a; }
static int32_t steps_of(const ci_params *p, int axis) {
  return p->stride[axis] / gcd(p->stride[axis], p->dilation[axis]);
}

static int64_t out_size(const ci_params *p, int axis, int32_t size) {
  int64_t full =
      (int64_t)(size - 1) * p->stride[axis] + (int64_t)(p->kernel[axis] - 1) * p->dilation[axis] + 1;
  if (p->auto_pad == CI_AUTO_SAME_UPPER || p->auto_pad == CI_AUTO_SAME_LOWER)
    return (int64_t)size * p->stride[axis];
  if (p->auto_pad == CI_AUTO_VALID) return full + p->out_pads[axis];
  return full + p->out_pads[axis] - p->pads[axis] - p->pads[axis + 2];
}

/* Pixels cut off before the first output; negative where auto_pad makes the output larger than the window. */
static int64_t pad_before(const ci_params *p, int axis, int32_t size) {
  if (p->auto_pad == CI_AUTO_VALID) return 0;
  if (p->auto_pad == CI_AUTO_NOTSET) return p->pads[axis];
  int64_t total = (int64_t)(size - 1) * p->stride[axis] + p->out_pads[axis] +
                  (int64_t)(p->kernel[axis] - 1) * p->dilation[axis] + 1 - (int64_t)size * p->stride[axis];
  if (total < 0) total = 0;
  return p->auto_pad == CI_AUTO_SAME_UPPER ? total / 2 : total - total / 2;
}

static phase phase_of(const ci_params *p, int axis, int32_t size, int32_t which) {
  int32_t stride = p->stride[axis], dilation = p->dilation[axis], kernel = p->kernel[axis];
  int64_t pad = pad_before(p, axis, size);
  phase f = {.k0 = 0, .step = steps_of(p, axis)};
  f.first = (int32_t)(((which - pad) % stride + stride) % stride);
  while (f.k0 < f.step && (int64_t)f.k0 * dilation % stride != which) f.k0++;
  int32_t taps = f.k0 == f.step || f.k0 >= kernel ? 0 : (kernel - 1 - f.k0) / f.step + 1;
  int64_t last = f.k0 + (int64_t)(taps - 1) * f.step;
  f.window = (ci_window){size, taps, 1, dilation / gcd(stride, dilation), 0};
  if (taps) f.window.origin = (f.first + pad - last * dilation) / stride;
  return f;
}

static int check_weights(const ci_graph *g, const ci_node *n, ci_shape in, int64_t *cout, cnnimg_error *err) {
  const ci_tensor *w, *b;
  const ci_params *p = &n->p;
  int status = ci_op_const(g, n, 1, 4, &w, err);
  if (status) return status;
  if (w->dim[2] != p->kernel[0] || w->dim[3] != p->kernel[1])
    return ci_op_fail(n, err, CNNIMG_CORRUPT, "the weight '%.100s' is %lld x %lld, kernel_shape says %d x %d",
                      ci_op_value(g, n, 1), (long long)w->dim[2], (long long)w->dim[3], p->kernel[0],
                      p->kernel[1]);
  if (p->group < 1 || w->dim[0] != in.c || in.c % p->group || w->dim[1] < 1 || w->dim[1] > CI_MAX_CHANNELS)
    return ci_op_fail(n, err, CNNIMG_CORRUPT,
                      "the weight '%.100s' is %lld x %lld for %d channels in %d groups", ci_op_value(g, n, 1),
                      (long long)w->dim[0], (long long)w->dim[1], in.c, p->group);
  *cout = w->dim[1] * p->group;
  bool bias = ci_op_has(n, 2) && n->residual != 2;
  return bias ? ci_op_vector(g, n, 2, "bias", *cout, &b, err) : CNNIMG_OK;
}

static int check_steps(const ci_node *n, cnnimg_error *err) {
  const ci_params *p = &n->p;
  if (p->stride[0] > MAX_STRIDE || p->stride[1] > MAX_STRIDE)
    return ci_op_fail(n, err, CNNIMG_LIMIT, "strides of %d, %d; at most %d", p->stride[0], p->stride[1],
                      MAX_STRIDE);
  for (int i = 0; i < 2; i++)
    if (p->out_pads[i] < 0 || p->out_pads[i] > CI_MAX_STEP)
      return ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "output_padding of %d, %d", p->out_pads[0],
                        p->out_pads[1]);
  return CNNIMG_OK;
}

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  int64_t cout = 0;
  int status = ci_op_count(n, 2, 4, err);
  if (!status) status = ci_op_map(g, n, in, 0, err);
  if (!status) status = ci_window_check(n, err);
  if (!status) status = check_steps(n, err);
  if (!status) status = check_weights(g, n, in[0], &cout, err);
  if (status) return status;
  return ci_op_shape(g, n, in, cout, out_size(&n->p, 0, in[0].h), out_size(&n->p, 1, in[0].w), out, err);
}

/* Inputs of outputs o0 to o1, looking one stride further on both sides where that keeps need() monotone. */
static void need_axis(const ci_params *p, int axis, int32_t size, int32_t o0, int32_t o1, int64_t *i0,
                      int64_t *i1) {
  bool found = false;
  for (int32_t which = 0; which < p->stride[axis]; which++) {
    phase f = phase_of(p, axis, size, which);
    if (!f.window.taps) continue;
    int32_t s = p->stride[axis];
    int64_t q0 = ((int64_t)o0 - f.first + s - 1) / s, q1 = ((int64_t)o1 - 1 - f.first + s) / s - 1;
    int64_t low = q0 + f.window.origin;
    int64_t high = q1 + f.window.origin + (int64_t)(f.window.taps - 1) * f.window.dilation + 1;
    *i0 = !found || low < *i0 ? low : *i0;
    *i1 = !found || high > *i1 ? high : *i1;
    found = true;
  }
}

static ci_rect need(const ci_node *n, const ci_shape *in, ci_shape out, int32_t k, ci_rect r) {
  if (k == n->residual) return ci_need_same(n, in, out, k, r);
  int64_t x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  need_axis(&n->p, 0, in[k].h, r.y0, r.y1, &y0, &y1);
  need_axis(&n->p, 1, in[k].w, r.x0, r.x1, &x0, &x1);
  return ci_rect_from(x0, y0, x1, y1, in[k]);
}

static void pack_phase(const ci_node *n, const ci_kernels *k, const float *w, int32_t cin, int32_t cout,
                       const phase *y, const phase *x, float *to) {
  ptrdiff_t area = (ptrdiff_t)n->p.kernel[0] * n->p.kernel[1], kw = n->p.kernel[1];
  int32_t ty = y->window.taps, tx = x->window.taps;
  if (!ty || !tx) return;
  ptrdiff_t last = (y->k0 + (ptrdiff_t)(ty - 1) * y->step) * kw + x->k0 + (ptrdiff_t)(tx - 1) * x->step;
  ci_conv_weights cw = {w + last, cout, cin, ty, tx, area, area * cout, -y->step * kw, -x->step};
  ci_conv_pack(k, &cw, to);
}

/* Packs every phase of a group one after another (to != NULL), or only counts; offsets: where each begins. */
static size_t pack_group(const ci_node *n, const ci_kernels *k, ci_shape in, const float *w, int32_t cin,
                         int32_t cout, float *to, size_t *offsets) {
  size_t at = 0;
  for (int32_t py = 0; py < n->p.stride[0]; py++)
    for (int32_t px = 0; px < n->p.stride[1]; px++) {
      phase y = phase_of(&n->p, 0, in.h, py), x = phase_of(&n->p, 1, in.w, px);
      if (to) {
        pack_phase(n, k, w, cin, cout, &y, &x, to + at);
        offsets[py * n->p.stride[1] + px] = at;
      }
      at += ci_conv_packed_floats(k, cout, cin, y.window.taps * x.window.taps);
    }
  return at;
}

static int pack(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape out, const ci_kernels *k,
                const ci_allocator *a, void **packed, size_t *bytes, cnnimg_error *err) {
  const float *w = ci_const(g, n->in[1])->data;
  const float *bias = ci_op_has(n, 2) && n->residual != 2 ? ci_const(g, n->in[2])->data : NULL;
  int32_t cin = in[0].c / n->p.group, cout = out.c / n->p.group, group = n->p.group;
  size_t each = pack_group(n, k, in[0], w, cin, cout, NULL, NULL), phases, wide = ci_conv_bias_floats(cout);
  phases = (size_t)n->p.stride[0] * (size_t)n->p.stride[1];
  size_t floats[3] = {each * (size_t)group, wide * (size_t)group,
                      (phases + 1) * sizeof(size_t) / sizeof(float)};
  ci_packed *p;
  int status = ci_pack_new(g, n, out.c, floats, a, &p, bytes, err);
  if (status) return status;
  *packed = p;
  size_t *offsets = (size_t *)(void *)p->part[2], taps = (size_t)n->p.kernel[0] * (size_t)n->p.kernel[1];
  offsets[phases] = each;
  for (int32_t i = 0; i < group; i++) {
    pack_group(n, k, in[0], w + (size_t)i * (size_t)cin * (size_t)cout * taps, cin, cout,
               p->part[0] + (size_t)i * each, offsets);
    if (bias)
      memcpy(p->part[1] + (size_t)i * wide, bias + (size_t)i * (size_t)cout, (size_t)cout * sizeof(float));
  }
  return CNNIMG_OK;
}

static size_t scratch(const ci_node *n, const ci_shape *in, ci_shape out, int32_t width) {
  (void)in, (void)out, (void)width;
  return (size_t)n->p.kernel[0] * sizeof(float *);
}

/* Row y of the rectangle, columns of one phase. */
static void run_phase(const ci_call *c, ci_row_job *j, int32_t y, int32_t which_y, int32_t which_x,
                      int32_t channel) {
  const ci_params *p = &c->node->p;
  phase fy = phase_of(p, 0, c->in[0].map.h, which_y), fx = phase_of(p, 1, c->in[0].map.w, which_x);
  int32_t s = p->stride[1], q0 = (int32_t)(((int64_t)c->rect.x0 - fx.first + s - 1) / s);
  int32_t q1 = (int32_t)(((int64_t)c->rect.x1 - fx.first + s - 1) / s);
  if (q0 >= q1) return;
  int32_t x = fx.first + q0 * s;
  const ci_view *res = c->node->residual < 0 ? NULL : &c->in[c->node->residual];
  j->y = fy.window;
  j->x = fx.window;
  j->row.kh = fy.window.taps;
  j->row.kw = fx.window.taps;
  ci_row_job_run(j, (y - fy.first) / p->stride[0], q0, q1, ci_view_at(c->out, x, y) + channel,
                 res ? ci_view_at(res, x, y) + channel : NULL);
}

static void run_group(const ci_call *c, ci_row_job *j, int32_t i, int32_t cout) {
  const ci_params *p = &c->node->p;
  const ci_packed *packed = c->packed;
  const size_t *offsets = (const size_t *)(const void *)packed->part[2];
  const float *weights = packed->part[0] + (size_t)i * offsets[p->stride[0] * p->stride[1]];
  int64_t pad = pad_before(p, 0, c->in[0].map.h);
  for (int32_t y = c->rect.y0; y < c->rect.y1; y++) {
    int32_t py = (int32_t)(((y + pad) % p->stride[0] + p->stride[0]) % p->stride[0]);
    for (int32_t px = 0; px < p->stride[1]; px++) {
      j->row.weights = weights + offsets[py * p->stride[1] + px];
      run_phase(c, j, y, py, px, i * cout);
    }
  }
}

static void run(const ci_call *c) {
  const ci_node *n = c->node;
  const ci_packed *p = c->packed;
  int32_t group = n->p.group, cin = c->in[0].map.c / group, cout = c->out->map.c / group;
  ci_row_job j = {.in = c->in, .k = c->k, .rows = c->scratch, .emit = ci_emit_conv};
  j.row = (ci_conv_row){.cin = cin,
                        .cout = cout,
                        .out_step = c->out->cs * n->p.stride[1],
                        .residual_step = c->out->cs * n->p.stride[1],
                        .room = group > 1 ? cout : c->out->cs};
  for (int32_t i = 0; i < group; i++) {
    j.channel = i * cin;
    j.row.bias = p->part[1] + (size_t)i * ci_conv_bias_floats(cout);
    j.row.act = ci_op_kact(c, 0);
    j.row.act2 = ci_op_kact(c, 1);
    if (j.row.act.slope) j.row.act.slope += i * cout;
    if (j.row.act2.slope) j.row.act2.slope += i * cout;
    run_group(c, &j, i, cout);
  }
}

/* Each input pixel meets each tap once. */
static uint64_t macs(const ci_node *n, const ci_graph *g, const ci_shape *in, ci_shape out) {
  (void)g;
  uint64_t taps = (uint64_t)n->p.kernel[0] * (uint64_t)n->p.kernel[1];
  uint64_t steps = (uint64_t)n->p.stride[0] * (uint64_t)n->p.stride[1];
  return (taps * (uint64_t)(in[0].c / n->p.group) * (uint64_t)out.c + steps - 1) / steps;
}

const ci_op ci_op_conv_transpose = {"ConvTranspose", shape, need, pack, scratch, run, macs, NULL, NULL, NULL};
