/* SPDX-License-Identifier: MIT */
/* folder.c - for tests: the fixtures of tests/formats/data and the files that they consist of */
#include "tests/formats/folder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool ends(const char *name, const char *suffix) {
  size_t n = strlen(name), k = strlen(suffix);
  return n >= k && !strcmp(name + n - k, suffix);
}

bool folder_is_weights(const char *name) {
  static const char *const others[] = {".npy", ".tol", ".txt", ".md", ".py", ".png"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (ends(name, others[i])) return false;
  return name[0] != '.';
}

void folder_join(char *to, size_t room, const folder *f, const char *name, const char *suffix) {
  snprintf(to, room, "%s/%s%s", f->path, name, suffix);
}

static bool is_kind(const char *path, const char *name, bool want_folder) {
  char full[1024];
  struct stat st;
  snprintf(full, sizeof full, "%s/%s", path, name);
  return name[0] != '.' && stat(full, &st) == 0 && (want_folder ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode));
}

static size_t list(const char *path, bool folders, char ***names) {
  struct dirent **entry = NULL;
  int n = scandir(path, &entry, NULL, alphasort);
  size_t kept = 0;
  *names = calloc(n > 0 ? (size_t)n : 1, sizeof **names);
  for (int i = 0; i < n; i++) {
    if (is_kind(path, entry[i]->d_name, folders)) (*names)[kept++] = strdup(entry[i]->d_name);
    free(entry[i]);
  }
  free(entry);
  return kept;
}

bool folder_open(folder *f, const char *path) {
  snprintf(f->path, sizeof f->path, "%s", path);
  const char *slash = strrchr(f->path, '/');
  f->name = slash ? slash + 1 : f->path;
  f->n = list(f->path, false, &f->file);
  return f->n > 0;
}

void folder_close(folder *f) {
  for (size_t i = 0; i < f->n; i++) free(f->file[i]);
  free(f->file);
}

bool folder_has(const folder *f, const char *name) {
  for (size_t i = 0; i < f->n; i++)
    if (!strcmp(f->file[i], name)) return true;
  return false;
}

bool folder_stem(const folder *f, const char *name, char *stem, size_t room) {
  char in[512], out[512];
  if (!folder_is_weights(name)) return false;
  snprintf(stem, room, "%s", name);
  for (char *dot; (dot = strrchr(stem, '.'));) {
    *dot = 0;
    snprintf(in, sizeof in, "%s.in.npy", stem);
    snprintf(out, sizeof out, "%s.out.npy", stem);
    if (folder_has(f, in) && folder_has(f, out)) return true;
  }
  return false;
}

/* Shards are named by a .json: the first whose text has the name. */
static bool is_named_by(const folder *f, const char *json, const char *name) {
  char path[1024], *text = NULL;
  size_t n = 0;
  folder_join(path, sizeof path, f, json, "");
  FILE *file = fopen(path, "re");
  bool found = file && getdelim(&text, &n, 0, file) > 0 && strstr(text, name);
  if (file) fclose(file);
  free(text);
  return found;
}

static bool find_suffix(const folder *f, const char *suffix, char *first, size_t room) {
  for (size_t i = 0; i < f->n; i++) {
    if (!ends(f->file[i], suffix)) continue;
    snprintf(first, room, "%s", f->file[i]);
    return true;
  }
  return false;
}

static bool find_shards(const folder *f, const char *name, char *first, size_t room) {
  for (size_t i = 0; i < f->n; i++) {
    if (!ends(f->file[i], ".json") || !strcmp(f->file[i], "case.json"))
      continue; /* that one names every file */
    if (!is_named_by(f, f->file[i], name)) continue;
    snprintf(first, room, "%s", f->file[i]);
    return true;
  }
  return false;
}

bool folder_second(const folder *f, const char *name, char *first, size_t room) {
  static const char *const pairs[][2] = {{".bin", ".param"}, {".bin", ".json"}, {".prototxt", ".caffemodel"}};
  const char *data = strstr(name, ".data-");
  if (data) {
    snprintf(first, room, "%.*s.index", (int)(data - name), name);
    return folder_has(f, first);
  }
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    if (!ends(name, pairs[i][0])) continue;
    snprintf(first, room, "%.*s%s", (int)(strlen(name) - strlen(pairs[i][0])), name, pairs[i][1]);
    if (folder_has(f, first)) return true;
  }
  if (ends(name, ".prototxt")) return find_suffix(f, ".caffemodel", first, room);
  return ends(name, ".bin") && find_shards(f, name, first, room);
}

static void visit(const char *path, const char *called, void (*each)(const folder *f, void *user),
                  void *user) {
  folder f;
  folder_open(&f, path);
  if (called) f.name = called;
  each(&f, user);
  folder_close(&f);
}

size_t folder_walk(const char *path, void (*each)(const folder *f, void *user), void *user) {
  char inner[768], **names;
  size_t n = list(path, true, &names);
  for (size_t i = 0; i < n; i++) {
    snprintf(inner, sizeof inner, "%s/%s", path, names[i]);
    visit(inner, NULL, each, user);
    free(names[i]);
  }
  free(names);
  return n;
}

size_t folder_each(void (*each)(const folder *f, void *user), void *user) {
  const char *top = getenv("abs_top_srcdir");
  char path[512];
  snprintf(path, sizeof path, "%s/tests/formats/data", top ? top : ".");
  visit(path, "(top)", each, user);
  return folder_walk(path, each, user);
}
