/* SPDX-License-Identifier: MIT */
/* pickle_machine.h - private to the pickle reader: the stack, the marks on it and the memo */
#ifndef CI_PICKLE_MACHINE_H
#define CI_PICKLE_MACHINE_H

#include "formats/pickle.h"

/* The machine of Lib/pickle.py: a stack, marks on it, a memo. */
typedef struct ci_pm {
  ci_pickle *p;
  ci_cursor *c;
  uint32_t *stack, *memo;
  size_t n_stack, cap_stack, n_memo, cap_memo;
  size_t bytes; /* of the input: no memo needs more numbers */
  cnnimg_error *err;
  int status;
} ci_pm;

/* The first failure is kept; from then on nothing is done. */
void ci_pm_fail(ci_pm *m, int code, const char *why);
void ci_pm_push(ci_pm *m, uint32_t node);
/* A new node on the stack; NULL after a failure. Valid until the next. */
ci_pk_node *ci_pm_add(ci_pm *m, ci_pk_kind kind);
uint32_t ci_pm_pop(ci_pm *m);
uint32_t ci_pm_top(ci_pm *m);
/* Where the values behind the last mark begin. */
size_t ci_pm_behind_mark(ci_pm *m);
/* A tuple, list or dictionary of the values from `from` on, and `drop` more taken from below them. */
void ci_pm_collect(ci_pm *m, ci_pk_kind kind, size_t from, size_t drop);
/* TUPLE1 to TUPLE3; and what goes back to the last mark. */
void ci_pm_last_few(ci_pm *m, size_t k);
void ci_pm_marked(ci_pm *m, ci_pk_kind kind);
/* APPENDS, SETITEMS and their single forms: values from `from` on go to the one below them (and below the mark). */
void ci_pm_append(ci_pm *m, size_t from, size_t drop, bool pairs);
/* REDUCE, NEWOBJ, and BINPERSID, which has no callee. */
void ci_pm_call(ci_pm *m, ci_pk_kind kind, bool has_callee);
/* NEWOBJ_EX, and OBJ of protocols 0 and 1. */
void ci_pm_call_named(ci_pm *m);
void ci_pm_call_marked(ci_pm *m);
void ci_pm_build(ci_pm *m);
/* The memo. */
void ci_pm_put(ci_pm *m, uint64_t at);
void ci_pm_get(ci_pm *m, uint64_t at);
bool ci_pm_holds(ci_pk_kind kind); /* has it items, and may have a state? */

#endif
