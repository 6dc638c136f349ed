/* SPDX-License-Identifier: MIT */
/* arch.h - architectures: known by the names and shapes of their tensors, written down as programs */
#ifndef CI_ARCH_H
#define CI_ARCH_H

#include "net/build.h"

typedef struct ci_arch {
  const char *name; /* "ESRGAN (RRDBNet)" */
  /* 0: not it; 1..100: how sure. It looks at names and shapes only; what it does not look at, build() will. */
  int (*bid)(const ci_store *s);
  /* Writes the network, its card too (task, scale, colour, range ...), and returns the output's value. Shapes are hostile:
   * counts that come of them are bounded by the tensors that are there, and every size is checked where it is used. */
  int32_t (*build)(ci_build *b);
} ci_arch;

extern const ci_arch *const ci_archs[]; /* NULL-terminated, from archs.inc */

/*
 * The best bid builds the program, which owns the store from then on; on failure the store is still the caller's. Two that
 * are equally sure, none at all, and tensors without a place are CNNIMG_UNSUPPORTED: the sentence says what was seen
 * (tensor names, the nearest architecture). `file` names the file in it.
 */
int ci_arch_build(ci_store *s, const char *file, ci_program **out, const char **arch_name, cnnimg_error *err);

#endif
