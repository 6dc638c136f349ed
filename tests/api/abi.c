/* SPDX-License-Identifier: MIT */
/* abi.c - prints what programs that are compiled already rely on: functions, sizes, offsets, values */
#include <stddef.h>
#include <stdio.h>

#include <cnnimg.h>

#define SIZE_OF_FIELD(s, f) sizeof(((s *)NULL)->f)

/* Each function's address is taken, so that one that the library does not export does not link. */
static void function(const void *address, const char *declaration) {
  if (address) printf("function %s\n", declaration);
}

int main(void) {
  printf("pointer %zu\n", sizeof(void *));
#define FUNCTION(name, declaration) function((const void *)(size_t)name, declaration);
#define CALLBACK(declaration) printf("callback %s\n", declaration);
#define STRUCT(name, growth) printf("struct %s %s %zu\n", #name, #growth, sizeof(name));
#define FIELD(name, field) \
  printf("field %s.%s %zu %zu\n", #name, #field, offsetof(name, field), SIZE_OF_FIELD(name, field));
#define VALUE(name) printf("value %s %ld\n", #name, (long)name);
#define CONSTANT(name) VALUE(name)
#include "tests/api/abi.inc"
  return 0;
}
