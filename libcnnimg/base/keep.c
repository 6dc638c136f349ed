/* SPDX-License-Identifier: MIT */
/* keep.c - a list of things that must live as long as their owner */
#include "base/keep.h"

#include <stdlib.h>

#include "base/memory.h"
#include "cnnimg.h"

int ci_keep(ci_kept **list, void *what, void (*release)(void *what)) {
  ci_kept *k = ci_calloc(1, sizeof *k);
  if (!k) {
    release(what);
    return CNNIMG_NOMEM;
  }
  *k = (ci_kept){what, release, *list};
  *list = k;
  return CNNIMG_OK;
}

void ci_kept_free(ci_kept *list) {
  while (list) {
    ci_kept *next = list->next;
    list->release(list->what);
    free(list);
    list = next;
  }
}
