/* SPDX-License-Identifier: MIT */
/* graph.h - what is computed: values, constants, nodes in topological order, and the card */
#ifndef CI_GRAPH_H
#define CI_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cnnimg.h"
#include "net/map.h"
#include "net/program.h"
#include "net/tensor.h"

typedef enum ci_op_id {
#define CI_OP(id, name) CI_OP_##id,
#include "net/ops.inc"
#undef CI_OP
  CI_OP_COUNT
} ci_op_id;

/* A map that a node (or an input) makes, or a constant. */
typedef struct ci_value {
  char *name;
  ci_tensor *tensor; /* NULL: a map */
  int32_t producer;  /* node, or -1: an input or a constant */
} ci_value;

/* x is the sample, a and b the node's. */
typedef enum ci_act_kind {
  CI_ACT_NONE,
  CI_ACT_RELU,    /* max(x, 0) */
  CI_ACT_LEAKY,   /* x < 0 ? a x : x */
  CI_ACT_PRELU,   /* the same with a slope a channel */
  CI_ACT_SIGMOID, /* 1 / (1 + exp(-x)) */
  CI_ACT_TANH,
  CI_ACT_CLIP,    /* min(max(x, a), b) */
  CI_ACT_ELU,     /* x < 0 ? a (exp(x) - 1) : x */
  CI_ACT_SELU,    /* b (x > 0 ? x : a (exp(x) - 1)) */
  CI_ACT_CELU,    /* max(x, 0) + min(0, a (exp(x / a) - 1)) */
  CI_ACT_SOFTPLUS, /* log(exp(x) + 1) */
  CI_ACT_SOFTSIGN, /* x / (1 + |x|) */
  CI_ACT_HARD_SIGMOID, /* max(0, min(1, a x + b)) */
  CI_ACT_HARD_SWISH,   /* x max(0, min(1, x / 6 + 1 / 2)) */
  CI_ACT_SWISH,        /* x / (1 + exp(-a x)) */
  CI_ACT_GELU,         /* x / 2 (1 + erf(x / sqrt(2))) */
  CI_ACT_GELU_TANH,    /* x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) */
  CI_ACT_MISH,         /* x tanh(log(exp(x) + 1)) */
  CI_ACT_THRESHOLDED,  /* x > a ? x : 0 */
  CI_ACT_SHRINK,       /* x < -a ? x + b : x > a ? x - b : 0 */
  CI_ACT_ABS, CI_ACT_NEG, CI_ACT_SQRT, CI_ACT_EXP, CI_ACT_LOG, CI_ACT_RECIPROCAL, CI_ACT_ERF,
  CI_ACT_FLOOR, CI_ACT_CEIL, CI_ACT_ROUND /* half to even */, CI_ACT_TRUNC /* towards 0 */, CI_ACT_SIGN,
  CI_ACT_NOT, /* x == 0 */
  CI_ACT_SIN, CI_ACT_COS, CI_ACT_TAN, CI_ACT_ASIN, CI_ACT_ACOS, CI_ACT_ATAN,
  CI_ACT_SINH, CI_ACT_COSH, CI_ACT_ASINH, CI_ACT_ACOSH, CI_ACT_ATANH,
  CI_ACT_COUNT
} ci_act_kind;

typedef struct ci_act {
  int32_t kind; /* a ci_act_kind */
  float a, b;
  int32_t slope; /* PRELU: the constant's value id (1 or c floats), else -1 */
} ci_act;

typedef enum ci_pad_mode { CI_PAD_CONSTANT, CI_PAD_REFLECT, CI_PAD_EDGE, CI_PAD_WRAP } ci_pad_mode;
typedef enum ci_resize_mode { CI_RESIZE_NEAREST, CI_RESIZE_LINEAR, CI_RESIZE_CUBIC } ci_resize_mode;
typedef enum ci_resize_coord { /* ONNX's coordinate_transformation_mode */
  CI_COORD_HALF_PIXEL, CI_COORD_PYTORCH_HALF_PIXEL, CI_COORD_ALIGN_CORNERS, CI_COORD_ASYMMETRIC,
  CI_COORD_HALF_PIXEL_SYMMETRIC, CI_COORD_TF_HALF_PIXEL_FOR_NN, CI_COORD_TF_CROP_AND_RESIZE
} ci_resize_coord;
typedef enum ci_nearest { CI_NEAREST_PREFER_FLOOR, CI_NEAREST_PREFER_CEIL, CI_NEAREST_FLOOR, CI_NEAREST_CEIL } ci_nearest;
typedef enum ci_binary { /* truth values are 1 and 0; logical ones take anything but 0 for true */
  CI_ADD, CI_SUB, CI_MUL, CI_DIV, CI_MIN, CI_MAX, CI_POW,
  CI_EQUAL, CI_GREATER, CI_GREATER_EQUAL, CI_LESS, CI_LESS_EQUAL, CI_AND, CI_OR, CI_XOR,
  CI_MOD /* the divisor's sign */, CI_FMOD /* the dividend's sign */, CI_INT_DIV /* quotient cut towards 0 */,
  CI_BINARY_COUNT
} ci_binary;
/* What a reduction makes of its samples. ARG_*: the index of the first one. */
typedef enum ci_reduce {
  CI_REDUCE_SUM, CI_REDUCE_MEAN, CI_REDUCE_MAX, CI_REDUCE_MIN, CI_REDUCE_L1, CI_REDUCE_L2, CI_REDUCE_SUM_SQUARE,
  CI_REDUCE_PROD, CI_REDUCE_LOG_SUM, CI_REDUCE_LOG_SUM_EXP, CI_REDUCE_ARG_MAX, CI_REDUCE_ARG_MIN,
  CI_REDUCE_COUNT
} ci_reduce;
typedef enum ci_grid_pad { CI_GRID_ZEROS, CI_GRID_BORDER, CI_GRID_REFLECTION } ci_grid_pad;
typedef enum ci_auto_pad { CI_AUTO_NOTSET, CI_AUTO_SAME_UPPER, CI_AUTO_SAME_LOWER, CI_AUTO_VALID } ci_auto_pad;

/* Parameters of every op in one flat struct; ci_params_init() sets ONNX's defaults. Pairs are (y, x). */
typedef struct ci_params {
  int32_t kernel[2], stride[2], dilation[2];
  int32_t pads[4];     /* top, left, bottom, right */
  int32_t out_pads[2]; /* transposed convolution */
  int32_t group;
  int32_t auto_pad;    /* ci_auto_pad */
  int32_t ceil_mode, count_include_pad;
  int32_t block;       /* depth/space */
  int32_t crd;         /* depth/space: 1 = CRD (PyTorch's pixel shuffle), 0 = DCR */
  int32_t mode;        /* pad: ci_pad_mode; resize, grid_sample: ci_resize_mode; binary: ci_binary; reductions: ci_reduce */
  int32_t coord, nearest, antialias, exclude_outside; /* resize */
  float roi[4];        /* resize by crop: y, x from and to, 0 to 1 is all; outside the map is p.value */
  float cubic_a;       /* resize: -0.75 by default */
  float scale[2];      /* resize; 0: use size */
  int32_t size[2];     /* resize: the output's height, width; 0: use scale */
  int32_t axis;        /* concat, softmax, slice: 1 = channels, 2 = rows, 3 = columns */
  int32_t start, end, step; /* slice along axis; negative counts from the end; end INT32_MAX: to the end */
  float value;         /* pad, resize constant; batch-norm epsilon; dense alpha */
  float beta;          /* dense */
  int32_t trans_b;     /* dense: the weight is out x in */
  int32_t grid_pad, align_corners;    /* grid_sample; grid_pad: ci_grid_pad */
  int32_t shape[3];    /* unflatten: c, h, w */
  float bias;          /* lrn (value is its alpha) */
} ci_params;

/*
 * A node. in[] are value ids (-1: absent). Per op:
 *   conv            x, weight [o, c/g, kh, kw], bias?     conv_transpose  x, weight [c, o/g, kh, kw], bias?
 *   batch_norm      x, scale, bias, mean, variance         binary          a, b (maps or constants)
 *   dense           x (1x1 map), weight, bias?             where           condition, a, b (maps or constants)
 *   pick            x, indices (int64): channel i of the result is channel indices[i] of x
 *   unflatten       x (1x1 map of c h w channels, in that order) -> the map p.shape
 *   reduce          x -> 1x1: over rows and columns        channel_reduce  x -> one channel
 *   moments         x, gamma?, beta? [c] -> 1x1 map of 2 c channels for affine: normalises p.group groups of
 *                   channels to mean 0 and variance 1 (p.value is added to the variance), then gamma, beta
 *   affine          x, s (1x1 map of 2 c channels): x s[c] + s[C + c]
 *   layer_norm      x, gamma?, beta? [c]: each pixel's channels to mean 0 and variance 1 (epsilon p.value)
 *   lrn             x: p.size[0] channels around, alpha p.value, beta p.beta, bias p.bias
 *   grid_sample     x, grid (2 channels: x and y, -1 to 1) -> a pixel for each of the grid's
 *   window_attention  x (queries, keys, values), bias? (net/attention.h): heads p.group, window p.kernel, shift p.pads[0..1],
 *                   overlap p.pads[2..3], scale p.value
 *   held            any number of vectors (1x1 maps, elements in order) and constants: see `held` below
 *   the rest        x, or x...
 * Fused by simplification: `act` is applied to the op's result, then the map in[residual] is added
 * (same shape; -1: none), then `act2`. Every op honours act; conv and conv_transpose also residual and act2.
 *
 * A tensor that is no map is held as a vector: a 1x1 map whose channels are its elements, last dimension fastest.
 */
typedef struct ci_node {
  ci_op_id op;
  char *name; /* for messages; never NULL */
  int32_t *in;
  int32_t n_in;
  int32_t out; /* value id */
  ci_params p;
  ci_act act, act2;
  int32_t residual; /* index into in[], or -1 */
  struct ci_held *held; /* op held: what is computed (tensor/held.h), else NULL; one block, freed with the graph */
} ci_node;

typedef struct ci_graph {
  ci_value *values;
  size_t n_values, cap_values;
  ci_node *nodes; /* in topological order once ci_graph_finish() has run */
  size_t n_nodes, cap_nodes;
  int32_t *inputs; /* value ids */
  size_t n_inputs, cap_inputs;
  ci_shape *input_shapes; /* beside inputs: 0 where the file leaves a size open */
  size_t cap_input_shapes;
  int32_t output; /* value id */
} ci_graph;

void ci_params_init(ci_params *p);
ci_graph *ci_graph_new(void); /* NULL: no memory */
void ci_graph_free(ci_graph *g);
/* A new value; the tensor (may be NULL) is owned by the graph from here on, also on failure. -1: no memory. */
int32_t ci_graph_add_value(ci_graph *g, const char *name, ci_tensor *tensor);
int32_t ci_graph_find_value(const ci_graph *g, const char *name); /* -1: none; linear */
/* A new node of op with n_in inputs and a new output value called `out_name`. NULL: no memory. The pointer
 * is valid until the next node is added. */
ci_node *ci_graph_add_node(ci_graph *g, ci_op_id op, const char *name, const int32_t *in, int32_t n_in,
                           const char *out_name);
int ci_graph_add_input(ci_graph *g, int32_t value, ci_shape shape); /* 0, or CNNIMG_NOMEM */
/* Sorts the nodes, drops those that the output does not need, refuses cycles and undefined values. */
int ci_graph_finish(ci_graph *g, cnnimg_error *err);

static inline bool ci_is_map(const ci_graph *g, int32_t v) { return v >= 0 && !g->values[v].tensor; }
static inline const ci_tensor *ci_const(const ci_graph *g, int32_t v) {
  return v >= 0 ? g->values[v].tensor : NULL;
}

/* simplify.c: folds batch-norm and per-channel constants into convolutions, fuses activations and residual
 * additions into producers. The finished graph stays finished and computes the same up to rounding.
 * shapes: one a value, of g at some probe size (ci_infer_shapes), so that additions that broadcast are told
 * from those that do not; NULL: no additions are fused. Value ids stay as they were; values that nothing
 * makes any more stay in the table. */
int ci_graph_simplify(ci_graph *g, const ci_shape *shapes, cnnimg_error *err);

#endif
