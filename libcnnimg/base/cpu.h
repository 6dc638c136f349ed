/* SPDX-License-Identifier: MIT */
/* cpu.h - which instruction sets this processor (and the user) allows */
#ifndef CI_CPU_H
#define CI_CPU_H

typedef enum ci_isa { CI_ISA_REF, CI_ISA_VEC, CI_ISA_AVX2, CI_ISA_AVX512, CI_ISA_NEON } ci_isa;

/* The best level; the environment variable CNNIMG_CPU (ref, vec, avx2, avx512, neon) can lower it, never raise. */
ci_isa ci_cpu_isa(void);

#endif
