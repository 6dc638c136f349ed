/* SPDX-License-Identifier: MIT */
/* cnnimg_private.h - what stands behind the opaque names of the public door */
#ifndef CI_CNNIMG_PRIVATE_H
#define CI_CNNIMG_PRIVATE_H

#include <stdatomic.h>

#include "base/memory.h"
#include "base/source.h"
#include "cnnimg.h"
#include "exec/packs.h"
#include "image/image.h"
#include "net/program.h"
#include "tasks/job.h"

struct cnnimg_context {
  cnnimg_config config;
  ci_engine engine;
};

struct cnnimg_model {
  atomic_uint references;
  ci_source source; /* weights may point into it */
  ci_program *program;
  cnnimg_port *inputs, *outputs;
  /* what changes once it is loaded, each under its own lock: */
  ci_fit_cache fits;
  ci_packs *packs;
};

ci_limits ci_context_limits(const cnnimg_context *c);

#endif
