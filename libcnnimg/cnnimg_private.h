/* SPDX-License-Identifier: MIT */
/* cnnimg_private.h - what stands behind the opaque names of the public door */
#ifndef CI_CNNIMG_PRIVATE_H
#define CI_CNNIMG_PRIVATE_H

#include <stdatomic.h>

#include "base/memory.h"
#include "base/source.h"
#include "cnnimg.h"
#include "image/image.h"
#include "kernels/kernels.h"
#include "net/program.h"

struct cnnimg_context {
  cnnimg_config config;
  ci_allocator allocator;
  const ci_kernels *kernels;
  uint32_t threads;
  uint64_t memory;
};

struct cnnimg_model {
  atomic_uint references;
  ci_source source; /* weights may point into it */
  ci_program *program;
};

ci_limits ci_context_limits(const cnnimg_context *c);

#endif
