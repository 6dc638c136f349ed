/* SPDX-License-Identifier: MIT */
/* ref.c - the truth: every kernel in plain C, a sample at a time; the vector tables are measured against it */
#include "kernels/kernels.h"

#include <math.h>

#include "kernels/kinds.h"
#include "kernels/ref_fft.h"
#include "kernels/ref_winograd.h"
#include "kernels/scalar.h"

float ci_ref_act(float x, const ci_kact *act, int32_t c) {
  if (act->kind == K_PRELU) return x < 0 ? x * act->slope[c] : x;
  return ci_scalar_act(x, act->kind, act->a, act->b);
}

static float finish(const ci_conv_row *a, float sum, int32_t i, int32_t c) {
  float x = ci_ref_act(sum, &a->act, c);
  if (a->residual) x += a->residual[(ptrdiff_t)i * a->residual_step + c];
  return ci_ref_act(x, &a->act2, c);
}

static const float *tap_at(const ci_conv_row *a, int32_t ky, int32_t kx, int32_t i) {
  return a->rows[ky] + (ptrdiff_t)i * a->in_step + (ptrdiff_t)(kx - a->kx0) * a->tap_step;
}

static float conv_one(const ci_conv_row *a, int32_t i, int32_t c) {
  float sum = a->bias[c];
  for (int32_t ky = a->ky0; ky < a->ky1; ky++)
    for (int32_t kx = a->kx0; kx < a->kx1; kx++) {
      const float *x = tap_at(a, ky, kx, i);
      const float *w = a->weights + (size_t)(ky * a->kw + kx) * (size_t)a->cin * (size_t)a->cout + c;
      for (int32_t ci = 0; ci < a->cin; ci++) sum += x[ci] * w[(size_t)ci * (size_t)a->cout];
    }
  return finish(a, sum, i, c);
}

static void conv(const ci_conv_row *a) {
  for (int32_t i = 0; i < a->n; i++)
    for (int32_t c = 0; c < a->cout; c++) a->out[(ptrdiff_t)i * a->out_step + c] = conv_one(a, i, c);
}

static float depthwise_one(const ci_conv_row *a, int32_t i, int32_t c) {
  float sum = a->bias[c];
  for (int32_t ky = a->ky0; ky < a->ky1; ky++)
    for (int32_t kx = a->kx0; kx < a->kx1; kx++)
      sum += tap_at(a, ky, kx, i)[c] * a->weights[(size_t)(ky * a->kw + kx) * (size_t)a->room + c];
  return finish(a, sum, i, c);
}

static void depthwise(const ci_conv_row *a) {
  for (int32_t i = 0; i < a->n; i++)
    for (int32_t c = 0; c < a->cout; c++) a->out[(ptrdiff_t)i * a->out_step + c] = depthwise_one(a, i, c);
}

static float max_one(const ci_conv_row *a, int32_t i, int32_t c) {
  float best = -INFINITY;
  for (int32_t ky = a->ky0; ky < a->ky1; ky++)
    for (int32_t kx = a->kx0; kx < a->kx1; kx++) {
      float x = tap_at(a, ky, kx, i)[c];
      best = x > best || x != x ? x : best;
    }
  return best;
}

static void pool_max(const ci_conv_row *a) {
  for (int32_t i = 0; i < a->n; i++)
    for (int32_t c = 0; c < a->cout; c++) a->out[(ptrdiff_t)i * a->out_step + c] = max_one(a, i, c);
}

static float sum_one(const ci_conv_row *a, int32_t i, int32_t c) {
  float sum = 0;
  for (int32_t ky = a->ky0; ky < a->ky1; ky++)
    for (int32_t kx = a->kx0; kx < a->kx1; kx++) sum += tap_at(a, ky, kx, i)[c];
  return sum;
}

static void pool_sum(const ci_conv_row *a, float scale) {
  for (int32_t i = 0; i < a->n; i++)
    for (int32_t c = 0; c < a->cout; c++) a->out[(ptrdiff_t)i * a->out_step + c] = sum_one(a, i, c) * scale;
}

static void act(float *x, size_t pixels, int32_t cs, const ci_kact *kact) {
  for (size_t p = 0; p < pixels; p++)
    for (int32_t c = 0; c < cs; c++) x[p * (size_t)cs + c] = ci_ref_act(x[p * (size_t)cs + c], kact, c);
}

static void binary(int32_t op, float *out, const float *a, const float *b, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = ci_scalar_binary(op, a[i], b[i]);
}

static void binary_vec(int32_t op, bool reverse, float *out, const float *a, const float *v, size_t pixels,
                       int32_t cs) {
  for (size_t p = 0; p < pixels; p++, a += cs, out += cs)
    for (int32_t c = 0; c < cs; c++)
      out[c] = reverse ? ci_scalar_binary(op, v[c], a[c]) : ci_scalar_binary(op, a[c], v[c]);
}

static void binary_map1(int32_t op, bool reverse, float *out, const float *a, const float *b, size_t pixels,
                        int32_t cs, int32_t b_cs) {
  for (size_t p = 0; p < pixels; p++, a += cs, out += cs, b += b_cs)
    for (int32_t c = 0; c < cs; c++)
      out[c] = reverse ? ci_scalar_binary(op, *b, a[c]) : ci_scalar_binary(op, a[c], *b);
}

static void softmax_pixel(float *out, const float *in, int32_t c) {
  float most = in[0], sum = 0;
  for (int32_t i = 1; i < c; i++) most = in[i] > most || in[i] != in[i] ? in[i] : most;
  for (int32_t i = 0; i < c; i++) sum += out[i] = expf(in[i] - most);
  for (int32_t i = 0; i < c; i++) out[i] /= sum;
}

static void softmax(float *out, const float *in, size_t pixels, int32_t c, int32_t cs) {
  for (size_t p = 0; p < pixels; p++) softmax_pixel(out + p * (size_t)cs, in + p * (size_t)cs, c);
}

static void sum_row(double *sums, const float *in, size_t pixels, int32_t cs) {
  for (int32_t c = 0; c < cs; c++) {
    double sum = 0;
    for (size_t p = 0; p < pixels; p++) sum += in[p * (size_t)cs + c];
    sums[c] += sum;
  }
}

static void layer_norm(float *out, const float *in, size_t pixels, int32_t c, int32_t cs, const float *gamma,
                       const float *beta, float epsilon) {
  for (size_t p = 0; p < pixels; p++, in += cs, out += cs) {
    double mean = 0, spread = 0;
    for (int32_t k = 0; k < c; k++) mean += (double)in[k] / c;
    for (int32_t k = 0; k < c; k++) spread += ((double)in[k] - mean) * ((double)in[k] - mean);
    double s = 1 / sqrt(spread / c + (double)epsilon);
    for (int32_t k = 0; k < cs; k++)
      out[k] = k < c ? (float)(((double)in[k] - mean) * s * (double)gamma[k] + (double)beta[k]) : 0;
  }
}

static void scale(float *out, const float *in, float s, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = in[i] * s;
}

static void scale_into(float *out, const float *in, float s, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] += in[i] * s;
}

static void mix(float *out, const float *in, const int32_t *at, const float *w, int32_t taps, size_t pixels,
                int32_t cs) {
  for (size_t p = 0; p < pixels; p++, out += cs, at += taps, w += taps)
    for (int32_t c = 0; c < cs; c++) {
      float sum = in[(size_t)at[0] * (size_t)cs + c] * w[0];
      for (int32_t k = 1; k < taps; k++) sum += in[(size_t)at[k] * (size_t)cs + c] * w[k];
      out[c] = sum;
    }
}

/* ---- products of matrices --------------------------------------------------- */

static void gemm(const ci_gemm_tile *t) {
  for (int32_t i = 0; i < t->m; i++)
    for (int32_t j = 0; j < t->n; j++) {
      float sum = 0;
      for (int32_t q = 0; q < t->k; q++) sum += t->a[i * t->a_row + q * t->a_col] * t->b[q * t->vectors + j];
      t->c[i * t->c_row + j] = t->fresh ? sum : t->c[i * t->c_row + j] + sum;
    }
}

static void gemm_thin(const ci_gemm_tile *t) {
  for (int32_t i = 0; i < t->m; i++)
    for (int32_t j = 0; j < t->n; j++)
      for (int32_t q = 0; q < t->k; q++)
        t->c[i * t->c_row + j] += t->a[i * t->a_row + q * t->a_col] * t->b[q * t->b_row + j];
}

static void gemm_dots(const ci_gemm_tile *t) {
  for (int32_t i = 0; i < t->m; i++)
    for (int32_t j = 0; j < t->n; j++) {
      float sum = 0;
      for (int32_t q = 0; q < t->k; q++) sum += t->a[i * t->a_row + q] * t->b[j * t->b_row + q];
      t->c[i * t->c_row + j] += sum;
    }
}

static int32_t patch_distance(const ci_patch_pair *p) {
  int32_t sum = 0;
  for (int32_t y = 0; y < p->rows && sum <= p->stop; y++)
    for (int32_t i = 0; i < p->n; i++) {
      int32_t d = p->a[y * p->a_step + i] - p->b[y * p->b_step + i];
      if (!p->keep || p->keep[y * CI_PATCH_SPARE + i]) sum += d * d;
    }
  return sum;
}

/* One block of all output channels: lanes of one, and more vectors a block than there can be channels. */
const ci_kernels ci_kernels_ref = {.name = "ref",
                                   .isa = CI_ISA_REF,
                                   .lanes = 1,
                                   .conv_vecs = 1 << 24,
                                   .wino_vecs = 1 << 24,
                                   .fft_vecs = 1 << 24,
                                   .conv = conv,
                                   .winograd_input = ci_ref_winograd_input,
                                   .winograd_multiply = ci_ref_winograd_multiply,
                                   .winograd_output = ci_ref_winograd_output,
                                   .fft_forward = ci_ref_fft_forward,
                                   .fft_multiply = ci_ref_fft_multiply,
                                   .fft_scale = ci_ref_fft_scale,
                                   .fft_inverse = ci_ref_fft_inverse,
                                   .gemm_vecs = 64,
                                   .gemm = gemm,
                                   .gemm_thin = gemm_thin,
                                   .gemm_dots = gemm_dots,
                                   .depthwise = depthwise,
                                   .pool_max = pool_max,
                                   .pool_sum = pool_sum,
                                   .act = act,
                                   .binary = binary,
                                   .binary_vec = binary_vec,
                                   .binary_map1 = binary_map1,
                                   .softmax = softmax,
                                   .layer_norm = layer_norm,
                                   .sum_row = sum_row,
                                   .scale = scale,
                                   .scale_into = scale_into,
                                   .mix = mix,
                                   .patch_distance = patch_distance};
