/* SPDX-License-Identifier: MIT */
/* pickle.h - Python's pickles read as data: nothing that they name is looked up, built or called */
#ifndef CI_PICKLE_H
#define CI_PICKLE_H

#include "base/cursor.h"
#include "cnnimg.h"

#define CI_PK_NONE UINT32_MAX /* no node */
#define CI_PK_DEEPEST 64      /* how deep readers of a pickle follow it: it may hold itself */

typedef enum ci_pk_kind {
  CI_PK_NIL,
  CI_PK_BOOL,
  CI_PK_INT,
  CI_PK_FLOAT,
  CI_PK_TEXT,   /* text or bytes, in the file; of protocol 0 with its escapes, and floats too */
  CI_PK_GLOBAL, /* "torch._utils _rebuild_tensor_v2": text is the module, more the name */
  CI_PK_TUPLE,
  CI_PK_LIST,
  CI_PK_DICT, /* items; a dictionary's are key, value, key, value ... */
  CI_PK_CALL, /* what would have been called with what: callee, args; items as of a list or dictionary, state */
  CI_PK_SAVED, /* persistent_load(args) */
  CI_PK_MARK   /* never seen from outside */
} ci_pk_kind;

/* What belongs to other kinds may not be read: it is the same memory. */
typedef struct ci_pk_node {
  ci_pk_kind kind;
  bool pairs; /* a call's items are keys and values */
  union {
    int64_t i; /* also a truth value */
    double f;
    struct {
      const uint8_t *text, *more;
      uint32_t text_n, more_n;
    };
    struct {
      uint32_t *items;
      uint32_t n, cap;
      uint32_t callee, args, state; /* nodes */
    };
  };
} ci_pk_node;

typedef struct ci_pickle {
  ci_pk_node *nodes;
  size_t n, cap;
  uint32_t root;
} ci_pickle;

/*
 * One pickle of protocol 0 to 5 at *c, which moves behind its STOP. Memory: at most some 150 bytes a byte of the pickle. What
 * is no pickle is CNNIMG_CORRUPT; what torch and numpy do not write (extension registry, buffers out of band) CNNIMG_UNSUPPORTED.
 * Texts point into the bytes. Errors do not name the file.
 */
int ci_pickle_read(ci_pickle *p, ci_cursor *c, cnnimg_error *err);
void ci_pickle_free(ci_pickle *p);

/* Node i, or NULL for CI_PK_NONE. */
const ci_pk_node *ci_pk_at(const ci_pickle *p, uint32_t i);
bool ci_pk_is(const ci_pk_node *n, const char *text); /* that text */
/* A global of that module and name ("": any module). */
bool ci_pk_is_global(const ci_pk_node *n, const char *module, const char *name);
/* A dictionary's value (also an OrderedDict's) for a text key; CI_PK_NONE: none. */
uint32_t ci_pk_get(const ci_pickle *p, const ci_pk_node *n, const char *key);
bool ci_pk_is_dict(const ci_pk_node *n); /* it has keys and values */
/* Element k of a tuple or list; CI_PK_NONE: none. */
uint32_t ci_pk_item(const ci_pk_node *n, uint32_t k);

#endif
