/* SPDX-License-Identifier: MIT */
/* points.h - the interpolation points of F(4 x 6, 3 x 3) */
#ifndef CI_POINTS_H
#define CI_POINTS_H

/*
 * Winograd's minimal filtering as in Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016). A line
 * of n = m + r - 1 samples and r weights gives m outputs by n products: samples and weights are taken as polynomials,
 * evaluated at n - 1 finite points (0 and pairs +-p) and at infinity, multiplied there, and brought back.
 *
 *   samples    at a finite point p: the sum of d[j] times the coefficients of the product of (x - q) over the other
 *              finite points q; at infinity: the same over all finite points, from d[1] on (from d[0] on for n - 1
 *              coefficients and a one for d[n - 1]).
 *   weights    (g[0] + p g[1] + p p g[2] + ...) / prod(p - q) over the other finite points; at infinity g[r - 1].
 *   outputs    y[i] = the sum of p^i times the product at p; the last one also takes the product at infinity.
 *
 * Six samples down give four rows, eight across six columns. With points in symmetric pairs every choice costs the same
 * with fused multiply-add. Of multiples of 1/16 these leave the least error: 5/8 and 3/2 a third of what the paper's 1
 * and 2 leave; for eight samples 1/2, 1 and 2. Largest error over 64 channels, as a part of the largest output: a direct
 * sum 0.5e-6, tiles of 4 x 4 0.9e-6, of 4 x 6 3e-6, of 6 x 6 7e-6.
 */
#define WINO6_A 0.625f
#define WINO6_B 1.5f

#define WINO8_A 0.5f
#define WINO8_B 1.0f
#define WINO8_C 2.0f

#define CI_WINO_MOST 8 /* samples a line */

#endif
