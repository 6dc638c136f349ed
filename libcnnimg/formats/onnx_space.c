/* SPDX-License-Identifier: MIT */
/* onnx_space.c - what moves pixels about: depth to space and back, resize, pad */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "formats/onnx.h"

/* ---- depth and space ----------------------------------------------------------------------- */

static int blocks(ci_onnx_node *n, ci_op_id op, int32_t crd) {
  int32_t block, c = ci_onnx_channels(n, 0);
  int status = ci_onnx_want_map(n, 0, false);
  if (!status) status = ci_onnx_range(n, "blocksize", ci_onnx_int(n, "blocksize", 0), 1, 256, &block);
  if (status) return status;
  if (op == CI_OP_depth_to_space && c % (block * block))
    return ci_fail(n->o->err, CNNIMG_CORRUPT, "%s: %d channels into blocks of %dx%d", n->label, c, block,
                   block);
  ci_node *node = ci_onnx_emit(n, op, n->in, 1);
  if (!node) return CNNIMG_NOMEM;
  node->p.block = block, node->p.crd = crd;
  return ci_onnx_set_channels(n, node->out,
                              op == CI_OP_depth_to_space ? c / (block * block) : (int64_t)c * block * block);
}

static int convert_depth_to_space(ci_onnx_node *n) {
  ci_text mode = ci_onnx_string(n, "mode");
  if (mode.p && !ci_text_is(mode, "CRD") && !ci_text_is(mode, "DCR"))
    return ci_onnx_refuse(n, "mode is neither CRD nor DCR");
  return blocks(n, CI_OP_depth_to_space, mode.p && ci_text_is(mode, "CRD"));
}

static int convert_space_to_depth(ci_onnx_node *n) {
  ci_text mode = ci_onnx_string(n, "mode");
  if (mode.p && !ci_text_is(mode, "DCR")) return ci_onnx_refuse(n, "only the mode DCR is done");
  return blocks(n, CI_OP_space_to_depth, 0);
}

/* ---- resize ---------------------------------------------------------------------------------- */

/* The attribute's place in a list of names; `otherwise` where it is absent, -1 where it is unknown. */
static int32_t choice(const ci_onnx_node *n, const char *name, const char *const *names, int32_t otherwise) {
  ci_text t = ci_onnx_string(n, name);
  if (!t.p) return otherwise;
  for (int32_t i = 0; names[i]; i++)
    if (ci_text_is(t, names[i])) return i;
  return -1;
}

static int resize_modes(const ci_onnx_node *n, ci_params *p) {
  static const char *const modes[] = {"nearest", "linear", "cubic", NULL};
  static const char *const coords[] = {"half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric",
                                       NULL};
  static const char *const nearest[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil", NULL};
  bool old = n->o->opset < 11; /* then it was Upsample's way */
  p->mode = choice(n, "mode", modes, CI_RESIZE_NEAREST);
  p->coord =
      choice(n, "coordinate_transformation_mode", coords, old ? CI_COORD_ASYMMETRIC : CI_COORD_HALF_PIXEL);
  p->nearest = choice(n, "nearest_mode", nearest, old ? CI_NEAREST_FLOOR : CI_NEAREST_PREFER_FLOOR);
  p->cubic_a = ci_onnx_float(n, "cubic_coeff_a", -0.75f);
  if (p->mode < 0) return ci_onnx_refuse(n, "its mode is not nearest, linear or cubic");
  if (p->coord < 0) return ci_onnx_refuse(n, "its coordinate_transformation_mode is not done");
  if (p->nearest < 0) return ci_onnx_refuse(n, "its nearest_mode is not known");
  if (ci_onnx_int(n, "antialias", 0)) return ci_onnx_refuse(n, "antialias is not done");
  if (ci_onnx_int(n, "exclude_outside", 0)) return ci_onnx_refuse(n, "exclude_outside is not done");
  ci_text policy = ci_onnx_string(n, "keep_aspect_ratio_policy");
  if (policy.p && !ci_text_is(policy, "stretch"))
    return ci_onnx_refuse(n, "keep_aspect_ratio_policy is not done");
  return CNNIMG_OK;
}

/* Which axes do the numbers of scales or sizes belong to? 0: all four, 2: height and width. */
static int resize_axes(const ci_onnx_node *n, int32_t *first) {
  int64_t axes[4];
  int32_t count = ci_onnx_ints(n, "axes", axes, 4), a, b;
  *first = 0;
  if (count < 0) return CNNIMG_OK;
  if (count == 2 && !ci_onnx_axis(n, axes[0], 4, &a) && !ci_onnx_axis(n, axes[1], 4, &b) && a == 2 &&
      b == 3) {
    *first = 2;
    return CNNIMG_OK;
  }
  return ci_onnx_refuse(n, "only height and width are resized, in this order");
}

static int set_scales(const ci_onnx_node *n, const float *v, size_t count, int32_t first, ci_params *p) {
  if (count != 4 - (size_t)first) return ci_onnx_refuse(n, "the number of scales is not that of the axes");
  if (!first && (v[0] != 1.0f || v[1] != 1.0f))
    return ci_onnx_refuse(n, "only height and width can be scaled");
  for (int32_t i = 0; i < 2; i++) {
    float s = v[2 - first + i];
    if (!(s >= 1.0f / 4096 && s <= 4096)) return ci_onnx_refuse(n, "a scale is not within 1/4096 and 4096");
    p->scale[i] = s;
  }
  return CNNIMG_OK;
}

static int set_sizes(const ci_onnx_node *n, const int64_t *v, size_t count, int32_t first, ci_params *p) {
  int32_t c = ci_onnx_channels(n, 0);
  if (count != 4 - (size_t)first) return ci_onnx_refuse(n, "the number of sizes is not that of the axes");
  if (!first && (v[0] != 1 || !c || v[1] != c))
    return ci_onnx_refuse(n, "only height and width can be resized");
  int status = ci_onnx_range(n, "the height", v[2 - first], 1, 1 << 24, &p->size[0]);
  return status ? status : ci_onnx_range(n, "the width", v[3 - first], 1, 1 << 24, &p->size[1]);
}

/* scales, or else sizes. */
static int resize_target(ci_onnx_node *n, int32_t k_scales, int32_t k_sizes, ci_params *p) {
  const ci_tensor *t;
  int32_t first;
  int status = resize_axes(n, &first);
  if (status) return status;
  bool empty = ci_onnx_given(n, k_scales) && ci_const(n->o->g, n->in[k_scales]) &&
               !ci_const(n->o->g, n->in[k_scales])->count;
  if (ci_onnx_given(n, k_scales) && !empty) {
    status = ci_onnx_want_const(n, k_scales, CI_F32, "list of scales", &t);
    return status ? status : set_scales(n, t->data, t->count, first, p);
  }
  status = ci_onnx_want_const(n, k_sizes, CI_I64, "list of sizes", &t);
  return status ? status : set_sizes(n, t->data, t->count, first, p);
}

static int emit_resize(ci_onnx_node *n, const ci_params *p) {
  ci_node *node = ci_onnx_emit(n, CI_OP_resize, n->in, 1);
  if (!node) return CNNIMG_NOMEM;
  node->p = *p;
  return CNNIMG_OK;
}

static int convert_resize(ci_onnx_node *n) {
  ci_params p;
  bool old = n->o->opset < 11;
  ci_params_init(&p);
  int status = ci_onnx_want_map(n, 0, false);
  if (!status) status = resize_modes(n, &p);
  if (!status) status = resize_target(n, old ? 1 : 2, old ? 9 : 3, &p);
  return status ? status : emit_resize(n, &p);
}

/* Upsample: scales an attribute (7), an input (9). */
static int convert_upsample(ci_onnx_node *n) {
  ci_params p;
  float scales[4];
  int32_t count = ci_onnx_floats(n, "scales", scales, 4);
  ci_params_init(&p);
  int status = ci_onnx_want_map(n, 0, false);
  if (!status) status = resize_modes(n, &p);
  p.coord = CI_COORD_ASYMMETRIC, p.nearest = CI_NEAREST_FLOOR;
  if (!status && p.mode == CI_RESIZE_CUBIC) status = ci_onnx_refuse(n, "its mode is not known");
  if (!status && count >= 0) status = set_scales(n, scales, (size_t)count, 0, &p);
  else if (!status) status = resize_target(n, 1, 9, &p);
  return status ? status : emit_resize(n, &p);
}

/* ---- pad --------------------------------------------------------------------------------------- */

typedef struct pads {
  int64_t v[8]; /* before each axis, then behind each axis */
} pads;

/* pads for some axes only (opset 18) are spread over all four. */
static int spread(const ci_onnx_node *n, const int64_t *v, size_t count, pads *out) {
  const ci_tensor *axes = NULL;
  memset(out, 0, sizeof *out);
  if (ci_onnx_given(n, 3)) {
    int status = ci_onnx_want_const(n, 3, CI_I64, "list of axes", &axes);
    if (status) return status;
  }
  size_t half = axes ? axes->count : 4;
  if (half > 4 || count != 2 * half)
    return ci_onnx_refuse(n, "the number of pads is not twice that of the axes");
  for (size_t i = 0; i < half; i++) {
    int32_t axis = (int32_t)i;
    int status = axes ? ci_onnx_axis(n, ((const int64_t *)axes->data)[i], 4, &axis) : CNNIMG_OK;
    if (status) return status;
    out->v[axis] = v[i], out->v[4 + axis] = v[half + i];
  }
  return CNNIMG_OK;
}

static int read_pads(const ci_onnx_node *n, pads *out) {
  const ci_tensor *t;
  int64_t v[8];
  int32_t count = ci_onnx_ints(n, "pads", v, 8);
  if (count > 8) return ci_onnx_refuse(n, "has more than 8 pads");
  if (count >= 0) return spread(n, v, (size_t)count, out);
  int status = ci_onnx_want_const(n, 1, CI_I64, "list of pads", &t);
  return status ? status : spread(n, t->data, t->count, out);
}

static int pad_value(const ci_onnx_node *n, float *out) {
  const ci_tensor *t;
  *out = ci_onnx_float(n, "value", 0);
  if (!ci_onnx_given(n, 2)) return CNNIMG_OK;
  int status = ci_onnx_want_const(n, 2, CI_F32, "value", &t);
  if (status) return status;
  if (t->count > 1) return ci_onnx_refuse(n, "its value is not one number");
  if (t->count) *out = *(const float *)t->data;
  return CNNIMG_OK;
}

static int convert_pad(ci_onnx_node *n) {
  static const char *const modes[] = {"constant", "reflect", "edge", NULL};
  static const int32_t place[4] = {2, 3, 6, 7};
  ci_params p;
  pads all;
  ci_params_init(&p);
  p.mode = choice(n, "mode", modes, CI_PAD_CONSTANT);
  int status = ci_onnx_want_map(n, 0, false);
  if (!status && p.mode < 0) status = ci_onnx_refuse(n, "its mode is not constant, reflect or edge");
  if (!status) status = read_pads(n, &all);
  if (!status) status = pad_value(n, &p.value);
  if (!status && (all.v[0] || all.v[1] || all.v[4] || all.v[5]))
    status = ci_onnx_refuse(n, "only height and width can be padded");
  for (int32_t i = 0; i < 4 && !status; i++)
    status = ci_onnx_range(n, "a pad", all.v[place[i]], 0, 65536, &p.pads[i]);
  if (status) return status;
  if (!(p.pads[0] | p.pads[1] | p.pads[2] | p.pads[3])) return ci_onnx_alias(n, n->in[0], 4);
  ci_node *node = ci_onnx_emit(n, CI_OP_pad, n->in, 1);
  if (!node) return CNNIMG_NOMEM;
  node->p = p;
  return CNNIMG_OK;
}

const ci_onnx_rule ci_onnx_space_rules[] = {
    {"DepthToSpace", 1, 1, "blocksize mode", convert_depth_to_space},
    {"SpaceToDepth", 1, 1, "blocksize mode", convert_space_to_depth},
    {"Resize", 1, 4,
     "mode coordinate_transformation_mode nearest_mode cubic_coeff_a antialias exclude_outside "
     "keep_aspect_ratio_policy axes extrapolation_value",
     convert_resize},
    {"Upsample", 1, 2, "mode scales", convert_upsample},
    {"Pad", 1, 4, "mode pads value", convert_pad},
    {NULL, 0, 0, NULL, NULL},
};
