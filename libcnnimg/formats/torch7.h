/* SPDX-License-Identifier: MIT */
/* torch7.h - Torch7's files (.t7): Lua's values as nodes; what the files torch7*.c share */
#ifndef CI_TORCH7_H
#define CI_TORCH7_H

#include "formats/elements.h"
#include "net/build.h"

#define CI_T7_NONE UINT32_MAX /* no node */

typedef enum ci_t7_kind {
  CI_T7_NIL,
  CI_T7_NUMBER,
  CI_T7_STRING,
  CI_T7_BOOL,     /* number: 0 or 1 */
  CI_T7_TABLE,    /* items: key, value, key, value ... */
  CI_T7_LIST,     /* items: values (tds.Vec) */
  CI_T7_OBJECT,   /* text: its class; one item, the table of its fields */
  CI_T7_FUNCTION, /* never run; one item, the table of what it closes over */
  CI_T7_TENSOR,   /* extra: where; one item, its storage or nil */
  CI_T7_STORAGE   /* extra: which */
} ci_t7_kind;

typedef struct ci_t7_node {
  ci_t7_kind kind;
  uint32_t items, n; /* in ci_t7.items */
  uint32_t parent;   /* the node that named this one first; CI_T7_NONE: the root */
  uint32_t place;    /* which of the parent's items */
  uint32_t text_n;
  union {
    double number;
    const char *text; /* in the file */
    size_t extra;     /* in ci_t7.tensors or ci_t7.storages */
  };
} ci_t7_node;

typedef struct ci_t7_tensor {
  int32_t rank;
  int64_t dim[CI_MAX_RANK], stride[CI_MAX_RANK], offset;
} ci_t7_tensor;

typedef struct ci_t7_storage {
  ci_element type;
  const uint8_t *data; /* little-endian, in the file or owned */
  size_t bytes;
  void *owned; /* of a file in ASCII */
} ci_t7_storage;

typedef struct ci_t7 {
  ci_t7_node *nodes; /* 0 is the root */
  size_t n, cap;
  uint32_t *items;
  size_t n_items, cap_items;
  ci_t7_tensor *tensors;
  size_t n_tensors, cap_tensors;
  ci_t7_storage *storages;
  size_t n_storages, cap_storages;
  uint32_t *objects; /* the file's numbers of objects, from 1, to nodes */
  size_t n_objects, cap_objects;
} ci_t7;

/* All of the file. Binary (64-bit longs) or ASCII. Texts point into it. Memory: at most some 80 bytes a byte of what is no
 * tensor, 4 a byte of tensors in ASCII. Errors do not name the file. */
int ci_t7_read(ci_t7 *t, const void *data, size_t size, cnnimg_error *err);
void ci_t7_free(ci_t7 *t);

const ci_t7_node *ci_t7_item(const ci_t7 *t, const ci_t7_node *n, uint32_t i); /* NULL: not there */
bool ci_t7_is(const ci_t7_node *n, const char *text);                          /* that string, or class */
/* The value of a table, or of an object's fields, for a key of text; NULL: none. */
const ci_t7_node *ci_t7_get(const ci_t7 *t, const ci_t7_node *n, const char *key);
/* The numbers of a node that is a tensor. *budget as of ci_elements_tensor(). NULL in *out: it is empty. */
int ci_t7_numbers(const ci_t7 *t, const ci_t7_node *n, const char *name, size_t *budget, ci_tensor **out,
                  cnnimg_error *err);

/* ---- networks ------------------------------------------------------------------------------------------------- */

/* The module that the file is about: its root, or the only module in a table that is its root; NULL: none. */
const ci_t7_node *ci_t7_find_module(const ci_t7 *t);
/* The program of that module. Modules that are not known are CNNIMG_UNSUPPORTED, by name. */
int ci_t7_program(const ci_t7 *t, const ci_t7_node *module, size_t *budget, ci_program **out,
                  cnnimg_error *err);

#define CI_T7_MOST_VALUES 16 /* of a table that flows between modules */

/* What flows between modules: a map, or a table of maps. */
typedef struct ci_t7_flow {
  int32_t v[CI_T7_MOST_VALUES], n;
  bool table;
  double scale; /* its height to the picture's */
  int32_t c;    /* channels of the last convolution; 0: not known */
  bool raw;     /* it is the picture still */
} ci_t7_flow;

typedef struct ci_t7_net {
  ci_build b;
  const ci_t7 *t;
  size_t *budget;
  int32_t steps, depth; /* modules that were applied; how deep they are in each other */
  char kind[64];        /* of the module at hand, without its package */
  bool last;            /* it is the last of the outermost row */
} ci_t7_net;

typedef void (*ci_t7_rule)(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x);
typedef struct ci_t7_named {
  const char *kind; /* "SpatialConvolution", of nn, cudnn or w2nn */
  ci_t7_rule rule;
  bool table; /* it takes a table */
} ci_t7_named;
extern const ci_t7_named ci_t7_modules[];

void ci_t7_refuse(ci_t7_net *n, int code, const char *what);
double ci_t7_num(const ci_t7_net *n, const ci_t7_node *m, const char *key, double otherwise);
int32_t ci_t7_int(ci_t7_net *n, const ci_t7_node *m, const char *key, int32_t otherwise, int32_t least,
                  int32_t most);
bool ci_t7_flag(const ci_t7_net *n, const ci_t7_node *m, const char *key, bool otherwise);
/* A field that is a tensor, as one of those dimensions (as many numbers); CI_NONE: there is none. -1: refused. */
int32_t ci_t7_weight(ci_t7_net *n, const ci_t7_node *m, const char *key, int32_t rank, const int64_t *dim);

#endif
