/* SPDX-License-Identifier: MIT */
/* mutate.h - for tests: bytes of a file damaged by a seed */
#ifndef CI_TEST_MUTATE_H
#define CI_TEST_MUTATE_H

#include <stddef.h>
#include <stdint.h>

/* A damaged copy in `to`, which has room for MUTATE_ROOM(n) bytes; how long it is. The same seed damages alike. */
#define MUTATE_ROOM(n) ((n) + 256)
size_t mutate(const uint8_t *from, size_t n, uint8_t *to, uint64_t seed);

#endif
