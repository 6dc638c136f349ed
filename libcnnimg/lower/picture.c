/* SPDX-License-Identifier: MIT */
/* picture.c - an input that is a picture: where its channels lie, and its sizes with the open ones filled */
#include <string.h>

#include "base/error.h"
#include "lower/lower.h"

static bool is_perm(const ci_pnode *n, int64_t a, int64_t b, int64_t c, int64_t d) {
  const int64_t *v;
  return !strcmp(n->type, "Transpose") && ci_attr_ints(n, "perm", &v) == 4 && v[0] == a && v[1] == b && v[2] == c &&
         v[3] == d;
}

/* Do all that read the value turn it from channels last to channels first? */
static bool is_turned(const ci_program *p, int32_t value) {
  size_t readers = 0;
  for (size_t i = 0; i < p->n_nodes; i++)
    for (int32_t k = 0; k < p->nodes[i].n_in; k++)
      if (p->nodes[i].in[k] == value) {
        readers++;
        if (!is_perm(&p->nodes[i], 0, 3, 1, 2)) return false;
      }
  return readers > 0;
}

ci_layout ci_lower_picture_layout(const ci_program *p, size_t input) {
  const ci_pinput *in = &p->inputs[input];
  if (in->rank != 4) return CI_LAYOUT_NCHW;
  if (is_turned(p, in->value)) return CI_LAYOUT_NHWC;
  bool last = in->dim[3] >= 1 && in->dim[3] <= 4, first = in->dim[1] >= 1 && in->dim[1] <= 4;
  return last && !first && in->dim[1] != in->dim[3] && (!in->dim[1] || in->dim[1] > 16) ? CI_LAYOUT_NHWC : CI_LAYOUT_NCHW;
}

static void fill(int64_t *dim, int32_t with) {
  if (!*dim) *dim = with;
}

int ci_lower_picture_dims(const ci_program *p, size_t input, int32_t channels, int32_t height, int32_t width,
                          ci_dims *out, cnnimg_error *err) {
  const ci_pinput *in = &p->inputs[input];
  const char *name = p->values[in->value].name;
  bool last = ci_lower_picture_layout(p, input) == CI_LAYOUT_NHWC;
  out->rank = in->rank < 0 ? 4 : in->rank;
  memset(out->dim, 0, sizeof out->dim);
  for (int32_t i = 0; i < in->rank; i++) out->dim[i] = in->dim[i];
  if (out->rank == 4) {
    fill(&out->dim[0], 1);
    fill(&out->dim[last ? 3 : 1], channels);
    fill(&out->dim[last ? 1 : 2], height);
    fill(&out->dim[last ? 2 : 3], width);
  } else if (out->rank) {
    fill(&out->dim[0], 1);
  }
  for (int32_t i = 0; i < out->rank; i++)
    if (!out->dim[i])
      return ci_fail(err, CNNIMG_BADARG, "the input \"%s\" is no picture, and its dimension %d is open", name, i);
  return CNNIMG_OK;
}
