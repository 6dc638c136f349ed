/* SPDX-License-Identifier: MIT */
/* common.h - what ops share: sentences, checks of inputs, packed constants, activations a row */
#ifndef CI_OPS_COMMON_H
#define CI_OPS_COMMON_H

#include "ops/op.h"

#define CI_OP(id, name) extern const ci_op ci_op_##id;
#include "net/ops.inc"
#undef CI_OP

#define CI_MAX_CHANNELS 65536
#define CI_MAX_VECTOR (1 << 28) /* channels of a single pixel: a tensor that is held */
#define CI_MAX_SIZE (1 << 30) /* rows or columns */
#define CI_MAX_TAPS 4096      /* kernel area */
#define CI_MAX_STEP 4096      /* stride, dilation */

/* "node 'NAME' (Op): ..."; returns code. */
int ci_op_fail(const ci_node *n, cnnimg_error *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
const char *ci_op_value(const ci_graph *g, const ci_node *n, int32_t k); /* name of in[k] */
int ci_op_count(const ci_node *n, int32_t least, int32_t most, cnnimg_error *err);
/* in[k] is a map of a sane shape. */
int ci_op_map(const ci_graph *g, const ci_node *n, const ci_shape *in, int32_t k, cnnimg_error *err);
/* in[k] is a constant of floats and of this rank (-1: any). */
int ci_op_const(const ci_graph *g, const ci_node *n, int32_t k, int32_t rank, const ci_tensor **t,
                cnnimg_error *err);
/* The same with exactly `count` values, called `what` in the sentence. */
int ci_op_vector(const ci_graph *g, const ci_node *n, int32_t k, const char *what, int64_t count,
                 const ci_tensor **t, cnnimg_error *err);
static inline bool ci_op_has(const ci_node *n, int32_t k) { return k < n->n_in && n->in[k] >= 0; }
/* The end of every shape(): judges the limits, the activations and the residual, then sets *out. */
int ci_op_shape(const ci_graph *g, const ci_node *n, const ci_shape *in, int64_t c, int64_t h, int64_t w,
                ci_shape *out, cnnimg_error *err);

/* What pack() makes: slopes of PRELU activations (or NULL) and up to three parts of the op's own. */
typedef struct ci_packed {
  float *slope[2]; /* act, act2: channels rounded up to CI_SLOPE_PAD, and CI_SLOPE_PAD more */
  float *part[3];
} ci_packed;
/* floats: three sizes. *out is zeroed but for the slopes. */
int ci_pack_new(const ci_graph *g, const ci_node *n, int32_t channels, const size_t *floats,
                const ci_allocator *a, ci_packed **out, size_t *bytes, cnnimg_error *err);
/* pack() of ops that have no constants but perhaps a slope. */
int ci_pack_act(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape out, const ci_kernels *k,
                const ci_allocator *a, void **packed, size_t *bytes, cnnimg_error *err);
/* The node's act (0) or act2 (1) as kernels take it. */
ci_kact ci_op_kact(const ci_call *c, int which);
/* Calls fn for stretches of the floats of a row that is a single pixel, or of any row's (0 .. floats): on the pool's
 * threads where the call has them and there is enough. Stretches start at multiples of CI_SHARE. */
#define CI_SHARE 32768
void ci_op_share(const ci_call *c, size_t floats, void (*fn)(const void *arg, size_t from, size_t to), const void *arg);
/* Applies the node's act to row y of the rectangle, in place. */
void ci_op_act_row(const ci_call *c, int32_t y);
/* Row y of the rectangle in the output, and how many pixels it has. */
static inline float *ci_out_row(const ci_call *c, int32_t y) { return ci_view_at(c->out, c->rect.x0, y); }
static inline size_t ci_row_pixels(const ci_call *c) { return (size_t)(c->rect.x1 - c->rect.x0); }
/* need() of ops that read the same pixels, and of those that read everything. */
ci_rect ci_need_same(const ci_node *n, const ci_shape *in, ci_shape out, int32_t k, ci_rect r);
/* scratch() and run() of ops that fold. */
size_t ci_fold_scratch(const ci_node *n, const ci_shape *in, ci_shape out, int32_t width);
void ci_fold_run(const ci_call *c);
ci_rect ci_need_whole(const ci_node *n, const ci_shape *in, ci_shape out, int32_t k, ci_rect r);

#endif
