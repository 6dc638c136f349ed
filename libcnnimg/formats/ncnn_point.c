/* SPDX-License-Identifier: MIT */
/* ncnn_point.c - ncnn's layers that look at one place: activations, arithmetic, scales, normalisations */
#include <float.h>
#include <math.h>
#include <string.h>

#include "formats/ncnn.h"

/* ---- activations -------------------------------------------------------------------------------------------- */

int32_t ci_ncnn_clip(ci_build *b, int32_t x, double low, double high) {
  const int32_t in[3] = {x, low > -FLT_MAX ? ci_build_scalar(b, (float)low) : CI_NONE,
                         high < FLT_MAX ? ci_build_scalar(b, (float)high) : CI_NONE};
  return ci_build_node(b, "Clip", in, 3);
}

static int32_t hard_sigmoid(ci_build *b, int32_t x, double alpha, double beta) {
  int32_t y = ci_build_op1(b, "HardSigmoid", x);
  ci_build_attr_float(b, "alpha", (float)alpha);
  ci_build_attr_float(b, "beta", (float)beta);
  return y;
}

static int32_t leaky(ci_build *b, int32_t x, double slope) {
  return slope == 0 ? ci_build_op1(b, "Relu", x) : ci_build_leaky(b, x, (float)slope);
}

int32_t ci_ncnn_activate(ci_ncnn_net *n, ci_ncnn_layer *l, int32_t x) {
  static const double none[2] = {0};
  int32_t count, type = ci_ncnn_within(n, l, 9, 0, 0, 6);
  static const int32_t wants[] = {0, 0, 1, 2, 0, 0, 2};
  const double *v = ci_ncnn_list(l, 10, &count);
  if (count < wants[type]) {
    ci_ncnn_refuse(n, l, CNNIMG_CORRUPT, "its activation lacks numbers");
    v = none;
  }
  switch (type) {
    case 1:
      return ci_build_op1(n->b, "Relu", x);
    case 2:
      return leaky(n->b, x, v[0]);
    case 3:
      return ci_ncnn_clip(n->b, x, v[0], v[1]);
    case 4:
      return ci_build_op1(n->b, "Sigmoid", x);
    case 5:
      return ci_build_op1(n->b, "Mish", x);
    case 6:
      return ci_build_op2(n->b, "Mul", x, hard_sigmoid(n->b, x, v[0], v[1]));
    default:
      return x;
  }
}

static int32_t first(ci_ncnn_net *n, const ci_ncnn_layer *l) { return ci_ncnn_in(n, l, 0)->value; }

/* Those that have no parameters. */
static void named(ci_ncnn_net *n, ci_ncnn_layer *l) {
  static const char *const same[][2] = {{"Sigmoid", "Sigmoid"}, {"TanH", "Tanh"},         {"Mish", "Mish"},
                                        {"AbsVal", "Abs"},      {"Softplus", "Softplus"}, {"Erf", "Erf"}};
  for (size_t i = 0; i < sizeof same / sizeof *same; i++)
    if (!strcmp(same[i][0], l->type)) ci_ncnn_map(n, l, ci_build_op1(n->b, same[i][1], first(n, l)));
}

static void relu(ci_ncnn_net *n, ci_ncnn_layer *l) {
  ci_ncnn_map(n, l, leaky(n->b, first(n, l), ci_ncnn_num(l, 0, 0)));
}

static void prelu(ci_ncnn_net *n, ci_ncnn_layer *l) {
  int64_t c = ci_ncnn_within(n, l, 0, 0, 1, 1 << 20);
  if (c > 1) ci_ncnn_channels(n, l, ci_ncnn_in(n, l, 0), c);
  if (ci_ncnn_in(n, l, 0)->dims == 2)
    ci_ncnn_refuse(n, l, CNNIMG_UNSUPPORTED, "of a plane it is not supported");
  ci_ncnn_map(n, l, ci_build_op2(n->b, "PRelu", first(n, l), ci_ncnn_plain_channels(n, l, c)));
}

static void clip(ci_ncnn_net *n, ci_ncnn_layer *l) {
  double low = ci_ncnn_num(l, 0, -FLT_MAX), high = ci_ncnn_num(l, 1, FLT_MAX);
  ci_ncnn_map(n, l, ci_ncnn_clip(n->b, first(n, l), low, high));
}

static void swish(ci_ncnn_net *n, ci_ncnn_layer *l) {
  int32_t x = first(n, l);
  ci_ncnn_map(n, l, ci_build_op2(n->b, "Mul", x, ci_build_op1(n->b, "Sigmoid", x)));
}

static void hard(ci_ncnn_net *n, ci_ncnn_layer *l) {
  int32_t x = first(n, l);
  int32_t y = hard_sigmoid(n->b, x, ci_ncnn_num(l, 0, 0.2), ci_ncnn_num(l, 1, 0.5));
  ci_ncnn_map(n, l, strcmp(l->type, "HardSwish") ? y : ci_build_op2(n->b, "Mul", x, y));
}

static void gelu(ci_ncnn_net *n, ci_ncnn_layer *l) {
  int32_t fast = ci_ncnn_within(n, l, 0, 0, 0, 1), y = ci_build_op1(n->b, "Gelu", first(n, l));
  ci_build_attr_string(n->b, "approximate", fast ? "tanh" : "none");
  ci_ncnn_map(n, l, y);
}

static void elu(ci_ncnn_net *n, ci_ncnn_layer *l) {
  bool scaled = !strcmp(l->type, "SELU");
  int32_t y = ci_build_op1(n->b, scaled ? "Selu" : "Elu", first(n, l));
  ci_build_attr_float(n->b, "alpha", (float)ci_ncnn_num(l, 0, scaled ? 1.67326324 : 0.1));
  if (scaled) ci_build_attr_float(n->b, "gamma", (float)ci_ncnn_num(l, 1, 1.050700987));
  ci_ncnn_map(n, l, y);
}

/* ---- arithmetic --------------------------------------------------------------------------------------------- */

/* Maps that meet: the larger's dimensions, what is known of either. */
static ci_ncnn_blob meet(const ci_ncnn_blob *a, const ci_ncnn_blob *b) {
  ci_ncnn_blob y = a->dims >= b->dims ? *a : *b;
  const ci_ncnn_blob *other = a->dims >= b->dims ? b : a;
  if (y.c == 1 || !y.c) y.c = other->c ? other->c : y.c; /* one channel spreads */
  if (!y.ratio) y.ratio = other->ratio;
  y.origin = -1;
  return y;
}

static void check_meeting(ci_ncnn_net *n, const ci_ncnn_layer *l, ci_ncnn_blob *a, ci_ncnn_blob *b) {
  bool planes = a->dims == 2 || b->dims == 2;
  if (planes && a->dims != b->dims && a->c != 1 && b->c != 1)
    ci_ncnn_refuse(n, l, CNNIMG_UNSUPPORTED, "a plane that meets a map is not supported");
  if (!planes && a->c > 1 && b->c > 1 && a->c != b->c)
    ci_ncnn_refuse(n, l, CNNIMG_CORRUPT, "blobs of different channels meet");
}

static int32_t scale_by(ci_build *b, int32_t x, double by) {
  return by == 1 ? x : ci_build_scale(b, x, (float)by);
}

static void eltwise(ci_ncnn_net *n, ci_ncnn_layer *l) {
  static const char *const ops[] = {"Mul", "Add", "Max"};
  int32_t op = ci_ncnn_within(n, l, 0, 0, 0, 2), count;
  const double *by = ci_ncnn_list(l, 1, &count);
  ci_ncnn_blob y = *ci_ncnn_in(n, l, 0);
  if (count && (op != 1 || count != l->n_in)) {
    ci_ncnn_refuse(n, l, CNNIMG_CORRUPT, "its factors do not go with its blobs");
    return;
  }
  y.value = scale_by(n->b, y.value, count ? by[0] : 1);
  for (int32_t i = 1; i < l->n_in; i++) {
    ci_ncnn_blob *x = ci_ncnn_in(n, l, i);
    check_meeting(n, l, &y, x);
    int32_t value = ci_build_op2(n->b, ops[op], y.value, scale_by(n->b, x->value, count ? by[i] : 1));
    y = meet(&y, x);
    y.value = value;
  }
  ci_ncnn_put(n, l, 0, y);
}

static void binary(ci_ncnn_net *n, ci_ncnn_layer *l) {
  static const char *const ops[] = {"Add", "Sub", "Mul", "Div", "Max", "Min",
                                    "Pow", "Sub", "Div", NULL,  "Pow"};
  int32_t op = ci_ncnn_within(n, l, 0, 0, 0, 10), scalar = ci_ncnn_within(n, l, 1, 0, 0, 1);
  double number = ci_ncnn_num(l, 2, 0);
  if (!ops[op] || l->n_in != (scalar ? 1 : 2)) {
    ci_ncnn_refuse(n, l, ops[op] ? CNNIMG_CORRUPT : CNNIMG_UNSUPPORTED,
                   ops[op] ? "it has another number of blobs" : "that operation is not supported");
    return;
  }
  ci_ncnn_blob *a = ci_ncnn_in(n, l, 0), *second = scalar ? a : ci_ncnn_in(n, l, 1);
  int32_t x = a->value, y = scalar ? ci_build_scalar(n->b, (float)number) : second->value;
  check_meeting(n, l, a, second);
  ci_ncnn_blob out = scalar ? *a : meet(a, second);
  bool turned = op >= 7;
  out.value = ci_build_op2(n->b, ops[op], turned ? y : x, turned ? x : y);
  ci_ncnn_put(n, l, 0, out);
}

static void unary(ci_ncnn_net *n, ci_ncnn_layer *l) {
  static const char *const ops[] = {"Abs",  "Neg",        "Floor", "Ceil", NULL,   "Sqrt", NULL,
                                    "Exp",  "Log",        "Sin",   "Cos",  "Tan",  "Asin", "Acos",
                                    "Atan", "Reciprocal", "Tanh",  NULL,   "Round"};
  int32_t op = ci_ncnn_within(n, l, 0, 0, 0, 18), x = first(n, l), y = -1;
  if (op == 4) y = ci_build_op2(n->b, "Mul", x, x);
  else if (op == 6) y = ci_build_op1(n->b, "Reciprocal", ci_build_op1(n->b, "Sqrt", x));
  else if (op == 17) y = ci_build_scale(n->b, ci_build_op1(n->b, "Log", x), (float)(1 / log(10)));
  else y = ci_build_op1(n->b, ops[op], x);
  ci_ncnn_map(n, l, y);
}

/* shift + x * scale, as exponent, logarithm or base */
static void line(ci_ncnn_net *n, ci_ncnn_layer *l) {
  double base = ci_ncnn_num(l, 0, strcmp(l->type, "Power") ? -1 : 1), shift = ci_ncnn_num(l, 2, 0);
  int32_t x = scale_by(n->b, first(n, l), ci_ncnn_num(l, 1, 1));
  if (shift != 0) x = ci_build_op2(n->b, "Add", x, ci_build_scalar(n->b, (float)shift));
  if (!strcmp(l->type, "Power")) {
    if (base != 1) x = ci_build_op2(n->b, "Pow", x, ci_build_scalar(n->b, (float)base));
  } else if (!strcmp(l->type, "Exp")) {
    x = ci_build_op1(n->b, "Exp", base == -1 ? x : ci_build_scale(n->b, x, (float)log(base)));
  } else {
    x = ci_build_op1(n->b, "Log", x);
    if (base != -1) x = ci_build_scale(n->b, x, (float)(1 / log(base)));
  }
  ci_ncnn_map(n, l, x);
}

static void same(ci_ncnn_net *n, ci_ncnn_layer *l) {
  ci_ncnn_map(n, l, scale_by(n->b, first(n, l), strcmp(l->type, "Dropout") ? 1 : ci_ncnn_num(l, 0, 1)));
}

/* Types of storage, which a network of floats has no use for; of integers it would be something else. */
static void cast(ci_ncnn_net *n, ci_ncnn_layer *l) {
  int32_t from = ci_ncnn_within(n, l, 0, 0, 0, 4), to = ci_ncnn_within(n, l, 1, 0, 0, 4);
  if (from == 3 || to == 3) ci_ncnn_refuse(n, l, CNNIMG_UNSUPPORTED, "a cast to int8 is not supported");
  ci_ncnn_map(n, l, first(n, l));
}

/* ---- scales and normalisations ------------------------------------------------------------------------------- */

static void not_plane(ci_ncnn_net *n, const ci_ncnn_layer *l) {
  if (!n->b->status && ci_ncnn_in(n, l, 0)->dims == 2)
    ci_ncnn_refuse(n, l, CNNIMG_UNSUPPORTED, "of a plane it is not supported");
}

static void scale(ci_ncnn_net *n, ci_ncnn_layer *l) {
  int32_t c = ci_ncnn_int(n, l, 0, 0), x = first(n, l);
  bool bias = ci_ncnn_within(n, l, 1, 0, 0, 1);
  not_plane(n, l);
  if (c == CI_NCNN_REST) {
    if (l->n_in != 2 || bias) ci_ncnn_refuse(n, l, CNNIMG_UNSUPPORTED, "a scale of a blob, with a bias");
    if (n->b->status) return;
    check_meeting(n, l, ci_ncnn_in(n, l, 0), ci_ncnn_in(n, l, 1));
    ci_ncnn_map(n, l, ci_build_op2(n->b, "Mul", x, ci_ncnn_in(n, l, 1)->value));
    return;
  }
  if (c < 1) ci_ncnn_refuse(n, l, CNNIMG_CORRUPT, "it has no channels");
  ci_ncnn_channels(n, l, ci_ncnn_in(n, l, 0), c);
  x = ci_build_op2(n->b, "Mul", x, ci_ncnn_plain_channels(n, l, c));
  if (bias) x = ci_build_op2(n->b, "Add", x, ci_ncnn_plain_channels(n, l, c));
  ci_ncnn_map(n, l, x);
}

static void bias(ci_ncnn_net *n, ci_ncnn_layer *l) {
  int32_t c = ci_ncnn_within(n, l, 0, 0, 1, 1 << 20);
  not_plane(n, l);
  ci_ncnn_channels(n, l, ci_ncnn_in(n, l, 0), c);
  ci_ncnn_map(n, l, ci_build_op2(n->b, "Add", first(n, l), ci_ncnn_plain_channels(n, l, c)));
}

/* In the file: slope, mean, variance, bias. */
static void batch_norm(ci_ncnn_net *n, ci_ncnn_layer *l) {
  int64_t c = ci_ncnn_within(n, l, 0, 0, 1, 1 << 20);
  double epsilon = ci_ncnn_num(l, 1, 0);
  not_plane(n, l);
  ci_ncnn_channels(n, l, ci_ncnn_in(n, l, 0), c);
  int32_t slope = ci_ncnn_plain(n, l, 1, &c), mean = ci_ncnn_plain(n, l, 1, &c);
  int32_t variance = ci_ncnn_plain(n, l, 1, &c), offset = ci_ncnn_plain(n, l, 1, &c);
  const int32_t in[5] = {first(n, l), slope, offset, mean, variance};
  int32_t y = ci_build_node(n->b, "BatchNormalization", in, 5);
  ci_build_attr_float(n->b, "epsilon", (float)epsilon);
  ci_ncnn_map(n, l, y);
}

static int32_t filled(ci_ncnn_net *n, int64_t count, float v) {
  ci_tensor *t = ci_tensor_new(CI_F32, 1, &count);
  for (size_t i = 0; t && i < t->count; i++) ((float *)t->owned)[i] = v;
  return ci_build_tensor(n->b, t);
}

/* Groups of channels, or each channel of its own; what is learnt is one factor and one sum a channel. */
static void group_norm(ci_ncnn_net *n, ci_ncnn_layer *l) {
  bool each = !strcmp(l->type, "InstanceNorm");
  int32_t groups = each ? 1 : ci_ncnn_within(n, l, 0, 1, 1, 1 << 20);
  int64_t c = ci_ncnn_within(n, l, each ? 0 : 1, 0, 0, 1 << 20);
  double epsilon = ci_ncnn_num(l, each ? 1 : 2, 0.001);
  bool affine = ci_ncnn_within(n, l, each ? 2 : 3, 1, 0, 1);
  not_plane(n, l);
  if (!c) c = ci_ncnn_in(n, l, 0)->c;
  if (c < 1 || (!each && c % groups))
    ci_ncnn_refuse(n, l, CNNIMG_CORRUPT, "it has no channels, or a broken group");
  if (n->b->status) return;
  ci_ncnn_channels(n, l, ci_ncnn_in(n, l, 0), c);
  if (!each) n->b->p->opset = CI_GROUPS_OPSET;
  const int32_t in[3] = {first(n, l), filled(n, c, 1), filled(n, c, 0)};
  int32_t y = ci_build_node(n->b, each ? "InstanceNormalization" : "GroupNormalization", in, 3);
  ci_build_attr_float(n->b, "epsilon", (float)epsilon);
  if (!each) ci_build_attr_int(n->b, "num_groups", groups);
  if (affine) y = ci_build_op2(n->b, "Mul", y, ci_ncnn_plain_channels(n, l, c));
  if (affine) y = ci_build_op2(n->b, "Add", y, ci_ncnn_plain_channels(n, l, c));
  ci_ncnn_map(n, l, y);
}

/* Along the innermost dimension: PyTorch's, of channels that were turned there. */
static void layer_norm(ci_ncnn_net *n, ci_ncnn_layer *l) {
  int64_t size = ci_ncnn_within(n, l, 0, 0, 1, 1 << 20);
  double epsilon = ci_ncnn_num(l, 1, 0.001);
  bool affine = ci_ncnn_within(n, l, 2, 1, 0, 1);
  if (ci_ncnn_in(n, l, 0)->dims == 1)
    ci_ncnn_refuse(n, l, CNNIMG_UNSUPPORTED, "of a single row it is not supported");
  int32_t gamma = affine ? ci_ncnn_plain(n, l, 1, &size) : filled(n, size, 1);
  int32_t beta = affine ? ci_ncnn_plain(n, l, 1, &size) : filled(n, size, 0);
  int32_t y = ci_build_node(n->b, "LayerNormalization", (const int32_t[]){first(n, l), gamma, beta}, 3);
  ci_build_attr_int(n->b, "axis", -1);
  ci_build_attr_float(n->b, "epsilon", (float)epsilon);
  ci_ncnn_map(n, l, y);
}

const ci_ncnn_named ci_ncnn_pointwise[] = {{"Sigmoid", named, 1},
                                           {"TanH", named, 1},
                                           {"Mish", named, 1},
                                           {"AbsVal", named, 1},
                                           {"Softplus", named, 1},
                                           {"Erf", named, 1},
                                           {"ReLU", relu, 1},
                                           {"PReLU", prelu, 1},
                                           {"Clip", clip, 1},
                                           {"Swish", swish, 1},
                                           {"HardSwish", hard, 1},
                                           {"HardSigmoid", hard, 1},
                                           {"GELU", gelu, 1},
                                           {"ELU", elu, 1},
                                           {"SELU", elu, 1},
                                           {"Eltwise", eltwise, -1},
                                           {"BinaryOp", binary, -1},
                                           {"UnaryOp", unary, 1},
                                           {"Exp", line, 1},
                                           {"Log", line, 1},
                                           {"Power", line, 1},
                                           {"Dropout", same, 1},
                                           {"Noop", same, 1},
                                           {"Cast", cast, 1},
                                           {"Scale", scale, -1},
                                           {"Bias", bias, 1},
                                           {"BatchNorm", batch_norm, 1},
                                           {"GroupNorm", group_norm, 1},
                                           {"InstanceNorm", group_norm, 1},
                                           {"LayerNorm", layer_norm, 1},
                                           {NULL, NULL, 0}};
