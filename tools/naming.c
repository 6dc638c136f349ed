/* SPDX-License-Identifier: MIT */
/* naming.c - where each result goes, and what must not be overwritten */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver.h"

/* ---- the kind of place ------------------------------------------------------------ */

static bool wants_folder(const drv_settings *s) {
  size_t n = strlen(s->output);
  bool many = s->inputs.n > 1 || s->files_from;
  for (size_t i = 0; i < s->inputs.n; i++) many = many || drv_is_folder(s->inputs.at[i]);
  return many || s->output[n - 1] == '/' || drv_is_folder(s->output);
}

static int bad_place(const drv_settings *s, const char *why) {
  drv_say(s, s->output, "%s", why);
  return DRV_EXIT_USAGE;
}

static int check_stdout(const drv_settings *s) {
  if (wants_folder(s)) return bad_place(s, "several pictures cannot go to standard output");
  if (isatty(STDOUT_FILENO) && !s->dry_run) return bad_place(s, "a picture is not written to a terminal");
  return DRV_GO;
}

static int check_folder(const drv_settings *s) {
  struct stat st;
  for (size_t i = 0; i < s->inputs.n; i++)
    if (!strcmp(s->inputs.at[i], "-"))
      return bad_place(s, "standard input has no name to be used in a folder; name a file");
  if (!stat(s->output, &st) && !S_ISDIR(st.st_mode))
    return bad_place(s, "is not a folder, but several results go there");
  return DRV_GO;
}

/* A name without a format's suffix could be meant as a folder: asking is better than guessing. */
static int check_file(const drv_settings *s) {
  struct stat st;
  const char *base = drv_base(s->output), *dot = strrchr(base, '.');
  if (s->format || !stat(s->output, &st) || (dot && cnnimg_can_write(s->output))) return DRV_GO;
  char words[DRV_WORDS], why[DRV_WHY];
  if (dot && drv_left_out(s->output, why)) return bad_place(s, why);
  snprintf(why, sizeof why, "this version writes no files of that name (%s); -f says what it shall be", drv_formats(words));
  if (dot && dot != base) return bad_place(s, why);
  return bad_place(
      s, "a folder that is not there? End it with / to have it made; for a file give it a suffix or -f");
}

int drv_place_of(drv_settings *s) {
  s->place = DRV_TO_NOTHING;
  if (!s->output) return DRV_GO;
  if (!strcmp(s->output, "-")) {
    s->place = DRV_TO_STDOUT;
    return check_stdout(s);
  }
  s->place = wants_folder(s) ? DRV_TO_FOLDER : DRV_TO_FILE;
  return s->place == DRV_TO_FOLDER ? check_folder(s) : check_file(s);
}

int drv_make_parents(const char *path) {
  char *copy = strdup(path);
  int status = copy ? 0 : -1;
  for (char *p = copy ? copy + 1 : NULL; p && *p && !status; p++) {
    if (*p != '/') continue;
    *p = 0;
    if (mkdir(copy, 0777) && errno != EEXIST && !drv_is_folder(copy)) status = -1;
    *p = '/';
  }
  int kept = errno;
  free(copy);
  errno = kept;
  return status;
}

/* ---- names -------------------------------------------------------------------------- */

/*
 * FNV-1a of the path, and MurmurHash3's last steps, without which the parity of a hash would be that of the characters.
 * The manual says it, and jobs are divided by it: it must never change.
 */
static uint64_t hash(const char *text) {
  uint64_t h = 14695981039346656037ull;
  for (; *text; text++) h = (h ^ (unsigned char)*text) * 1099511628211ull;
  h = (h ^ h >> 33) * 0xff51afd7ed558ccdull;
  h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53ull;
  return h ^ h >> 33;
}

static void keep_shard(const drv_settings *s, drv_jobs *jobs) {
  size_t kept = 0;
  for (size_t i = 0; i < jobs->n; i++) {
    drv_job *j = &jobs->at[i];
    if (hash(j->rel) % s->shards == s->shard - 1) {
      jobs->at[kept++] = *j;
      continue;
    }
    free(j->in);
    free(j->rel);
    free(j->out);
    free(j->reason);
  }
  jobs->n = kept;
}

/* FOLDER/rel with the suffix before the format's name, which -f replaces. */
static char *folder_name(const drv_settings *s, const char *rel) {
  const char *base = drv_base(rel), *dot = strrchr(base, '.');
  bool known = dot && dot != base && cnnimg_looks_like_picture(base);
  size_t stem = known ? (size_t)(dot - rel) : strlen(rel);
  const char *type = s->format ? s->format : known ? dot + 1 : "";
  size_t room = stem + strlen(type) + (s->suffix ? strlen(s->suffix) : 0) + 2;
  char *name = malloc(room), *path = NULL;
  if (name) {
    snprintf(name, room, "%.*s%s%s%s", (int)stem, rel, s->suffix ? s->suffix : "", *type ? "." : "", type);
    path = drv_join(s->output, name);
  }
  free(name);
  return path;
}

static void fail(drv_job *j, drv_fate fate, const char *format, const char *name) {
  size_t room = strlen(format) + strlen(name) + 1;
  j->fate = fate;
  free(j->reason);
  j->reason = malloc(room);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  if (j->reason) snprintf(j->reason, room, format, name);
#pragma GCC diagnostic pop
}

/* ---- what must not happen -------------------------------------------------------------- */

static int by_out(const void *a, const void *b) {
  const drv_job *x = *(drv_job *const *)a, *y = *(drv_job *const *)b;
  int order = strcmp(x->out, y->out);
  return order ? order : (x > y) - (x < y);
}

static int by_inode(const void *a, const void *b) {
  const drv_job *x = *(drv_job *const *)a, *y = *(drv_job *const *)b;
  if (x->dev != y->dev) return x->dev < y->dev ? -1 : 1;
  return (x->ino > y->ino) - (x->ino < y->ino);
}

/* Pointers to the jobs that are to run, sorted. */
static drv_job **sorted(drv_jobs *jobs, size_t *n, int (*order)(const void *, const void *)) {
  drv_job **list = malloc((jobs->n + 1) * sizeof *list);
  *n = 0;
  for (size_t i = 0; list && i < jobs->n; i++)
    if (jobs->at[i].fate == DRV_RUN && (order == by_out ? jobs->at[i].out != NULL : jobs->at[i].known))
      list[(*n)++] = &jobs->at[i];
  if (list) qsort(list, *n, sizeof *list, order);
  return list;
}

/* Two results in one file: the first one has it. */
static int refuse_doubles(drv_jobs *jobs) {
  size_t n;
  drv_job **list = sorted(jobs, &n, by_out), *first = NULL;
  if (!list) return -1;
  for (size_t i = 0; i < n; i++) {
    if (first && !strcmp(first->out, list[i]->out))
      fail(list[i], DRV_FAIL, "its result would replace that of %s", first->in);
    else first = list[i];
  }
  free(list);
  return 0;
}

/* Skips, and refuses to write over any input: its own one goes only where --existing overwrite is said. */
static void judge_existing(const drv_settings *s, drv_job *j, drv_job **inputs, size_t n) {
  struct stat st;
  if (j->fate != DRV_RUN || !j->out || stat(j->out, &st)) return;
  drv_job key = {.dev = st.st_dev, .ino = st.st_ino}, *at = &key;
  drv_job **hit = bsearch(&at, inputs, n, sizeof *inputs, by_inode);
  bool own = j->known && j->dev == st.st_dev && j->ino == st.st_ino;
  if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) return; /* /dev/null and the like */
  if (S_ISDIR(st.st_mode)) fail(j, DRV_FAIL, "%s is a folder", j->out);
  else if (s->existing == DRV_SKIP_EXISTING) fail(j, DRV_PASS, "%s exists", j->out);
  else if (s->existing == DRV_REFUSE_EXISTING) fail(j, DRV_FAIL, "%s exists already", j->out);
  else if (own && s->existing != DRV_OVERWRITE)
    fail(j, DRV_FAIL, "%s is the input itself; only --existing overwrite replaces it", j->out);
  else if (hit && !own) fail(j, DRV_FAIL, "%s is another input and will not be overwritten", j->out);
}

int drv_name_outputs(const drv_settings *s, drv_jobs *jobs) {
  size_t n = 0;
  bool nomem = false;
  for (size_t i = 0; i < jobs->n && s->place == DRV_TO_FOLDER; i++) {
    if (jobs->at[i].fate != DRV_RUN) continue;
    jobs->at[i].out = folder_name(s, jobs->at[i].rel);
    nomem = nomem || !jobs->at[i].out;
  }
  if (s->place == DRV_TO_FILE && jobs->n == 1) nomem = !(jobs->at[0].out = strdup(s->output));
  if (s->place == DRV_TO_FOLDER && !nomem) nomem = refuse_doubles(jobs) != 0;
  drv_job **inputs = nomem ? NULL : sorted(jobs, &n, by_inode);
  for (size_t i = 0; inputs && i < jobs->n; i++) judge_existing(s, &jobs->at[i], inputs, n);
  bool ok = inputs != NULL;
  free(inputs);
  if (ok && s->shards) keep_shard(s, jobs);
  if (!ok) drv_say(s, NULL, "out of memory while naming the results");
  return ok ? DRV_GO : DRV_EXIT_FAILED;
}
