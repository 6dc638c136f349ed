/* SPDX-License-Identifier: MIT */
/* family.h - the programs of one model: as the file has it, and as a kind of picture wants it */
#ifndef CI_FAMILY_H
#define CI_FAMILY_H

#include "exec/packs.h"
#include "tasks/fit.h"

/* What is found out about a network by looking at it (tasks/facts.h). */
typedef struct ci_facts {
  int32_t scale;    /* 0: not known */
  int32_t multiple; /* of pixels that its grid has; 0: not known */
  double macs;      /* multiply-adds a pixel of the network's picture; below 0: not known */
  int32_t field;    /* rows or columns of the picture that a pixel of the result depends on; 0: not known */
  int32_t reach;    /* how far from its own place it looks, where the field is known */
  bool whole;       /* it depends on the whole picture */
  bool more;        /* it depends on more than `field` */
  bool nomem;
} ci_facts;

/* A program with what sessions share of it. */
typedef struct ci_member {
  const ci_program *program;
  ci_fit_cache fits;
  bool looked; /* facts are known; read and written with the lock of fits */
  ci_facts facts;
} ci_member;

/* Members are made when first asked for, from any thread, and stay. */
typedef struct ci_family {
  ci_program *program; /* the file's */
  ci_member file, colour;
  ci_program *made; /* colour's, or NULL */
  ci_packs *packs;  /* of all members: their constants are the file's */
  pthread_mutex_t lock;
} ci_family;

void ci_family_init(ci_family *f);                                       /* all NULL */
int ci_family_set(ci_family *f, ci_program *program, cnnimg_error *err); /* takes it over, also on failure */
void ci_family_fini(ci_family *f);
/* Which program pictures of `colours` channels (1 or 3) go through: a network of one channel is made one of three by what
 * its card says (colour=y: luma, y-studio: luma of 16 to 235, grey or nothing: each channel where the task is to remove
 * noise or is not said, else luma). Networks that fit, or cannot be made to, are the file's. */
int ci_family_get(ci_family *f, uint8_t colours, ci_member **out, cnnimg_error *err);

#endif
