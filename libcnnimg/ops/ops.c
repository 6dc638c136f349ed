/* SPDX-License-Identifier: MIT */
/* ops.c - the table of operations, in the order of net/ops.inc */
#include "ops/common.h"

const ci_op *const ci_ops[CI_OP_COUNT] = {
#define CI_OP(id, name) [CI_OP_##id] = &ci_op_##id,
#include "net/ops.inc"
#undef CI_OP
};
