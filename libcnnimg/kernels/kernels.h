/* SPDX-License-Identifier: MIT */
/* kernels.h - the only loops over samples: one const table an instruction set, chosen once */
#ifndef CI_KERNELS_H
#define CI_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"

/* An activation as kernels take it. kind is a ci_act_kind of net/graph.h (the numbers are the same). slope, for
 * PRELU: cs floats for act(); for rows of convolutions cout rounded up to CI_SLOPE_PAD. */
typedef struct ci_kact {
  int32_t kind;
  float a, b;
  const float *slope;
} ci_kact;
#define CI_SLOPE_PAD 16 /* the widest vector, in floats */

/*
 * A row segment of a window op: `n` output pixels whose taps ky0 <= ky < ky1, kx0 <= kx < kx1 lie in the map and
 * are readable; the other taps are zero padding and are left out. rows[ky] points at the tap (ky, kx0) of the
 * first output pixel; tap (ky, kx) of output pixel i lies at rows[ky] + i * in_step + (kx - kx0) * tap_step.
 * Every output channel is summed in the order ky, kx, ci, starting from the bias, whatever n and the position,
 * so the bytes of a pixel do not depend on its neighbours.
 * weights, bias of conv: as ci_conv_pack and ci_conv_bias_floats say.
 * Exactly `room` >= cout floats of each output pixel may be written, and are readable in residual.
 */
typedef struct ci_conv_row {
  const float *const *rows; /* kh of them */
  float *out;
  const float *residual; /* pixel i at residual + i * residual_step, or NULL; may be `out` itself */
  const float *weights, *bias;
  int32_t n, cin, cout, kh, kw;
  int32_t ky0, ky1, kx0, kx1;
  int32_t in_step, tap_step, out_step, residual_step; /* floats */
  int32_t room;
  ci_kact act, act2; /* act, + residual, act2 */
} ci_conv_row;

/*
 * Winograd's F(my x mx, r x r): a tile of my x mx output pixels from ny x nx input pixels, n = m + r - 1 each way, by
 * ny * nx products (see points.h). Tiles are gathered: input() puts the samples of a tile and channel into ny * nx
 * planes, multiply() makes of each plane (tiles x cin) a plane (tiles x a block of output channels), output() takes
 * those back to pixels. Sums run over the input channels in order, in parts of CI_WINO_PART that are added up, so bytes
 * do not depend on which tiles are gathered.
 */
typedef struct ci_wino_tile {
  int32_t ny, nx, my, mx; /* (6, 8, 4, 6); ny 0: none */
} ci_wino_tile;
static inline int32_t ci_wino_planes(const ci_wino_tile *t) { return t->ny * t->nx; }
#define CI_WINO_PLANES 64 /* most samples a tile */
#define CI_WINO_WIDTH 64  /* most output channels a block */
#define CI_WINO_PART 64   /* input channels whose products are summed before they are added to the others */

typedef struct ci_wino_input {
  ci_wino_tile tile;
  const float *rows[8];      /* pixel x of row r of the first tile at rows[r] + x * step; ny of them */
  ptrdiff_t step, tile_step; /* floats from pixel to pixel, from tile to tile */
  int32_t tiles, channels;   /* channels: a multiple of CI_SLOPE_PAD, all readable */
  bool cold;                 /* the pixels have not been fetched before */
  float *v;                  /* sample i of channel c of tile t at v[i * plane + t * channels + c] */
  size_t plane;
} ci_wino_input;

/* Pixels that are wanted soon: fetched meanwhile. Rings are wider than the caches, and the processor does not see them
 * coming: `pixels` of each of n rows, `step` floats apart, of each so many cache lines. */
typedef struct ci_ahead {
  const float *rows[8];
  int32_t n, pixels, lines;
  ptrdiff_t step;
} ci_ahead;
#define CI_LINE_FLOATS 16 /* a cache line */

typedef struct ci_wino_multiply {
  ci_ahead read[2], write;
  int32_t planes; /* ny * nx */
  const float *v;
  size_t v_plane;
  int32_t v_step;              /* floats between tiles */
  const float *weights;        /* the block's, as ci_wino_pack left them */
  int32_t tiles, cin, vectors; /* vectors: of the block */
  float *m; /* sample i of output channel c of tile t at m[i * m_plane + t * vectors * lanes + c] */
  size_t m_plane;
} ci_wino_multiply;

typedef struct ci_wino_output {
  ci_wino_tile tile;
  const float *in; /* what multiply() left */
  size_t plane;
  int32_t tiles, vectors;
  float *out[4]; /* pixel x of row r at out[r] + x * out_step; whole tiles are written, a block's channels */
  const float *residual[4]; /* the same; all NULL: none */
  int32_t out_step, residual_step;
  const float *bias; /* of the block, like the slopes */
  ci_kact act, act2;
} ci_wino_output;

/*
 * Large kernels by tiles of size x size pixels in Fourier space (overlap-save), size 16, 32, 64 or 128. A tile of real
 * pixels has ci_fft_planes(size) complex samples: for columns k = 1 .. size/2 - 1 of the spectrum the rows 0 .. size - 1,
 * then for column 0 and for column size/2 the rows 0 .. size/2. Neither transform divides. Channels never meet in a
 * transform, and a product sums over the input channels in order, so bytes do not depend on which tiles are gathered.
 */
#define CI_FFT_MOST 128
static inline int32_t ci_fft_planes(int32_t size) { return size * size / 2 + 2; }
/* Floats of work space that a transform takes. */
static inline size_t ci_fft_work(int32_t size) {
  return (size_t)(size + 2) * (size_t)(size * 16 + CI_SLOPE_PAD);
}

typedef struct ci_fft_forward {
  int32_t size;
  const float *const *rows; /* `size` of them; pixel x at rows[y] + (x - x0) * step; NULL: a row of zeros */
  ptrdiff_t step;
  int32_t x0, x1;   /* pixels that are there; the others are zero */
  int32_t channels; /* readable: a multiple of 4 */
  float *v; /* sample p of channel c at v[p * plane + c], its imaginary part `im` floats behind; written in */
  size_t plane; /* whole vectors */
  ptrdiff_t im;
  float *work;
} ci_fft_forward;

/* Of each plane (tiles x cin) makes (tiles x cout), in place. */
typedef struct ci_fft_multiply {
  float *
      v; /* sample p of channel c of tile t at v[p * plane + t * step + c], im floats behind the imaginary part */
  size_t plane;
  ptrdiff_t step, im;
  const float *weights; /* as ci_fft_pack left them */
  int32_t planes, tiles, cin, vectors;
  float *beside; /* tiles * step floats */
} ci_fft_multiply;

typedef struct ci_fft_inverse {
  int32_t size;
  const float *v; /* as in ci_fft_forward */
  size_t plane;
  ptrdiff_t im;
  int32_t x0, x1, y0, y1;       /* the pixels of the tile that are wanted */
  float *const *out;            /* pixel x of row y at out[y] + (x - x0) * out_step */
  const float *const *residual; /* the same; NULL: none */
  int32_t out_step, residual_step;
  int32_t channels;  /* that are written: a multiple of 4 */
  const float *bias; /* whole vectors, like the slopes */
  ci_kact act, act2;
  float *work;
} ci_fft_inverse;

/*
 * A part of a product of matrices (gemm.h cuts it): c[i, j] += sum over q < k of a[i, q] b[q, j].
 * gemm: b is packed, `vectors` vectors of columns a row, zeros behind column n; a's steps are any.
 * gemm_thin: b_row between b's rows, whose columns lie side by side; q in order. gemm_dots: b_row between b's columns,
 * whose elements lie side by side, and a_col is 1. The sum of an element does not depend on m, n and its place.
 */
typedef struct ci_gemm_tile {
  const float *a, *b;
  float *c;
  ptrdiff_t a_row, a_col, b_row, c_row;
  int32_t m, n, k, vectors;
  bool fresh; /* gemm: c = instead of c += */
} ci_gemm_tile;

/*
 * Two patches of `rows` rows of n samples from 0 to 1023, 2048 at most in all: the sum of their squared differences, in whole numbers, so that
 * every table gives the same. As soon as it is above `stop`, anything above `stop` will do. CI_PATCH_SPARE samples behind
 * the last row's are readable.
 */
#define CI_PATCH_SPARE 32
typedef struct ci_patch_pair {
  const int16_t *a, *b;
  ptrdiff_t a_step, b_step; /* samples from row to row */
  int32_t rows, n, stop;
  const int16_t *keep; /* rows of CI_PATCH_SPARE: 0 for samples that do not count, else -1, 0 behind n; NULL: all count */
} ci_patch_pair;

typedef struct ci_kernels {
  const char *name; /* "ref", "vec", "avx2", "avx512", "neon" */
  ci_isa isa;
  /* Packed weights: output channels in vectors of `lanes`, at most conv_vecs vectors a block; in products of Winograd's
   * tiles at most wino_vecs a group, of Fourier tiles fft_vecs. */
  int32_t lanes, conv_vecs, wino_vecs, fft_vecs;
  int32_t gemm_vecs; /* most vectors of columns that gemm takes */
  void (*conv)(const ci_conv_row *a);
  void (*gemm)(const ci_gemm_tile *t);
  void (*gemm_thin)(const ci_gemm_tile *t);
  void (*gemm_dots)(const ci_gemm_tile *t);
  void (*winograd_input)(const ci_wino_input *a);
  void (*winograd_multiply)(const ci_wino_multiply *a);
  void (*winograd_output)(const ci_wino_output *a);
  void (*fft_forward)(const ci_fft_forward *a);
  void (*fft_multiply)(const ci_fft_multiply *a);
  /* One vector of channels of one tile times its own weights: sample p at v + p * 2 * lanes and w + p * 2 * step, the
   * imaginary parts `lanes` and `step` behind. */
  void (*fft_scale)(float *v, const float *w, size_t step, int32_t planes);
  void (*fft_inverse)(const ci_fft_inverse *a);
  /* channel c of the output from channel c of the input; weights: for ky, kx: `room` floats; bias: `room`.
   * room is a multiple of 4. act, residual, act2 as in conv. */
  void (*depthwise)(const ci_conv_row *a);
  /* The largest of the taps, or their sum * scale; `room` channels, no weights, no activation. */
  void (*pool_max)(const ci_conv_row *a);
  void (*pool_sum)(const ci_conv_row *a, float scale);
  /* x[i] = act(x[i]) over pixels * cs floats */
  void (*act)(float *x, size_t pixels, int32_t cs, const ci_kact *act);
  /* out = a op b (ci_binary), n floats */
  void (*binary)(int32_t op, float *out, const float *a, const float *b, size_t n);
  /* out[p][c] = a[p][c] op v[c]; reverse: v[c] op a[p][c] */
  void (*binary_vec)(int32_t op, bool reverse, float *out, const float *a, const float *v, size_t pixels,
                     int32_t cs);
  /* out[p][c] = a[p][c] op b[p][0]; reverse: b[p][0] op a[p][c]; b has a pixel each b_cs floats */
  void (*binary_map1)(int32_t op, bool reverse, float *out, const float *a, const float *b, size_t pixels,
                      int32_t cs, int32_t b_cs);
  /* out[p][c] = exp(in[p][c] - m) / sum over the first c channels, m the pixel's largest */
  void (*softmax)(float *out, const float *in, size_t pixels, int32_t c, int32_t cs);
  /* Each pixel's c channels to mean 0 and variance 1 (their mean square + epsilon), times gamma, plus beta; these have cs
   * floats, zero behind c. */
  void (*layer_norm)(float *out, const float *in, size_t pixels, int32_t c, int32_t cs, const float *gamma,
                     const float *beta, float epsilon);
  /* sums[c] += the row's sum of in[p][c] over `pixels`, taken in double, pixels in order; cs sums */
  void (*sum_row)(double *sums, const float *in, size_t pixels, int32_t cs);
  /* out[i] = in[i] * s and out[i] += in[i] * s (weighted rows of resize) */
  void (*scale)(float *out, const float *in, float s, size_t n);
  void (*scale_into)(float *out, const float *in, float s, size_t n);
  /* out[p][c] = sum over k < taps of w[p * taps + k] * in[at[p * taps + k] * cs + c] (columns of resize) */
  void (*mix)(float *out, const float *in, const int32_t *at, const float *w, int32_t taps, size_t pixels,
              int32_t cs);
  int32_t (*patch_distance)(const ci_patch_pair *p);
} ci_kernels;

const ci_kernels *ci_kernels_for(ci_isa isa); /* NULL: not compiled in or not on this processor */
const ci_kernels *ci_kernels_best(void);      /* what ci_cpu_isa() names */

/* pack.c: a convolution's weights where they lie: element (o, i, y, x) at w[o*so + i*si + y*sy + x*sx]. */
typedef struct ci_conv_weights {
  const float *w;
  int32_t cout, cin, kh, kw;
  ptrdiff_t so, si, sy, sx;
} ci_conv_weights;
/* Floats of packed weights (the taps in the kernel's order; a multiple of CI_SLOPE_PAD), and of the bias. */
size_t ci_conv_packed_floats(const ci_kernels *k, int32_t cout, int32_t cin, int32_t taps);
static inline size_t ci_conv_bias_floats(int32_t cout) { return ((size_t)cout + 15) / 16 * 16; }
/* `to` has ci_conv_packed_floats() floats and is zeroed. */
void ci_conv_pack(const ci_kernels *k, const ci_conv_weights *w, float *to);
/* Block b of `blocks` covers vectors first(b) to first(b + 1), so that blocks differ by one vector at most. */
static inline int32_t ci_conv_block_first(int32_t vectors, int32_t blocks, int32_t b) {
  return (int32_t)((int64_t)b * vectors / blocks);
}

/* winograd_pack.c: the same for tiles, r = w->kh = w->kw. Block b covers vectors first(b) to first(b + 1) and takes
 * ny * nx * cin * its channels floats of the packed weights. */
size_t ci_wino_packed_floats(const ci_kernels *k, const ci_wino_tile *t, int32_t cout, int32_t cin);
void ci_wino_pack(const ci_kernels *k, const ci_wino_tile *t, const ci_conv_weights *w,
                  float *to); /* `to` is zeroed */
int32_t ci_wino_blocks(const ci_kernels *k, int32_t cout);
int32_t ci_wino_block_first(const ci_kernels *k, int32_t cout, int32_t b);
/* A block's vectors go through the registers in so many groups of `most` at most, alike but for one: ci_conv_block_first
 * says where they begin. */
static inline int32_t ci_wino_groups(int32_t most, int32_t vectors) { return (vectors + most - 1) / most; }

/* fft_pack.c: the same for Fourier tiles: spectra, conjugate and divided by size * size, for fft_multiply; and
 * those of a kernel a channel (cin is 1) for fft_scale, with a step of ci_fft_wide(cout). `to` is zeroed. */
static inline size_t ci_fft_wide(int32_t channels) { return ((size_t)channels + 15) / 16 * 16; }
size_t ci_fft_packed_floats(const ci_kernels *k, int32_t size, int32_t cout, int32_t cin);
void ci_fft_pack(const ci_kernels *k, int32_t size, const ci_conv_weights *w, float *to);
size_t ci_fft_packed_depthwise_floats(int32_t size, int32_t channels);
void ci_fft_pack_depthwise(int32_t size, const ci_conv_weights *w, float *to);

/* One table a file. */
extern const ci_kernels ci_kernels_ref, ci_kernels_vec;
#if defined(__x86_64__)
extern const ci_kernels ci_kernels_avx2, ci_kernels_avx512;
#elif defined(__aarch64__)
extern const ci_kernels ci_kernels_neon;
#endif

#endif
