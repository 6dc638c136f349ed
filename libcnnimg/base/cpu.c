/* SPDX-License-Identifier: MIT */
/* cpu.c - what the processor can do, lowered by the environment variable CNNIMG_CPU */
#include "base/cpu.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static ci_isa hardware(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
    return CI_ISA_AVX512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return CI_ISA_AVX2;
#elif defined(__aarch64__)
  return CI_ISA_NEON;
#endif
  return CI_ISA_VEC;
}

/* Whether a processor that does `best` does `isa` too. */
static bool allows(ci_isa best, ci_isa isa) {
  return isa <= CI_ISA_VEC || isa == best || (isa == CI_ISA_AVX2 && best == CI_ISA_AVX512);
}

ci_isa ci_cpu_isa(void) {
  static const struct {
    const char *name;
    ci_isa isa;
  } names[] = {{"ref", CI_ISA_REF},
               {"vec", CI_ISA_VEC},
               {"avx2", CI_ISA_AVX2},
               {"avx512", CI_ISA_AVX512},
               {"neon", CI_ISA_NEON}};
  ci_isa best = hardware();
  const char *wish = getenv("CNNIMG_CPU");
  for (size_t i = 0; wish && i < sizeof names / sizeof *names; i++)
    if (!strcmp(wish, names[i].name) && allows(best, names[i].isa)) return names[i].isa;
  return best;
}
