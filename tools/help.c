/* SPDX-License-Identifier: MIT */
/* help.c - answers to --help, --version and --list-options, from the tables */
#include <stdio.h>
#include <string.h>

#include "driver.h"

#define COLUMNS 79
#define LEFT 25 /* where the explanations begin */

/* "-s, --sigma S" */
static void name_of(const drv_option *o, char *text, size_t room) {
  char letter[8] = "    ", name[32] = "";
  if (!o->name || o->rare) letter[0] = 0;
  if (o->letter) snprintf(letter, sizeof letter, "-%c%s", o->letter, o->name ? ", " : "");
  if (o->name) snprintf(name, sizeof name, "--%s", o->name);
  snprintf(text, room, "%s%s%s%s", letter, name, o->arg ? " " : "", o->arg ? o->arg : "");
}

/* Of the options that all tools have: does the tool have a row of its own for it? */
static bool is_replaced(const drv_tool *t, const drv_option *table, const drv_option *o) {
  if (table == t->options || !o->name) return false;
  for (const drv_option *own = t->options; own->letter || own->name; own++)
    if (own->name && !strcmp(own->name, o->name)) return true;
  return false;
}

static void show_options(const drv_tool *t, const drv_option *table) {
  char left[64];
  for (const drv_option *o = table; o->letter || o->name; o++) {
    if (!o->help || o->rare || is_replaced(t, table, o)) continue;
    name_of(o, left, sizeof left);
    printf("  %-*s %s\n", LEFT - 3, left, o->help);
  }
}

/* Names only, several on a line: the list must fit a screen. Returns the column; 0: nothing is there yet. */
static int show_rare(const drv_tool *t, const drv_option *table, int column) {
  char name[64];
  for (const drv_option *o = table; o->letter || o->name; o++) {
    if (!o->help || !o->rare || is_replaced(t, table, o)) continue;
    name_of(o, name, sizeof name);
    bool fits = column && column + (int)strlen(name) + 3 <= COLUMNS;
    if (!fits) printf(column ? ",\n" : ""), column = 0;
    column += printf("%s%s", fits ? ",  " : "  ", name);
  }
  return column;
}

int drv_show_help(drv_settings *s, const char *value, char why[DRV_WHY]) {
  const drv_tool *t = s->tool;
  (void)value, (void)why;
  printf("%s: %s\n%s [options] IN OUT | IN... -o FOLDER | -i IN -o OUT\n", t->name, t->does, t->name);
  show_options(t, t->options);
  show_options(t, drv_common_options);
  printf("And, explained by man %s:\n", t->name);
  show_rare(t, drv_common_options, show_rare(t, t->options, 0));
  printf("\n");
  printf("%s", t->examples);
  return 1;
}

int drv_show_version(drv_settings *s, const char *value, char why[DRV_WHY]) {
  (void)value, (void)why;
  printf("%s %s\n", s->tool->name, cnnimg_version());
  return 1;
}

/* "png|jpg": what this version writes. */
static void list_formats(void) {
  static const char *const all[] = {"png", "jpg", "webp", "tiff", "ppm", "pam", "pfm"};
  const char *bar = "";
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    char name[16];
    snprintf(name, sizeof name, "x.%s", all[i]);
    if (!cnnimg_can_write(name)) continue;
    printf("%s%s", bar, all[i]);
    bar = "|";
  }
}

/* A line an option for shell completion and tests: letter, name, kind, what its value is called, range or words, help. */
static void list_options(const drv_tool *t, const drv_option *table) {
  static const char *const kinds[] = {"flag", "text", "count", "word", "own", "later"};
  for (const drv_option *o = table; o->letter || o->name; o++) {
    if (is_replaced(t, table, o)) continue;
    printf("%c %s %s %s ", o->letter ? o->letter : '-', o->name ? o->name : "-", kinds[o->kind],
           o->arg ? o->arg : "-");
    if (o->own == drv_set_format) list_formats();
    else if (o->kind == DRV_COUNT) printf("%u..%u", o->min, o->max);
    else printf("%s", o->words ? o->words : "-");
    printf(" %s\n", o->help ? o->help : "-");
  }
}

int drv_show_options(drv_settings *s, const char *value, char why[DRV_WHY]) {
  (void)value, (void)why;
  list_options(s->tool, s->tool->options);
  list_options(s->tool, drv_common_options);
  return 1;
}
