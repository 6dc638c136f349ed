/* SPDX-License-Identifier: MIT */
/* build.h - writing a network down: nodes in ONNX's terms, weights by their names in a store */
#ifndef CI_BUILD_H
#define CI_BUILD_H

#include <stdarg.h>
#include <stdio.h>

#include "net/store.h"

#define CI_BUILD_OPSET 20 /* operators mean what they mean in this set of ONNX's */
#define CI_GROUPS_OPSET 21 /* ONNX took the older GroupNormalization back, whose scales were a group's */

/*
 * The first thing that goes wrong is kept in *err and status; from then on every call returns -1 and does nothing, and -1
 * as an input is taken. So a network is written without looking, and judged once by ci_build_finish().
 * Values are ids of the program; maps are [1, C, H, W]. Names of weights go in printf's way.
 */
typedef struct ci_build {
  ci_program *p;
  ci_store *s;    /* where weights are found; NULL: there are none by name */
  int32_t *taken; /* value id of each of the store's entries, -1: not yet */
  int status;
  cnnimg_error *err;
  char layer[64]; /* how constants without a name are called, see ci_build_layer() */
} ci_build;

typedef struct ci_conv_spec {
  int32_t stride, pad, dilation, groups; /* 0: 1 (pad: 0) */
  int32_t out_pad;                       /* of a transposed convolution */
} ci_conv_spec;

/* Declares `name`: what was asked for in printf's way; in functions whose last parameter before ... is `fmt`. */
#define CI_SPELL(name, fmt)                           \
  char name[480]; /* and ".running_mean" behind it */ \
  {                                                   \
    va_list spell_args;                               \
    va_start(spell_args, fmt);                        \
    vsnprintf(name, sizeof name, fmt, spell_args);    \
    va_end(spell_args);                               \
  }

int ci_build_init(ci_build *b, ci_store *s, cnnimg_error *err);
/*
 * Success: *out is the finished program; it owns the store from now on. Failure: *out is NULL, the store is untouched.
 * Where nothing failed before, tensors that no one took are an error that names the first: then the file is not of this
 * architecture. ci_build_ignore() takes what is known to be of no use ("num_batches_tracked").
 */
int ci_build_finish(ci_build *b, int32_t output, ci_program **out);
/* One more output, before the one that finish takes. */
void ci_build_output(ci_build *b, int32_t value);
/* The same status as finish, for those that look before: one sentence without the file's name. Returns -1. */
int32_t ci_build_fail(ci_build *b, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void ci_build_ignore(ci_build *b, const char *suffix); /* every entry whose name ends so */

/* ---- values --------------------------------------------------------------------------- */
/* A free float input [1, channels, open, open]; channels 0: open. The first is the picture (see tasks/card.h). */
int32_t ci_build_input(ci_build *b, const char *name, int32_t channels);
int32_t ci_build_weight(ci_build *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int32_t ci_build_tensor(ci_build *b, ci_tensor *own); /* a constant; taken over; NULL: no memory */
/* The layer of the file that is being written down: messages about its constants can name it. */
void ci_build_layer(ci_build *b, const char *name);
int32_t ci_build_floats(ci_build *b, const float *v, size_t n); /* [n] */
int32_t ci_build_ints(ci_build *b, const int64_t *v, size_t n); /* [n] */
int32_t ci_build_scalar(ci_build *b, float v);                  /* rank 0 */
void ci_build_card(ci_build *b, const char *key, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* ---- nodes ---------------------------------------------------------------------------- */
/* A node with one result; the attributes that follow are the newest node's. Input -1 after a failure only; CI_NONE leaves
 * an optional input out. */
#define CI_NONE (-2)
int32_t ci_build_node(ci_build *b, const char *type, const int32_t *in, int32_t n_in);
void ci_build_attr_int(ci_build *b, const char *name, int64_t v);
void ci_build_attr_float(ci_build *b, const char *name, float v);
void ci_build_attr_string(ci_build *b, const char *name, const char *v);
void ci_build_attr_ints(ci_build *b, const char *name, const int64_t *v, size_t n);

int32_t ci_build_op1(ci_build *b, const char *type, int32_t x); /* "Relu", "Sigmoid", "Tanh", "Gelu" ... */
int32_t ci_build_op2(ci_build *b, const char *type, int32_t x, int32_t y); /* "Add", "Mul", "Sub" ... */
int32_t ci_build_scale(ci_build *b, int32_t x, float factor);
int32_t ci_build_concat(ci_build *b, const int32_t *x, int32_t n); /* along channels */
int32_t ci_build_channels(ci_build *b, int32_t x, int64_t from,
                          int64_t to); /* a slice of channels [from, to) */

/* ---- layers --------------------------------------------------------------------------- */
/* prefix.weight [O, I/groups, kh, kw], and prefix.bias where the file has it. */
int32_t ci_build_conv(ci_build *b, int32_t x, ci_conv_spec spec, const char *prefix, ...)
    __attribute__((format(printf, 4, 5)));
/* The same with padding that keeps the size (stride 1, odd kernels). */
int32_t ci_build_conv_same(ci_build *b, int32_t x, const char *prefix, ...)
    __attribute__((format(printf, 3, 4)));
/* prefix.weight [I, O/groups, kh, kw]. */
int32_t ci_build_conv_transpose(ci_build *b, int32_t x, ci_conv_spec spec, const char *prefix, ...)
    __attribute__((format(printf, 4, 5)));
/* Values instead of names: weights and bias (or CI_NONE) already in ONNX's order. */
int32_t ci_build_conv_values(ci_build *b, int32_t x, ci_conv_spec spec, int32_t weight, int32_t bias);
int32_t ci_build_leaky(ci_build *b, int32_t x, float slope);
int32_t ci_build_prelu(ci_build *b, int32_t x, const char *name, ...) /* the tensor itself: [C] or [1] */
    __attribute__((format(printf, 3, 4)));
/* A constant [C] as [C, 1, 1]: a number for each channel. */
int32_t ci_build_along_channels(ci_build *b, int32_t v);
/* prefix.weight, .bias, .running_mean, .running_var */
int32_t ci_build_batch_norm(ci_build *b, int32_t x, float epsilon, const char *prefix, ...)
    __attribute__((format(printf, 4, 5)));
/* Over channels at each pixel (LayerNorm2d of NAFNet): prefix.weight, prefix.bias [C]. */
int32_t ci_build_layer_norm_2d(ci_build *b, int32_t x, float epsilon, const char *prefix, ...)
    __attribute__((format(printf, 4, 5)));
int32_t ci_build_pixel_shuffle(ci_build *b, int32_t x,
                               int64_t block); /* PyTorch's order, this and the next */
int32_t ci_build_pixel_unshuffle(ci_build *b, int32_t x, int64_t channels, int64_t block); /* channels: x's */
int32_t ci_build_nearest(ci_build *b, int32_t x, float factor);
int32_t ci_build_bilinear(ci_build *b, int32_t x, float factor);               /* half-pixel centres */
int32_t ci_build_bicubic(ci_build *b, int32_t x, float factor, float cubic_a); /* half-pixel centres */
int32_t ci_build_global_mean(ci_build *b, int32_t x);                          /* [1, C, 1, 1] */

#endif
