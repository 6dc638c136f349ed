/* SPDX-License-Identifier: MIT */
/* tf_array.c - TensorFlow's operations on shapes: reshaping, joining, padding, means, sizes computed from sizes */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "formats/tf_graph.h"

static int32_t reshape(const ci_tf_site *s) {
  int32_t x = ci_tf_in(s, 0), shape = ci_tf_in(s, 1);
  return ci_build_op2(s->b, "Reshape", x, shape);
}

static int32_t shape_of(const ci_tf_site *s) { return ci_build_op1(s->b, "Shape", ci_tf_in(s, 0)); }

static int32_t transpose(const ci_tf_site *s) {
  int64_t perm[2 * CI_MAX_RANK];
  int32_t x = ci_tf_in(s, 0), n = ci_tf_const_ints(s, 1, perm);
  if (n < 1) return ci_tf_fail(s, CNNIMG_UNSUPPORTED, "has an order that is not a constant");
  return ci_put_transpose(s->b, x, perm, (size_t)n);
}

static int32_t squeeze(const ci_tf_site *s) {
  int64_t axes[CI_MAX_RANK];
  int32_t n = ci_tf_ints(s->n, "squeeze_dims", axes, CI_MAX_RANK), x = ci_tf_in(s, 0);
  if (n < 0) n = ci_tf_ints(s->n, "axis", axes, CI_MAX_RANK);
  if (n > CI_MAX_RANK) return ci_tf_fail(s, CNNIMG_CORRUPT, "has too many axes");
  return n > 0 ? ci_build_op2(s->b, "Squeeze", x, ci_build_ints(s->b, axes, (size_t)n))
               : ci_build_op1(s->b, "Squeeze", x);
}

static int32_t expand(const ci_tf_site *s) {
  int64_t axis[2 * CI_MAX_RANK];
  int32_t x = ci_tf_in(s, 0);
  if (ci_tf_const_ints(s, 1, axis) != 1)
    return ci_tf_fail(s, CNNIMG_UNSUPPORTED, "has an axis that is not a constant");
  return ci_build_op2(s->b, "Unsqueeze", x, ci_build_ints(s->b, axis, 1));
}

/* ---- joining --------------------------------------------------------------------------------------- */

static int32_t join(const ci_tf_site *s, int32_t first, int32_t n, int64_t axis, bool stack) {
  int32_t *ids = ci_calloc((size_t)n + 1, sizeof *ids), y = -1;
  if (!ids) return ci_tf_fail(s, CNNIMG_NOMEM, "does not fit into memory");
  for (int32_t i = 0; i < n && !s->b->status; i++) {
    ids[i] = ci_tf_in(s, first + i);
    if (stack) ids[i] = ci_build_op2(s->b, "Unsqueeze", ids[i], ci_build_ints(s->b, &axis, 1));
  }
  if (n == 1) y = ids[0];
  else y = ci_put_many(s->b, "Concat", ids, (size_t)n);
  if (n > 1) ci_build_attr_int(s->b, "axis", axis);
  free(ids);
  return y;
}

static int32_t concat_at(const ci_tf_site *s, int32_t first, int32_t axis_at) {
  int64_t axis[2 * CI_MAX_RANK];
  if (s->n->n_in < 2) return ci_tf_fail(s, CNNIMG_CORRUPT, "joins nothing");
  if (ci_tf_const_ints(s, axis_at, axis) != 1)
    return ci_tf_fail(s, CNNIMG_UNSUPPORTED, "has an axis that is not a constant");
  return join(s, first, s->n->n_in - 1, axis[0], false);
}

static int32_t concat_v2(const ci_tf_site *s) { return concat_at(s, 0, s->n->n_in - 1); }
static int32_t concat(const ci_tf_site *s) { return concat_at(s, 1, 0); }

/* Numbers side by side are a constant: places to cut at come so. */
static int32_t pack_numbers(const ci_tf_site *s) {
  int64_t v[2 * CI_MAX_RANK], one[2 * CI_MAX_RANK];
  if (s->n->n_in > 2 * CI_MAX_RANK) return -1;
  for (int32_t i = 0; i < s->n->n_in; i++) {
    const ci_tensor *t = ci_tf_const(s, i);
    if (!t || t->rank || ci_tf_const_ints(s, i, one) != 1) return -1;
    v[i] = one[0];
  }
  return ci_build_ints(s->b, v, (size_t)s->n->n_in);
}

static int32_t pack(const ci_tf_site *s) {
  if (!s->n->n_in) return ci_tf_fail(s, CNNIMG_CORRUPT, "joins nothing");
  int32_t v = pack_numbers(s);
  return v >= 0 ? v : join(s, 0, s->n->n_in, ci_tf_int(s->n, "axis", 0), true);
}

/* ---- padding ------------------------------------------------------------------------------------------ */

/* TensorFlow: a pair an axis; ONNX: all before, then all after. */
static int32_t pads_of(const ci_tf_site *s) {
  int64_t v[2 * CI_MAX_RANK], pads[2 * CI_MAX_RANK];
  int32_t n = ci_tf_const_ints(s, 1, v);
  if (n < 2 || n % 2) return ci_tf_fail(s, CNNIMG_UNSUPPORTED, "has a padding that is not a constant");
  for (int32_t i = 0; i < n / 2; i++) pads[i] = v[2 * i], pads[n / 2 + i] = v[2 * i + 1];
  return ci_build_ints(s->b, pads, (size_t)n);
}

static int32_t pad(const ci_tf_site *s) {
  int32_t in[3] = {ci_tf_in(s, 0), pads_of(s), s->n->n_in > 2 ? ci_tf_in(s, 2) : CI_NONE};
  return ci_build_node(s->b, "Pad", in, 3);
}

static int32_t mirror_pad(const ci_tf_site *s) {
  if (!ci_tf_word(s->n, "mode", "REFLECT"))
    return ci_tf_fail(s, CNNIMG_UNSUPPORTED, "pads in a way that is not known");
  int32_t x = ci_tf_in(s, 0), y = ci_build_op2(s->b, "Pad", x, pads_of(s));
  ci_build_attr_string(s->b, "mode", "reflect");
  return y;
}

/* ---- means ------------------------------------------------------------------------------------------------ */

static int32_t reduce(const ci_tf_site *s) {
  static const char *const names[][2] = {{"Mean", "ReduceMean"},
                                         {"Sum", "ReduceSum"},
                                         {"Max", "ReduceMax"},
                                         {"Min", "ReduceMin"},
                                         {"Prod", "ReduceProd"}};
  int64_t axes[2 * CI_MAX_RANK];
  int32_t x = ci_tf_in(s, 0), n = ci_tf_const_ints(s, 1, axes), y = -1;
  if (n < 1) return ci_tf_fail(s, CNNIMG_UNSUPPORTED, "has axes that are not constants");
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (ci_text_is(s->n->op, names[i][0]))
      y = ci_build_op2(s->b, names[i][1], x, ci_build_ints(s->b, axes, (size_t)n));
  ci_build_attr_int(s->b, "keepdims", ci_tf_int(s->n, "keep_dims", 0) != 0);
  return y;
}

static int32_t tile(const ci_tf_site *s) {
  int32_t x = ci_tf_in(s, 0), times = ci_tf_in(s, 1);
  return ci_build_op2(s->b, "Tile", x, times);
}

static int32_t gather(const ci_tf_site *s) {
  int64_t axis[2 * CI_MAX_RANK] = {0};
  int32_t x = ci_tf_in(s, 0), which = ci_tf_in(s, 1);
  if (s->n->n_in > 2 && ci_tf_const_ints(s, 2, axis) != 1)
    return ci_tf_fail(s, CNNIMG_UNSUPPORTED, "has an axis that is not a constant");
  int32_t y = ci_build_op2(s->b, "Gather", x, which);
  ci_build_attr_int(s->b, "axis", axis[0]);
  return y;
}

const ci_tf_op ci_tf_array_ops[] = {
    {"Reshape", reshape},   {"Shape", shape_of},     {"Transpose", transpose},  {"Squeeze", squeeze},
    {"ExpandDims", expand}, {"ConcatV2", concat_v2}, {"Concat", concat},        {"Pack", pack},
    {"Pad", pad},           {"PadV2", pad},          {"MirrorPad", mirror_pad}, {"Mean", reduce},
    {"Sum", reduce},        {"Max", reduce},         {"Min", reduce},           {"Prod", reduce},
    {"Tile", tile},         {"GatherV2", gather},    {"Gather", gather},        {NULL, NULL},
};
