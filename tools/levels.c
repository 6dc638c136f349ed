/* SPDX-License-Identifier: MIT */
/* levels.c - waifu2x's noise levels: which file of a folder of networks, or how much noise */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

#define MOST_FILES 1000 /* of a folder that are looked at */

/* ---- what a file is for ---------------------------------------------------------------- */

/* A network of a folder: the level that it was made for (DRV_LEVEL_NONE: removes no noise) and its factor. */
typedef struct made_for {
  int level;
  uint32_t scale;
} made_for;

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

static bool by_name(const char *name, made_for *f) {
  int scale;
  bool said = drv_name_says(name, &f->level, &scale);
  f->scale = scale ? (uint32_t)scale : 1;
  return said;
}

/* The card comes first: the line noise_level, of the file or of FILE.card.json. */
static bool by_card(cnnimg_context *context, const char *path, made_for *f) {
  cnnimg_model *model = NULL;
  double level = 0, scale = 1;
  if (cnnimg_model_load(context, path, &model, NULL)) return false;
  const char *said = cnnimg_model_get(model, "noise_level"), *factor = cnnimg_model_get(model, "scale");
  bool ok = said && !drv_number(said, DRV_LEVEL_NONE, DRV_LEVEL_MOST, &level);
  if (factor && drv_number(factor, 1, 64, &scale)) scale = 1;
  cnnimg_model_unref(model);
  *f = (made_for){(int)level, (uint32_t)scale};
  return ok;
}

/* Second halves of pairs, texts, pictures. */
static bool is_weights(const char *name) {
  static const char *const ends[] = {".onnx", ".param", ".json",        ".pth", ".pt",
                                     ".npz",  ".t7",    ".safetensors", ".h5"};
  size_t n = strlen(name);
  if (name[0] == '.' || (n > 10 && !strcmp(name + n - 10, ".card.json"))) return false;
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    size_t m = strlen(ends[i]);
    if (n > m && !strcmp(name + n - m, ends[i])) return true;
  }
  return false;
}

static bool has_card_beside(const char *path) {
  char *card = malloc(strlen(path) + sizeof ".card.json");
  if (!card) return false;
  sprintf(card, "%s.card.json", path);
  FILE *f = fopen(card, "rb");
  free(card);
  if (f) fclose(f);
  return f;
}

static bool what_for(cnnimg_context *context, const char *folder, const char *name, made_for *f) {
  char *path = drv_join(folder, name);
  size_t n = strlen(name);
  bool onnx = n > 5 && !strcmp(name + n - 5, ".onnx"), known = false;
  if (path && (onnx || has_card_beside(path))) known = by_card(context, path, f);
  free(path);
  return known || by_name(name, f);
}

/* ---- the choice ----------------------------------------------------------------------------- */

typedef struct search {
  int level;
  uint32_t scale; /* 0: any */
  char *found;    /* the first by name */
  size_t networks;
  char levels[64]; /* that there are for this factor */
} search;

static void note_level(search *q, int level) {
  char word[8];
  snprintf(word, sizeof word, "%s%d", *q->levels ? " " : "", level);
  if (!strstr(q->levels, *q->levels ? word : "?") && strlen(q->levels) + strlen(word) < sizeof q->levels)
    strcat(q->levels, word);
}

static void consider(search *q, cnnimg_context *context, const char *folder, const char *name) {
  made_for f;
  if (!is_weights(name) || !what_for(context, folder, name, &f)) return;
  q->networks++;
  if (q->scale && f.scale != q->scale) return;
  note_level(q, f.level);
  if (f.level != q->level || (q->found && strcmp(drv_base(q->found), name) <= 0)) return;
  free(q->found);
  q->found = drv_join(folder, name);
}

static bool look(search *q, cnnimg_context *context, const char *folder) {
  DIR *d = opendir(folder);
  struct dirent *e;
  if (!d) return false;
  for (int i = 0; i < MOST_FILES && (e = readdir(d)); i++) consider(q, context, folder, e->d_name);
  closedir(d);
  return true;
}

bool drv_has_levels(cnnimg_context *context, const char *folder) {
  search q = {.level = DRV_LEVEL_MOST + 1};
  return look(&q, context, folder) && q.networks > 1;
}

char *drv_level_file(const drv_settings *s, cnnimg_context *context, const char *folder, uint32_t scale) {
  search q = {.level = s->level, .scale = scale};
  char factor[32] = "";
  look(&q, context, folder);
  if (q.found) return q.found;
  if (scale > 1) snprintf(factor, sizeof factor, " that enlarges %u times", scale);
  else if (scale) snprintf(factor, sizeof factor, " that does not enlarge");
  drv_say(s, folder, "there is no network%s for noise level %d here%s%s", factor, s->level,
          *q.levels ? "; there are levels " : "", q.levels);
  return NULL;
}

/* ---- networks that are told how much noise there is --------------------------------------------- */

/* waifu2x's levels 0 to 3 are about as strong as noise of these sigmas. */
float drv_level_sigma(int level) {
  static const float sigmas[] = {0, 5, 10, 20, 35};
  return sigmas[level - DRV_LEVEL_NONE];
}

bool drv_takes_sigma(const cnnimg_model *model) {
  const cnnimg_port *p;
  for (size_t i = 0; (p = cnnimg_model_input(model, i)); i++)
    if (!strcmp(p->role, "sigma")) return true;
  return cnnimg_model_get(model, "output.sigma");
}

int drv_use_level(drv_settings *s, const cnnimg_model *model, const char *path) {
  if (!s->level_said || s->level_file) return DRV_GO;
  if (!drv_takes_sigma(model)) {
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
