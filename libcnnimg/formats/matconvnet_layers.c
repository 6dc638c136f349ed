/* SPDX-License-Identifier: MIT */
/* matconvnet_layers.c - MatConvNet's layers in ONNX's terms: filters, moments, blocks of pixels in MATLAB's order */
#include <math.h>
#include <string.h>

#include "formats/matconvnet.h"

static const ci_mcn_value nothing = {.v = -1};

static ci_mcn_value fail(ci_mcn *n, const ci_mcn_layer *l, const char *why) {
  ci_build_fail(&n->b, CNNIMG_UNSUPPORTED, "the layer \"%.60s\" (%.40s) %s", l->name, l->type, why);
  return nothing;
}

/* ---- numbers ------------------------------------------------------------------------------------- */

static double at(const ci_tensor *t, size_t i) {
  return t->dtype == CI_F32 ? (double)((const float *)t->data)[i] : (double)((const int64_t *)t->data)[i];
}

double ci_mcn_number(const ci_store *s, const char *path, const char *field, double otherwise) {
  const ci_tensor *t = ci_store_get(s, "%s/%s", path, field);
  return t && t->count ? at(t, 0) : otherwise;
}

/* n small whole numbers from one that stands for all, or from n; false: neither. */
static bool whole(const ci_store *s, const char *path, const char *field, int64_t otherwise, int64_t *out,
                  size_t n) {
  const ci_tensor *t = ci_store_get(s, "%s/%s", path, field);
  for (size_t i = 0; i < n; i++) {
    double v = t && t->count ? at(t, t->count == 1 ? 0 : i < t->count ? i : 0) : (double)otherwise;
    if (!(v >= 0 && v <= 65536) || v != floor(v)) return false;
    out[i] = (int64_t)v;
  }
  return !t || t->count == 0 || t->count == 1 || t->count == n;
}

/* ---- filters ---------------------------------------------------------------------------------------- */

/* [O, I, W, H] as it lies; MATLAB drops dimensions of 1 at what is the front here. */
static bool filter_dims(const ci_tensor *t, int64_t dim[4]) {
  if (!t || t->rank > 4 || t->dtype != CI_F32 || !t->count) return false;
  for (int i = 0; i < 4; i++) dim[i] = i < 4 - t->rank ? 1 : t->dim[i - (4 - t->rank)];
  return true;
}

int64_t ci_mcn_inputs(const ci_tensor *filters) {
  int64_t dim[4];
  return filter_dims(filters, dim) ? dim[1] : 0;
}

/* [O, I, W, H] to [O, I, H, W]. */
static int32_t filters(ci_mcn *n, const ci_tensor *t, const int64_t dim[4]) {
  const int64_t turned[4] = {dim[0], dim[1], dim[3], dim[2]};
  ci_tensor *w = ci_tensor_new(CI_F32, 4, turned);
  if (!w) return ci_build_tensor(&n->b, NULL);
  const float *from = t->data;
  float *to = w->owned;
  for (int64_t k = 0; k < dim[0] * dim[1]; k++)
    for (int64_t x = 0; x < dim[2]; x++)
      for (int64_t y = 0; y < dim[3]; y++)
        to[(k * dim[3] + y) * dim[2] + x] = from[(k * dim[2] + x) * dim[3] + y];
  return ci_build_tensor(&n->b, w);
}

/* One number a channel, whatever shape it has. */
static int32_t channelwise(ci_mcn *n, const ci_tensor *t, int64_t channels) {
  if (t->dtype != CI_F32 || t->count != (size_t)channels) return CI_NONE;
  return ci_build_floats(&n->b, t->data, t->count);
}

typedef struct geometry {
  int64_t pads[4], strides[2], dilations[2]; /* pads in ONNX's order: top, left, bottom, right */
} geometry;

/* MatConvNet says top, bottom, left, right. */
static bool read_geometry(ci_mcn *n, const ci_mcn_layer *l, const char *pad, const char *stride,
                          geometry *g) {
  int64_t p[4];
  if (!whole(n->s, l->at, pad, 0, p, 4) || !whole(n->s, l->at, stride, 1, g->strides, 2) ||
      !whole(n->s, l->at, "dilate", 1, g->dilations, 2))
    return false;
  g->pads[0] = p[0], g->pads[1] = p[2], g->pads[2] = p[1], g->pads[3] = p[3];
  return g->strides[0] >= 1 && g->strides[0] == g->strides[1] && g->dilations[0] >= 1 && g->dilations[1] >= 1;
}

static void write_geometry(ci_mcn *n, const geometry *g, int64_t groups) {
  ci_build_attr_ints(&n->b, "pads", g->pads, 4);
  ci_build_attr_ints(&n->b, "strides", g->strides, 2);
  ci_build_attr_ints(&n->b, "dilations", g->dilations, 2);
  ci_build_attr_int(&n->b, "group", groups);
}

static ci_mcn_value conv(ci_mcn *n, const ci_mcn_layer *l, ci_mcn_value x) {
  int64_t dim[4];
  geometry g;
  if (!filter_dims(l->weights[0], dim)) return fail(n, l, "has no filters");
  if (!read_geometry(n, l, "pad", "stride", &g)) return fail(n, l, "has odd pads or strides");
  int64_t groups = dim[1] ? x.channels / dim[1] : 0;
  if (groups < 1 || groups * dim[1] != x.channels || dim[0] % groups)
    return fail(n, l, "has filters for other channels");
  if (g.strides[0] > 64 / x.shrink) return fail(n, l, "shrinks the picture too far");
  const ci_tensor *bias = l->weights[1];
  int32_t bv = bias && bias->count ? channelwise(n, bias, dim[0]) : CI_NONE;
  if (bias && bias->count && bv == CI_NONE) return fail(n, l, "has biases for other channels");
  const int32_t in[3] = {x.v, filters(n, l->weights[0], dim), bv};
  int32_t y = ci_build_node(&n->b, "Conv", in, 3);
  write_geometry(n, &g, groups);
  return (ci_mcn_value){y, dim[0], x.shrink * (int32_t)g.strides[0]};
}

/* Filters are [I, O / groups, W, H] here. */
static ci_mcn_value transposed(ci_mcn *n, const ci_mcn_layer *l, ci_mcn_value x) {
  int64_t dim[4];
  geometry g;
  int64_t groups = (int64_t)fmin(fmax(ci_mcn_number(n->s, l->at, "numGroups", 1), 0), 65536);
  if (!filter_dims(l->weights[0], dim)) return fail(n, l, "has no filters");
  if (!read_geometry(n, l, "crop", "upsample", &g)) return fail(n, l, "has odd crops or steps");
  if (dim[0] != x.channels || groups < 1) return fail(n, l, "has filters for other channels");
  if (x.shrink % g.strides[0]) return fail(n, l, "enlarges the picture");
  const ci_tensor *bias = l->weights[1];
  int32_t bv = bias && bias->count ? channelwise(n, bias, dim[1] * groups) : CI_NONE;
  if (bias && bias->count && bv == CI_NONE) return fail(n, l, "has biases for other channels");
  const int32_t in[3] = {x.v, filters(n, l->weights[0], dim), bv};
  int32_t y = ci_build_node(&n->b, "ConvTranspose", in, 3);
  write_geometry(n, &g, groups);
  return (ci_mcn_value){y, dim[1] * groups, x.shrink / (int32_t)g.strides[0]};
}

/* ---- the rest -------------------------------------------------------------------------------------------- */

/* Moments are the mean and the deviation, epsilon inside: gamma * (x - mean) / deviation + beta. */
static ci_mcn_value bnorm(ci_mcn *n, const ci_mcn_layer *l, ci_mcn_value x) {
  const ci_tensor *gamma = l->weights[0], *beta = l->weights[1], *moments = l->weights[2];
  size_t c = (size_t)x.channels;
  int64_t dim[1] = {x.channels};
  if (!gamma || !beta || gamma->dtype != CI_F32 || beta->dtype != CI_F32 || gamma->count != c ||
      beta->count != c)
    return fail(n, l, "has no scale and shift for these channels");
  if (!moments || moments->dtype != CI_F32 || moments->count != 2 * c)
    return fail(n, l, "has no moments: the network was saved before they were known");
  ci_tensor *scale = ci_tensor_new(CI_F32, 1, dim), *one = ci_tensor_new(CI_F32, 1, dim);
  const float *m = moments->data;
  for (size_t i = 0; scale && one && i < c; i++) {
    ((float *)scale->owned)[i] = (float)((double)((const float *)gamma->data)[i] / (double)m[c + i]);
    ((float *)one->owned)[i] = 1;
  }
  const int32_t in[5] = {x.v, ci_build_tensor(&n->b, scale), ci_build_floats(&n->b, beta->data, c),
                         ci_build_floats(&n->b, m, c), ci_build_tensor(&n->b, one)};
  x.v = ci_build_node(&n->b, "BatchNormalization", in, 5);
  ci_build_attr_float(&n->b, "epsilon", 0);
  return x;
}

static ci_mcn_value relu(ci_mcn *n, const ci_mcn_layer *l, ci_mcn_value x) {
  double leak = ci_mcn_number(n->s, l->at, "leak", 0);
  x.v = leak ? ci_build_leaky(&n->b, x.v, (float)leak) : ci_build_op1(&n->b, "Relu", x.v);
  return x;
}

/* Places in a block go down the columns in MATLAB, along the rows in PyTorch: place k of one is place turned(k) of the
 * other. */
static int64_t turned(int64_t k, int64_t block) { return k % block * block + k / block; }

static int32_t pick(ci_mcn *n, int32_t x, const int64_t *order, int64_t count) {
  int32_t y = ci_build_op2(&n->b, "Gather", x, ci_build_ints(&n->b, order, (size_t)count));
  ci_build_attr_int(&n->b, "axis", 1);
  return y;
}

static ci_mcn_value subp(ci_mcn *n, const ci_mcn_layer *l, ci_mcn_value x) {
  double scale = ci_mcn_number(n->s, l->at, "scale", 0);
  int64_t order[1024], block = scale > 0 && scale < 1    ? llround(fmin(1 / scale, 64))
                               : scale > 1 && scale < 64 ? (int64_t)scale
                                                         : 0;
  int64_t places = block * block;
  bool down = scale < 1;
  if (block < 2 || (down ? fabs(1 / scale - (double)block) > 1e-6 : scale != (double)block))
    return fail(n, l, "has an odd scale");
  int64_t colours = down ? x.channels : x.channels / places;
  if (colours < 1 || colours * places > 1024 ||
      (!down && (colours * places != x.channels || x.shrink % block)) || (down && x.shrink * block > 64))
    return fail(n, l, "does not fit its channels");
  for (int64_t c = 0; c < colours; c++)
    for (int64_t k = 0; k < places; k++)
      order[c * places + k] = down ? turned(k, block) * colours + c : c * places + turned(k, block);
  if (!down) {
    x.v = ci_build_pixel_shuffle(&n->b, pick(n, x.v, order, x.channels), block);
    return (ci_mcn_value){x.v, colours, x.shrink / (int32_t)block};
  }
  x.v = ci_build_op1(&n->b, "SpaceToDepth", x.v);
  ci_build_attr_int(&n->b, "blocksize", block);
  return (ci_mcn_value){pick(n, x.v, order, colours * places), colours * places, x.shrink * (int32_t)block};
}

static ci_mcn_value sigmoid(ci_mcn *n, const ci_mcn_layer *l, ci_mcn_value x) {
  (void)l;
  x.v = ci_build_op1(&n->b, "Sigmoid", x.v);
  return x;
}

ci_mcn_value ci_mcn_apply(ci_mcn *n, const ci_mcn_layer *layer, ci_mcn_value x) {
  static const struct {
    const char *type;
    ci_mcn_value (*make)(ci_mcn *n, const ci_mcn_layer *l, ci_mcn_value x);
  } table[] = {{"conv", conv}, {"convt", transposed}, {"bnorm", bnorm},
               {"relu", relu}, {"SubP", subp},        {"sigmoid", sigmoid}};
  if (n->b.status) return nothing;
  ci_build_layer(&n->b, layer->name);
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (!strcmp(table[i].type, layer->type)) return table[i].make(n, layer, x);
  return fail(n, layer, "is of a kind that is not known");
}

/* ---- several values ------------------------------------------------------------------------------------------ */

/* The map of sigma at the size of x: the mean of a block, which leaves an even map as it is. */
static int32_t sigma_like(ci_mcn *n, ci_mcn_value x) {
  int32_t s = ci_mcn_sigma(n).v;
  const int64_t side[2] = {x.shrink, x.shrink};
  if (x.shrink == 1) return s;
  s = ci_build_op1(&n->b, "AveragePool", s);
  ci_build_attr_ints(&n->b, "kernel_shape", side, 2);
  ci_build_attr_ints(&n->b, "strides", side, 2);
  return s;
}

ci_mcn_value ci_mcn_concat(ci_mcn *n, const ci_mcn_value *x, int32_t count, bool sigma) {
  int32_t v[17];
  ci_mcn_value y = x[0];
  if (n->b.status) return nothing;
  for (int32_t i = 0; i < count; i++) {
    if (i >= 16 || x[i].shrink != y.shrink || x[i].channels > 65536) {
      ci_build_fail(&n->b, CNNIMG_UNSUPPORTED, "a concatenation of %d maps, or of unequal ones", count);
      return nothing;
    }
    v[i] = x[i].v;
    if (i) y.channels += x[i].channels;
  }
  if (sigma) v[count++] = sigma_like(n, y), y.channels++;
  y.v = ci_build_concat(&n->b, v, count);
  return y;
}

ci_mcn_value ci_mcn_sum(ci_mcn *n, const ci_mcn_value *x, int32_t count) {
  ci_mcn_value y = x[0];
  for (int32_t i = 1; i < count && !n->b.status; i++) {
    if (x[i].channels != y.channels || x[i].shrink != y.shrink) {
      ci_build_fail(&n->b, CNNIMG_UNSUPPORTED, "a sum of unequal maps");
      return nothing;
    }
    y.v = ci_build_op2(&n->b, "Add", y.v, x[i].v);
  }
  return y;
}
