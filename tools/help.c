/* SPDX-License-Identifier: MIT */
/* help.c - answers to --help, --version and --list-options, from the tables */
#include <stdio.h>
#include <string.h>

#include "driver.h"

static void show_option(const drv_option *o) {
  char left[64], letter[8] = "    ", name[32] = "";
  if (!o->help) return;
  if (o->letter) snprintf(letter, sizeof letter, "-%c%s", o->letter, o->name ? ", " : "");
  if (o->name) snprintf(name, sizeof name, "--%s", o->name);
  snprintf(left, sizeof left, "%s%s%s%s", letter, name, o->arg ? " " : "", o->arg ? o->arg : "");
  printf("  %-22s %s\n", left, o->help);
}

static void show_options(const drv_option *o) {
  for (; o->letter || o->name; o++) show_option(o);
}

int drv_show_help(drv_settings *s, const char *value, char why[DRV_WHY]) {
  const drv_tool *t = s->tool;
  (void)value, (void)why;
  printf("%s: %s\n%s [options] IN OUT | IN... -o FOLDER | -i IN -o OUT\n", t->name, t->does, t->name);
  show_options(t->options);
  show_options(drv_common_options);
  printf("%s", t->examples);
  return 1;
}

int drv_show_version(drv_settings *s, const char *value, char why[DRV_WHY]) {
  (void)value, (void)why;
  printf("%s %s\n", s->tool->name, cnnimg_version());
  return 1;
}

/* A line an option for shell completion and tests: letter, name, kind, what its value is called, range or words. */
static void list_options(const drv_option *o) {
  static const char *const kinds[] = {"flag", "text", "count", "word", "own", "later"};
  for (; o->letter || o->name; o++) {
    printf("%c %s %s %s ", o->letter ? o->letter : '-', o->name ? o->name : "-", kinds[o->kind],
           o->arg ? o->arg : "-");
    if (o->kind == DRV_COUNT) printf("%u..%u\n", o->min, o->max);
    else printf("%s\n", o->words ? o->words : "-");
  }
}

int drv_show_options(drv_settings *s, const char *value, char why[DRV_WHY]) {
  (void)value, (void)why;
  list_options(s->tool->options);
  list_options(drv_common_options);
  return 1;
}
