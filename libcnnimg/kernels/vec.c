/* SPDX-License-Identifier: MIT */
/* vec.c - the vector kernels for any processor: four lanes (SSE2, NEON), left to the compiler */
#define CI_LANES 4
#define CI_VECS 2
#define CI_PX1 8
#define CI_PX2 4
#define CI_TABLE ci_kernels_vec
#define CI_NAME "vec"
#define CI_ID CI_ISA_VEC
#include "kernels/body.h"
