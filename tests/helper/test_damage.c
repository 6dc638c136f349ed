/* SPDX-License-Identifier: MIT */
/* test_damage.c - the helper's readers on damaged files, a fork each: every prefix, and mutations by seed
 *
 * A broken child is allowed, that is what it is for, and so is one that its limit of processor time ends; an answer that is
 * none, or a status without a sentence, is not. HOSTILE=N takes N mutations of a file. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "formats/helper.h"
#include "helper/helper.h"

/* A sanitizer ends a child by its exit status, and says so at length. */
#ifdef __SANITIZE_ADDRESS__
#define WATCHED true
#else
#define WATCHED false
#endif

#define SECONDS 100 /* the child's own limits must end it long before */

static struct { size_t runs, good, refused, broken, late; } tally;

/* The child: as main() of the helper, but for the program's start. */
static void __attribute__((noreturn)) child(const uint8_t *data, size_t size, int out, int words) {
  helper h;
  char path[64];
  int fd = memfd_create("damaged", 0);
  FILE *to = fdopen(out, "w");
  if (fd < 0 || !to || write(fd, data, size) != (ssize_t)size) _exit(99);
  const uint8_t *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (map == MAP_FAILED) _exit(99);
  helper_init(&h, map, size);
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  helper_mat5_open(&h, path);
  helper_lock(size);
  bool ok = helper_read(&h) && helper_write(&h, to);
  if (!ok) dprintf(words, "%s\n", h.why);
  _exit(ok ? 0 : HELPER_FAILED + h.status);
}

static void judge(const char *what, int status, const cnnimg_error *err) {
  tally.runs++;
  bool broken = strstr(err->text, "broke down") || (WATCHED && strstr(err->text, "gave up"));
  if (!status) tally.good++;
  else if (broken) tally.broken++;
  else if (strstr(err->text, "took too long")) tally.late++;
  else tally.refused++;
  if (status &&
      (!err->text[0] || (!broken && strstr(err->text, "gave up")) || strstr(err->text, "what cannot be")))
    fail_msg("%s: status %d, \"%s\"", what, status, err->text);
}

static void try(const char *what, const uint8_t *data, size_t size) {
  int out[2], words[2];
  ci_source s;
  ci_helper_answer answer;
  ci_store *store = NULL;
  cnnimg_error err = {0};
  if (!size) return;
  assert_int_equal(pipe(out) | pipe(words), 0);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (!pid) child(data, size, out[1], words[1]);
  close(out[1]);
  close(words[1]);
  ci_source_memory(&s, data, size, what);
  time_t start = time(NULL);
  int status = ci_helper_collect(&s, pid, out[0], words[0], SECONDS * 1000, &answer, &err);
  if (!status) status = ci_helper_store(what, answer, &store, &err);
  judge(what, status, &err);
  if (time(NULL) - start >= SECONDS) fail_msg("%s: a hang", what);
  ci_store_free(store);
  ci_source_close(&s);
}

static uint64_t next(uint64_t *seed) {
  *seed ^= *seed << 13, *seed ^= *seed >> 7, *seed ^= *seed << 17;
  return *seed;
}

/* One to four bytes changed: flipped, the least or the most, or copied from elsewhere. */
static void mutate(uint8_t *data, size_t size, uint64_t *seed) {
  for (uint64_t k = 1 + next(seed) % 4; k; k--) {
    size_t at = next(seed) % size;
    switch (next(seed) % 4) {
      case 0:
        data[at] ^= (uint8_t)(1u << next(seed) % 8);
        break;
      case 1:
        data[at] = 0;
        break;
      case 2:
        data[at] = 255;
        break;
      default:
        data[at] = data[next(seed) % size];
    }
  }
}

static size_t mutations(void) {
  const char *n = getenv("HOSTILE");
  return n && atoi(n) > 0 ? (size_t)atoi(n) : n && !strcmp(n, "full") ? 5000 : 300;
}

/* A prefix every `step` bytes, and the mutations. */
static void damage(const char *name, size_t step) {
  memset(&tally, 0, sizeof tally);
  const char *dir = getenv("abs_top_srcdir");
  char path[1024], what[1200];
  ci_source s;
  cnnimg_error err = {0};
  snprintf(path, sizeof path, "%s/tests/helper/data/%s", dir ? dir : ".", name);
  if (ci_source_open(&s, path, 0, &err)) fail_msg("%s", err.text);
  try(name, s.data, s.size);
  if (tally.good != 1) fail_msg("%s is not read as it is", name);
  for (size_t n = 1; n < s.size; n += step) {
    snprintf(what, sizeof what, "%s cut to %zu", name, n);
    try(what, s.data, n);
  }
  uint8_t *copy = malloc(s.size);
  uint64_t seed = 88172645463325252u;
  for (size_t i = 0; i < mutations(); i++) {
    memcpy(copy, s.data, s.size);
    mutate(copy, s.size, &seed);
    snprintf(what, sizeof what, "%s mutation %zu", name, i);
    try(what, copy, s.size);
  }
  free(copy);
  ci_source_close(&s);
  print_message("%s: %zu files, %zu read, %zu refused, %zu children broke down, %zu ran out of time\n", name,
                tally.runs, tally.good, tally.refused, tally.broken, tally.late);
  assert_true(tally.refused + tally.broken > 0);
}

static void test_hdf5(void **state) {
  (void)state;
  damage("good.h5", 61);
}

static void test_mat(void **state) {
  (void)state;
  damage("good_5.mat", 17);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_hdf5), cmocka_unit_test(test_mat)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
