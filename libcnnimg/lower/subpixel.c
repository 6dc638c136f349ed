/* SPDX-License-Identifier: MIT */
/* subpixel.c - a transposed convolution as a convolution to s x s phases and a pixel shuffle, where that is faster */
#include "lower/state.h"
#include "lower/subpixel.h"

#define FEW_CHANNELS 4 /* so many outputs fill no vector; with s * s phases they fill more of one */
#define MOST_FLOATS ((int64_t)1 << 22)

/*
 * One axis. Output o = s q + f takes inputs i with tap t = o + before - s i. With p = (f + before) mod s, d = (f + before)
 * div s, that is tap p + s j of input q + d - j. Phase by phase that is a convolution over inputs q + e, e = d - j; all
 * phases together see e from `first` to `last`.
 */
typedef struct axis {
  int32_t taps, stride, before; /* of the transposed convolution */
  int32_t first, last;
  int32_t pad_before, pad_after; /* of the convolution */
} axis;

static int32_t taps_of(const axis *a, int32_t phase) { return (a->taps - phase + a->stride - 1) / a->stride; }

static bool axis_of(const ci_params *p, int i, int64_t in, int64_t out, axis *a) {
  *a = (axis){.taps = p->kernel[i], .stride = p->stride[i], .before = p->pads[i]};
  if (p->dilation[i] != 1 || a->taps < a->stride || out % a->stride) return false;
  for (int32_t f = 0; f < a->stride; f++) {
    int32_t d = (f + a->before) / a->stride, low = d - taps_of(a, (f + a->before) % a->stride) + 1;
    a->first = f && a->first < low ? a->first : low;
    a->last = f && a->last > d ? a->last : d;
  }
  int64_t after = out / a->stride - 1 + a->last - (in - 1);
  a->pad_before = -a->first, a->pad_after = (int32_t)after;
  return a->pad_before >= 0 && after >= 0 && after <= a->taps;
}

static int32_t size_of(const axis *a) { return a->last - a->first + 1; }

/* The tap of the transposed convolution at offset number e of phase f, or -1. */
static int32_t tap_at(const axis *a, int32_t f, int32_t e) {
  int32_t d = (f + a->before) / a->stride, j = d - (a->first + e),
          t = (f + a->before) % a->stride + a->stride * j;
  return j >= 0 && t < a->taps ? t : -1;
}

/* [s * s * cout, cin, ky, kx], the phase first: the shuffle then copies pixels whole. */
static void fill(const axis a[2], const ci_tensor *from, int64_t cin, int64_t cout, float *to) {
  const float *w = from->data;
  for (int32_t fy = 0; fy < a[0].stride; fy++)
    for (int32_t fx = 0; fx < a[1].stride; fx++)
      for (int64_t o = 0; o < cout; o++)
        for (int64_t i = 0; i < cin; i++)
          for (int32_t y = 0; y < size_of(&a[0]); y++)
            for (int32_t x = 0; x < size_of(&a[1]); x++, to++) {
              int32_t ty = tap_at(&a[0], fy, y), tx = tap_at(&a[1], fx, x);
              *to = ty < 0 || tx < 0 ? 0 : w[((i * cout + o) * a[0].taps + ty) * a[1].taps + tx];
            }
}

static int weights(ci_site *c, const axis a[2], int32_t *id, int64_t *cout) {
  const ci_tensor *w = ci_site_const(c, 1);
  int64_t cin = w->dim[0], dim[4] = {0, cin, size_of(&a[0]), size_of(&a[1])};
  *cout = w->dim[1];
  dim[0] = *cout * a[0].stride * a[1].stride;
  if (w->rank != 4 || dim[0] > 1024 || cin > 4096 || dim[0] * cin * dim[2] * dim[3] > MOST_FLOATS)
    return CI_LOWER_PASS;
  ci_tensor *t = ci_lower_tensor(c->s, CI_F32, 4, dim);
  if (!t) return c->s->err->code;
  fill(a, w, cin, *cout, (float *)t->owned);
  return ci_lower_const(c->s, t, id);
}

static int bias(ci_site *c, int64_t phases, int64_t cout, int32_t *id) {
  const ci_tensor *b = ci_site_const(c, 2);
  const int64_t dim[1] = {phases * cout};
  *id = -1;
  if (!b) return CNNIMG_OK;
  if (b->count != (size_t)cout) return CI_LOWER_PASS;
  ci_tensor *t = ci_lower_tensor(c->s, CI_F32, 1, dim);
  if (!t) return c->s->err->code;
  for (int64_t i = 0; i < dim[0]; i++) ((float *)t->owned)[i] = ((const float *)b->data)[i % cout];
  return ci_lower_const(c->s, t, id);
}

/* Worth it: where vectors would stay empty, or where the convolution is one of those that need few multiplications. */
static bool pays(const axis a[2], int64_t cout) {
  bool tiles = size_of(&a[0]) == 3 && size_of(&a[1]) == 3 && a[0].taps > 3 && a[1].taps > 3;
  return a[0].stride > 1 && (cout <= FEW_CHANNELS || tiles);
}

int ci_lower_subpixel(ci_site *c, const ci_params *p, int32_t map) {
  axis a[2];
  int32_t in[3] = {map, -1, -1};
  int64_t cout;
  ci_node *conv, *shuffle;
  for (int i = 0; i < 2; i++)
    if (c->in[0]->rank != 4 || !axis_of(p, i, c->in[0]->dim[2 + i], c->out->dim[2 + i], &a[i]))
      return CI_LOWER_PASS;
  if (p->group != 1 || a[0].stride != a[1].stride || !pays(a, ci_site_const(c, 1)->dim[1]))
    return CI_LOWER_PASS;
  int status = weights(c, a, &in[1], &cout);
  if (!status) status = bias(c, (int64_t)a[0].stride * a[0].stride, cout, &in[2]);
  if (!status) status = ci_site_emit(c, CI_OP_conv, in, in[2] < 0 ? 2 : 3, &conv);
  if (status) return status;
  for (int i = 0; i < 2; i++)
    conv->p.kernel[i] = size_of(&a[i]), conv->p.pads[i] = a[i].pad_before,
    conv->p.pads[i + 2] = a[i].pad_after;
  map = conv->out;
  if ((status = ci_site_emit(c, CI_OP_depth_to_space, &map, 1, &shuffle))) return status;
  shuffle->p.block = a[0].stride;
  return ci_set_map(c->out, shuffle->out, CI_LAYOUT_NCHW);
}
