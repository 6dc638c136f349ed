/* SPDX-License-Identifier: MIT */
/* avx2.c - the vector kernels with eight lanes and fused multiply-add; compiled with -mavx2 -mfma */
#if defined(__x86_64__)
#define CI_LANES 8
#define CI_VECS 3 /* 16 registers: 12 sums, 3 weights, 1 sample */
#define CI_WINO_VECS 2 /* 6 tiles by 2: even blocks matter more than one load less */
#define CI_PX1 12
#define CI_PX2 6
#define CI_PX3 4
#define CI_TABLE ci_kernels_avx2
#define CI_NAME "avx2"
#define CI_ID CI_ISA_AVX2
#include "kernels/body.h"
#endif
