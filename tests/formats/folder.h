/* SPDX-License-Identifier: MIT */
/* folder.h - for tests: the fixtures of tests/formats/data and the files that they consist of */
#ifndef CI_TEST_FOLDER_H
#define CI_TEST_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

typedef struct folder {
  char path[768];   /* of the folder */
  const char *name; /* its last part */
  char **file;      /* names without a path, sorted */
  size_t n;
} folder;

/* Calls `each` with every folder below tests/formats/data, and how many there were; itself (its .onnx files) first. */
size_t folder_each(void (*each)(const folder *f, void *user), void *user);
size_t folder_walk(const char *path, void (*each)(const folder *f, void *user),
                   void *user);                /* folders in path */
bool folder_open(folder *f, const char *path); /* the files; false: there is none */
void folder_close(folder *f);
bool folder_has(const folder *f, const char *name);
/* Weight files, not the arrays and words that lie beside them. */
bool folder_is_weights(const char *name);
/* "conv.v1" for "conv.v1.pth", where conv.v1.in.npy and conv.v1.out.npy lie beside it; false: it is no such fixture. */
bool folder_stem(const folder *f, const char *name, char *stem, size_t room);
/* Is it the second half of a pair, which is read by way of a first? Then that one's name. */
bool folder_second(const folder *f, const char *name, char *first, size_t room);
void folder_join(char *to, size_t room, const folder *f, const char *name, const char *suffix);

#endif
