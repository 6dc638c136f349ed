/* SPDX-License-Identifier: MIT */
/* avx512.c - the vector kernels with sixteen lanes; compiled with -mavx512f -mavx512dq -mavx512bw -mavx512vl */
#if defined(__x86_64__)
#define CI_LANES 16
#define CI_VECS 4 /* 32 registers: 24 sums, up to 4 weights, the samples */
#define CI_PX1 12
#define CI_PX2 12
#define CI_PX3 8
#define CI_PX4 6
#define CI_TABLE ci_kernels_avx512
#define CI_NAME "avx512"
#define CI_ID CI_ISA_AVX512
#include "kernels/body.h"
#endif
