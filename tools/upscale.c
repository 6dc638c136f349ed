/* SPDX-License-Identifier: MIT */
/* upscale.c - the description of cnn-upscale: its options and what they mean to the library */
#include <stdio.h>
#include <string.h>

#include "driver.h"

#define MOST_FACTOR 1000
#define MOST_SIDE 1000000
#define PARTS 1000000 /* a factor is so many of them, or of one whole */

static int set_factor(drv_settings *s, const char *value, char why[DRV_WHY]) {
  double v;
  snprintf(why, DRV_WHY, "must be a factor above 0 and up to %d, such as 2 or 1.5", MOST_FACTOR);
  if (drv_number(value, 1.0 / PARTS, MOST_FACTOR, &v)) return -1;
  s->params.scale_num = (uint32_t)(v * PARTS + 0.5);
  s->params.scale_den = PARTS;
  return 0;
}

static int side(const char *value, uint32_t *out) {
  double v;
  if (!*value || strspn(value, "0123456789") != strlen(value) || drv_number(value, 1, MOST_SIDE, &v))
    return -1;
  *out = (uint32_t)v;
  return 0;
}

static int set_width(drv_settings *s, const char *value, char why[DRV_WHY]) {
  snprintf(why, DRV_WHY, "must be a number of pixels from 1 to %d", MOST_SIDE);
  return side(value, &s->params.result_width);
}

static int set_height(drv_settings *s, const char *value, char why[DRV_WHY]) {
  snprintf(why, DRV_WHY, "must be a number of pixels from 1 to %d", MOST_SIDE);
  return side(value, &s->params.result_height);
}

static int set_size(drv_settings *s, const char *value, char why[DRV_WHY]) {
  char width[16];
  size_t n = strcspn(value, "x");
  snprintf(why, DRV_WHY, "must be WIDTHxHEIGHT in pixels, such as 1920x1080");
  if (!value[n] || n >= sizeof width) return -1;
  snprintf(width, sizeof width, "%.*s", (int)n, value);
  return side(width, &s->params.result_width) || side(value + n + 1, &s->params.result_height) ? -1 : 0;
}

static int set_fix_color(drv_settings *s, const char *value, char why[DRV_WHY]) {
  snprintf(why, DRV_WHY, "must be one of on|off");
  s->params.fix_color = !strcmp(value, "on");
  return s->params.fix_color || !strcmp(value, "off") ? 0 : -1;
}

static int set_level(drv_settings *s, int level, char why[DRV_WHY]) {
  (void)why;
  s->level = level, s->level_said = true;
  return 0;
}

static void defaults(drv_settings *s) { s->params.fix_color = 1; }

static int check(const drv_settings *s, char why[DRV_WHY]) {
  if (!s->params.scale_num || (!s->params.result_width && !s->params.result_height)) return 0;
  snprintf(why, DRV_WHY, "-s says a factor, --width, --height and --size a size: one of them is enough");
  return -1;
}

static const drv_option options[] = {
    {'s', "scale", "F", "factor, any above 0: 2, 4, 1.5 [the model's]", DRV_OWN, .own = set_factor},
    {0, "width", "W", "of the result; also --height H, --size WxH", DRV_OWN, .own = set_width},
    {0, "height", "H", NULL, DRV_OWN, .own = set_height},
    {0, "size", "WxH", NULL, DRV_OWN, .own = set_size},
    {0, "fix-color", "HOW", "on: keep the input's colours, or off [on]", DRV_OWN, .own = set_fix_color},
    {0, "detail", "PCT", "texture that was lost, where the size stays", DRV_OWN, .own = drv_set_detail, .rare = true},
    {0}};

const drv_tool drv_this_tool = {
    .name = "cnn-upscale",
    .does = "enlarges pictures",
    .task = CNNIMG_TASK_UPSCALE,
    .model = "upscale-x2",
    .options = options,
    .examples = "Examples: cnn-upscale -s 3 in.png out.png   cnn-upscale --width 640 -r in -o out\n",
    .level = set_level,
    .defaults = defaults,
    .check = check,
    .picks = true,
};
