/* SPDX-License-Identifier: MIT */
/* dispatch.c - which kernel table serves an instruction set on this processor */
#include "kernels/kernels.h"

static const ci_kernels *tuned_table(ci_isa isa) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  if (isa == CI_ISA_AVX2 && avx2) return &ci_kernels_avx2;
  if (isa == CI_ISA_AVX512 && avx512) return &ci_kernels_avx512;
#elif defined(__aarch64__)
  if (isa == CI_ISA_NEON) return &ci_kernels_neon; /* every aarch64 has it */
#else
  (void)isa;
#endif
  return NULL;
}

const ci_kernels *ci_kernels_for(ci_isa isa) {
  if (isa == CI_ISA_REF) return &ci_kernels_ref;
  if (isa == CI_ISA_VEC) return &ci_kernels_vec;
  return tuned_table(isa);
}

const ci_kernels *ci_kernels_best(void) {
  const ci_kernels *k = ci_kernels_for(ci_cpu_isa());
  return k ? k : &ci_kernels_vec;
}
