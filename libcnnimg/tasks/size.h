/* SPDX-License-Identifier: MIT */
/* size.h - the size of a result: as asked for, or the network's */
#ifndef CI_SIZE_H
#define CI_SIZE_H

#include "cnnimg.h"
#include "image/image.h"

/* For a picture of width x height and a network of that factor; sizes over the limits that the network would not make
 * by itself are refused, for they say how much memory is taken. */
int ci_result_size(const cnnimg_params *p, uint32_t width, uint32_t height, int32_t factor,
                   const ci_limits *limits, uint32_t size[2], cnnimg_error *err);

#endif
