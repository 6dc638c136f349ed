/* SPDX-License-Identifier: MIT */
/* denoise.c - the description of cnn-denoise: its options and what they mean to the library */
#include <stdio.h>
#include <string.h>

#include "driver.h"

#define SIGMA_MAX 75

static int set_sigma(drv_settings *s, const char *value, char why[DRV_WHY]) {
  double v;
  s->level_said = false;
  if (!strcmp(value, "auto")) {
    s->params.sigma = -1;
    return 0;
  }
  if (drv_number(value, 0, SIGMA_MAX, &v)) {
    snprintf(why, DRV_WHY, "must be auto, or a number from 0 to %d", SIGMA_MAX);
    return -1;
  }
  s->params.sigma = (float)v;
  return 0;
}

/* Sigma is the model's to choose, which is loaded later. */
static int set_level(drv_settings *s, int level, char why[DRV_WHY]) {
  (void)why;
  s->level = level;
  s->level_said = true;
  return 0;
}

static int set_chroma(drv_settings *s, const char *value, char why[DRV_WHY]) {
  return drv_share(value, &s->params.chroma, why);
}

static const drv_option options[] = {
    {'s', "sigma", "S", "strength of the noise, 0..75 of 255, or auto [auto]", DRV_OWN, .own = set_sigma},
    {0, "estimate", NULL, "print that strength and write nothing", DRV_FLAG,
     .at = offsetof(drv_settings, measure_only)},
    {0, "chroma", "PCT", "strength for chroma alone, 0..100 [100]", DRV_OWN, .own = set_chroma},
    {0, "jpeg", "QF", NULL, .kind = DRV_LATER},
    {0, "deblur", "KERNEL", NULL, .kind = DRV_LATER},
    {0, "iterations", "N", NULL, .kind = DRV_LATER},
    {0}};

const drv_tool drv_this_tool = {
    .name = "cnn-denoise",
    .does = "removes noise from photographs",
    .task = CNNIMG_TASK_DENOISE,
    .model = "denoise",
    .options = options,
    .examples = "Examples: cnn-denoise noisy.jpg clean.png   cnn-denoise -s 25 -r photos -o clean\n",
    .level = set_level,
    .measure = cnnimg_estimate_sigma,
    .estimates = true,
};
