/* SPDX-License-Identifier: MIT */
/* levels.c - waifu2x's noise levels: what names of files say, and how much noise a level is */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "driver.h"

static bool digit_after(const char *name, const char *word, const char *not_behind, int *out) {
  size_t n = strlen(word), m = strlen(not_behind);
  for (const char *p = name; (p = strstr(p, word)); p += n) {
    if (m && p - name >= (ptrdiff_t)m && !strncmp(p - m, not_behind, m)) continue;
    if (!isdigit((unsigned char)p[n])) continue;
    *out = p[n] - '0';
    return true;
  }
  return false;
}

/*
 * Those folders say levels by names alone, and the tools that read them know no other way: noise1_model,
 * noise1_scale2.0x_model, scale2.0x_model (waifu2x), up2x-conservative, up2x-no-denoise, up2x-denoise1x (Real-CUGAN),
 * anime_style_noise1_scale_rgb (Chainer). What the network is comes from its bytes all the same.
 */
bool drv_name_says(const char *name, int *level, int *scale) {
  *level = DRV_LEVEL_NONE, *scale = 0;
  bool enlarges = digit_after(name, "scale", "", scale) || digit_after(name, "up", "", scale);
  if (!enlarges && strstr(name, "scale")) enlarges = true, *scale = 2;
  if (digit_after(name, "denoise", "", level)) return true;
  if (strstr(name, "no-denoise")) return *level = 0, true;
  if (digit_after(name, "noise", "de", level)) return true;
  return enlarges;
}

/* ---- networks that are told how much noise there is --------------------------------------------- */

/* waifu2x's levels 0 to 3 are about as strong as noise of these sigmas. */
float drv_level_sigma(int level) {
  static const float sigmas[] = {0, 5, 10, 20, 35};
  return sigmas[level - DRV_LEVEL_NONE];
}

bool drv_takes_sigma(const cnnimg_model *model) {
  return drv_takes(model, "sigma") || cnnimg_model_get(model, "output.sigma");
}

int drv_use_level(drv_settings *s, const cnnimg_model *model, const char *path) {
  if (!s->level_said) return DRV_GO;
  const bool sigma = drv_takes_sigma(model);
  const int level = sigma ? DRV_LEVEL_NONE : drv_level_of(model, path);
  /* What was made for that level, or enlarges and knows no level: then noise is removed before (before.c). */
  if (!sigma && s->tool->picks && (level == s->level || level == DRV_LEVEL_NONE)) return DRV_GO;
  if (!sigma) {
    drv_say(s, path,
            "-n %d: this network removes what it was made for, it has no noise levels; a folder of networks, "
            "one a "
            "level, has them, and so has a network that takes sigma",
            s->level);
    return DRV_EXIT_USAGE;
  }
  s->params.sigma = drv_level_sigma(s->level);
  return DRV_GO;
}
