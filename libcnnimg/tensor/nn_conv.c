/* SPDX-License-Identifier: MIT */
/* nn_conv.c - convolution of held arrays over one to three axes: products of matrices, or a row of outputs at a time */
#include "kernels/gemm.h"
#include "tensor/nn.h"

/* Weights are [group * cout, cin, taps ...]; groups are side by side in the input's and the output's channels. */
typedef struct conv {
  int64_t group, cin, cout; /* channels of one group */
  ci_nn_axis axis[CI_NN_SPATIAL];
} conv;

static int channels_of(const ci_tensor_call *c, conv *v, cnnimg_error *err) {
  const ci_array *x = &c->in[0], *w = &c->in[1];
  int status = ci_nn_int(c, "group", 1, 1, CI_NN_STEP, &v->group, err);
  if (status) return status;
  if (w->rank != x->rank || w->count == 0)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "weights of %d dimensions for an input of %d", w->rank,
                          x->rank);
  v->cin = w->dim[1];
  v->cout = w->dim[0] / v->group;
  if (w->dim[0] % v->group || x->dim[1] % v->group || x->dim[1] / v->group != v->cin)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT,
                          "weights %lld x %lld do not fit %lld channels in %lld groups", (long long)w->dim[0],
                          (long long)w->dim[1], (long long)x->dim[1], (long long)v->group);
  return ci_nn_vector(c, 2, w->dim[0], err);
}

static int conv_of(const ci_tensor_call *c, conv *v, cnnimg_error *err) {
  int status = ci_nn_outputs(c, 1, err);
  if (!status) status = ci_nn_float(c, 0, 3, 2 + CI_NN_SPATIAL, err);
  if (!status) status = ci_nn_float(c, 1, 3, 2 + CI_NN_SPATIAL, err);
  if (!status) status = channels_of(c, v, err);
  return status ? status : ci_nn_window(c, c->in[1].dim + 2, false, v->axis, err);
}

static int shape(const ci_tensor_call *c, cnnimg_error *err) {
  conv v;
  int status = conv_of(c, &v, err);
  if (!status) ci_nn_result(c, c->in[1].dim[0], v.axis);
  return status;
}

/* Adds one row of taps over one row of inputs. */
static void add_row(const ci_nn_axis *x, const float *in, const float *w, float *out) {
  int64_t t0, t1, o0, o1;
  ci_nn_useful(x, &t0, &t1);
  for (int64_t t = t0; t < t1; t++) {
    ci_nn_reach(x, t, &o0, &o1);
    if (o0 == o1) continue;
    const float *from = in + ci_nn_at(x, o0, t);
    float *to = out + o0, by = w[t];
    int64_t n = o1 - o0, step = x->stride;
    if (step == 1) ci_nn_add(to, from, by, (size_t)n);
    else
      for (int64_t i = 0; i < n; i++) to[i] += by * from[i * step];
  }
}

/* Adds what one input channel gives to row (oz, oy) of the output. */
static void add_channel(const conv *v, int64_t oz, int64_t oy, const float *in, const float *w, float *out) {
  const ci_nn_axis *z = &v->axis[0], *y = &v->axis[1], *x = &v->axis[2];
  int64_t z0, z1, y0, y1;
  ci_nn_taps(z, oz, &z0, &z1);
  ci_nn_taps(y, oy, &y0, &y1);
  for (int64_t tz = z0; tz < z1; tz++)
    for (int64_t ty = y0; ty < y1; ty++)
      add_row(x, in + (ci_nn_at(z, oz, tz) * y->in + ci_nn_at(y, oy, ty)) * x->in,
              w + (tz * y->taps + ty) * x->taps, out);
}

static void run_channel(const conv *v, const float *in, const float *w, float bias, float *out) {
  int64_t plane = v->axis[0].in * v->axis[1].in * v->axis[2].in, width = v->axis[2].out;
  int64_t taps = v->axis[0].taps * v->axis[1].taps * v->axis[2].taps;
  for (int64_t oz = 0; oz < v->axis[0].out; oz++)
    for (int64_t oy = 0; oy < v->axis[1].out; oy++, out += width) {
      for (int64_t i = 0; i < width; i++) out[i] = bias;
      for (int64_t k = 0; k < v->cin; k++) add_channel(v, oz, oy, in + k * plane, w + k * taps, out);
    }
}

/* ---- few outputs a group: a channel at a time ------------------------------------------------------ */

typedef struct job {
  const ci_tensor_call *c;
  conv v;
  size_t plane, result, taps; /* elements */
  size_t pieces;              /* of the product that is a group of a picture */
  const ci_kernels *k;
} job;

static const float *input_of(const job *j, size_t group) { /* counted through all pictures */
  return (const float *)j->c->in[0].data + group * (size_t)j->v.cin * j->plane;
}

static void run_channels(const void *arg, size_t from, size_t to) {
  const job *j = arg;
  const conv *v = &j->v;
  const float *bias = ci_nn_floats(j->c, 2), *w = j->c->in[1].data;
  size_t cout = (size_t)v->cout, all = (size_t)v->group * cout;
  for (size_t i = from; i < to; i++) {
    size_t m = i % all;
    run_channel(v, input_of(j, i / cout), w + m * (size_t)v->cin * j->taps, bias ? bias[m] : 0,
                (float *)j->c->out->data + i * j->result);
  }
}

/* ---- a group of a picture as a product: weights by what each tap reads for each output -------------------- */

/* Outputs ox .. ox + n of one row. */
typedef struct stretch {
  int64_t oz, oy, ox, n;
} stretch;

typedef struct source {
  const conv *v;
  const float *in;
  size_t plane, taps;
} source;

/* What one tap reads for a stretch of outputs: columns o0 <= o < o1 of it, from `from` on in every channel's plane. */
typedef struct tap {
  int64_t n, o0, o1, step;
  size_t from;
} tap;

static tap tap_of(const conv *v, stretch o, size_t t) {
  const ci_nn_axis *z = &v->axis[0], *y = &v->axis[1], *x = &v->axis[2];
  int64_t tx = (int64_t)t % x->taps, ty = (int64_t)t / x->taps % y->taps, tz = (int64_t)t / x->taps / y->taps;
  int64_t iz = ci_nn_at(z, o.oz, tz), iy = ci_nn_at(y, o.oy, ty), o0, o1;
  tap r = {.n = o.n, .step = x->stride};
  if (iz < 0 || iz >= z->in || iy < 0 || iy >= y->in) return r;
  ci_nn_reach(x, tx, &o0, &o1);
  r.o0 = ci_nn_clamp(o0 - o.ox, 0, o.n), r.o1 = ci_nn_clamp(o1 - o.ox, r.o0, o.n);
  if (r.o0 < r.o1) r.from = (size_t)((iz * y->in + iy) * x->in + ci_nn_at(x, o.ox + r.o0, tx));
  return r;
}

static inline void fetch_row(const tap *t, const float *plane, float *to) {
  const float *from = plane + t->from;
  int64_t i = 0;
  for (; i < t->o0; i++) to[i] = 0;
  if (t->step == 1) {
    for (; i + 8 <= t->o1; i += 8, from += 8) memcpy(to + i, from, 8 * sizeof *to);
    for (; i < t->o1; i++) to[i] = *from++;
  } else {
    for (; i < t->o1; i++, from += t->step) to[i] = *from;
  }
  for (; i < t->n; i++) to[i] = 0;
}

/* Rows q0 .. q0 + nq (channel, tap) of a stretch: taps outside, channels inside, whose reads are alike. */
static void fetch_stretch(const source *s, stretch o, size_t q0, size_t nq, float *to, size_t step) {
  for (size_t t = 0; t < s->taps; t++) {
    size_t channel = q0 / s->taps + (t < q0 % s->taps), q = channel * s->taps + t - q0;
    if (q >= nq) continue;
    const tap r = tap_of(s->v, o, t);
    for (; q < nq; q += s->taps, channel++) fetch_row(&r, s->in + channel * s->plane, to + q * step);
  }
}

static void fetch(const void *user, size_t q0, size_t nq, size_t j0, size_t nj, float *to, size_t step) {
  const source *s = user;
  const ci_nn_axis *y = &s->v->axis[1], *x = &s->v->axis[2];
  for (size_t j = j0; j < j0 + nj;) {
    int64_t row = (int64_t)j / x->out, ox = (int64_t)j % x->out, left = (int64_t)(j0 + nj - j);
    stretch o = {row / y->out, row % y->out, ox, left < x->out - ox ? left : x->out - ox};
    fetch_stretch(s, o, q0, nq, to + (j - j0), step);
    j += (size_t)o.n;
  }
}

/* Its taps read the input as it lies. */
static bool is_plain(const conv *v) {
  for (int i = 0; i < CI_NN_SPATIAL; i++) {
    const ci_nn_axis *a = &v->axis[i];
    if (a->taps != 1 || a->stride != 1 || a->before || a->out != a->in) return false;
  }
  return true;
}

static ci_gemm product_of(const job *j, size_t group, const source *s) {
  const conv *v = &j->v;
  size_t own = group % (size_t)v->group, k = (size_t)v->cin * j->taps, m = (size_t)v->cout;
  const float *bias = ci_nn_floats(j->c, 2);
  return (ci_gemm){.m = m,
                   .n = j->result,
                   .k = k,
                   .a = (const float *)j->c->in[1].data + own * m * k,
                   .a_row = (ptrdiff_t)k,
                   .a_col = 1,
                   .b = s->in,
                   .b_row = (ptrdiff_t)j->plane,
                   .b_col = 1,
                   .fetch = is_plain(v) ? NULL : fetch,
                   .user = s,
                   .c = (float *)j->c->out->data + group * m * j->result,
                   .c_row = (ptrdiff_t)j->result,
                   .row_bias = bias ? bias + own * m : NULL};
}

static void run_pieces(const void *arg, size_t from, size_t to) {
  const job *j = arg;
  for (size_t i = from; i < to; i++) {
    size_t group = i / j->pieces;
    source s = {&j->v, input_of(j, group), j->plane, j->taps};
    ci_gemm g = product_of(j, group, &s);
    ci_gemm_piece(&g, j->k, i % j->pieces);
  }
}

/* Worth packing, and not a kernel that mostly hangs over the edges, whose taps a row at a time are far fewer. */
static bool is_product(const conv *v) {
  for (int i = 0; i < CI_NN_SPATIAL; i++)
    if (v->axis[i].taps > 16 && v->axis[i].taps > v->axis[i].in) return false;
  return v->cout >= 4;
}

static void run(const ci_tensor_call *c) {
  job j = {.c = c};
  const ci_nn_axis *a = j.v.axis;
  if (!c->out->count || conv_of(c, &j.v, NULL)) return;
  j.plane = (size_t)(a[0].in * a[1].in * a[2].in), j.result = (size_t)(a[0].out * a[1].out * a[2].out);
  j.taps = (size_t)(a[0].taps * a[1].taps * a[2].taps);
  size_t groups = (size_t)(c->in[0].dim[0] * j.v.group), macs = j.result * (size_t)j.v.cin * j.taps;
  if (!is_product(&j.v)) {
    ci_tensor_share(c, groups * (size_t)j.v.cout, macs, run_channels, &j);
    return;
  }
  source s = {&j.v, input_of(&j, 0), j.plane, j.taps};
  ci_gemm g = product_of(&j, 0, &s);
  j.k = ci_tensor_kernels(c);
  j.pieces = ci_gemm_pieces(&g, j.k);
  ci_tensor_share(c, groups * j.pieces, macs * g.m / j.pieces / 4, run_pieces, &j);
}

const ci_tensor_op ci_tensor_nn_conv_ops[] = {
    {"Conv", 2, 3, "auto_pad dilations group kernel_shape pads strides", shape, NULL, run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
