/* SPDX-License-Identifier: MIT */
/* test_hostile_formats.c - damaged weight files of every format: a sentence or a network, in little memory and time
 *
 * Walks tests/formats/data and its folders, a folder a format. Of every file, second halves of pairs too: prefixes, and
 * mutations by seed. `make check` takes a sample; HOSTILE=full takes every prefix of small files and 5,000 mutations a
 * format; HOSTILE=N takes N. What crashes or hangs is told, and lies in hostile-last.bin. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "archs/weights.h"
#include "tasks/fit.h"
#include "tests/base/heap.h"
#include "tests/formats/folder.h"
#include "tests/formats/mutate.h"

/* Bytes that a load may have at once: BASE, and FACTOR for each byte of its files. JSON takes some 40 times its text;
 * deflated bytes are up to 1,032 times as many: FACTOR_PACKED, where the format has them. */
#define BASE ((size_t)64 << 10)
#define FACTOR ((size_t)64)
#define FACTOR_PACKED ((size_t)1100)
#define LARGEST ((size_t)1 << 20) /* files above are left out */
#define SMALL ((size_t)16 << 10)  /* HOSTILE=full tries every prefix */
#define PREFIXES 2400             /* of a folder's files, about, in make check */
#define HELPED 60  /* of a folder's prefixes, and of its mutations, where a helper program reads them */
#define SECONDS 30 /* more for one load is a hang, whatever the sanitizer */

static struct {
  bool full;
  size_t mutations, prefixes; /* a folder's, a file's */
  size_t files, loads, networks;
  size_t most;   /* bytes at once */
  double factor; /* the most bytes a byte of the file, without the base */
  char by[600];
} all;

/* ---- what is being tried, for those who come to look ------------------------------------------------- */

static struct {
  char what[600];
  const uint8_t *data;
  size_t size;
} current;

static void leave_it(void) {
  int fd = open("hostile-last.bin", O_WRONLY | O_CREAT | O_TRUNC, 0666);
  ssize_t unused = write(STDERR_FILENO, current.what, strlen(current.what));
  if (fd >= 0 && current.data) unused = write(fd, current.data, current.size);
  unused = write(STDERR_FILENO, "\n", 1);
  (void)unused;
  if (fd >= 0) close(fd);
}

static void on_signal(int number) {
  leave_it();
  signal(number, SIG_DFL);
  raise(number);
}

void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void watch_deaths(void) {
  static const int deaths[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
  signal(SIGALRM, on_signal);
  if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(leave_it);
  else
    for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++) signal(deaths[i], on_signal);
}

static void must(bool good, const char *why) {
  if (good) return;
  leave_it();
  fail_msg("%s: %s", current.what, why);
}

/* ---- one load -------------------------------------------------------------------------------- */

/* The two halves of a pair that is being damaged, or one file. */
typedef struct subject {
  const folder *f;
  const char *name; /* what is damaged */
  char first[256];  /* what is loaded */
  const uint8_t *data;
  size_t n, others; /* bytes of it, and of what is read beside it */
  bool is_second, is_packed,
      is_helped; /* helped: read by a helper program, which is given paths where there are any */
} subject;

static void judge_memory(const subject *s, size_t size) {
  size_t most = heap_most(), room = (s->is_packed ? FACTOR_PACKED : FACTOR) * size;
  double each = most > BASE ? (double)(most - BASE) / (double)size : 0;
  if (most > all.most) snprintf(all.by, sizeof all.by, "%s", current.what), all.most = most;
  if (each > all.factor) all.factor = each;
  if (most > BASE + room) print_error("%zu bytes for files of %zu\n", most, size);
  must(most <= BASE + room, "too much memory");
}

/* Names the file, or another one in its folder. */
static bool names_a_file(const folder *f, const char *text) {
  for (size_t i = 0; i < f->n; i++)
    if (strstr(text, f->file[i])) return true;
  return false;
}

static void judge(const subject *s, int status, ci_program *p, const cnnimg_error *err) {
  cnnimg_error probed = {0};
  must(!status == (p != NULL), "a status and a network, or neither");
  if (status) {
    must(status == err->code && err->text[0], "a status without a sentence");
    must(status != CNNIMG_NOMEM && names_a_file(s->f, err->text), err->text);
    return;
  }
  all.networks++;
  status = ci_network_probe(p, &probed);
  must(status == probed.code && (!status || probed.text[0]), "a network refused without a sentence");
  probed = (cnnimg_error){0};
  status = ci_fit_probe(p, &probed);
  must(status == probed.code && (!status || probed.text[0]), "a picture refused without a sentence");
}

/* Closes the source. */
static int load(const subject *s, ci_source *src, size_t size) {
  cnnimg_error err = {0};
  ci_program *p = NULL;
  alarm(SECONDS);
  heap_start(0);
  int status = ci_weights_load(src, &p, NULL, &err);
  heap_stop();
  all.loads++;
  judge_memory(s, size + s->others);
  judge(s, status, p, &err);
  ci_program_free(p);
  ci_source_close(src);
  alarm(0);
  return status;
}

/* A copy of exactly that many bytes, so that a sanitizer sees reads behind them; second files are found by the path. */
static int load_first(const subject *s, const uint8_t *data, size_t n) {
  char path[1024];
  ci_source src;
  uint8_t *copy = malloc(n ? n : 1);
  memcpy(copy, data, n);
  current.data = copy, current.size = n;
  ci_source_memory(&src, copy, n, s->name);
  folder_join(path, sizeof path, s->f, s->name, "");
  if (!s->is_helped) src.path = strdup(path);
  int status = load(s, &src, n);
  current.data = NULL;
  free(copy);
  return status;
}

static char scratch[] = "hostile-XXXXXX"; /* a folder with a link to every file, but for the damaged one */

static int load_second(const subject *s, const uint8_t *data, size_t n) {
  char path[1024];
  ci_source src;
  cnnimg_error err = {0};
  snprintf(path, sizeof path, "%s/%s", scratch, s->name);
  unlink(path);
  FILE *f = fopen(path, "we");
  must(f && fwrite(data, 1, n, f) == n, "the second file was not written");
  fclose(f);
  current.data = data, current.size = n;
  snprintf(path, sizeof path, "%s/%s", scratch, s->first);
  if (ci_source_open(&src, path, 0, &err)) fail_msg("%s", err.text);
  int status = load(s, &src, n);
  current.data = NULL;
  return status;
}

static int load_bytes(const subject *s, const uint8_t *data, size_t n) {
  return s->is_second ? load_second(s, data, n) : load_first(s, data, n);
}

static void link_all(const folder *f) {
  char from[1024], to[1024], real[4096];
  for (size_t i = 0; i < f->n; i++) {
    folder_join(from, sizeof from, f, f->file[i], "");
    snprintf(to, sizeof to, "%s/%s", scratch, f->file[i]);
    if (!realpath(from, real) || symlink(real, to)) fail_msg("%s: no link", to);
  }
}

static void unlink_all(const folder *f) {
  char at[1024];
  for (size_t i = 0; i < f->n; i++) {
    snprintf(at, sizeof at, "%s/%s", scratch, f->file[i]);
    unlink(at);
  }
}

/* ---- damage ------------------------------------------------------------------------------------ */

/* A helper program is started for each: a sample does for make check. */
static size_t share(const subject *s, size_t wanted, size_t files) {
  size_t n = !s->is_helped ? wanted : all.full ? wanted / 8 : HELPED / files;
  return n ? n : 1;
}

static void cut(const subject *s, size_t files) {
  size_t few = share(s, all.full ? all.prefixes : PREFIXES / (files + 15), files), head = few < 64 ? few : 64;
  bool every = s->n <= few || (all.full && s->n <= SMALL && !s->is_helped);
  size_t step = every ? 1 : 1 + s->n / few;
  for (size_t n = 0; n < s->n; n += n < head && !s->is_helped ? 1 : step) {
    snprintf(current.what, sizeof current.what, "%s/%s, the first %zu bytes", s->f->name, s->name, n);
    load_bytes(s, s->data, n);
  }
}

static void damage(const subject *s, size_t files) {
  uint8_t *room = malloc(MUTATE_ROOM(s->n));
  size_t count = (all.mutations + files - 1) / files;
  if (!all.full) count = share(s, count, files);
  for (size_t seed = 0; seed < count; seed++) {
    size_t n = mutate(s->data, s->n, room, seed);
    snprintf(current.what, sizeof current.what, "%s/%s, mutation %zu", s->f->name, s->name, seed);
    load_bytes(s, room, n);
  }
  free(room);
}

/* ---- files ------------------------------------------------------------------------------------- */

static size_t size_of(const folder *f, const char *name) {
  char path[1024];
  struct stat st;
  folder_join(path, sizeof path, f, name, "");
  return stat(path, &st) ? 0 : (size_t)st.st_size;
}

static size_t size_of_others(const subject *s) {
  char first[256];
  size_t n = s->is_second ? size_of(s->f, s->first) : 0;
  for (size_t i = 0; i < s->f->n; i++)
    if (strcmp(s->f->file[i], s->name) && folder_second(s->f, s->f->file[i], first, sizeof first) &&
        !strcmp(first, s->first))
      n += size_of(s->f, s->f->file[i]);
  return n;
}

static bool starts(const uint8_t *data, size_t n, const char *with) {
  return n >= strlen(with) && !memcmp(data, with, strlen(with));
}

/* False: it is none, or too large. s->data is malloc'ed. */
static bool open_subject(subject *s, const folder *f, const char *name) {
  char path[1024];
  ci_source src;
  cnnimg_error err = {0};
  if (!folder_is_weights(name)) return false;
  folder_join(path, sizeof path, f, name, "");
  if (ci_source_open(&src, path, 0, &err)) fail_msg("%s", err.text);
  *s = (subject){.f = f, .name = name, .n = src.size};
  uint8_t *copy = src.size && src.size <= LARGEST ? malloc(src.size) : NULL;
  if (copy) memcpy(copy, src.data, src.size);
  ci_source_close(&src);
  s->data = copy;
  if (!copy) return false;
  s->is_second = folder_second(f, name, s->first, sizeof s->first);
  if (!s->is_second) snprintf(s->first, sizeof s->first, "%s", name);
  s->is_helped = starts(copy, s->n, "\x89HDF") || starts(copy, s->n, "MATLAB");
  s->is_packed = starts(copy, s->n, "PK") || s->is_helped;
  s->others = size_of_others(s);
  return true;
}

static size_t count_files(const folder *f) {
  size_t n = 0;
  for (size_t i = 0; i < f->n; i++) n += folder_is_weights(f->file[i]);
  return n;
}

static void walk(const folder *f, void *user) {
  void (*each)(const subject *s, size_t share) = *(void (**)(const subject *, size_t))user;
  size_t files = count_files(f);
  link_all(f);
  for (size_t i = 0; i < f->n; i++) {
    subject s;
    if (!open_subject(&s, f, f->file[i])) continue;
    each(&s, files);
    free((void *)(uintptr_t)s.data);
  }
  unlink_all(f);
}

/* ---- tests --------------------------------------------------------------------------------------- */

static void damage_one(const subject *s, size_t files) {
  all.files++;
  snprintf(current.what, sizeof current.what, "%s/%s as it is", s->f->name, s->name);
  load_bytes(s, s->data, s->n);
  cut(s, files);
  damage(s, files);
  if (s->is_second) load_second(s, s->data, s->n); /* the next one finds it whole */
}

static void test_damaged(void **state) {
  (void)state;
  void (*each)(const subject *s, size_t files) = damage_one;
  folder_each(walk, &each);
  print_message("%zu files, %zu loads, %zu networks\n", all.files, all.loads, all.networks);
  if (heap_works())
    print_message("at most %zu bytes (%s), %.1f a byte of the file above %zu\n", all.most, all.by, all.factor,
                  BASE);
  assert_true(all.files > 100 && all.networks > all.files);
}

/* Whichever allocation fails: told, and nothing is lost. */
static void starve_one(const subject *s, size_t files) {
  (void)files;
  if (s->is_second || s->is_helped || (!all.full && !strcmp(s->f->name, "(top)"))) return;
  int status = CNNIMG_NOMEM;
  long most = all.full ? 5000 : 120;
  for (long n = 1; n <= most && status; n++) {
    char path[1024];
    ci_source src;
    cnnimg_error err = {0};
    ci_program *p = NULL;
    folder_join(path, sizeof path, s->f, s->name, "");
    snprintf(current.what, sizeof current.what, "%s/%s, allocation %ld fails", s->f->name, s->name, n);
    if (ci_source_open(&src, path, 0, &err)) fail_msg("%s", err.text);
    heap_start(n);
    status = ci_weights_load(&src, &p, NULL, &err);
    long calls = heap_calls();
    must(!status == (p != NULL), "a status and a network, or neither");
    ci_program_free(p);
    heap_stop();
    must(heap_left() == 0, "memory is lost");
    ci_source_close(&src);
    if (calls < n) break; /* a file that is refused anyway */
    must(!status || err.text[0], "a status without a sentence");
  }
}

static void test_no_memory(void **state) {
  (void)state;
  void (*each)(const subject *s, size_t files) = starve_one;
  if (!heap_works()) skip();
  folder_each(walk, &each);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_damaged), cmocka_unit_test(test_no_memory)};
  const char *how = getenv("HOSTILE");
  all.full = how && !strcmp(how, "full");
  all.mutations = all.full ? 5000 : how ? strtoul(how, NULL, 10) : 300;
  all.prefixes = 4096;
  if (!mkdtemp(scratch)) return 99;
  watch_deaths();
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  rmdir(scratch);
  return failed;
}
