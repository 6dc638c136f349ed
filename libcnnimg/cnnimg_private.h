/* SPDX-License-Identifier: MIT */
/* cnnimg_private.h - what stands behind the opaque names of the public door */
#ifndef CI_CNNIMG_PRIVATE_H
#define CI_CNNIMG_PRIVATE_H

#include <stdatomic.h>

#include "base/memory.h"
#include "base/source.h"
#include "cnnimg.h"
#include "image/image.h"
#include "net/program.h"
#include "tasks/family.h"
#include "tasks/job.h"

struct cnnimg_context {
  cnnimg_config config;
  ci_engine engine;
};

struct cnnimg_model {
  atomic_uint references;
  ci_source source; /* weights may point into it */
  ci_family family; /* what changes once it is loaded, under locks of its own */
  const ci_program *program; /* the file's, the family's */
  cnnimg_port *inputs, *outputs;
};

ci_limits ci_context_limits(const cnnimg_context *c);

#endif
