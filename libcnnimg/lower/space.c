/* SPDX-License-Identifier: MIT */
/* space.c - what joins, cuts, pads, moves and resamples pictures */
#include <math.h>
#include <string.h>

#include "lower/state.h"

static int64_t known_int(const ci_tensor *t, size_t i) {
  const ci_array a = {.dtype = t->dtype, .data = (void *)(uintptr_t)t->data};
  return ci_array_int(&a, i);
}

/* ---- joining ------------------------------------------------------------------------------------- */

static bool layout_of_inputs(const ci_site *c, ci_layout *layout) {
  bool found = false;
  for (int32_t k = 0; k < c->n_in; k++) {
    ci_layout own;
    if (!c->in[k] || !ci_mapped_layout(c->in[k], &own)) continue;
    if (found && own != *layout) return false;
    *layout = own, found = true;
  }
  return found;
}

/* Parts without any elements are left out. */
static int join(ci_site *c, ci_layout layout, int32_t axis, int32_t *ids) {
  ci_node *n;
  int32_t parts = 0;
  for (int32_t k = 0; k < c->n_in; k++) {
    if (!c->in[k]) return CI_LOWER_PASS;
    if (!ci_count_of(c->in[k])) continue;
    int status = ci_as_map(c->s, c->in[k], layout, &ids[parts++]);
    if (status) return status;
  }
  int status = ci_site_emit(c, CI_OP_concat, ids, parts, &n);
  if (status) return status;
  n->p.axis = axis;
  return ci_set_map(c->out, n->out, layout);
}

static int lower_concat(ci_site *c) {
  ci_layout layout = CI_LAYOUT_NCHW;
  int32_t rank = c->out->rank, ids[4096];
  int64_t axis = ci_attr_int(c->n, "axis", 1);
  if (axis < 0) axis += rank;
  bool vectors = rank == 2 && c->out->dim[0] == 1;
  if (!vectors && !layout_of_inputs(c, &layout)) return CI_LOWER_PASS;
  int32_t along = ci_map_axis(rank, layout, (int32_t)axis);
  return along ? join(c, layout, along, ids) : CI_LOWER_PASS;
}

/* ---- cutting -------------------------------------------------------------------------------------- */

/* The map (or vector of one picture) that is cut, and the axis of the map. PASS: it is no such thing. */
static int cut_from(ci_site *c, int64_t axis, int32_t *map, ci_layout *layout, int32_t *along) {
  ci_val *x = c->in[0];
  bool vector = x->rank == 2 && x->dim[0] == 1;
  *layout = x->map >= 0 ? x->layout : CI_LAYOUT_NCHW;
  if (x->map < 0 && !vector) return CI_LOWER_PASS;
  *along = ci_map_axis(x->rank, *layout, (int32_t)(axis < 0 ? axis + x->rank : axis));
  return *along ? ci_as_map(c->s, x, *layout, map) : CI_LOWER_PASS;
}

static int emit_slice(ci_site *c, int32_t map, int32_t along, int64_t start, int64_t end, int64_t step, int32_t *out) {
  ci_node *n;
  int status = ci_site_emit(c, CI_OP_slice, &map, 1, &n);
  if (status) return status;
  n->p.axis = along, n->p.start = (int32_t)start, n->p.end = (int32_t)end, n->p.step = (int32_t)step;
  *out = n->out;
  return CNNIMG_OK;
}

static int emit_pick(ci_site *c, int32_t map, const int64_t *channels, int64_t count, int32_t *out) {
  const int64_t dim[1] = {count};
  ci_tensor *t = ci_lower_tensor(c->s, CI_I64, 1, dim);
  int32_t in[2] = {map, -1};
  ci_node *n;
  if (!t) return c->s->err->code;
  memcpy(t->owned, channels, (size_t)count * sizeof *channels);
  int status = ci_lower_const(c->s, t, &in[1]);
  if (!status) status = ci_site_emit(c, CI_OP_pick, in, 2, &n);
  *out = status ? -1 : n->out;
  return status;
}

/* One dimension of the map; channels may be taken backwards. */
static int cut(ci_site *c, int32_t axis, ci_span u, ci_layout layout, int32_t *map) {
  const ci_val *x = c->in[0];
  int64_t channels[1024];
  if (u.n == x->dim[axis] && u.step == 1) return CNNIMG_OK;
  int32_t along = ci_map_axis(x->rank, layout, axis);
  if (!along || u.n < 1 || (u.step < 1 && along != 1)) return CI_LOWER_PASS;
  if (u.step > 0) return emit_slice(c, *map, along, u.start, u.start + (u.n - 1) * u.step + 1, u.step, map);
  if (u.n > 1024) return CI_LOWER_PASS;
  for (int64_t k = 0; k < u.n; k++) channels[k] = u.start + k * u.step;
  return emit_pick(c, *map, channels, u.n, map);
}

static int lower_slice(ci_site *c) {
  ci_array in[5];
  ci_span spans[CI_MAX_RANK];
  ci_layout layout;
  int32_t map, along;
  for (int32_t k = 0; k < c->n_in; k++) in[k] = ci_lower_array(c->in[k]);
  const ci_tensor_call call = {.node = c->n, .opset = ci_pnode_opset(c->s->p, c->n), .n_in = c->n_in, .in = in};
  int status = ci_slice_spans(&call, spans, c->s->err);
  if (!status) status = cut_from(c, 1, &map, &layout, &along);
  for (int32_t i = 0; i < c->in[0]->rank && !status; i++) status = cut(c, i, spans[i], layout, &map);
  return status ? status : ci_set_map(c->out, map, layout);
}

/* Part `which` begins where the parts before end. */
static int lower_split(ci_site *c) {
  int64_t axis = ci_attr_int(c->n, "axis", 0), at = 0;
  const ci_val *vals = c->s->vals;
  ci_layout layout;
  int32_t map, along, out;
  int status = cut_from(c, axis, &map, &layout, &along);
  if (status) return status;
  if (axis < 0) axis += c->in[0]->rank;
  for (int32_t k = 0; k < c->which; k++) {
    if (c->n->out[k] < 0 || !vals[c->n->out[k]].known) return CI_LOWER_PASS;
    at += vals[c->n->out[k]].dim[axis];
  }
  status = emit_slice(c, map, along, at, at + c->out->dim[axis], 1, &out);
  return status ? status : ci_set_map(c->out, out, layout);
}

/* Channels by a list. */
static int lower_gather(ci_site *c) {
  const ci_tensor *t = ci_site_const(c, 1);
  int64_t channels[1024], size;
  ci_layout layout;
  int32_t map, along, out;
  int64_t axis = ci_attr_int(c->n, "axis", 0);
  if (!t || t->rank != 1 || t->count < 1 || t->count > 1024) return CI_LOWER_PASS;
  int status = cut_from(c, axis, &map, &layout, &along);
  if (status || along != 1) return status ? status : CI_LOWER_PASS;
  size = c->in[0]->dim[axis < 0 ? axis + c->in[0]->rank : axis];
  for (size_t i = 0; i < t->count; i++) channels[i] = known_int(t, i) < 0 ? known_int(t, i) + size : known_int(t, i);
  status = emit_pick(c, map, channels, (int64_t)t->count, &out);
  return status ? status : ci_set_map(c->out, out, layout);
}

/* ---- padding ---------------------------------------------------------------------------------------- */

static int32_t choice(const char *word, const char *const *names) {
  for (int32_t i = 0; names[i]; i++)
    if (!strcmp(word, names[i])) return i;
  return -1;
}

/* Pads of the map's rows and columns; false where the list is not known, or other axes are padded. */
static bool read_pads(const ci_site *c, ci_layout layout, int32_t *out) {
  const ci_tensor *t = ci_site_const(c, 1), *axes = ci_site_const(c, 3);
  const int64_t *v = NULL;
  int32_t rank = c->in[0]->rank, n = ci_attr_ints(c->n, ci_pnode_opset(c->s->p, c->n) < 2 ? "paddings" : "pads", &v);
  if (t) n = (int32_t)t->count;
  if ((!t && !v) || (ci_site_given(c, 3) && !axes)) return false;
  int32_t half = axes ? (int32_t)axes->count : rank;
  if (n != 2 * half) return false;
  for (int32_t i = 0; i < n; i++) {
    int64_t pad = t ? known_int(t, (size_t)i) : v[i], axis = axes ? known_int(axes, (size_t)(i % half)) : i % half;
    int32_t along = ci_map_axis(rank, layout, (int32_t)(axis < 0 ? axis + rank : axis));
    if (!pad) continue;
    if (along < 2 || pad > 1 << 28 || pad < -(1 << 28)) return false;
    out[(i < half ? 0 : 2) + along - 2] = (int32_t)pad;
  }
  return true;
}

static bool pad_value(const ci_site *c, float *out) {
  const ci_tensor *t = ci_site_const(c, 2);
  *out = ci_attr_float(c->n, "value", 0);
  if (!ci_site_given(c, 2)) return true;
  if (!t || t->count > 1) return false;
  if (t->count) *out = t->dtype == CI_F32 ? *(const float *)t->data : (float)*(const int64_t *)t->data;
  return true;
}

/* Reflections of reflections are held. */
static bool reflects_far(const ci_val *x, const ci_params *p) {
  ci_shape s;
  if (p->mode != CI_PAD_REFLECT || !ci_dims_shape(x->rank, x->dim, x->layout, &s)) return false;
  for (int i = 0; i < 4; i++) {
    int32_t other = p->pads[(i + 2) % 4], size = i % 2 ? s.w : s.h;
    if (p->pads[i] >= size + (other < 0 ? other : 0)) return true;
  }
  return false;
}

static int lower_pad(ci_site *c) {
  static const char *const modes[] = {"constant", "reflect", "edge", "wrap", NULL};
  ci_val *x = c->in[0];
  ci_params p;
  ci_node *n;
  ci_params_init(&p);
  p.mode = choice(ci_attr_string(c->n, "mode", "constant"), modes);
  memset(p.pads, 0, sizeof p.pads);
  if (x->map < 0 || p.mode < 0 || !read_pads(c, x->layout, p.pads) || !pad_value(c, &p.value) || reflects_far(x, &p))
    return CI_LOWER_PASS;
  int status = ci_site_emit(c, CI_OP_pad, &x->map, 1, &n);
  if (status) return status;
  n->p = p;
  return ci_set_map(c->out, n->out, x->layout);
}

/* ---- blocks --------------------------------------------------------------------------------------------- */

static int blocks(ci_site *c, ci_op_id op, int32_t crd) {
  int64_t block = ci_attr_int(c->n, "blocksize", 0);
  int32_t map;
  ci_node *n;
  if (block < 1 || block > 256) return CI_LOWER_PASS;
  int status = ci_as_map(c->s, c->in[0], CI_LAYOUT_NCHW, &map);
  if (!status) status = ci_site_emit(c, op, &map, 1, &n);
  if (status) return status;
  n->p.block = (int32_t)block, n->p.crd = crd;
  return ci_set_map(c->out, n->out, CI_LAYOUT_NCHW);
}

static int lower_depth_to_space(ci_site *c) {
  return blocks(c, CI_OP_depth_to_space, !strcmp(ci_attr_string(c->n, "mode", "DCR"), "CRD"));
}

static int lower_space_to_depth(ci_site *c) {
  if (strcmp(ci_attr_string(c->n, "mode", "DCR"), "DCR")) return CI_LOWER_PASS;
  return blocks(c, CI_OP_space_to_depth, 0);
}

/* ---- resampling ------------------------------------------------------------------------------------------ */

static bool resize_modes(const ci_site *c, ci_params *p) {
  static const char *const modes[] = {"nearest", "linear", "cubic", NULL};
  static const char *const coords[] = {"half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric",
                                       "half_pixel_symmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize", NULL};
  static const char *const nearest[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil", NULL};
  bool old = ci_pnode_opset(c->s->p, c->n) < 11 || !strcmp(c->n->type, "Upsample");
  const char *mode = ci_attr_string(c->n, "mode", "nearest");
  p->mode = !strcmp(mode, "bilinear") ? CI_RESIZE_LINEAR : choice(mode, modes);
  p->coord = choice(ci_attr_string(c->n, "coordinate_transformation_mode", old ? "asymmetric" : "half_pixel"), coords);
  p->nearest = choice(ci_attr_string(c->n, "nearest_mode", old ? "floor" : "round_prefer_floor"), nearest);
  p->cubic_a = ci_attr_float(c->n, "cubic_coeff_a", -0.75f);
  const char *policy = ci_attr_string(c->n, "keep_aspect_ratio_policy", "stretch");
  p->antialias = ci_attr_int(c->n, "antialias", 0) != 0;
  p->exclude_outside = ci_attr_int(c->n, "exclude_outside", 0) != 0;
  p->value = ci_attr_float(c->n, "extrapolation_value", 0);
  return p->mode >= 0 && p->coord >= 0 && p->nearest >= 0 && !strcmp(policy, "stretch");
}

/* Of axis i of the file's list of `n_axes` (-1: all in order): which axis of the map. */
static int32_t resized_axis(const ci_site *c, ci_layout layout, const int64_t *axes, int32_t n_axes, int32_t i) {
  int64_t axis = n_axes >= 0 ? axes[i] : i;
  int32_t rank = c->in[0]->rank;
  return ci_map_axis(rank, layout, (int32_t)(axis < 0 ? axis + rank : axis));
}

/* The part that is shown; all of the other axes must be. Parts that run backwards are held. */
static bool resize_roi(const ci_site *c, ci_layout layout, ci_params *p) {
  if (p->coord != CI_COORD_TF_CROP_AND_RESIZE) return true;
  const ci_tensor *t = ci_site_const(c, 1);
  const int64_t *axes = NULL;
  int32_t n_axes = ci_attr_ints(c->n, "axes", &axes), n = n_axes >= 0 ? n_axes : c->in[0]->rank;
  if (!t || t->dtype != CI_F32 || t->count != 2 * (size_t)n) return false;
  const float *v = t->data;
  for (int32_t i = 0; i < n; i++) {
    int32_t along = resized_axis(c, layout, axes, n_axes, i);
    if (along < 2 && (v[i] != 0 || v[n + i] != 1)) return false;
    if (!(v[i] <= v[n + i] && fabsf(v[i]) < 1e6f && fabsf(v[n + i]) < 1e6f)) return false;
    if (along >= 2) p->roi[along - 2] = v[i], p->roi[along] = v[n + i];
  }
  return true;
}

/* The scale of each map axis where the file says scales; they must be 1 for the others. */
static bool resize_scales(const ci_site *c, ci_layout layout, ci_params *p) {
  bool old = ci_pnode_opset(c->s->p, c->n) < 11 || !strcmp(c->n->type, "Upsample");
  const ci_tensor *t = ci_site_const(c, old ? 1 : 2);
  const int64_t *axis_list = NULL;
  const float *v = NULL;
  int32_t rank = c->in[0]->rank, n = ci_attr_floats(c->n, "scales", &v);
  int32_t n_axes = ci_attr_ints(c->n, "axes", &axis_list);
  if (n < 0 && ci_site_given(c, old ? 1 : 2)) {
    if (!t || t->dtype != CI_F32) return false;
    if (t->count) v = t->data, n = (int32_t)t->count;
  }
  if (n > 0 && n != (n_axes >= 0 ? n_axes : rank)) return false;
  for (int32_t i = 0; i < n; i++) {
    int64_t axis = n_axes >= 0 ? axis_list[i] : i;
    int32_t along = resized_axis(c, layout, axis_list, n_axes, i);
    if (along >= 2) p->scale[along - 2] = v[i];
    else if (v[i] != 1) return false;
    float scaled = (float)c->in[0]->dim[axis < 0 ? axis + rank : axis] * v[i];
    bool corners = p->coord == CI_COORD_ALIGN_CORNERS || p->coord == CI_COORD_TF_CROP_AND_RESIZE;
    if (corners && scaled != floorf(scaled)) return false; /* corners of a part of a sample */
  }
  return true;
}

/* Before opset 11 the nearest was the next below, but the next above along an axis that shrinks. */
static bool resize_nearest(const ci_site *c, ci_params *p) {
  bool shrinks = false, grows = false;
  if (p->mode != CI_RESIZE_NEAREST || (ci_pnode_opset(c->s->p, c->n) >= 11 && strcmp(c->n->type, "Upsample"))) return true;
  for (int i = 0; i < 2; i++) {
    float step = p->scale[i] > 0 ? 1 / p->scale[i] : 1;
    if (step == truncf(step)) continue; /* every place is whole */
    shrinks = shrinks || step > 1;
    grows = grows || step < 1;
  }
  if (shrinks) p->nearest = CI_NEAREST_CEIL;
  return !shrinks || !grows;
}

static int lower_resize(ci_site *c) {
  ci_val *x = c->in[0];
  ci_params p;
  ci_node *n;
  ci_shape from, to;
  ci_params_init(&p);
  if (x->map < 0 || !ci_dims_shape(x->rank, x->dim, x->layout, &from) ||
      !ci_dims_shape(c->out->rank, c->out->dim, x->layout, &to) || from.c != to.c)
    return CI_LOWER_PASS;
  if (!resize_modes(c, &p) || !resize_scales(c, x->layout, &p) || !resize_nearest(c, &p) ||
      !resize_roi(c, x->layout, &p))
    return CI_LOWER_PASS;
  p.size[0] = to.h, p.size[1] = to.w;
  int status = ci_site_emit(c, CI_OP_resize, &x->map, 1, &n);
  if (status) return status;
  n->p = p;
  return ci_set_map(c->out, n->out, x->layout);
}

static int lower_grid_sample(ci_site *c) {
  static const char *const modes[] = {"nearest", "bilinear", "bicubic", NULL}, *const newer[] = {"nearest", "linear", "cubic", NULL};
  static const char *const pads[] = {"zeros", "border", "reflection", NULL};
  const char *mode = ci_attr_string(c->n, "mode", "bilinear");
  int32_t in[2], which = choice(mode, modes) >= 0 ? choice(mode, modes) : choice(mode, newer);
  int32_t pad = choice(ci_attr_string(c->n, "padding_mode", "zeros"), pads);
  ci_node *n;
  if (c->in[0]->rank != 4 || which < 0 || pad < 0) return CI_LOWER_PASS;
  int status = ci_as_map(c->s, c->in[0], CI_LAYOUT_NCHW, &in[0]);
  if (!status) status = ci_as_map(c->s, c->in[1], CI_LAYOUT_NHWC, &in[1]);
  if (!status) status = ci_site_emit(c, CI_OP_grid_sample, in, 2, &n);
  if (status) return status;
  n->p.mode = which, n->p.grid_pad = pad, n->p.align_corners = ci_attr_int(c->n, "align_corners", 0) != 0;
  return ci_set_map(c->out, n->out, CI_LAYOUT_NCHW);
}

const ci_lower_rule ci_lower_space_rules[] = {
    {"Concat", lower_concat},
    {"Slice", lower_slice},
    {"Split", lower_split},
    {"Gather", lower_gather},
    {"Pad", lower_pad},
    {"DepthToSpace", lower_depth_to_space},
    {"SpaceToDepth", lower_space_to_depth},
    {"Resize", lower_resize},
    {"Upsample", lower_resize},
    {"GridSample", lower_grid_sample},
    {NULL, NULL},
};
