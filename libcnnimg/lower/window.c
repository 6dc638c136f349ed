/* SPDX-License-Identifier: MIT */
/* window.c - what slides a window over one picture (or one row of it): convolutions and pooling */
#include <math.h>
#include <string.h>

#include "lower/state.h"
#include "lower/subpixel.h"

#define LARGEST 4096 /* a window, a stride, a dilation, a pad: more is left to whoever refuses it */

/* The first input as a channels-first map of one picture; PASS where it is none. `space`: 2, or 1 for a row. */
static int picture(ci_site *c, int32_t *map, int32_t *space) {
  *space = c->in[0]->rank - 2;
  if (*space != 1 && *space != 2) return CI_LOWER_PASS;
  return ci_as_map(c->s, c->in[0], CI_LAYOUT_NCHW, map);
}

/* A pair (rows, columns) from an attribute of `space` numbers; a row is one row high. */
static bool pair(const ci_site *c, const char *name, int32_t space, int64_t least, int32_t otherwise, int32_t out[2]) {
  const int64_t *v;
  int32_t n = ci_attr_ints(c->n, name, &v);
  out[0] = out[1] = otherwise;
  if (n < 0) return true;
  if (n != space) return false;
  for (int32_t i = 0; i < n; i++) {
    if (v[i] < least || v[i] > LARGEST) return false;
    out[2 - space + i] = (int32_t)v[i];
  }
  return true;
}

static bool pads(const ci_site *c, int32_t space, int32_t out[4]) {
  const int64_t *v;
  int32_t n = ci_attr_ints(c->n, "pads", &v);
  memset(out, 0, 4 * sizeof *out);
  if (n < 0) return true;
  if (n != 2 * space) return false;
  for (int32_t i = 0; i < n; i++) {
    if (v[i] < 0 || v[i] > LARGEST) return false;
    out[space == 2 ? i : 1 + 2 * i] = (int32_t)v[i];
  }
  return true;
}

static bool auto_pad(const ci_site *c, int32_t *out) {
  static const char *const names[] = {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"};
  const char *mode = ci_attr_string(c->n, "auto_pad", "NOTSET");
  for (int32_t i = 0; i < 4; i++)
    if (!strcmp(mode, names[i])) {
      *out = i;
      return true;
    }
  return false;
}

static bool window(const ci_site *c, int32_t space, ci_params *p) {
  return pair(c, "kernel_shape", space, 1, 1, p->kernel) && pair(c, "strides", space, 1, 1, p->stride) &&
         pair(c, "dilations", space, 1, 1, p->dilation) && pads(c, space, p->pads) && auto_pad(c, &p->auto_pad);
}

/* ---- convolutions ---------------------------------------------------------------------------------- */

/* The weight as [a, b, height, width], where it is a constant of floats. */
static int weight(ci_site *c, int32_t space, ci_params *p, int32_t *id) {
  const ci_tensor *w = ci_site_const(c, 1);
  if (!w || w->dtype != CI_F32 || w->rank != space + 2) return CI_LOWER_PASS;
  int64_t dim[4] = {w->dim[0], w->dim[1], space == 2 ? w->dim[2] : 1, w->dim[space + 1]};
  if (dim[2] < 1 || dim[3] < 1 || dim[2] * dim[3] > LARGEST) return CI_LOWER_PASS;
  p->kernel[0] = (int32_t)dim[2], p->kernel[1] = (int32_t)dim[3];
  int64_t group = ci_attr_int(c->n, "group", 1);
  if (group < 1 || group > 65536) return CI_LOWER_PASS;
  p->group = (int32_t)group;
  return ci_lower_const_as(c->s, w, 4, dim, id);
}

/* x, weight, bias? as the op takes them. */
static int conv_inputs(ci_site *c, ci_params *p, int32_t in[3], int32_t *space) {
  const ci_tensor *b = ci_site_const(c, 2);
  ci_params_init(p);
  if (ci_site_given(c, 2) && (!b || b->dtype != CI_F32)) return CI_LOWER_PASS;
  *space = c->in[0]->rank - 2;
  if (*space < 1 || *space > 2 || !window(c, *space, p)) return CI_LOWER_PASS;
  int status = weight(c, *space, p, &in[1]);
  if (!status) status = picture(c, &in[0], space);
  in[2] = -1;
  return status || !b ? status : ci_lower_const(c->s, b, &in[2]);
}

static int emit(ci_site *c, ci_op_id op, const int32_t *in, int32_t n_in, const ci_params *p) {
  ci_node *n = ci_lower_emit(c->s, c->n->name, op, in, n_in);
  if (!n) return c->s->err->code;
  n->p = *p;
  return ci_set_map(c->out, n->out, CI_LAYOUT_NCHW);
}

static int lower_conv(ci_site *c) {
  ci_params p;
  int32_t in[3], space;
  int status = conv_inputs(c, &p, in, &space);
  return status ? status : emit(c, CI_OP_conv, in, in[2] < 0 ? 2 : 3, &p);
}

/* Where the file says the output's size instead of pads, they follow from it (ONNX, ConvTranspose). */
static bool settle_pads(const ci_site *c, int32_t space, ci_params *p) {
  const int64_t *size;
  bool said = ci_attr_ints(c->n, "output_shape", &size) >= 0;
  bool same = p->auto_pad == CI_AUTO_SAME_UPPER || p->auto_pad == CI_AUTO_SAME_LOWER;
  if (p->auto_pad == CI_AUTO_VALID) memset(p->pads, 0, sizeof p->pads);
  for (int32_t i = 2 - space; (said || same) && i < 2; i++) {
    int32_t axis = i + space; /* of the tensor */
    int64_t in = c->in[0]->dim[axis], out = c->out->dim[axis];
    int64_t total = (int64_t)p->stride[i] * (in - 1) + p->out_pads[i] + (int64_t)(p->kernel[i] - 1) * p->dilation[i] + 1 - out;
    if (total < 0 || total > 2 * LARGEST) return false;
    int64_t small = total / 2, large = total - small;
    bool upper = p->auto_pad == CI_AUTO_SAME_UPPER;
    p->pads[i] = (int32_t)(upper ? small : large), p->pads[i + 2] = (int32_t)(upper ? large : small);
  }
  p->auto_pad = CI_AUTO_NOTSET;
  return true;
}

static int lower_conv_transpose(ci_site *c) {
  ci_params p;
  int32_t in[3], space;
  int status = conv_inputs(c, &p, in, &space);
  if (status) return status;
  if (!pair(c, "output_padding", space, 0, 0, p.out_pads) || !settle_pads(c, space, &p)) return CI_LOWER_PASS;
  status = ci_lower_subpixel(c, &p, in[0]);
  return status != CI_LOWER_PASS ? status : emit(c, CI_OP_conv_transpose, in, in[2] < 0 ? 2 : 3, &p);
}

/* ---- pooling ------------------------------------------------------------------------------------------ */

static int pool(ci_site *c, ci_op_id op) {
  ci_params p;
  int32_t map, space = c->in[0]->rank - 2;
  ci_params_init(&p);
  p.ceil_mode = ci_attr_int(c->n, "ceil_mode", 0) != 0;
  p.count_include_pad = ci_attr_int(c->n, "count_include_pad", 0) != 0;
  if (c->which || space < 1 || space > 2 || !window(c, space, &p)) return CI_LOWER_PASS;
  if (p.kernel[0] * (int64_t)p.kernel[1] > LARGEST) return CI_LOWER_PASS;
  int status = picture(c, &map, &space);
  return status ? status : emit(c, op, &map, 1, &p);
}

static int lower_max_pool(ci_site *c) { return pool(c, CI_OP_max_pool); }

static int lower_average_pool(ci_site *c) {
  const int64_t *v;
  for (int32_t i = 0, n = ci_attr_ints(c->n, "dilations", &v); i < n; i++)
    if (v[i] != 1) return CI_LOWER_PASS;
  return pool(c, CI_OP_average_pool);
}

/* ---- attention within windows --------------------------------------------------------------------------- */

static int lower_attention(ci_site *c) {
  const ci_tensor *bias = ci_site_const(c, 1);
  int64_t heads = ci_attr_int(c->n, "heads", 1);
  int32_t in[2] = {-1, -1}, shift[2], overlap[2];
  ci_params p;
  ci_params_init(&p);
  if ((ci_site_given(c, 1) && !bias) || heads < 1 || heads > LARGEST) return CI_LOWER_PASS;
  if (!pair(c, "window", 2, 1, 1, p.kernel) || !pair(c, "shift", 2, 0, 0, shift) || !pair(c, "overlap", 2, 0, 0, overlap))
    return CI_LOWER_PASS;
  int status = ci_as_map(c->s, c->in[0], CI_LAYOUT_NCHW, &in[0]);
  if (!status && bias) status = ci_lower_const(c->s, bias, &in[1]);
  ci_node *n = NULL;
  if (!status) status = ci_site_emit(c, CI_OP_window_attention, in, bias ? 2 : 1, &n);
  if (status) return status;
  p.group = (int32_t)heads;
  p.value = ci_attr_float(c->n, "scale", 1 / sqrtf((float)(c->in[0]->dim[1] / 3 / heads)));
  for (int i = 0; i < 2; i++) p.pads[i] = shift[i], p.pads[i + 2] = overlap[i];
  n->p = p;
  return ci_set_map(c->out, n->out, CI_LAYOUT_NCHW);
}

const ci_lower_rule ci_lower_window_rules[] = {
    {"Conv", lower_conv},
    {"ConvTranspose", lower_conv_transpose},
    {"MaxPool", lower_max_pool},
    {"AveragePool", lower_average_pool},
    {"WindowAttention", lower_attention},
    {NULL, NULL},
};
