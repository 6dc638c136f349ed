/* SPDX-License-Identifier: MIT */
/* shuffle.h - pixel shuffles that an exporter spelt out for one size, said for any */
#ifndef CI_SHUFFLE_H
#define CI_SHUFFLE_H

#include "net/program.h"

/* PyTorch up to 1.3 wrote a pixel shuffle as Reshape, Transpose, Reshape with the sizes of the export as constants. Each
 * that is surely one becomes a DepthToSpace: the same at that size, and right at others. */
int ci_program_shuffles(ci_program *p, cnnimg_error *err);

#endif
