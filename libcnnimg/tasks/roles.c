/* SPDX-License-Identifier: MIT */
/* roles.c - what each input of a network is for */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tasks/network.h"

ci_role ci_role_of(const ci_program *p, size_t input) {
  const char *name = p->values[p->inputs[input].value].name;
  char key[128];
  snprintf(key, sizeof key, "input.%s", name);
  const char *said = ci_program_get_card(p, key);
  if (said) name = said;
  if (!strcmp(name, "sigma")) return CI_ROLE_SIGMA;
  if (!strcmp(name, "image") || input == 0) return CI_ROLE_IMAGE;
  return CI_ROLE_UNKNOWN;
}

double ci_card_number(const ci_program *p, const char *key, double otherwise) {
  const char *text = ci_program_get_card(p, key);
  char *end;
  double v = text ? strtod(text, &end) : otherwise;
  return text && (end == text || *end) ? otherwise : v;
}
