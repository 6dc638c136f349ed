/* SPDX-License-Identifier: MIT */
/* torch_numpy.c - arrays of NumPy's inside of a pickle */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "formats/torch.h"

static const ci_pk_node *at(const ci_torch *t, uint32_t i) { return ci_pk_at(t->p, i); }
static const ci_pk_node *item(const ci_torch *t, const ci_pk_node *n, uint32_t k) {
  return at(t, ci_pk_item(n, k));
}

/* numpy.core.multiarray._reconstruct(ndarray, (0,), b'b'), and the state (version, shape, dtype, Fortran's order?, bytes). */
bool ci_torch_is_array(const ci_torch *t, const ci_pk_node *n) {
  if (!n || n->kind != CI_PK_CALL || !ci_pk_is_global(at(t, n->callee), "", "_reconstruct")) return false;
  const ci_pk_node *state = at(t, n->state);
  return ci_pk_is_global(item(t, at(t, n->args), 0), "numpy", "ndarray") && state &&
         state->kind == CI_PK_TUPLE && state->n == 5;
}

/* numpy.dtype('f4', ...) with the state (3, '<', ...). */
static bool read_type(const ci_torch *t, const ci_pk_node *n, ci_element *type) {
  if (!n || n->kind != CI_PK_CALL || !ci_pk_is_global(at(t, n->callee), "numpy", "dtype")) return false;
  const ci_pk_node *name = item(t, at(t, n->args), 0), *order = item(t, at(t, n->state), 1);
  if (!name || name->kind != CI_PK_TEXT || name->text_n != 2 || ci_pk_is(order, ">")) return false;
  *type = ci_element_numpy((char)name->text[0], name->text[1] - '0');
  return type->size > 0;
}

/* Python 3 writes bytes for old readers as text: each byte a letter, those from 128 on two bytes of UTF-8. */
static int decode(ci_torch *t, const ci_pk_node *text, const uint8_t **data, size_t *size) {
  if (text->text_n > t->budget)
    return ci_fail(t->err, CNNIMG_LIMIT, "its arrays would make many times the file's size in memory");
  t->budget -= text->text_n;
  uint8_t *out = malloc(text->text_n ? text->text_n : 1);
  size_t n = 0;
  if (!out || ci_keep(&t->store->kept, out, free))
    return ci_fail(t->err, CNNIMG_NOMEM, "no memory for an array");
  for (uint32_t i = 0; i < text->text_n; i++) {
    uint8_t c = text->text[i];
    bool two = (c & 0xfe) == 0xc2 && i + 1 < text->text_n;
    out[n++] = two ? (uint8_t)(c << 6 | (text->text[++i] & 0x3f)) : c;
  }
  *data = out, *size = n;
  return CNNIMG_OK;
}

/* The bytes; *size 0: there are none. */
static int read_bytes(ci_torch *t, const ci_pk_node *n, const uint8_t **data, size_t *size) {
  *size = 0;
  if (n && n->kind == CI_PK_TEXT) *data = n->text, *size = n->text_n;
  if (!n || n->kind != CI_PK_CALL || !ci_pk_is_global(at(t, n->callee), "_codecs", "encode"))
    return CNNIMG_OK;
  const ci_pk_node *text = item(t, at(t, n->args), 0);
  return text && text->kind == CI_PK_TEXT ? decode(t, text, data, size) : CNNIMG_OK;
}

static void set_strides(ci_elements *e, int64_t *stride) {
  size_t step = 1;
  for (int32_t i = 0; i < e->rank; i++) {
    stride[i] = (int64_t)step;
    if (e->dim[i] < 0 || !ci_mul(step, (size_t)e->dim[i], &step) || step > INT64_MAX)
      step = INT64_MAX; /* too large, which is seen later */
  }
  e->stride = stride;
}

/* Arrays of other things than numbers (file names, random states) are no weights. */
int ci_torch_add_array(ci_torch *t, const ci_pk_node *n, const char *name) {
  const ci_pk_node *state = at(t, n->state), *turned = item(t, state, 3);
  int64_t stride[CI_MAX_RANK];
  ci_elements e = {.name = name};
  if (!read_type(t, item(t, state, 2), &e.type)) return CNNIMG_OK;
  e.rank = ci_torch_sizes(t, item(t, state, 1), e.dim);
  if (e.rank < 0)
    return ci_fail(t->err, CNNIMG_CORRUPT, "the array \"%s\" has no shape of up to %d dimensions", name,
                   CI_MAX_RANK);
  int status = read_bytes(t, item(t, state, 4), &e.data, &e.bytes);
  if (turned && turned->kind == CI_PK_BOOL && turned->i) set_strides(&e, stride);
  return status ? status : ci_torch_put(t, &e);
}
