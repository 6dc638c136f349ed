/* SPDX-License-Identifier: MIT */
/* cnnimg_private.h - what stands behind the opaque names of the public door */
#ifndef CI_CNNIMG_PRIVATE_H
#define CI_CNNIMG_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/memory.h"
#include "base/source.h"
#include "cnnimg.h"
#include "image/image.h"
#include "net/program.h"
#include "tasks/family.h"
#include "tasks/job.h"

#define CI_MODEL_BYTES ((size_t)4 << 30) /* of a weight file on standard input */

struct cnnimg_context {
  cnnimg_config config;
  ci_engine engine;
};

/* Lines of a card that are found out when somebody asks for them. */
typedef struct ci_found_lines {
  bool known;
  char scale[16], macs[32], field[32]; /* "": cannot be found out */
} ci_found_lines;

struct cnnimg_model {
  atomic_uint references;
  ci_source source; /* weights may point into it */
  ci_family family; /* what changes once it is loaded, under locks of its own */
  const ci_program *program; /* the file's, the family's */
  cnnimg_port *inputs, *outputs;
  pthread_mutex_t facts_lock;
  ci_found_lines found; /* under that lock */
};

ci_limits ci_context_limits(const cnnimg_context *c);

#endif
