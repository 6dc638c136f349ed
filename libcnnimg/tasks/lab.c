/* SPDX-License-Identifier: MIT */
/* lab.c - sRGB and CIE Lab, and the strongest colour of a hue that a screen can show at its lightness */
#include "tasks/lab.h"

#include <math.h>
#include <stdbool.h>

#include "exec/pixels.h"

#define KNEE (6.0f / 29) /* of Lab's curve: linear below */
#define HALVINGS 14      /* of the share of ab that is kept: a 16,000th of it is not seen */

/* Linear sRGB to XYZ, the rows divided by their sums, which are the white. */
static const float to_xyz[3][3] = {{0.4339499f, 0.3762098f, 0.1898403f},
                                   {0.2126729f, 0.7151521f, 0.0721750f},
                                   {0.0177566f, 0.1094680f, 0.8727755f}};
static const float white[3] = {0.95047f, 1, 1.08883f};
static const float from_xyz[3][3] = {{3.2404542f, -1.5371385f, -0.4985314f},
                                     {-0.9692660f, 1.8760108f, 0.0415560f},
                                     {0.0556434f, -0.2040259f, 1.0572252f}};

static float curve(float t) { return t > KNEE * KNEE * KNEE ? cbrtf(t) : t / (3 * KNEE * KNEE) + 4.0f / 29; }
static float uncurve(float f) { return f > KNEE ? f * f * f : 3 * KNEE * KNEE * (f - 4.0f / 29); }

static float mix(const float m[3], const float v[3]) { return m[0] * v[0] + m[1] * v[1] + m[2] * v[2]; }

float ci_lab_luminance(const float rgb[3]) {
  if (rgb[0] == rgb[1] && rgb[1] == rgb[2]) return ci_srgb_decode(rgb[0]);
  const float linear[3] = {ci_srgb_decode(rgb[0]), ci_srgb_decode(rgb[1]), ci_srgb_decode(rgb[2])};
  return mix(to_xyz[1], linear);
}

float ci_lab_l(float luminance) { return 116 * curve(luminance) - 16; }

void ci_lab_ab(const float rgb[3], float ab[2]) {
  const float linear[3] = {ci_srgb_decode(rgb[0]), ci_srgb_decode(rgb[1]), ci_srgb_decode(rgb[2])};
  const float x = curve(mix(to_xyz[0], linear)), y = curve(mix(to_xyz[1], linear)),
              z = curve(mix(to_xyz[2], linear));
  ab[0] = 500 * (x - y), ab[1] = 200 * (y - z);
}

/* Linear; false: no screen shows it. */
static bool shown(float luminance, float f, const float ab[2], float share, float linear[3]) {
  const float xyz[3] = {uncurve(f + share * ab[0] / 500) * white[0], luminance * white[1],
                        uncurve(f - share * ab[1] / 200) * white[2]};
  bool inside = true;
  for (int c = 0; c < 3; c++) {
    linear[c] = mix(from_xyz[c], xyz);
    inside = inside && linear[c] >= 0 && linear[c] <= 1;
  }
  return inside;
}

/* The colours of one lightness that a screen shows are as good as convex around grey, so halving finds their border. */
void ci_lab_colour(float luminance, const float ab[2], float rgb[3]) {
  const float grey = ci_srgb_encode(luminance);
  rgb[0] = rgb[1] = rgb[2] = grey;
  if (!(luminance > 0 && luminance < 1) || !isfinite(ab[0]) || !isfinite(ab[1]) || (ab[0] == 0 && ab[1] == 0))
    return;
  const float f = curve(luminance);
  float low = 0, high = 1, linear[3];
  bool inside = shown(luminance, f, ab, 1, linear);
  for (int i = 0; !inside && i < HALVINGS; i++) {
    const float middle = (low + high) / 2;
    if (shown(luminance, f, ab, middle, linear)) low = middle;
    else high = middle;
  }
  if (!inside && (low == 0 || !shown(luminance, f, ab, low, linear))) return;
  for (int c = 0; c < 3; c++) rgb[c] = ci_srgb_encode(linear[c]);
}
