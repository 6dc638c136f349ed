/* SPDX-License-Identifier: MIT */
/* wino_lines.h - a line of 6 or 8 samples to its values at the points, and back to pixels; see points.h */
#include "kernels/points.h"

/* Both lines are written for squares of the points, which the compiler folds: A, B, C are constants wherever they are
 * used. n and m are constants too, so that a line is straight code on registers. */

/* ---- samples to values at points ------------------------------------------------- */

/* A pair of points +-p: even and odd part of the polynomial. */
INLINE void in_pair(vf even, vf odd, const float p, vf *plus, vf *minus) {
  *plus = even + odd * p;
  *minus = even - odd * p;
}

INLINE void in_line6(const vf d[6], vf o[6]) {
  const float a = WINO6_A, b = WINO6_B, aa = a * a, bb = b * b;
  o[0] = d[0] * (aa * bb) + (d[4] - d[2] * (aa + bb));
  in_pair(d[4] - d[2] * bb, d[3] - d[1] * bb, a, &o[1], &o[2]);
  in_pair(d[4] - d[2] * aa, d[3] - d[1] * aa, b, &o[3], &o[4]);
  o[5] = d[1] * (aa * bb) + (d[5] - d[3] * (aa + bb));
}

INLINE void in_line8(const vf d[8], vf o[8]) {
  const float a = WINO8_A, b = WINO8_B, c = WINO8_C, aa = a * a, bb = b * b, cc = c * c;
  const float s1 = aa + bb + cc, s2 = aa * bb + aa * cc + bb * cc, s3 = aa * bb * cc;
  o[0] = (d[6] - d[0] * s3) + (d[2] * s2 - d[4] * s1);
  in_pair((d[6] - d[4] * (bb + cc)) + d[2] * (bb * cc), (d[5] - d[3] * (bb + cc)) + d[1] * (bb * cc), a,
          &o[1], &o[2]);
  in_pair((d[6] - d[4] * (aa + cc)) + d[2] * (aa * cc), (d[5] - d[3] * (aa + cc)) + d[1] * (aa * cc), b,
          &o[3], &o[4]);
  in_pair((d[6] - d[4] * (aa + bb)) + d[2] * (aa * bb), (d[5] - d[3] * (aa + bb)) + d[1] * (aa * bb), c,
          &o[5], &o[6]);
  o[7] = (d[7] - d[1] * s3) + (d[3] * s2 - d[5] * s1);
}

INLINE void in_line(const vf *d, vf *o, const int n) {
  if (n == 6) in_line6(d, o);
  else in_line8(d, o);
}

/* ---- products to pixels --------------------------------------------------------------- */

/* Pixel i of a line from sums (i even) or differences (i odd) of the products at pairs of points: the powers p^i. */
INLINE float power(float p, const int i) {
  float v = 1;
  for (int k = 0; k < i; k++) v *= p;
  return v;
}

INLINE void out_line6(const vf x[6], vf *y, const int m) {
  vf p = x[1] + x[2], q = x[1] - x[2], u = x[3] + x[4], s = x[3] - x[4];
  y[0] = x[0] + (p + u);
  UNROLL
  for (int i = 1; i < m; i++) {
    vf first = i % 2 ? q : p, second = i % 2 ? s : u;
    y[i] = first * power(WINO6_A, i) + second * power(WINO6_B, i);
  }
  y[m - 1] += x[5];
}

INLINE void out_line8(const vf x[8], vf *y, const int m) {
  vf p = x[1] + x[2], q = x[1] - x[2], u = x[3] + x[4], s = x[3] - x[4], w = x[5] + x[6], z = x[5] - x[6];
  y[0] = (x[0] + p) + (u + w);
  UNROLL
  for (int i = 1; i < m; i++) {
    vf first = i % 2 ? q : p, second = i % 2 ? s : u, third = i % 2 ? z : w;
    y[i] = first * power(WINO8_A, i) + (second * power(WINO8_B, i) + third * power(WINO8_C, i));
  }
  y[m - 1] += x[7];
}

INLINE void out_line(const vf *x, vf *y, const int n, const int m) {
  if (n == 6) out_line6(x, y, m);
  else out_line8(x, y, m);
}
