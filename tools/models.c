/* SPDX-License-Identifier: MIT */
/* models.c - finds models: built-in ones by name, files and folders of them */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver.h"

#ifndef CNNIMG_MODELS_DIR
#define CNNIMG_MODELS_DIR "/usr/local/share/cnnimg/models"
#endif

#define DEPTH 32 /* folders inside folders */

/* ---- where to look ---------------------------------------------------------------- */

static int add_place(drv_names *places, char *path) {
  if (path && drv_is_folder(path) && !drv_names_add(places, path)) return 0;
  free(path);
  return -1;
}

/* share/ of an installed tree that was moved, models/ of a source tree that was built. */
static bool add_places_near(void *user, const char *folder, int up) {
  if (up == 1) add_place(user, drv_join(folder, "share/cnnimg/models"));
  add_place(user, drv_join(folder, "models"));
  return false;
}

/* The folders that exist, the first one first. The names are malloc'ed. */
static drv_names all_places(const drv_settings *s) {
  drv_names places = {0};
  const char *said = getenv("CNNIMG_MODELS_DIR");
  if (s->models_dir) {
    add_place(&places, strdup(s->models_dir));
    return places;
  }
  if (s->model_name && s->model && drv_is_folder(s->model)) add_place(&places, strdup(s->model));
  if (said && *said) add_place(&places, strdup(said));
  add_place(&places, strdup(CNNIMG_MODELS_DIR));
  drv_near_each(add_places_near, &places);
  return places;
}

static void free_places(drv_names *places) {
  for (size_t i = 0; i < places->n; i++) free((char *)(uintptr_t)places->at[i]);
  free(places->at);
}

/* ---- one model ---------------------------------------------------------------------- */

static bool is_file(const char *path) {
  struct stat st;
  return !stat(path, &st) && !S_ISDIR(st.st_mode);
}

static char *if_file(char *path) {
  if (path && is_file(path)) return path;
  free(path);
  return NULL;
}

static char *with_suffix(const char *name, const char *suffix) {
  char *file = malloc(strlen(name) + strlen(suffix) + 1);
  if (file) sprintf(file, "%s%s", name, suffix);
  return file;
}

/* DIR/name/name.onnx or DIR/name.onnx. */
static char *model_in(const char *folder, const char *name) {
  char *file = with_suffix(name, ".onnx"), *inner = drv_join(folder, name), *path = NULL;
  if (file && inner) path = if_file(drv_join(inner, file));
  if (file && !path) path = if_file(drv_join(folder, file));
  free(file);
  free(inner);
  return path;
}

/* The one weight file in a folder; NULL if there is none or more than one. */
static char *only_file(const char *folder) {
  DIR *d = opendir(folder);
  char *path = NULL;
  size_t n = 0;
  if (!d) return NULL;
  for (struct dirent *e; (e = readdir(d));) {
    size_t length = strlen(e->d_name);
    if (e->d_name[0] == '.' || length < 6 || strcmp(e->d_name + length - 5, ".onnx")) continue;
    if (!n++) path = drv_join(folder, e->d_name);
  }
  closedir(d);
  if (n == 1) return path;
  free(path);
  return NULL;
}

static char *from_folder(const char *folder) {
  char *copy = strdup(folder), *path = NULL;
  if (!copy) return NULL;
  for (size_t n = strlen(copy); n > 1 && copy[n - 1] == '/'; n--) copy[n - 1] = 0;
  char *file = with_suffix(drv_base(copy), ".onnx");
  path = file ? if_file(drv_join(copy, file)) : NULL;
  if (!path) path = only_file(copy);
  free(file);
  free(copy);
  return path;
}

/* Folders of other people's have other formats: ncnn's pairs, PyTorch's files. */
static char *any_in(const char *folder, const char *name) {
  static const char *const suffixes[] = {".param", ".pth", ".safetensors", ".json", ".pt"};
  char *path = model_in(folder, name);
  for (size_t i = 0; !path && i < sizeof suffixes / sizeof *suffixes; i++) {
    char *file = with_suffix(name, suffixes[i]);
    path = file ? if_file(drv_join(folder, file)) : NULL;
    free(file);
  }
  return path;
}

static char *by_name(const drv_settings *s, const char *name) {
  drv_names places = all_places(s);
  char *path = NULL;
  for (size_t i = 0; !path && i < places.n && !strchr(name, '/'); i++) path = any_in(places.at[i], name);
  free_places(&places);
  return path;
}

/* realesrgan-ncnn-vulkan's realesr-animevideov3 is three networks, of which -s says one: NAME-x2 and so on, else -x4. */
static char *by_factor(const drv_settings *s, const char *name) {
  const uint32_t num = s->params.scale_num, den = s->params.scale_den;
  char suffix[32];
  snprintf(suffix, sizeof suffix, "-x%u", den && num % den == 0 ? num / den : 4);
  char *full = with_suffix(name, suffix), *path = full ? by_name(s, full) : NULL;
  free(full);
  return path;
}

/* A name first, then a path; a word that is both can be written ./word. */
static char *find(const drv_settings *s, const char *word) {
  char *path = by_name(s, word);
  if (!path && (s->model_name || s->params.scale_den)) path = by_factor(s, word);
  if (!path && is_file(word)) path = strdup(word);
  if (!path && drv_is_folder(word)) path = from_folder(word);
  return path;
}

static void say_not_found(const drv_settings *s, const char *word) {
  if (strchr(word, '/') || is_file(word) || drv_is_folder(word)) {
    drv_say(s, word, "%s",
            drv_is_folder(word) ? "no weight file, or more than one, in this folder" : strerror(ENOENT));
    return;
  }
  const char *what = s->model == word ? "no model, file or folder" : "no model";
  const char *why = "";
  if (s->jpeg && !s->model && !s->model_name) why = ", which --jpeg takes where -m names no other";
  if (s->lineart && !s->model && !s->model_name) why = ", which --lineart takes where -m names no other";
  if (s->tool->picks && !strcmp(word, DRV_DENOISER))
    why = ", which -n takes before a network that only enlarges";
  drv_say(s, NULL, "%s is called %s%s; --list-models shows those that there are", what, word, why);
}

/* Removing JPEG artefacts and colouring drawings are other networks' work. */
static const char *usual_model(const drv_settings *s) {
  return s->jpeg ? "deblock" : s->lineart ? "lineart" : s->tool->model;
}

static const char *word_for(const drv_settings *s) {
  bool folder_of_names = s->model_name && s->model && drv_is_folder(s->model);
  return s->model && !folder_of_names ? s->model : s->model_name ? s->model_name : usual_model(s);
}

bool drv_model_is_there(const drv_settings *s) {
  char *path = find(s, word_for(s));
  free(path);
  return path;
}

char *drv_find_model(const drv_settings *s) {
  const char *word = word_for(s);
  char *path = find(s, word);
  if (!path) say_not_found(s, word);
  return path;
}

/* ---- all of them ------------------------------------------------------------------------ */

char *drv_find_word(const drv_settings *s, const char *word) {
  char *path = find(s, word);
  if (!path) say_not_found(s, word);
  return path;
}

/* The name of a model in an entry of a models folder: "denoise" or "denoise.onnx". */
static char *name_of(const char *folder, const char *entry) {
  char *name = strdup(entry);
  size_t n = name ? strlen(name) : 0;
  if (n > 5 && !strcmp(name + n - 5, ".onnx")) name[n - 5] = 0;
  char *path = name && name[0] != '.' ? model_in(folder, name) : NULL;
  if (path) {
    free(path);
    return name;
  }
  free(name);
  return NULL;
}

static int by_text(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void gather(const char *folder, drv_names *names) {
  DIR *d = opendir(folder);
  if (!d) return;
  for (struct dirent *e; (e = readdir(d));) {
    char *name = name_of(folder, e->d_name);
    if (name && drv_names_add(names, name)) free(name);
  }
  closedir(d);
}

int drv_each_built_in(const drv_settings *s, drv_each_model each, void *user) {
  drv_names places = all_places(s), names = {0};
  for (size_t i = 0; i < places.n; i++) gather(places.at[i], &names);
  if (names.n) qsort(names.at, names.n, sizeof *names.at, by_text);
  for (size_t i = 0; i < names.n; i++) {
    char *path = i && !strcmp(names.at[i], names.at[i - 1]) ? NULL : by_name(s, names.at[i]);
    if (path) each(user, names.at[i], path);
    free(path);
  }
  bool none = !names.n;
  free_places(&names);
  free_places(&places);
  return none ? -1 : 0;
}

/* What lies beside weight files and is none. */
static bool is_companion(const char *name) {
  static const char *const ends[] = {".card.json", ".md", ".txt", ".npy", "LICENSE", "LICENCE"};
  size_t n = strlen(name);
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    size_t m = strlen(ends[i]);
    if (n >= m && !strcmp(name + n - m, ends[i])) return true;
  }
  return name[0] == '.' || cnnimg_looks_like_picture(name);
}

static int read_folder(const char *folder, drv_names *entries) {
  DIR *d = opendir(folder);
  if (!d) return -1;
  for (struct dirent *e; (e = readdir(d));) {
    char *name = is_companion(e->d_name) ? NULL : strdup(e->d_name);
    if (name && drv_names_add(entries, name)) free(name);
  }
  closedir(d);
  if (entries->n) qsort(entries->at, entries->n, sizeof *entries->at, by_text);
  return 0;
}

/* An entry that -m would take by its name in this folder, or any file. */
static void each_entry(const drv_settings *s, const char *folder, const char *entry, int depth,
                       drv_each_model each, void *user) {
  char *name = name_of(folder, entry), *path = name ? model_in(folder, name) : drv_join(folder, entry);
  if (path && !drv_is_folder(path)) each(user, name ? name : entry, path);
  else if (path && s->recursive && depth < DEPTH) drv_each_in(s, path, depth + 1, each, user);
  free(name);
  free(path);
}

int drv_each_in(const drv_settings *s, const char *folder, int depth, drv_each_model each, void *user) {
  drv_names entries = {0};
  if (read_folder(folder, &entries)) {
    drv_say(s, folder, "%s", strerror(errno));
    return -1;
  }
  for (size_t i = 0; i < entries.n; i++) each_entry(s, folder, entries.at[i], depth, each, user);
  free_places(&entries);
  return 0;
}
