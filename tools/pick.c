/* SPDX-License-Identifier: MIT */
/* pick.c - which of several networks is for a picture: by their factors, and by the noise that they remove */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver.h"

#define USUAL 2 /* the factor, where none is asked for */

/* ---- what names say ------------------------------------------------------------------------------ */

static bool first_of_word(const char *name, size_t i) { return !i || !isalnum((unsigned char)name[i - 1]); }
static int digit(char c) { return c >= '1' && c <= '9' ? c - '0' : 0; }

/* x4 or 4x, as a word of its own. */
static int factor_at(const char *name, size_t i) {
  if (!first_of_word(name, i)) return 0;
  if (tolower((unsigned char)name[i]) == 'x') return digit(name[i + 1]);
  bool x = tolower((unsigned char)name[i + 1]) == 'x' && !isalnum((unsigned char)name[i + 2]);
  return x ? digit(name[i]) : 0;
}

/* Does it say enough? Where nothing is enlarged, a factor need not be said. */
static bool ask_name(drv_candidate *c, const char *name, bool enlarges) {
  bool said = drv_name_says(name, &c->level, &c->scale);
  for (size_t i = 0; !c->scale && name[i]; i++) c->scale = factor_at(name, i);
  return c->scale || (said && !enlarges);
}

/* ---- candidates ----------------------------------------------------------------------------------- */

static double number(const cnnimg_model *m, const char *key) {
  const char *text = cnnimg_model_get(m, key);
  return text ? atof(text) : 0;
}

/* The card comes before the name. Does it say a level? */
static bool ask_card(drv_candidate *c, const cnnimg_model *m) {
  const char *level = cnnimg_model_get(m, "noise_level");
  if (level) c->level = atoi(level);
  if (number(m, "scale") >= 1) c->scale = (int)number(m, "scale");
  c->parameters = number(m, "parameters");
  return level;
}

int drv_level_of(const cnnimg_model *m, const char *path) {
  drv_candidate c = {0};
  (void)ask_name(&c, drv_base(path), true);
  (void)ask_card(&c, m);
  return c.level;
}

static bool has_card_beside(const char *path) {
  char *card = malloc(strlen(path) + sizeof ".card.json");
  bool there = card && !access(strcat(strcpy(card, path), ".card.json"), R_OK);
  free(card);
  return there;
}

typedef struct gathering {
  drv_run *run;
  bool built_in;
  size_t networks; /* those that enlarge although the tool does not are counted, not taken */
} gathering;

static bool enlarges(const cnnimg_model *m) {
  const char *task = cnnimg_model_get(m, "task");
  return task && !strcmp(task, "upscale");
}

static void add(drv_run *run, drv_candidate c) {
  drv_candidates *all = &run->candidates;
  drv_candidate *at = realloc(all->at, (all->n + 1) * sizeof *at);
  if (at) all->at = at;
  if (at && c.path && c.name) all->at[all->n++] = c;
  else free(c.path), free(c.name);
}

/* What a file is for; false: nothing that could be picked. Other people's files are many and large: those whose names say
 * enough are not opened before they are wanted, unless somebody has laid a card beside them. */
static bool ask(const gathering *g, const char *name, const char *path, drv_candidate *c) {
  const drv_settings *s = g->run->s;
  cnnimg_error err = {0};
  cnnimg_model *model = NULL;
  bool said = ask_name(c, name, s->tool->picks);
  if (said && !g->built_in && !has_card_beside(path)) return true;
  if (cnnimg_model_load_opt(g->run->context, path, s->model_opts.at, &model, &err)) {
    if (g->built_in) drv_say(s, path, "%s", err.text);
    return said && !g->built_in;
  }
  bool level = ask_card(c, model), taken = !g->built_in || enlarges(model);
  cnnimg_model_unref(model);
  return taken && (said || level || s->tool->picks);
}

static void consider(void *user, const char *name, const char *path) {
  gathering *g = user;
  drv_candidate c = {0};
  if (!ask(g, name, path, &c)) return;
  g->networks++;
  if (!g->run->s->tool->picks && c.scale > 1) return;
  if (!c.scale) c.scale = 1;
  c.path = strdup(path), c.name = strdup(name);
  add(g->run, c);
}

/* A pair of files is named by the one that says the network. */
static void consider_file(void *user, const char *name, const char *path) {
  static const char *const seconds[] = {".bin", ".caffemodel"};
  const char *dot = strrchr(name, '.');
  for (size_t i = 0; dot && i < sizeof seconds / sizeof *seconds; i++)
    if (!strcmp(dot, seconds[i])) return;
  consider(user, name, path);
}

/* cnn-upscale picks by the factor; any tool in a folder that has a network for each level of noise. */
bool drv_picks(const drv_settings *s) {
  bool folder = s->model && drv_is_folder(s->model);
  if (s->model_name) return false;
  return s->tool->picks ? !s->model || folder : folder && s->level_said;
}

static void list_levels(const drv_candidates *all, char *text, size_t size) {
  *text = 0;
  for (int level = DRV_LEVEL_NONE; level <= DRV_LEVEL_MOST; level++)
    for (size_t i = 0; i < all->n; i++)
      if (all->at[i].level == level) {
        size_t n = strlen(text);
        snprintf(text + n, size - n, "%s%d", n ? " " : "; there are levels ", level);
        break;
      }
}

bool drv_has_level(const drv_candidates *all, int level) {
  for (size_t i = 0; i < all->n; i++)
    if (all->at[i].level == level) return true;
  return false;
}

/* A level that no network of a folder is for would fail for each picture. Built-in ones get another network before them. */
static int check_level(const drv_run *run) {
  const drv_settings *s = run->s;
  char levels[64];
  if (!s->model || !s->level_said || drv_has_level(&run->candidates, s->level)) return DRV_GO;
  list_levels(&run->candidates, levels, sizeof levels);
  drv_say(s, s->model, "there is no network that %s for noise level %d here%s",
          s->tool->picks ? "enlarges" : "does not enlarge", s->level, levels);
  return DRV_EXIT_MODEL;
}

int drv_gather(drv_run *run) {
  const drv_settings *s = run->s;
  gathering g = {.run = run, .built_in = !s->model};
  if (run->candidates.n) return DRV_GO;
  if (s->model) drv_each_in(s, s->model, DRV_NO_DEEPER, consider_file, &g);
  else drv_each_built_in(s, consider, &g);
  if (s->tool->picks ? run->candidates.n : g.networks > 1) return check_level(run);
  if (s->tool->picks)
    drv_say(s, s->model, "no network that enlarges was found%s",
            s->model ? " there" : "; -m names one, --models-dir says where built-in ones are");
  else drv_candidates_free(&run->candidates); /* one network, whatever it is */
  return s->tool->picks ? DRV_EXIT_MODEL : DRV_GO;
}

void drv_candidates_free(drv_candidates *all) {
  for (size_t i = 0; i < all->n; i++) free(all->at[i].path), free(all->at[i].name);
  free(all->at);
  *all = (drv_candidates){0};
}

/* ---- the choice ---------------------------------------------------------------------------------------- */

/* How many times larger the result shall be, the larger of both ways. */
static double factor_for(const drv_settings *s, const cnnimg_params *p, const cnnimg_format *f) {
  if (!s->tool->picks) return 1;
  double x = (double)p->result_width / f->width, y = (double)p->result_height / f->height;
  if (p->result_width || p->result_height) return x > y ? x : y;
  return p->scale_num ? (double)p->scale_num / p->scale_den : USUAL;
}

/* The level that is asked for; where none is, or none is there, the one with the least denoising that there is. */
static int level_for(const drv_run *run) {
  int least = run->candidates.at[0].level;
  for (size_t i = 1; i < run->candidates.n; i++)
    if (run->candidates.at[i].level < least) least = run->candidates.at[i].level;
  bool there = run->s->level_said && drv_has_level(&run->candidates, run->s->level);
  return there ? run->s->level : least;
}

/* Is a the better one? The smallest factor that is enough, else the largest; of two, the larger network. A result that is
 * shrunk is better than one that a filter enlarges: Set5 x3 has 33.42 dB through upscale-x4, 33.25 through
 * upscale-x2 (tests/bench/filters.py). */
static bool better(const drv_candidate *a, const drv_candidate *b, double factor) {
  bool a_enough = a->scale >= factor - 1e-9, b_enough = b->scale >= factor - 1e-9;
  if (a_enough != b_enough) return a_enough;
  if (a->scale != b->scale) return a_enough ? a->scale < b->scale : a->scale > b->scale;
  return a->parameters > b->parameters;
}

static const drv_candidate *choose(const drv_run *run, double factor, const drv_candidate **other) {
  const drv_candidate *best = NULL;
  int level = level_for(run);
  *other = NULL;
  for (size_t i = 0; i < run->candidates.n; i++) {
    const drv_candidate *c = &run->candidates.at[i];
    if (c->level != level) continue;
    if (!best || better(c, best, factor)) best = c, *other = NULL;
    else if (!better(best, c, factor)) *other = c;
  }
  return best;
}

static int refuse(const drv_run *run, const drv_candidate *one, const drv_candidate *other,
                  cnnimg_error *err) {
  err->code = CNNIMG_BADARG;
  snprintf(err->text, sizeof err->text, "%s: %s and %s %s; -n NAME or -m FILE says which", run->s->model,
           one->name, other->name,
           run->s->tool->picks ? "enlarge by the same factor" : "are for the same level");
  return err->code;
}

int drv_pick(drv_run *run, const cnnimg_format *format, cnnimg_error *err) {
  const drv_candidate *other = NULL;
  if (!run->candidates.n) return CNNIMG_OK;
  const drv_candidate *c = choose(run, factor_for(run->s, &run->params, format), &other);
  if (other && run->s->model) return refuse(run, c, other, err);
  if (run->model_path && !strcmp(run->model_path, c->path) && run->model) return CNNIMG_OK;
  cnnimg_session_free(run->session);
  cnnimg_model_unref(run->model);
  free(run->model_path);
  run->session = NULL, run->model = NULL;
  run->speed = 0;
  run->model_path = strdup(c->path);
  return cnnimg_model_load_opt(run->context, c->path, run->s->model_opts.at, &run->model, err);
}
