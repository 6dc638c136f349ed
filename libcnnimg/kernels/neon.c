/* SPDX-License-Identifier: MIT */
/* neon.c - the vector kernels with four lanes, fused multiply-add and the 32 registers of aarch64 */
#if defined(__aarch64__)
#define CI_LANES 4
#define CI_VECS 4
#define CI_PX1 12
#define CI_PX2 12
#define CI_PX3 8
#define CI_PX4 6
#define CI_TABLE ci_kernels_neon
#define CI_NAME "neon"
#define CI_ID CI_ISA_NEON
#include "kernels/body.h"
#endif
