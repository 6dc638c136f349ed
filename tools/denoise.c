/* SPDX-License-Identifier: MIT */
/* denoise.c - the description of cnn-denoise: its options and what they mean to the library */
#include <stdio.h>
#include <string.h>

#include "driver.h"

#define SIGMA_MAX 75
#define ITERATIONS 8 /* of deblurring */

static int set_sigma(drv_settings *s, const char *value, char why[DRV_WHY]) {
  double v;
  s->level_said = false;
  if (!strcmp(value, "auto")) {
    s->params.sigma = -1;
    return 0;
  }
  if (drv_number(value, 0, SIGMA_MAX, &v)) {
    s->sigma_map = value;
    if (cnnimg_looks_like_picture(value)) return 0;
    snprintf(why, DRV_WHY, "must be auto, a number from 0 to %d, or a picture (--sigma-map)", SIGMA_MAX);
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

static int set_jpeg(drv_settings *s, const char *value, char why[DRV_WHY]) {
  double v = 0;
  s->jpeg = true;
  s->params.jpeg_quality = 0;
  if (!strcmp(value, "auto")) return 0;
  snprintf(why, DRV_WHY, "must be auto, or a whole number from 1 to 100");
  if (drv_number(value, 1, 100, &v) || v != (uint32_t)v) return -1;
  s->params.jpeg_quality = (uint32_t)v;
  return 0;
}

/* A file is looked at when the first picture is. */
static int set_deblur(drv_settings *s, const char *value, char why[DRV_WHY]) {
  s->deblur = value;
  if (!*value) return snprintf(why, DRV_WHY, "must not be empty"), -1;
  if (drv_kernel_word(value, why) < 0) return -1;
  if (!s->params.deblur) s->params.deblur = ITERATIONS;
  return 0;
}

static int set_iterations(drv_settings *s, const char *value, char why[DRV_WHY]) {
  double v;
  snprintf(why, DRV_WHY, "must be a whole number from 1 to 100");
  if (drv_number(value, 1, 100, &v) || v != (uint32_t)v) return -1;
  s->iterations = s->params.deblur = (uint32_t)v;
  return 0;
}

static int check_deblur(const drv_settings *s, char why[DRV_WHY]) {
  if (!s->deblur && s->iterations) return snprintf(why, DRV_WHY, "--iterations goes with --deblur"), -1;
  if (!s->deblur) return 0;
  if (s->sigma_map) return snprintf(why, DRV_WHY, "--deblur takes one sigma for the whole picture, not a map"), -1;
  if (s->jpeg) return snprintf(why, DRV_WHY, "--deblur and --jpeg are two things; do one after the other"), -1;
  if (s->params.detail > 0 || s->params.chroma < 1)
    return snprintf(why, DRV_WHY, "--deblur goes with --strength, not with --detail or --chroma"), -1;
  if (s->measure_only) return snprintf(why, DRV_WHY, "what is only measured is not deblurred"), -1;
  return 0;
}

/* Options that contradict each other. */
static int check(const drv_settings *s, char why[DRV_WHY]) {
  bool noise = s->level_said || s->params.sigma >= 0;
  if (s->sigma_map && noise) return snprintf(why, DRV_WHY, "a map of sigma, and one sigma for all"), -1;
  if (s->jpeg && (noise || s->sigma_map))
    return snprintf(why, DRV_WHY, "--jpeg removes JPEG artefacts, not noise of some sigma"), -1;
  return check_deblur(s, why);
}

static const drv_option options[] = {
    {'s', "sigma", "S", "strength of the noise, 0..75 of 255, or auto [auto]", DRV_OWN, .own = set_sigma},
    {0, "sigma-map", "FILE", "grey picture of it, of the same size; 255 is sigma 255", DRV_TEXT,
     .at = offsetof(drv_settings, sigma_map)},
    {0, "estimate", NULL, "print that strength and write nothing", DRV_FLAG,
     .at = offsetof(drv_settings, measure_only)},
    {0, "chroma", "PCT", "strength for chroma alone, 0..100 [100]", DRV_OWN, .own = set_chroma},
    {0, "jpeg", "QF", "remove JPEG artefacts; quality 1..100 or auto", DRV_OWN, .own = set_jpeg},
    {0, "deblur", "KERNEL", "undo a blur: gauss:S, motion:LEN,ANGLE or its picture", DRV_OWN, .own = set_deblur},
    {0, "iterations", "N", "of deblurring, 1..100 [8]", DRV_OWN, .own = set_iterations, .rare = true},
    {0}};

const drv_tool drv_this_tool = {
    .name = "cnn-denoise",
    .does = "removes noise from photographs",
    .task = CNNIMG_TASK_DENOISE,
    .model = "denoise",
    .options = options,
    .examples = "Examples: cnn-denoise noisy.jpg clean.png   cnn-denoise -s 25 -r photos -o clean\n",
    .level = set_level,
    .check = check,
    .measure = cnnimg_estimate_sigma,
    .estimates = true,
};
