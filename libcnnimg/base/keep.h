/* SPDX-License-Identifier: MIT */
/* keep.h - a list of things that must live as long as their owner */
#ifndef CI_KEEP_H
#define CI_KEEP_H

typedef struct ci_kept {
  void *what;
  void (*release)(void *what);
  struct ci_kept *next;
} ci_kept;

/* 0, or CNNIMG_NOMEM: then `what` is released at once. The last that came goes first. */
int ci_keep(ci_kept **list, void *what, void (*release)(void *what));
void ci_kept_free(ci_kept *list);

#endif
