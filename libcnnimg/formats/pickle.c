/* SPDX-License-Identifier: MIT */
/* pickle.c - Python's pickles read as data: nothing that they name is looked up, built or called */
#include "formats/pickle.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "formats/pickle_machine.h"

#define LONGEST_INT 8 /* bytes of a number that is used; longer ones are read as 0 */

/* ---- values -------------------------------------------------------------------------------------- */

static ci_cursor line(ci_pm *m);

/* PUT and GET of protocol 0. */
static uint64_t line_index(ci_pm *m) {
  ci_cursor s = line(m);
  uint64_t v = 0;
  for (size_t i = 0; i < ci_cursor_left(&s); i++) {
    if (s.p[i] < '0' || s.p[i] > '9' || v > UINT32_MAX) return UINT64_MAX;
    v = v * 10 + (s.p[i] - '0');
  }
  return v;
}

static void number(ci_pm *m, int64_t v) {
  ci_pk_node *n = ci_pm_add(m, CI_PK_INT);
  if (n) n->i = v;
}

static void truth(ci_pm *m, bool v) {
  ci_pk_node *n = ci_pm_add(m, CI_PK_BOOL);
  if (n) n->i = v;
}

static void text(ci_pm *m, uint64_t size) {
  ci_cursor s = ci_cursor_sub(m->c, size);
  ci_pk_node *n = size < UINT32_MAX ? ci_pm_add(m, CI_PK_TEXT) : NULL;
  if (n) n->text = s.p, n->text_n = (uint32_t)ci_cursor_left(&s);
}

/* LONG1, LONG4: two's complement, least byte first. */
static void long_number(ci_pm *m, uint64_t size) {
  ci_cursor s = ci_cursor_sub(m->c, size);
  uint64_t u = 0;
  for (uint64_t k = 0; k < size && k < LONGEST_INT && !s.bad; k++) u |= (uint64_t)s.p[k] << 8 * k;
  if (size && size < LONGEST_INT && !s.bad && s.p[size - 1] & 0x80) u |= ~(uint64_t)0 << 8 * size;
  number(m, size > LONGEST_INT ? 0 : (int64_t)u);
}

static void real(ci_pm *m) {
  uint64_t u = ci_cursor_u64(m->c, true);
  ci_pk_node *n = ci_pm_add(m, CI_PK_FLOAT);
  if (n) memcpy(&n->f, &u, sizeof u);
}

/* The rest of the line, without its end. */
static ci_cursor line(ci_pm *m) {
  const uint8_t *end = ci_cursor_left(m->c) ? memchr(m->c->p, '\n', ci_cursor_left(m->c)) : NULL;
  if (!end) {
    m->c->bad = true;
    return ci_cursor_make(NULL, 0);
  }
  ci_cursor s = ci_cursor_make(m->c->p, (size_t)(end - m->c->p));
  m->c->p = end + 1;
  return s;
}

static void global(ci_pm *m) {
  ci_cursor module = line(m), name = line(m);
  ci_pk_node *n = ci_pm_add(m, CI_PK_GLOBAL);
  if (!n) return;
  n->text = module.p, n->text_n = (uint32_t)ci_cursor_left(&module);
  n->more = name.p, n->more_n = (uint32_t)ci_cursor_left(&name);
}

static void stack_global(ci_pm *m) {
  uint32_t name = ci_pm_pop(m), module = ci_pm_pop(m);
  ci_pk_node *n = ci_pm_add(m, CI_PK_GLOBAL);
  if (!n) return;
  const ci_pk_node *a = &m->p->nodes[module], *b = &m->p->nodes[name];
  if (a->kind != CI_PK_TEXT || b->kind != CI_PK_TEXT) {
    ci_pm_fail(m, CNNIMG_CORRUPT, "names a thing by no text");
    return;
  }
  n->text = a->text, n->text_n = a->text_n, n->more = b->text, n->more_n = b->text_n;
}

/* INST of protocol 0: mark, arguments ..., and the class behind the instruction. */
static void call_here(ci_pm *m) {
  size_t from = ci_pm_behind_mark(m);
  ci_pm_collect(m, CI_PK_TUPLE, from, 1);
  uint32_t args = ci_pm_pop(m);
  global(m);
  uint32_t callee = ci_pm_pop(m);
  ci_pk_node *n = ci_pm_add(m, CI_PK_CALL);
  if (n) n->callee = callee, n->args = args;
}

/* Protocol 0's texts, to the end of the line: STRING in quotes. Escapes stay as they are: names have none. FLOAT's digits
 * are kept as text. */
static void text_line(ci_pm *m, bool quoted) {
  ci_cursor s = line(m);
  size_t n = ci_cursor_left(&s);
  if (quoted && (n < 2 || s.p[0] != s.p[n - 1] || (s.p[0] != '\'' && s.p[0] != '"'))) {
    ci_pm_fail(m, CNNIMG_CORRUPT, "has a text without quotes");
    return;
  }
  ci_pk_node *t = n < UINT32_MAX ? ci_pm_add(m, CI_PK_TEXT) : NULL;
  if (t) t->text = s.p + quoted, t->text_n = (uint32_t)(n - 2u * quoted);
}

/* Protocol 0's decimal numbers; "I01" and "I00" are truth values. Numbers that are too large are none that is used: 0. */
static void decimal(ci_pm *m) {
  ci_cursor s = line(m);
  size_t n = ci_cursor_left(&s);
  int64_t v = 0, sign = 1;
  bool large = false;
  if (n == 2 && s.p[0] == '0' && s.p[1] <= '1') {
    truth(m, s.p[1] == '1');
    return;
  }
  for (size_t i = 0; i < n; i++) {
    large = large || v > INT64_MAX / 10 - 9;
    if (!i && s.p[i] == '-') sign = -1;
    else if (s.p[i] >= '0' && s.p[i] <= '9') v = large ? 0 : v * 10 + (s.p[i] - '0');
    else if (s.p[i] != 'L') ci_pm_fail(m, CNNIMG_CORRUPT, "has a number that is none");
  }
  number(m, large ? 0 : sign * v);
}

/* ---- opcodes: Lib/pickletools.py ------------------------------------------------------------------- */

static bool step_value(ci_pm *m, uint8_t op) {
  ci_cursor *c = m->c;
  switch (op) {
    case 'N':
      ci_pm_add(m, CI_PK_NIL);
      break;
    case 0x88:
      truth(m, true);
      break;
    case 0x89:
      truth(m, false);
      break;
    case 'J':
      number(m, (int32_t)ci_cursor_u32(c, false));
      break;
    case 'K':
      number(m, ci_cursor_u8(c));
      break;
    case 'M':
      number(m, ci_cursor_u16(c, false));
      break;
    case 0x8a:
      long_number(m, ci_cursor_u8(c));
      break;
    case 0x8b:
      long_number(m, ci_cursor_u32(c, false));
      break;
    case 'G':
      real(m);
      break;
    case 'I':
    case 'L':
      decimal(m);
      break;
    case 'X':
    case 'T':
    case 'B':
      text(m, ci_cursor_u32(c, false));
      break;
    case 'U':
    case 'C':
    case 0x8c:
      text(m, ci_cursor_u8(c));
      break;
    case 0x8d:
    case 0x8e:
    case 0x96:
      text(m, ci_cursor_u64(c, false));
      break;
    case 'F':
    case 'V':
      text_line(m, false);
      break;
    case 'S':
      text_line(m, true);
      break;
    case 'c':
      global(m);
      break;
    case 0x93:
      stack_global(m);
      break;
    default:
      return false;
  }
  return true;
}

static bool step_shape(ci_pm *m, uint8_t op) {
  switch (op) {
    case '(':
      ci_pm_add(m, CI_PK_MARK);
      break;
    case ')':
      ci_pm_last_few(m, 0);
      break;
    case 0x85:
      ci_pm_last_few(m, 1);
      break;
    case 0x86:
      ci_pm_last_few(m, 2);
      break;
    case 0x87:
      ci_pm_last_few(m, 3);
      break;
    case 't':
      ci_pm_marked(m, CI_PK_TUPLE);
      break;
    case 'l':
    case 0x91:
      ci_pm_marked(m, CI_PK_LIST);
      break;
    case 'd':
      ci_pm_marked(m, CI_PK_DICT);
      break;
    case ']':
    case 0x8f:
      ci_pm_add(m, CI_PK_LIST);
      break;
    case '}':
      ci_pm_add(m, CI_PK_DICT);
      break;
    case 'a':
      ci_pm_append(m, m->n_stack ? m->n_stack - 1 : 0, 0, false);
      break;
    case 'e':
    case 0x90:
      ci_pm_append(m, ci_pm_behind_mark(m), 1, false);
      break;
    case 's':
      ci_pm_append(m, m->n_stack > 1 ? m->n_stack - 2 : 0, 0, true);
      break;
    case 'u':
      ci_pm_append(m, ci_pm_behind_mark(m), 1, true);
      break;
    default:
      return false;
  }
  return true;
}

static bool step_else(ci_pm *m, uint8_t op) {
  ci_cursor *c = m->c;
  switch (op) {
    case 0x80:
      ci_cursor_u8(c);
      break;
    case 0x95:
      ci_cursor_u64(c, false);
      break; /* a frame's length */
    case 'Q':
      ci_pm_call(m, CI_PK_SAVED, false);
      break;
    case 'R':
    case 0x81:
      ci_pm_call(m, CI_PK_CALL, true);
      break;
    case 0x92:
      ci_pm_call_named(m);
      break;
    case 'o':
      ci_pm_call_marked(m);
      break;
    case 'i':
      call_here(m);
      break;
    case 'b':
      ci_pm_build(m);
      break;
    case '0':
      ci_pm_pop(m);
      break;
    case '1':
      m->n_stack = ci_pm_behind_mark(m);
      if (!m->status) m->n_stack--;
      break;
    case '2':
      ci_pm_push(m, ci_pm_top(m));
      break;
    case 'q':
      ci_pm_put(m, ci_cursor_u8(c));
      break;
    case 'r':
      ci_pm_put(m, ci_cursor_u32(c, false));
      break;
    case 'p':
      ci_pm_put(m, line_index(m));
      break;
    case 0x94:
      ci_pm_put(m, m->n_memo);
      break;
    case 'g':
      ci_pm_get(m, line_index(m));
      break;
    case 'h':
      ci_pm_get(m, ci_cursor_u8(c));
      break;
    case 'j':
      ci_pm_get(m, ci_cursor_u32(c, false));
      break;
    default:
      return false;
  }
  return true;
}

static void run(ci_pm *m) {
  while (!m->status) {
    uint8_t op = ci_cursor_u8(m->c);
    if (op == '.' && !m->c->bad) break;
    if (!m->c->bad && !step_value(m, op) && !step_shape(m, op) && !step_else(m, op))
      m->status =
          ci_fail(m->err, CNNIMG_UNSUPPORTED, "the pickle has an instruction that is not read (0x%02x)", op);
    if (m->c->bad) ci_pm_fail(m, CNNIMG_CORRUPT, "is cut off");
  }
  m->p->root = ci_pm_pop(m);
}

int ci_pickle_read(ci_pickle *p, ci_cursor *c, cnnimg_error *err) {
  *p = (ci_pickle){.root = CI_PK_NONE};
  ci_pm m = {.p = p, .c = c, .bytes = ci_cursor_left(c), .err = err};
  run(&m);
  free(m.stack);
  free(m.memo);
  if (m.status) ci_pickle_free(p);
  return m.status;
}

void ci_pickle_free(ci_pickle *p) {
  for (size_t i = 0; i < p->n; i++)
    if (ci_pm_holds(p->nodes[i].kind)) free(p->nodes[i].items);
  free(p->nodes);
  *p = (ci_pickle){.root = CI_PK_NONE};
}

/* ---- looking ------------------------------------------------------------------------------------------ */

const ci_pk_node *ci_pk_at(const ci_pickle *p, uint32_t i) { return i < p->n ? &p->nodes[i] : NULL; }

static bool same(const uint8_t *p, size_t n, const char *s) { return n == strlen(s) && !memcmp(p, s, n); }

bool ci_pk_is(const ci_pk_node *n, const char *s) {
  return n && n->kind == CI_PK_TEXT && same(n->text, n->text_n, s);
}

bool ci_pk_is_global(const ci_pk_node *n, const char *module, const char *name) {
  return n && n->kind == CI_PK_GLOBAL && (!module[0] || same(n->text, n->text_n, module)) &&
         same(n->more, n->more_n, name);
}

bool ci_pk_is_dict(const ci_pk_node *n) {
  return n && (n->kind == CI_PK_DICT || (n->kind == CI_PK_CALL && n->pairs));
}

uint32_t ci_pk_get(const ci_pickle *p, const ci_pk_node *n, const char *key) {
  for (uint32_t i = 0; ci_pk_is_dict(n) && i + 1 < n->n; i += 2)
    if (ci_pk_is(ci_pk_at(p, n->items[i]), key)) return n->items[i + 1];
  return CI_PK_NONE;
}

uint32_t ci_pk_item(const ci_pk_node *n, uint32_t k) {
  return n && (n->kind == CI_PK_TUPLE || n->kind == CI_PK_LIST) && k < n->n ? n->items[k] : CI_PK_NONE;
}
