/* SPDX-License-Identifier: MIT */
/* written.c - the files that this run has made, so that no result replaces another one */
#include <stdlib.h>
#include <sys/stat.h>

#include "driver.h"

/*
 * Names that differ may lead to one file: through links, and on file systems that take A.png for a.png. So files are
 * known by their numbers. An open table, a slot is free where its inode is 0.
 */
struct drv_file {
  dev_t dev;
  ino_t ino;
};

static bool look_up(const char *path, drv_file *file) {
  struct stat st;
  if (stat(path, &st) || !S_ISREG(st.st_mode)) return false;
  *file = (drv_file){st.st_dev, st.st_ino};
  return true;
}

/* Where the file is, or would be. */
static drv_file *slot_of(const drv_written *w, const drv_file *file) {
  size_t i = ((size_t)file->ino ^ (size_t)file->dev << 7) * 0x9e3779b1u;
  for (;; i++) {
    drv_file *at = &w->at[i & (w->room - 1)];
    if (!at->ino || (at->ino == file->ino && at->dev == file->dev)) return at;
  }
}

static int grow(drv_written *w) {
  drv_written larger = {.room = w->room ? w->room * 2 : 64, .n = w->n};
  larger.at = calloc(larger.room, sizeof *larger.at);
  if (!larger.at) return -1;
  for (size_t i = 0; i < w->room; i++)
    if (w->at[i].ino) *slot_of(&larger, &w->at[i]) = w->at[i];
  free(w->at);
  *w = larger;
  return 0;
}

bool drv_written_has(const drv_written *w, const char *path) {
  drv_file file;
  return w->n && look_up(path, &file) && slot_of(w, &file)->ino;
}

void drv_written_add(drv_written *w, const char *path) {
  drv_file file;
  if (!look_up(path, &file)) return;
  if (w->n >= w->room / 2 && grow(w)) return; /* without memory it is not noticed; runs go on */
  drv_file *at = slot_of(w, &file);
  w->n += !at->ino;
  *at = file;
}

void drv_written_fini(drv_written *w) { free(w->at); }
