/* SPDX-License-Identifier: MIT */
/* walk.c - finds the input files: operands, folders, lists */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver.h"

#define NAME_ROOM 8192 /* bytes of a name in a list: twice what a path can have */

char *drv_join(const char *folder, const char *name) {
  size_t n = strlen(folder), m = strlen(name);
  bool slash = n && folder[n - 1] != '/';
  char *path = malloc(n + m + 2);
  if (path) sprintf(path, "%s%s%s", folder, slash ? "/" : "", name);
  return path;
}

bool drv_is_folder(const char *path) {
  struct stat st;
  return !stat(path, &st) && S_ISDIR(st.st_mode);
}

const char *drv_base(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

drv_job *drv_jobs_add(drv_jobs *jobs, char *in, char *rel) {
  if (jobs->n == jobs->cap) {
    size_t cap = jobs->cap ? jobs->cap * 2 : 64;
    drv_job *at = cap > SIZE_MAX / sizeof *at ? NULL : realloc(jobs->at, cap * sizeof *at);
    if (at) jobs->at = at, jobs->cap = cap;
  }
  if (!in || !rel || jobs->n == jobs->cap) {
    free(in);
    free(rel);
    jobs->nomem = true;
    return NULL;
  }
  drv_job *job = &jobs->at[jobs->n++];
  *job = (drv_job){.in = in, .rel = rel, .fate = DRV_RUN};
  return job;
}

void drv_jobs_free(drv_jobs *jobs) {
  for (size_t i = 0; i < jobs->n; i++) {
    free(jobs->at[i].in);
    free(jobs->at[i].rel);
    free(jobs->at[i].out);
    free(jobs->at[i].reason);
  }
  free(jobs->at);
}

static void decide(drv_job *job, drv_fate fate, const char *reason) {
  if (!job) return;
  job->fate = fate;
  job->reason = strdup(reason);
}

static void remember(drv_job *job, const struct stat *st) {
  if (!job) return;
  job->known = true;
  job->regular = S_ISREG(st->st_mode);
  job->dev = st->st_dev;
  job->ino = st->st_ino;
  job->bytes = st->st_size > 0 ? (uint64_t)st->st_size : 0;
}

/* ---- folders ------------------------------------------------------------------- */

/* Folders still to be read, as paths below the root. A list and not recursion: trees can be deep. */
typedef struct walk {
  const drv_settings *s;
  const char *root, *prefix;
  drv_jobs *jobs;
  drv_names todo; /* malloc'ed */
  bool beside;    /* results go into the same folders */
} walk;

static drv_job *found(walk *w, const char *rel) {
  return drv_jobs_add(w->jobs, drv_join(w->root, rel), drv_join(w->prefix, rel));
}

static bool is_output(const walk *w, const struct stat *st) {
  struct stat out;
  return w->s->output && !stat(w->s->output, &out) && out.st_dev == st->st_dev && out.st_ino == st->st_ino;
}

/* A folder inside: links to folders are not followed, so that no loop can be walked. */
static void see_folder(walk *w, char *rel, const struct stat *st, bool link) {
  if (link) decide(found(w, rel), DRV_PASS, "a link to a folder");
  else if (is_output(w, st)) {
  } else if (!w->s->recursive) decide(found(w, rel), DRV_PASS, "a folder, and -r was not given");
  else if (!drv_names_add(&w->todo, rel)) return;
  else w->jobs->nomem = true;
  free(rel);
}

/* Where results lie beside their inputs, a second run must not take them for inputs. */
static bool is_result(const walk *w, const char *rel) {
  const char *base = drv_base(rel), *dot = strrchr(base, '.');
  size_t n = w->s->suffix ? strlen(w->s->suffix) : 0;
  return w->beside && n && dot && (size_t)(dot - base) > n && !memcmp(dot - n, w->s->suffix, n);
}

static const char *passed_by(const walk *w, const char *rel) {
  return w->s->tool->passes ? w->s->tool->passes(w->s, rel) : NULL;
}

static void see_file(walk *w, char *rel, const struct stat *st) {
  drv_job *job = found(w, rel);
  remember(job, st);
  if (!S_ISREG(st->st_mode)) decide(job, DRV_PASS, "not a regular file");
  else if (!cnnimg_looks_like_picture(rel))
    decide(job, DRV_PASS, "its name is not that of a picture that can be read");
  else if (!st->st_size) decide(job, DRV_PASS, "empty");
  else if (is_result(w, rel)) decide(job, DRV_PASS, "a result, by its suffix");
  else if (passed_by(w, rel)) decide(job, DRV_PASS, passed_by(w, rel));
  free(rel);
}

static void see(walk *w, int folder, const char *below, const char *name) {
  struct stat st, target;
  char *rel = *below ? drv_join(below, name) : strdup(name);
  if (!rel) {
    w->jobs->nomem = true;
    return;
  }
  bool ok = !fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW), link = ok && S_ISLNK(st.st_mode);
  if (link && !fstatat(folder, name, &target, 0)) st = target;
  else if (link) ok = false;
  if (ok && name[0] == '.') {
    decide(found(w, rel), DRV_PASS, "hidden");
    free(rel);
  } else if (!ok) {
    decide(found(w, rel), cnnimg_looks_like_picture(name) ? DRV_FAIL : DRV_PASS,
           link ? "a link to nowhere" : strerror(errno));
    free(rel);
  } else if (S_ISDIR(st.st_mode)) {
    see_folder(w, rel, &st, link);
  } else {
    see_file(w, rel, &st);
  }
}

static void read_folder(walk *w, const char *below) {
  char *path = *below ? drv_join(w->root, below) : strdup(w->root);
  DIR *d = path ? opendir(path) : NULL;
  if (!d) decide(drv_jobs_add(w->jobs, path, strdup(below)), DRV_FAIL, strerror(errno));
  else free(path);
  if (!d) return;
  for (struct dirent *e; (e = readdir(d));)
    if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..")) see(w, dirfd(d), below, e->d_name);
  closedir(d);
}

static int by_rel(const void *a, const void *b) {
  return strcmp(((const drv_job *)a)->rel, ((const drv_job *)b)->rel);
}

void drv_walk(const drv_settings *s, const char *root, const char *prefix, drv_jobs *jobs) {
  walk w = {.s = s, .root = root, .prefix = prefix, .jobs = jobs};
  size_t first = jobs->n;
  struct stat st;
  w.beside = !*prefix && !stat(root, &st) && is_output(&w, &st);
  read_folder(&w, "");
  while (w.todo.n) {
    char *below = (char *)(uintptr_t)w.todo.at[--w.todo.n];
    read_folder(&w, below);
    free(below);
  }
  free(w.todo.at);
  if (jobs->n > first) qsort(jobs->at + first, jobs->n - first, sizeof *jobs->at, by_rel);
}

/* ---- what the user named ----------------------------------------------------------- */

/* Several folders keep their own names below the output, one gives its files only. */
static void add_folder(const drv_settings *s, const char *path, bool alone, drv_jobs *jobs) {
  char *prefix = strdup(path);
  if (!prefix) {
    jobs->nomem = true;
    return;
  }
  for (size_t n = strlen(prefix); n > 1 && prefix[n - 1] == '/'; n--) prefix[n - 1] = 0;
  const char *base = drv_base(prefix);
  bool nameless = alone || !*base || !strcmp(base, ".") || !strcmp(base, "..");
  drv_walk(s, path, nameless ? "" : base, jobs);
  free(prefix);
}

/* Where the file goes below the output folder: its name, or for a list its path as far as that leads down only. */
static const char *place_below(const char *path, bool listed) {
  while (listed && path[0] == '.' && path[1] == '/') path += 2 + strspn(path + 2, "/");
  bool up = path[0] == '/' || !strncmp(path, "../", 3) || strstr(path, "/../") || !*path;
  return listed && !up ? path : drv_base(path);
}

static void add_named(const drv_settings *s, const char *path, bool listed, bool alone, drv_jobs *jobs) {
  struct stat st;
  if (!strcmp(path, "-") && !listed) {
    drv_jobs_add(jobs, strdup("-"), strdup("-"));
    return;
  }
  int bad = stat(path, &st) ? errno : 0;
  if (!bad && S_ISDIR(st.st_mode)) {
    add_folder(s, path, alone, jobs);
    return;
  }
  drv_job *job = drv_jobs_add(jobs, strdup(path), strdup(place_below(path, listed)));
  if (bad) decide(job, DRV_FAIL, strerror(bad));
  else remember(job, &st);
}

/* The next name of a list: its length, or -1 at the end; more than NAME_ROOM bytes are no name. */
static ssize_t read_name(FILE *f, int end, char name[NAME_ROOM + 1]) {
  size_t n = 0;
  int c = getc(f);
  if (c == EOF) return -1;
  for (; c != EOF && c != end && n <= NAME_ROOM; c = getc(f), n++) name[n] = (char)c;
  return (ssize_t)n;
}

static int add_names(const drv_settings *s, FILE *f, drv_jobs *jobs) {
  static char name[NAME_ROOM + 1];
  size_t line = 1;
  for (ssize_t n; (n = read_name(f, s->null ? 0 : '\n', name)) >= 0; line++) {
    if (n > NAME_ROOM) {
      drv_say(s, s->files_from, "its name number %zu is longer than a path can be", line);
      return DRV_EXIT_USAGE;
    }
    if (!s->null && n && name[n - 1] == '\r') n--;
    name[n] = 0;
    const char *at =
        line == 1 && !strncmp(name, "\xef\xbb\xbf", 3) ? name + 3 : name; /* as editors begin UTF-8 */
    if (*at) add_named(s, at, true, false, jobs);
  }
  if (ferror(f)) drv_say(s, s->files_from, "%s", strerror(errno));
  return ferror(f) ? DRV_EXIT_USAGE : DRV_GO;
}

static int add_list(const drv_settings *s, drv_jobs *jobs) {
  bool pipe = !strcmp(s->files_from, "-");
  FILE *f = pipe ? stdin : fopen(s->files_from, "r");
  if (!f) {
    drv_say(s, s->files_from, "%s", strerror(errno));
    return DRV_EXIT_USAGE;
  }
  int status = add_names(s, f, jobs);
  if (!pipe) fclose(f);
  return status;
}

int drv_collect(drv_settings *s, drv_jobs *jobs) {
  int status = drv_place_of(s);
  if (status == DRV_GO && s->files_from) status = add_list(s, jobs);
  if (status != DRV_GO) return status;
  for (size_t i = 0; i < s->inputs.n; i++)
    add_named(s, s->inputs.at[i], false, s->inputs.n == 1 && !s->files_from, jobs);
  if (!jobs->nomem) return drv_name_outputs(s, jobs);
  drv_say(s, NULL, "out of memory while looking for files");
  return DRV_EXIT_FAILED;
}
