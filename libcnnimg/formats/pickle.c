/* SPDX-License-Identifier: MIT */
/* pickle.c - Python's pickles read as data: nothing that they name is looked up, built or called */
#include "formats/pickle.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

#define MOST_NODES (1u << 24)
#define LONGEST_INT 8 /* bytes of a number that is used; longer ones are read as 0 */

/* The machine of Lib/pickle.py: a stack, marks on it, a memo. */
typedef struct machine {
  ci_pickle *p;
  ci_cursor *c;
  uint32_t *stack, *memo;
  size_t n_stack, cap_stack, n_memo, cap_memo;
  size_t bytes; /* of the input: no memo needs more numbers */
  cnnimg_error *err;
  int status;
} machine;

static void fail(machine *m, int code, const char *why) {
  if (!m->status) m->status = ci_fail(m->err, code, "the pickle %s", why);
}

static void push(machine *m, uint32_t node) {
  if (m->status) return;
  if (!ci_grow((void **)&m->stack, &m->cap_stack, m->n_stack + 1, sizeof *m->stack))
    fail(m, CNNIMG_NOMEM, "does not fit into memory");
  else m->stack[m->n_stack++] = node;
}

/* Has it items, and may have a state? */
static bool holds(ci_pk_kind kind) {
  return kind == CI_PK_TUPLE || kind == CI_PK_LIST || kind == CI_PK_DICT || kind == CI_PK_CALL ||
         kind == CI_PK_SAVED;
}

/* A new node on the stack; NULL after a failure. Valid until the next. */
static ci_pk_node *add(machine *m, ci_pk_kind kind) {
  ci_pickle *p = m->p;
  if (m->status) return NULL;
  if (p->n >= MOST_NODES) return fail(m, CNNIMG_LIMIT, "has more than 16 million things in it"), NULL;
  if (!ci_grow((void **)&p->nodes, &p->cap, p->n + 1, sizeof *p->nodes))
    return fail(m, CNNIMG_NOMEM, "does not fit into memory"), NULL;
  p->nodes[p->n] = (ci_pk_node){.kind = kind};
  if (holds(kind)) p->nodes[p->n].callee = p->nodes[p->n].args = p->nodes[p->n].state = CI_PK_NONE;
  push(m, (uint32_t)p->n);
  return m->status ? NULL : &p->nodes[p->n++];
}

static uint32_t pop(machine *m) {
  if (m->status || !m->n_stack)
    return fail(m, CNNIMG_CORRUPT, "takes more from its stack than there is"), CI_PK_NONE;
  uint32_t v = m->stack[--m->n_stack];
  if (m->p->nodes[v].kind == CI_PK_MARK) fail(m, CNNIMG_CORRUPT, "has a mark where a value should be");
  return v;
}

static uint32_t top(machine *m) {
  if (m->status || !m->n_stack)
    return fail(m, CNNIMG_CORRUPT, "takes more from its stack than there is"), CI_PK_NONE;
  return m->stack[m->n_stack - 1];
}

/* Where the values behind the last mark begin. */
static size_t behind_mark(machine *m) {
  for (size_t i = m->n_stack; i-- > 0 && !m->status;)
    if (m->p->nodes[m->stack[i]].kind == CI_PK_MARK) return i + 1;
  fail(m, CNNIMG_CORRUPT, "has a mark missing");
  return 0;
}

/* Moves the stack's values from `from` on into the node. */
static void give(machine *m, uint32_t node, size_t from) {
  size_t k = m->n_stack - from, cap;
  if (m->status || !k) return;
  ci_pk_node *n = &m->p->nodes[node];
  cap = n->cap;
  if (n->n + k > MOST_NODES || !ci_grow((void **)&n->items, &cap, n->n + k, sizeof *n->items)) {
    fail(m, CNNIMG_NOMEM, "does not fit into memory");
    return;
  }
  n->cap = (uint32_t)cap;
  memcpy(n->items + n->n, m->stack + from, k * sizeof *n->items);
  n->n += (uint32_t)k;
  m->n_stack = from;
}

/* A tuple, list or dictionary of the values from `from` on. */
static void collect(machine *m, ci_pk_kind kind, size_t from, size_t drop) {
  if (m->status) return;
  add(m, kind);
  if (m->status) return;
  uint32_t node = m->stack[--m->n_stack];
  give(m, node, from);
  m->n_stack = from - drop;
  push(m, node);
}

static void last_few(machine *m, size_t k) {
  if (m->n_stack < k) fail(m, CNNIMG_CORRUPT, "takes more from its stack than there is");
  else collect(m, CI_PK_TUPLE, m->n_stack - k, 0);
}

static void marked(machine *m, ci_pk_kind kind) {
  size_t from = behind_mark(m);
  if (kind == CI_PK_DICT && (m->n_stack - from) % 2) fail(m, CNNIMG_CORRUPT, "has a key without a value");
  collect(m, kind, from, 1);
}

/* APPENDS, SETITEMS and their single forms: values from `from` on go to the one below them (and below the mark). */
static void append(machine *m, size_t from, size_t drop, bool pairs) {
  if (m->status || from < drop + 1) {
    fail(m, CNNIMG_CORRUPT, "takes more from its stack than there is");
    return;
  }
  uint32_t node = m->stack[from - drop - 1];
  ci_pk_node *n = &m->p->nodes[node];
  bool may = n->kind == CI_PK_CALL || n->kind == (pairs ? CI_PK_DICT : CI_PK_LIST);
  if (n->kind == CI_PK_CALL && n->n && n->pairs != pairs) may = false;
  if (!may || (pairs && (m->n_stack - from) % 2)) {
    fail(m, CNNIMG_CORRUPT, "puts items where none can be");
    return;
  }
  n->pairs = pairs;
  give(m, node, from);
  m->n_stack = from - drop;
}

static void call(machine *m, ci_pk_kind kind, bool has_callee) {
  uint32_t args = pop(m), callee = has_callee ? pop(m) : CI_PK_NONE;
  ci_pk_node *n = add(m, kind);
  if (n) n->callee = callee, n->args = args;
}

/* NEWOBJ_EX: class, arguments, named arguments. */
static void call_named(machine *m) {
  pop(m);
  call(m, CI_PK_CALL, true);
}

/* OBJ of protocols 0 and 1: mark, class, arguments ... */
static void call_marked(machine *m) {
  size_t from = behind_mark(m);
  if (m->status || from >= m->n_stack) {
    fail(m, CNNIMG_CORRUPT, "makes a thing of no class");
    return;
  }
  collect(m, CI_PK_TUPLE, from + 1, 2);
  uint32_t args = pop(m), callee = m->status ? CI_PK_NONE : m->stack[from];
  ci_pk_node *n = add(m, CI_PK_CALL);
  if (n) n->callee = callee, n->args = args;
}

static void build(machine *m) {
  uint32_t state = pop(m), node = top(m);
  if (m->status) return;
  if (holds(m->p->nodes[node].kind)) m->p->nodes[node].state = state;
  else fail(m, CNNIMG_CORRUPT, "gives a state to what can have none");
}

/* ---- memo ------------------------------------------------------------------------------------- */

static void put(machine *m, uint64_t at) {
  uint32_t v = top(m);
  if (m->status) return;
  if (at >= m->bytes || !ci_grow((void **)&m->memo, &m->cap_memo, (size_t)at + 1, sizeof *m->memo)) {
    fail(m, at >= m->bytes ? CNNIMG_CORRUPT : CNNIMG_NOMEM, "remembers more than it has");
    return;
  }
  while (m->n_memo <= at) m->memo[m->n_memo++] = CI_PK_NONE;
  m->memo[at] = v;
}

static void get(machine *m, uint64_t at) {
  if (at >= m->n_memo || m->memo[at] == CI_PK_NONE)
    fail(m, CNNIMG_CORRUPT, "recalls what it has not remembered");
  else push(m, m->memo[at]);
}

/* ---- values -------------------------------------------------------------------------------------- */

static ci_cursor line(machine *m);

/* PUT and GET of protocol 0. */
static uint64_t line_index(machine *m) {
  ci_cursor s = line(m);
  uint64_t v = 0;
  for (size_t i = 0; i < ci_cursor_left(&s); i++) {
    if (s.p[i] < '0' || s.p[i] > '9' || v > UINT32_MAX) return UINT64_MAX;
    v = v * 10 + (s.p[i] - '0');
  }
  return v;
}

static void number(machine *m, int64_t v) {
  ci_pk_node *n = add(m, CI_PK_INT);
  if (n) n->i = v;
}

static void truth(machine *m, bool v) {
  ci_pk_node *n = add(m, CI_PK_BOOL);
  if (n) n->i = v;
}

static void text(machine *m, uint64_t size) {
  ci_cursor s = ci_cursor_sub(m->c, size);
  ci_pk_node *n = size < UINT32_MAX ? add(m, CI_PK_TEXT) : NULL;
  if (n) n->text = s.p, n->text_n = (uint32_t)ci_cursor_left(&s);
}

/* LONG1, LONG4: two's complement, least byte first. */
static void long_number(machine *m, uint64_t size) {
  ci_cursor s = ci_cursor_sub(m->c, size);
  uint64_t u = 0;
  for (uint64_t k = 0; k < size && k < LONGEST_INT && !s.bad; k++) u |= (uint64_t)s.p[k] << 8 * k;
  if (size && size < LONGEST_INT && !s.bad && s.p[size - 1] & 0x80) u |= ~(uint64_t)0 << 8 * size;
  number(m, size > LONGEST_INT ? 0 : (int64_t)u);
}

static void real(machine *m) {
  uint64_t u = ci_cursor_u64(m->c, true);
  ci_pk_node *n = add(m, CI_PK_FLOAT);
  if (n) memcpy(&n->f, &u, sizeof u);
}

/* The rest of the line, without its end. */
static ci_cursor line(machine *m) {
  const uint8_t *end = ci_cursor_left(m->c) ? memchr(m->c->p, '\n', ci_cursor_left(m->c)) : NULL;
  if (!end) {
    m->c->bad = true;
    return ci_cursor_make(NULL, 0);
  }
  ci_cursor s = ci_cursor_make(m->c->p, (size_t)(end - m->c->p));
  m->c->p = end + 1;
  return s;
}

static void global(machine *m) {
  ci_cursor module = line(m), name = line(m);
  ci_pk_node *n = add(m, CI_PK_GLOBAL);
  if (!n) return;
  n->text = module.p, n->text_n = (uint32_t)ci_cursor_left(&module);
  n->more = name.p, n->more_n = (uint32_t)ci_cursor_left(&name);
}

static void stack_global(machine *m) {
  uint32_t name = pop(m), module = pop(m);
  ci_pk_node *n = add(m, CI_PK_GLOBAL);
  if (!n) return;
  const ci_pk_node *a = &m->p->nodes[module], *b = &m->p->nodes[name];
  if (a->kind != CI_PK_TEXT || b->kind != CI_PK_TEXT) {
    fail(m, CNNIMG_CORRUPT, "names a thing by no text");
    return;
  }
  n->text = a->text, n->text_n = a->text_n, n->more = b->text, n->more_n = b->text_n;
}

/* INST of protocol 0: mark, arguments ..., and the class behind the instruction. */
static void call_here(machine *m) {
  size_t from = behind_mark(m);
  collect(m, CI_PK_TUPLE, from, 1);
  uint32_t args = pop(m);
  global(m);
  uint32_t callee = pop(m);
  ci_pk_node *n = add(m, CI_PK_CALL);
  if (n) n->callee = callee, n->args = args;
}

/* Protocol 0's texts, to the end of the line: STRING in quotes. Escapes stay as they are: names have none. FLOAT's digits
 * are kept as text. */
static void text_line(machine *m, bool quoted) {
  ci_cursor s = line(m);
  size_t n = ci_cursor_left(&s);
  if (quoted && (n < 2 || s.p[0] != s.p[n - 1] || (s.p[0] != '\'' && s.p[0] != '"'))) {
    fail(m, CNNIMG_CORRUPT, "has a text without quotes");
    return;
  }
  ci_pk_node *t = n < UINT32_MAX ? add(m, CI_PK_TEXT) : NULL;
  if (t) t->text = s.p + quoted, t->text_n = (uint32_t)(n - 2u * quoted);
}

/* Protocol 0's decimal numbers; "I01" and "I00" are truth values. Numbers that are too large are none that is used: 0. */
static void decimal(machine *m) {
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
    else if (s.p[i] != 'L') fail(m, CNNIMG_CORRUPT, "has a number that is none");
  }
  number(m, large ? 0 : sign * v);
}

/* ---- opcodes: Lib/pickletools.py ------------------------------------------------------------------- */

static bool step_value(machine *m, uint8_t op) {
  ci_cursor *c = m->c;
  switch (op) {
    case 'N':
      add(m, CI_PK_NIL);
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

static bool step_shape(machine *m, uint8_t op) {
  switch (op) {
    case '(':
      add(m, CI_PK_MARK);
      break;
    case ')':
      last_few(m, 0);
      break;
    case 0x85:
      last_few(m, 1);
      break;
    case 0x86:
      last_few(m, 2);
      break;
    case 0x87:
      last_few(m, 3);
      break;
    case 't':
      marked(m, CI_PK_TUPLE);
      break;
    case 'l':
    case 0x91:
      marked(m, CI_PK_LIST);
      break;
    case 'd':
      marked(m, CI_PK_DICT);
      break;
    case ']':
    case 0x8f:
      add(m, CI_PK_LIST);
      break;
    case '}':
      add(m, CI_PK_DICT);
      break;
    case 'a':
      append(m, m->n_stack ? m->n_stack - 1 : 0, 0, false);
      break;
    case 'e':
    case 0x90:
      append(m, behind_mark(m), 1, false);
      break;
    case 's':
      append(m, m->n_stack > 1 ? m->n_stack - 2 : 0, 0, true);
      break;
    case 'u':
      append(m, behind_mark(m), 1, true);
      break;
    default:
      return false;
  }
  return true;
}

static bool step_else(machine *m, uint8_t op) {
  ci_cursor *c = m->c;
  switch (op) {
    case 0x80:
      ci_cursor_u8(c);
      break;
    case 0x95:
      ci_cursor_u64(c, false);
      break; /* a frame's length */
    case 'Q':
      call(m, CI_PK_SAVED, false);
      break;
    case 'R':
    case 0x81:
      call(m, CI_PK_CALL, true);
      break;
    case 0x92:
      call_named(m);
      break;
    case 'o':
      call_marked(m);
      break;
    case 'i':
      call_here(m);
      break;
    case 'b':
      build(m);
      break;
    case '0':
      pop(m);
      break;
    case '1':
      m->n_stack = behind_mark(m);
      if (!m->status) m->n_stack--;
      break;
    case '2':
      push(m, top(m));
      break;
    case 'q':
      put(m, ci_cursor_u8(c));
      break;
    case 'r':
      put(m, ci_cursor_u32(c, false));
      break;
    case 'p':
      put(m, line_index(m));
      break;
    case 0x94:
      put(m, m->n_memo);
      break;
    case 'g':
      get(m, line_index(m));
      break;
    case 'h':
      get(m, ci_cursor_u8(c));
      break;
    case 'j':
      get(m, ci_cursor_u32(c, false));
      break;
    default:
      return false;
  }
  return true;
}

static void run(machine *m) {
  while (!m->status) {
    uint8_t op = ci_cursor_u8(m->c);
    if (op == '.' && !m->c->bad) break;
    if (!m->c->bad && !step_value(m, op) && !step_shape(m, op) && !step_else(m, op))
      m->status =
          ci_fail(m->err, CNNIMG_UNSUPPORTED, "the pickle has an instruction that is not read (0x%02x)", op);
    if (m->c->bad) fail(m, CNNIMG_CORRUPT, "is cut off");
  }
  m->p->root = pop(m);
}

int ci_pickle_read(ci_pickle *p, ci_cursor *c, cnnimg_error *err) {
  *p = (ci_pickle){.root = CI_PK_NONE};
  machine m = {.p = p, .c = c, .bytes = ci_cursor_left(c), .err = err};
  run(&m);
  free(m.stack);
  free(m.memo);
  if (m.status) ci_pickle_free(p);
  return m.status;
}

void ci_pickle_free(ci_pickle *p) {
  for (size_t i = 0; i < p->n; i++)
    if (holds(p->nodes[i].kind)) free(p->nodes[i].items);
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
