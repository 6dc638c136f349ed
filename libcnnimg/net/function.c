/* SPDX-License-Identifier: MIT */
/* function.c - the list of operators of our own */
#include "net/function.h"

#include <string.h>

#include "net/window_attention.h"

static const ci_function *const functions[] = {&ci_function_window_attention, NULL};

const ci_function *ci_function_find(const char *type) {
  for (size_t i = 0; functions[i]; i++)
    if (!strcmp(functions[i]->type, type)) return functions[i];
  return NULL;
}
