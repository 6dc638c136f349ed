/* SPDX-License-Identifier: MIT */
/* main.c - cnnimg-hdf5 [FILE]: standard input, or the file, to standard output as safetensors */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper.h"

/* What the host left open is none of our business. */
static void close_others(void) {
#ifdef SYS_close_range
  if (syscall(SYS_close_range, 3u, ~0u, 0u) == 0) return;
#endif
  for (int fd = 3; fd < 1024; fd++) close(fd);
}

static bool map(helper *h, int fd) {
  struct stat st;
  if (fstat(fd, &st) || !S_ISREG(st.st_mode))
    return helper_fail(h, CNNIMG_IO, "the input is no regular file");
  if (!st.st_size) return helper_fail(h, CNNIMG_CORRUPT, "the file is empty");
  void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (data == MAP_FAILED) return helper_fail(h, CNNIMG_IO, "the file cannot be mapped");
  helper_init(h, data, (size_t)st.st_size);
  return true;
}

int main(int argc, char **argv) {
  helper h;
  helper_init(&h, NULL, 0);
  close_others();
  int fd = argc > 1 ? open(argv[1], O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
  bool ok = fd >= 0 ? map(&h, fd) : helper_fail(&h, CNNIMG_IO, "the file cannot be opened");
  if (ok) {
    helper_mat5_open(&h, fd == STDIN_FILENO ? "/proc/self/fd/0" : argv[1]);
    helper_lock(h.size);
    ok = helper_read(&h) && helper_write(&h, stdout);
  }
  if (!ok) fprintf(stderr, "%s\n", h.why);
  fflush(stderr);
  /* Nothing that a hostile file has left behind is taken apart again. */
  _exit(ok ? 0 : HELPER_FAILED + h.status);
}
