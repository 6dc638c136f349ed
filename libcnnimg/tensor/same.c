/* SPDX-License-Identifier: MIT */
/* same.c - operations that pass their input on */
#include "tensor/array.h"

static int shape(const ci_tensor_call *c, cnnimg_error *err) {
  (void)err;
  ci_array_like(c->out, &c->in[0]);
  return CNNIMG_OK;
}

static void run(const ci_tensor_call *c) { ci_array_copy_all(c, &c->in[0]); }

const ci_tensor_op ci_tensor_same_ops[] = {
    {"Identity", 1, 1, "", shape, NULL, run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
