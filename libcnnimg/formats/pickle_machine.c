/* SPDX-License-Identifier: MIT */
/* pickle_machine.c - the pickle reader's stack, the marks on it and its memo */
#include "formats/pickle_machine.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"

#define MOST_NODES (1u << 24)

void ci_pm_fail(ci_pm *m, int code, const char *why) {
  if (!m->status) m->status = ci_fail(m->err, code, "the pickle %s", why);
}

void ci_pm_push(ci_pm *m, uint32_t node) {
  if (m->status) return;
  if (!ci_grow((void **)&m->stack, &m->cap_stack, m->n_stack + 1, sizeof *m->stack))
    ci_pm_fail(m, CNNIMG_NOMEM, "does not fit into memory");
  else m->stack[m->n_stack++] = node;
}

/* Has it items, and may have a state? */
bool ci_pm_holds(ci_pk_kind kind) {
  return kind == CI_PK_TUPLE || kind == CI_PK_LIST || kind == CI_PK_DICT || kind == CI_PK_CALL ||
         kind == CI_PK_SAVED;
}

/* A new node on the stack; NULL after a failure. Valid until the next. */
ci_pk_node *ci_pm_add(ci_pm *m, ci_pk_kind kind) {
  ci_pickle *p = m->p;
  if (m->status) return NULL;
  if (p->n >= MOST_NODES) return ci_pm_fail(m, CNNIMG_LIMIT, "has more than 16 million things in it"), NULL;
  if (!ci_grow((void **)&p->nodes, &p->cap, p->n + 1, sizeof *p->nodes))
    return ci_pm_fail(m, CNNIMG_NOMEM, "does not fit into memory"), NULL;
  p->nodes[p->n] = (ci_pk_node){.kind = kind};
  if (ci_pm_holds(kind)) p->nodes[p->n].callee = p->nodes[p->n].args = p->nodes[p->n].state = CI_PK_NONE;
  ci_pm_push(m, (uint32_t)p->n);
  return m->status ? NULL : &p->nodes[p->n++];
}

uint32_t ci_pm_pop(ci_pm *m) {
  if (m->status || !m->n_stack)
    return ci_pm_fail(m, CNNIMG_CORRUPT, "takes more from its stack than there is"), CI_PK_NONE;
  uint32_t v = m->stack[--m->n_stack];
  if (m->p->nodes[v].kind == CI_PK_MARK) ci_pm_fail(m, CNNIMG_CORRUPT, "has a mark where a value should be");
  return v;
}

uint32_t ci_pm_top(ci_pm *m) {
  if (m->status || !m->n_stack)
    return ci_pm_fail(m, CNNIMG_CORRUPT, "takes more from its stack than there is"), CI_PK_NONE;
  return m->stack[m->n_stack - 1];
}

/* Where the values behind the last mark begin. */
size_t ci_pm_behind_mark(ci_pm *m) {
  for (size_t i = m->n_stack; i-- > 0 && !m->status;)
    if (m->p->nodes[m->stack[i]].kind == CI_PK_MARK) return i + 1;
  ci_pm_fail(m, CNNIMG_CORRUPT, "has a mark missing");
  return 0;
}

/* Moves the stack's values from `from` on into the node. */
static void give(ci_pm *m, uint32_t node, size_t from) {
  size_t k = m->n_stack - from, cap;
  if (m->status || !k) return;
  ci_pk_node *n = &m->p->nodes[node];
  cap = n->cap;
  if (n->n + k > MOST_NODES || !ci_grow((void **)&n->items, &cap, n->n + k, sizeof *n->items)) {
    ci_pm_fail(m, CNNIMG_NOMEM, "does not fit into memory");
    return;
  }
  n->cap = (uint32_t)cap;
  memcpy(n->items + n->n, m->stack + from, k * sizeof *n->items);
  n->n += (uint32_t)k;
  m->n_stack = from;
}

/* A tuple, list or dictionary of the values from `from` on. */
void ci_pm_collect(ci_pm *m, ci_pk_kind kind, size_t from, size_t drop) {
  if (m->status) return;
  ci_pm_add(m, kind);
  if (m->status) return;
  uint32_t node = m->stack[--m->n_stack];
  give(m, node, from);
  m->n_stack = from - drop;
  ci_pm_push(m, node);
}

void ci_pm_last_few(ci_pm *m, size_t k) {
  if (m->n_stack < k) ci_pm_fail(m, CNNIMG_CORRUPT, "takes more from its stack than there is");
  else ci_pm_collect(m, CI_PK_TUPLE, m->n_stack - k, 0);
}

void ci_pm_marked(ci_pm *m, ci_pk_kind kind) {
  size_t from = ci_pm_behind_mark(m);
  if (kind == CI_PK_DICT && (m->n_stack - from) % 2)
    ci_pm_fail(m, CNNIMG_CORRUPT, "has a key without a value");
  ci_pm_collect(m, kind, from, 1);
}

/* APPENDS, SETITEMS and their single forms: values from `from` on go to the one below them (and below the mark). */
void ci_pm_append(ci_pm *m, size_t from, size_t drop, bool pairs) {
  if (m->status || from < drop + 1) {
    ci_pm_fail(m, CNNIMG_CORRUPT, "takes more from its stack than there is");
    return;
  }
  uint32_t node = m->stack[from - drop - 1];
  ci_pk_node *n = &m->p->nodes[node];
  bool may = n->kind == CI_PK_CALL || n->kind == (pairs ? CI_PK_DICT : CI_PK_LIST);
  if (n->kind == CI_PK_CALL && n->n && n->pairs != pairs) may = false;
  if (!may || (pairs && (m->n_stack - from) % 2)) {
    ci_pm_fail(m, CNNIMG_CORRUPT, "puts items where none can be");
    return;
  }
  n->pairs = pairs;
  give(m, node, from);
  m->n_stack = from - drop;
}

void ci_pm_call(ci_pm *m, ci_pk_kind kind, bool has_callee) {
  uint32_t args = ci_pm_pop(m), callee = has_callee ? ci_pm_pop(m) : CI_PK_NONE;
  ci_pk_node *n = ci_pm_add(m, kind);
  if (n) n->callee = callee, n->args = args;
}

/* NEWOBJ_EX: class, arguments, named arguments. */
void ci_pm_call_named(ci_pm *m) {
  ci_pm_pop(m);
  ci_pm_call(m, CI_PK_CALL, true);
}

/* OBJ of protocols 0 and 1: mark, class, arguments ... */
void ci_pm_call_marked(ci_pm *m) {
  size_t from = ci_pm_behind_mark(m);
  if (m->status || from >= m->n_stack) {
    ci_pm_fail(m, CNNIMG_CORRUPT, "makes a thing of no class");
    return;
  }
  ci_pm_collect(m, CI_PK_TUPLE, from + 1, 2);
  uint32_t args = ci_pm_pop(m), callee = m->status ? CI_PK_NONE : m->stack[from];
  ci_pk_node *n = ci_pm_add(m, CI_PK_CALL);
  if (n) n->callee = callee, n->args = args;
}

void ci_pm_build(ci_pm *m) {
  uint32_t state = ci_pm_pop(m), node = ci_pm_top(m);
  if (m->status) return;
  if (ci_pm_holds(m->p->nodes[node].kind)) m->p->nodes[node].state = state;
  else ci_pm_fail(m, CNNIMG_CORRUPT, "gives a state to what can have none");
}

/* ---- memo ------------------------------------------------------------------------------------- */

void ci_pm_put(ci_pm *m, uint64_t at) {
  uint32_t v = ci_pm_top(m);
  if (m->status) return;
  if (at >= m->bytes || !ci_grow((void **)&m->memo, &m->cap_memo, (size_t)at + 1, sizeof *m->memo)) {
    ci_pm_fail(m, at >= m->bytes ? CNNIMG_CORRUPT : CNNIMG_NOMEM, "remembers more than it has");
    return;
  }
  while (m->n_memo <= at) m->memo[m->n_memo++] = CI_PK_NONE;
  m->memo[at] = v;
}

void ci_pm_get(ci_pm *m, uint64_t at) {
  if (at >= m->n_memo || m->memo[at] == CI_PK_NONE)
    ci_pm_fail(m, CNNIMG_CORRUPT, "recalls what it has not remembered");
  else ci_pm_push(m, m->memo[at]);
}
