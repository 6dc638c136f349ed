/* SPDX-License-Identifier: MIT */
/* shuffle.c - pixel shuffles that an exporter spelt out for one size, said for any */
#include "net/shuffle.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

#define OPSET 13 /* of DepthToSpace with a mode */

static const ci_pnode *producer(const ci_program *p, int32_t v, const char *type) {
  int32_t n = v >= 0 ? p->values[v].producer : -1;
  return n >= 0 && !strcmp(p->nodes[n].type, type) ? &p->nodes[n] : NULL;
}

/* The shape of a Reshape, where it is a constant: an initializer, or a Constant node's. */
static const int64_t *constant(const ci_program *p, const ci_pnode *reshape, size_t count) {
  int32_t v = reshape->n_in == 2 ? reshape->in[1] : -1;
  const ci_pnode *made = producer(p, v, "Constant");
  const ci_attr *a = made ? ci_attr_find(made, "value") : NULL;
  const ci_tensor *t = v < 0 ? NULL : made ? (a ? a->tensor : NULL) : p->values[v].tensor;
  return t && t->dtype == CI_I64 && t->count == count ? t->data : NULL;
}

/* [n, C, r, r, H, W] turned to [n, C, H, r, W, r] and read as [n, C, H r, W r]; the block, or 0. */
static int64_t block_of(const ci_program *p, const ci_pnode *last, int32_t *from) {
  static const int64_t order[6] = {0, 1, 4, 2, 5, 3};
  const ci_pnode *turn = last->n_in ? producer(p, last->in[0], "Transpose") : NULL;
  const ci_pnode *first = turn && turn->n_in ? producer(p, turn->in[0], "Reshape") : NULL;
  const int64_t *perm, *a = first ? constant(p, first, 6) : NULL, *b = constant(p, last, 4);
  if (!a || !b || ci_attr_ints(turn, "perm", &perm) != 6 || memcmp(perm, order, sizeof order)) return 0;
  bool whole = a[1] > 0 && a[4] > 0 && a[5] > 0 && a[2] > 1 && a[2] < 65 && a[2] == a[3] && a[0] == b[0];
  if (!whole || a[4] > INT32_MAX || a[5] > INT32_MAX) return 0;
  *from = first->in[0];
  return b[1] == a[1] && b[2] == a[4] * a[2] && b[3] == a[5] * a[2] ? a[2] : 0;
}

static bool become_shuffle(ci_pnode *n, int32_t from, int64_t block) {
  char *type = ci_strdup("DepthToSpace");
  ci_attr *a = type ? ci_pnode_add_attr(n, "blocksize", CI_ATTR_INT) : NULL;
  if (a) a->i = block, a = ci_pnode_add_attr(n, "mode", CI_ATTR_STRING);
  if (!a || !(a->s = ci_strdup("CRD"))) {
    free(type);
    return false;
  }
  free(n->type);
  n->type = type, n->in[0] = from, n->n_in = 1, n->opset = OPSET;
  return true;
}

int ci_program_shuffles(ci_program *p, cnnimg_error *err) {
  bool any = false;
  for (size_t i = 0; i < p->n_nodes; i++) {
    int32_t from;
    int64_t block = strcmp(p->nodes[i].type, "Reshape") ? 0 : block_of(p, &p->nodes[i], &from);
    if (!block) continue;
    if (!become_shuffle(&p->nodes[i], from, block))
      return ci_fail(err, CNNIMG_NOMEM, "no memory for the network");
    any = true;
  }
  return any ? ci_program_finish(p, err) : CNNIMG_OK;
}
