/* SPDX-License-Identifier: MIT */
/* dct.h - the orthonormal cosine transform of a block of 8x8 */
#ifndef CI_DCT_H
#define CI_DCT_H

/* Row by row; out[v * 8 + u] is the share of v half waves down and u across. White noise keeps its deviation in each of
 * the 64. in and out may be the same. */
void ci_dct8(const float in[64], float out[64]);
void ci_dct8_back(const float in[64], float out[64]);

#endif
