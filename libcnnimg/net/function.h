/* SPDX-License-Identifier: MIT */
/* function.h - operators of our own, and what they are in ONNX's: files that we write run anywhere */
#ifndef CI_FUNCTION_H
#define CI_FUNCTION_H

#include "net/program.h"

/*
 * A program may hold nodes that ONNX has not ("WindowAttention"), because one operation streams where its twenty standard
 * ones would have to be held. In a file they stand in this domain with a function beside them (ONNX's FunctionProto) that
 * says them in standard operators, so every runtime can run them, and we read the node itself.
 */
#define CI_FUNCTION_DOMAIN "org.cnnimg"

typedef struct ci_function {
  const char *type;
  /* The node in standard operators (opset CI_BUILD_OPSET): a finished program with the node's inputs and outputs, in order.
   * The node's attributes are in it as constants. */
  int (*body)(const ci_pnode *n, ci_program **out, cnnimg_error *err);
} ci_function;

const ci_function *ci_function_find(const char *type); /* NULL: none of ours */

#endif
