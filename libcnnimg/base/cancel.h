/* SPDX-License-Identifier: MIT */
/* cancel.h - looks at a wish to stop, which another thread may be setting */
#ifndef CI_CANCEL_H
#define CI_CANCEL_H

#include <stdbool.h>

#include "cnnimg.h"

static inline bool ci_cancelled(const cnnimg_cancel *c) {
  return c && __atomic_load_n(&c->stop, __ATOMIC_RELAXED);
}

#endif
