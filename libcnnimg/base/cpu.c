/* SPDX-License-Identifier: MIT */
/* cpu.c - what the processor can do, lowered by the environment variable CNNIMG_CPU */
#include "base/cpu.h"

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

ci_isa ci_cpu_isa(void) {
  static const struct {
    const char *name;
    ci_isa isa;
  } names[] = {{"ref", CI_ISA_REF}, {"vec", CI_ISA_VEC}, {"avx2", CI_ISA_AVX2}};
  ci_isa best = hardware();
  const char *wish = getenv("CNNIMG_CPU");
  for (size_t i = 0; wish && i < sizeof names / sizeof *names; i++)
    if (!strcmp(wish, names[i].name) && (names[i].isa != CI_ISA_AVX2 || best == CI_ISA_AVX512))
      return names[i].isa;
  return best;
}
