/* SPDX-License-Identifier: MIT */
/* point.c - what works sample by sample: activations, arithmetic, comparisons, choices, casts, softmax */
#include <math.h>
#include <string.h>

#include "lower/state.h"

#define MOST_OPERANDS 64 /* of a chain; longer ones are held */

/* ---- one operand ------------------------------------------------------------------------------- */

/* The operand in whatever form it has; the result has the same. */
static int any_form(ci_site *c, int32_t k, int32_t *id, bool *is_map) {
  ci_val *v = c->in[k];
  *is_map = v->map >= 0;
  if (!*is_map) return ci_as_vec(c->s, v, id);
  *id = v->map;
  return CNNIMG_OK;
}

static void set_form(ci_site *c, int32_t id, bool is_map) {
  if (is_map) ci_set_map(c->out, id, c->in[0]->layout);
  else c->out->vec = id;
}

static int activation(ci_site *c, int32_t kind, float a, float b) {
  int32_t id;
  bool is_map;
  int status = any_form(c, 0, &id, &is_map);
  ci_node *n = status ? NULL : ci_lower_emit(c->s, c->n->name, CI_OP_activation, &id, 1);
  if (!n) return status ? status : c->s->err->code;
  n->act = (ci_act){kind, a, b, -1};
  set_form(c, n->out, is_map);
  return CNNIMG_OK;
}

typedef struct plain {
  const char *type;
  int32_t kind;
  const char *a, *b; /* names of attributes */
  float default_a, default_b;
} plain;

static const plain plains[] = {
    {"Relu", CI_ACT_RELU, NULL, NULL, 0, 0},
    {"LeakyRelu", CI_ACT_LEAKY, "alpha", NULL, 0.01f, 0},
    {"Elu", CI_ACT_ELU, "alpha", NULL, 1, 0},
    {"Selu", CI_ACT_SELU, "alpha", "gamma", 1.67326319217681884765625f, 1.05070102214813232421875f},
    {"Celu", CI_ACT_CELU, "alpha", NULL, 1, 0},
    {"Softplus", CI_ACT_SOFTPLUS, NULL, NULL, 0, 0},
    {"Softsign", CI_ACT_SOFTSIGN, NULL, NULL, 0, 0},
    {"HardSigmoid", CI_ACT_HARD_SIGMOID, "alpha", "beta", 0.2f, 0.5f},
    {"HardSwish", CI_ACT_HARD_SWISH, NULL, NULL, 0, 0},
    {"Swish", CI_ACT_SWISH, "alpha", NULL, 1, 0},
    {"Mish", CI_ACT_MISH, NULL, NULL, 0, 0},
    {"Sigmoid", CI_ACT_SIGMOID, NULL, NULL, 0, 0},
    {"Tanh", CI_ACT_TANH, NULL, NULL, 0, 0},
    {"ThresholdedRelu", CI_ACT_THRESHOLDED, "alpha", NULL, 1, 0},
    {"Shrink", CI_ACT_SHRINK, "lambd", "bias", 0.5f, 0},
    {"Abs", CI_ACT_ABS, NULL, NULL, 0, 0},
    {"Neg", CI_ACT_NEG, NULL, NULL, 0, 0},
    {"Sqrt", CI_ACT_SQRT, NULL, NULL, 0, 0},
    {"Exp", CI_ACT_EXP, NULL, NULL, 0, 0},
    {"Log", CI_ACT_LOG, NULL, NULL, 0, 0},
    {"Reciprocal", CI_ACT_RECIPROCAL, NULL, NULL, 0, 0},
    {"Erf", CI_ACT_ERF, NULL, NULL, 0, 0},
    {"Floor", CI_ACT_FLOOR, NULL, NULL, 0, 0},
    {"Ceil", CI_ACT_CEIL, NULL, NULL, 0, 0},
    {"Round", CI_ACT_ROUND, NULL, NULL, 0, 0},
    {"Sign", CI_ACT_SIGN, NULL, NULL, 0, 0},
    {"Not", CI_ACT_NOT, NULL, NULL, 0, 0},
    {"Sin", CI_ACT_SIN, NULL, NULL, 0, 0},
    {"Cos", CI_ACT_COS, NULL, NULL, 0, 0},
    {"Tan", CI_ACT_TAN, NULL, NULL, 0, 0},
    {"Asin", CI_ACT_ASIN, NULL, NULL, 0, 0},
    {"Acos", CI_ACT_ACOS, NULL, NULL, 0, 0},
    {"Atan", CI_ACT_ATAN, NULL, NULL, 0, 0},
    {"Sinh", CI_ACT_SINH, NULL, NULL, 0, 0},
    {"Cosh", CI_ACT_COSH, NULL, NULL, 0, 0},
    {"Asinh", CI_ACT_ASINH, NULL, NULL, 0, 0},
    {"Acosh", CI_ACT_ACOSH, NULL, NULL, 0, 0},
    {"Atanh", CI_ACT_ATANH, NULL, NULL, 0, 0},
};

static int lower_plain(ci_site *c) {
  for (size_t i = 0; i < sizeof plains / sizeof *plains; i++) {
    const plain *p = &plains[i];
    if (strcmp(p->type, c->n->type)) continue;
    return activation(c, p->kind, p->a ? ci_attr_float(c->n, p->a, p->default_a) : 0,
                      p->b ? ci_attr_float(c->n, p->b, p->default_b) : 0);
  }
  return CI_LOWER_PASS;
}

static int lower_gelu(ci_site *c) {
  bool tanh_form = !strcmp(ci_attr_string(c->n, "approximate", "none"), "tanh");
  return activation(c, tanh_form ? CI_ACT_GELU_TANH : CI_ACT_GELU, 0, 0);
}

/* A bound: an input since opset 11, an attribute before. PASS: it is computed. */
static int bound(const ci_site *c, int32_t k, const char *name, float *v) {
  *v = ci_attr_float(c->n, name, *v);
  if (!ci_site_given(c, k)) return CNNIMG_OK;
  const ci_tensor *t = ci_site_const(c, k);
  if (!t || t->count != 1) return CI_LOWER_PASS;
  *v = t->dtype == CI_F32 ? *(const float *)t->data : (float)*(const int64_t *)t->data;
  return CNNIMG_OK;
}

static int lower_clip(ci_site *c) {
  float lo = -INFINITY, hi = INFINITY;
  if (bound(c, 1, "min", &lo) || bound(c, 2, "max", &hi)) return CI_LOWER_PASS;
  return activation(c, CI_ACT_CLIP, lo, hi);
}

/* ---- passing on ------------------------------------------------------------------------------------ */

static int lower_same(ci_site *c) {
  if (c->which) return CI_LOWER_PASS;
  ci_type type = c->out->type;
  *c->out = *c->in[0];
  c->out->type = type;
  return CNNIMG_OK;
}

/* What is computed is stored as float: to integers is cutting, to truth is != 0. */
static int lower_cast(ci_site *c) {
  ci_type from = c->in[0]->type, to = c->out->type;
  int64_t target = ci_attr_int(c->n, "to", 1);
  if (to == CI_FLOAT && (target == 10 || target == 16)) return CI_LOWER_PASS; /* rounds to half precision */
  if (to == from || to == CI_FLOAT || from == CI_BOOL) return lower_same(c);
  if (to == CI_INT) return activation(c, CI_ACT_TRUNC, 0, 0);
  int status = activation(c, CI_ACT_NOT, 0, 0);
  if (status) return status;
  int32_t id = c->out->map >= 0 ? c->out->map : c->out->vec;
  ci_node *n = ci_lower_emit(c->s, c->n->name, CI_OP_activation, &id, 1);
  if (!n) return c->s->err->code;
  n->act.kind = CI_ACT_NOT;
  set_form(c, n->out, c->out->map >= 0);
  return CNNIMG_OK;
}

/* ---- several operands --------------------------------------------------------------------------------- */

/* The value with 1s in front of its dimensions. A value of its own, so that forms made of it do not mix. */
static ci_val widened(const ci_val *v, int32_t rank) {
  ci_val w = *v;
  if (v->rank >= rank) return w;
  for (int32_t i = 0; i < rank; i++) w.dim[i] = i < rank - v->rank ? 1 : v->dim[i - (rank - v->rank)];
  w.rank = rank;
  w.map = -1; /* another rank is another picture */
  return w;
}

/* Operand k as a map (or a constant for map operations) of that layout. */
static int as_operand(ci_site *c, int32_t k, int32_t rank, ci_layout layout, int32_t *id) {
  ci_val *v = c->in[k];
  if (v->tensor) return ci_const_as_map(c->s, v, rank, layout, id);
  if (v->rank >= rank) return ci_as_map(c->s, v, layout, id);
  if (v->map >= 0 && v->vec < 0) { /* the vector, once for all that widen it */
    int status = ci_as_vec(c->s, v, id);
    if (status) return status;
  }
  ci_val w = widened(v, rank);
  return ci_as_map(c->s, &w, layout, id);
}

/* The layout of the operands that are maps of the result's rank; false: none is, or they differ. */
static bool common_layout(const ci_site *c, int32_t n_in, ci_layout *layout) {
  bool found = false;
  for (int32_t k = 0; k < n_in; k++) {
    ci_layout own;
    if (c->in[k]->rank != c->out->rank || !ci_mapped_layout(c->in[k], &own)) continue;
    if (found && own != *layout) return false;
    *layout = own, found = true;
  }
  return found;
}

/* But for 1s in front. */
static bool same_dims(const ci_val *a, const ci_val *b) {
  int32_t i = 0, k = 0;
  while (i < a->rank && a->dim[i] == 1) i++;
  while (k < b->rank && b->dim[k] == 1) k++;
  return a->rank - i == b->rank - k && !memcmp(a->dim + i, b->dim + k, (size_t)(a->rank - i) * sizeof *a->dim);
}

/* Operands as vectors: each is a scalar or has the result's dimensions. */
static int vector_operand(ci_site *c, int32_t k, int32_t *id) {
  ci_val *v = c->in[k];
  int64_t n = ci_count_of(v);
  if (n != 1 && !same_dims(v, c->out)) return CI_LOWER_PASS;
  if (!v->tensor) return ci_as_vec(c->s, v, id);
  if (v->tensor->dtype != CI_F32) {
    const int64_t dim[3] = {n, 1, 1};
    ci_tensor *t = ci_lower_tensor(c->s, CI_F32, 3, dim);
    if (!t) return c->s->err->code;
    for (int64_t i = 0; i < n; i++) ((float *)t->owned)[i] = (float)((const int64_t *)v->tensor->data)[i];
    return ci_lower_const_as(c->s, t, n == 1 ? 0 : 3, dim, id);
  }
  const int64_t dim[3] = {n, 1, 1};
  return ci_lower_const_as(c->s, v->tensor, n == 1 ? 0 : 3, dim, id);
}

/* All operands in one form: maps of one layout, or vectors. *layout is VECTOR for those. */
static int operands(ci_site *c, int32_t n_in, int32_t *ids, ci_layout *layout) {
  bool maps = c->out->rank >= 2 && c->out->rank <= 4 && c->out->dim[0] == 1 && common_layout(c, n_in, layout);
  int status = maps ? CNNIMG_OK : CI_LOWER_PASS;
  for (int32_t k = 0; k < n_in && !status; k++) status = as_operand(c, k, c->out->rank, *layout, &ids[k]);
  if (status != CI_LOWER_PASS) return status;
  *layout = CI_LAYOUT_VECTOR;
  status = CNNIMG_OK;
  for (int32_t k = 0; k < n_in && !status; k++) status = vector_operand(c, k, &ids[k]);
  return status;
}

static void set_operands_form(ci_site *c, int32_t id, ci_layout layout) {
  if (layout == CI_LAYOUT_VECTOR) c->out->vec = id;
  else ci_set_map(c->out, id, layout);
}

static const struct {
  const char *type;
  int32_t mode;
} arithmetic[] = {{"Add", CI_ADD},         {"Sub", CI_SUB},           {"Mul", CI_MUL},
                  {"Div", CI_DIV},         {"Pow", CI_POW},           {"Equal", CI_EQUAL},
                  {"Greater", CI_GREATER}, {"GreaterOrEqual", CI_GREATER_EQUAL},
                  {"Less", CI_LESS},       {"LessOrEqual", CI_LESS_EQUAL},
                  {"And", CI_AND},         {"Or", CI_OR},             {"Xor", CI_XOR},
                  {"Min", CI_MIN},         {"Max", CI_MAX},           {"Sum", CI_ADD}};

static int32_t mode_of(const ci_site *c) {
  if (!strcmp(c->n->type, "Mod")) return ci_attr_int(c->n, "fmod", 0) ? CI_FMOD : CI_MOD;
  for (size_t i = 0; i < sizeof arithmetic / sizeof *arithmetic; i++)
    if (!strcmp(arithmetic[i].type, c->n->type))
      return arithmetic[i].mode == CI_DIV && c->out->type == CI_INT ? CI_INT_DIV : arithmetic[i].mode;
  return -1;
}

/* A chain of two operands each. */
static int chain(ci_site *c, const int32_t *ids, int32_t n_in, ci_layout layout) {
  int32_t so_far = ids[0], mode = mode_of(c);
  for (int32_t k = 1; k < n_in; k++) {
    const int32_t pair[2] = {so_far, ids[k]};
    ci_node *n = ci_lower_emit(c->s, c->n->name, CI_OP_binary, pair, 2);
    if (!n) return c->s->err->code;
    n->p.mode = mode;
    so_far = n->out;
  }
  set_operands_form(c, so_far, layout);
  return CNNIMG_OK;
}

/* Is the first pair of a chain of two constants? They would be no map. */
static bool starts_with_constants(const ci_site *c) {
  return c->n_in > 1 && ci_site_const(c, 0) && ci_site_const(c, 1);
}

static int lower_binary(ci_site *c) {
  int32_t ids[MOST_OPERANDS];
  ci_layout layout = CI_LAYOUT_NCHW;
  if (c->n_in == 1) return lower_same(c);
  if (mode_of(c) < 0 || c->n_in > MOST_OPERANDS || starts_with_constants(c)) return CI_LOWER_PASS;
  if (mode_of(c) == CI_POW && c->out->type == CI_INT) return CI_LOWER_PASS;
  int status = operands(c, c->n_in, ids, &layout);
  return status ? status : chain(c, ids, c->n_in, layout);
}

/* A square is a product, which is much faster; exporters write variances so. PASS: it is no square of a map. */
static int lower_square(ci_site *c) {
  const ci_tensor *t = ci_site_const(c, 1);
  float power = 0;
  if (c->out->type != CI_FLOAT || c->in[0]->map < 0 || !t || t->rank > c->in[0]->rank) return CI_LOWER_PASS;
  if (bound(c, 1, "exponent", &power) || power != 2) return CI_LOWER_PASS;
  const int32_t twice[2] = {c->in[0]->map, c->in[0]->map};
  ci_node *n = ci_lower_emit(c->s, c->n->name, CI_OP_binary, twice, 2);
  if (!n) return c->s->err->code;
  n->p.mode = CI_MUL;
  set_form(c, n->out, true);
  return CNNIMG_OK;
}

static int lower_pow(ci_site *c) {
  int status = lower_square(c);
  return status == CI_LOWER_PASS ? lower_binary(c) : status;
}

static int lower_where(ci_site *c) {
  int32_t ids[3];
  ci_layout layout = CI_LAYOUT_NCHW;
  int status = operands(c, 3, ids, &layout);
  ci_node *n = status ? NULL : ci_lower_emit(c->s, c->n->name, CI_OP_where, ids, 3);
  if (!n) return status ? status : c->s->err->code;
  set_operands_form(c, n->out, layout);
  return CNNIMG_OK;
}

/* A slope of one number, or one a channel. */
static int lower_prelu(ci_site *c) {
  const ci_tensor *t = ci_site_const(c, 1);
  ci_val *x = c->in[0];
  ci_layout layout = x->map >= 0 ? x->layout : CI_LAYOUT_NCHW;
  ci_shape m;
  int32_t map, slope;
  if (!t || t->dtype != CI_F32 || !ci_dims_shape(x->rank, x->dim, layout, &m)) return CI_LOWER_PASS;
  int32_t last = layout == CI_LAYOUT_NHWC ? 0 : x->rank - 2; /* dimensions behind the channels */
  int32_t axis = t->rank - 1 - last;
  bool each = t->count == (size_t)m.c && ((axis >= 0 && t->dim[axis] == m.c) || (ci_pnode_opset(c->s->p, c->n) < 7 && t->rank == 1));
  if (t->count != 1 && !each) return CI_LOWER_PASS;
  int status = ci_as_map(c->s, x, layout, &map);
  if (!status) status = ci_lower_const(c->s, t, &slope);
  ci_node *n = status ? NULL : ci_lower_emit(c->s, c->n->name, CI_OP_activation, &map, 1);
  if (!n) return status ? status : c->s->err->code;
  n->act = (ci_act){CI_ACT_PRELU, 0, 0, slope};
  return ci_set_map(c->out, n->out, layout);
}

/* Over the channels. Before opset 13 everything from `axis` on was one long row. */
static int lower_softmax(ci_site *c) {
  ci_val *x = c->in[0];
  bool old = ci_pnode_opset(c->s->p, c->n) < 13;
  int64_t axis = ci_attr_int(c->n, "axis", old ? 1 : -1);
  ci_layout layout = x->map >= 0 ? x->layout : CI_LAYOUT_NCHW;
  int32_t map;
  if (axis < 0) axis += x->rank;
  if ((old && axis != x->rank - 1) || (x->map < 0 && x->rank != 2)) return CI_LOWER_PASS;
  if (ci_map_axis(x->rank, layout, (int32_t)axis) != 1) return CI_LOWER_PASS;
  int status = ci_as_map(c->s, x, layout, &map);
  ci_node *n = status ? NULL : ci_lower_emit(c->s, c->n->name, CI_OP_softmax, &map, 1);
  if (!n) return status ? status : c->s->err->code;
  return ci_set_map(c->out, n->out, layout);
}

#define PLAIN(t) {t, lower_plain}
#define BINARY(t) {t, lower_binary}
const ci_lower_rule ci_lower_point_rules[] = {
    PLAIN("Relu"),     PLAIN("LeakyRelu"),  PLAIN("Elu"),     PLAIN("Selu"),      PLAIN("Celu"),       PLAIN("Softplus"),
    PLAIN("Softsign"), PLAIN("HardSigmoid"), PLAIN("HardSwish"), PLAIN("Swish"),  PLAIN("Mish"),       PLAIN("Sigmoid"),
    PLAIN("Tanh"),     PLAIN("ThresholdedRelu"), PLAIN("Shrink"), PLAIN("Abs"),   PLAIN("Neg"),        PLAIN("Sqrt"),
    PLAIN("Exp"),      PLAIN("Log"),        PLAIN("Reciprocal"), PLAIN("Erf"),    PLAIN("Floor"),      PLAIN("Ceil"),
    PLAIN("Round"),    PLAIN("Sign"),       PLAIN("Not"),     PLAIN("Sin"),       PLAIN("Cos"),        PLAIN("Tan"),
    PLAIN("Asin"),     PLAIN("Acos"),       PLAIN("Atan"),    PLAIN("Sinh"),      PLAIN("Cosh"),       PLAIN("Asinh"),
    PLAIN("Acosh"),    PLAIN("Atanh"),      {"Gelu", lower_gelu}, {"Clip", lower_clip}, {"Identity", lower_same},
    {"Dropout", lower_same}, {"Cast", lower_cast}, BINARY("Add"), BINARY("Sub"),  BINARY("Mul"),       BINARY("Div"),
    {"Pow", lower_pow},    BINARY("Equal"),     BINARY("Greater"), BINARY("GreaterOrEqual"), BINARY("Less"), BINARY("LessOrEqual"),
    BINARY("And"),     BINARY("Or"),        BINARY("Xor"),    BINARY("Min"),      BINARY("Max"),       BINARY("Sum"),
    BINARY("Mod"),     {"Where", lower_where}, {"PRelu", lower_prelu}, {"Softmax", lower_softmax},
    {NULL, NULL},
};
