/* SPDX-License-Identifier: MIT */
/* lab.h - sRGB and CIE Lab, and the strongest colour of a hue that a screen can show at its lightness */
#ifndef CI_LAB_H
#define CI_LAB_H

/*
 * sRGB's primaries and white (IEC 61966-2-1), Lab of that white (CIE 15), as models/train/lab.py has them. Colours are
 * encoded, 0..1. Luminance is linear, 0..1; L is 0..100.
 */
#define CI_LAB_AB 110.0f /* ab / CI_LAB_AB is what networks see and say */

/* Luminance of an encoded colour; of grey it is the sample, decoded, whatever it is. */
float ci_lab_luminance(const float rgb[3]);
float ci_lab_l(float luminance);
void ci_lab_ab(const float rgb[3], float ab[2]);
/* The colour of that luminance and ab, encoded. Where a screen cannot show it ab is made smaller, never the luminance
 * another one. Luminance that is not between 0 and 1 gives grey. */
void ci_lab_colour(float luminance, const float ab[2], float rgb[3]);

#endif
