/* SPDX-License-Identifier: MIT */
/* options.c - the table of options that all tools have, and the parser that walks it */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

#define AT(field) offsetof(drv_settings, field)

static int add_input(drv_settings *s, const char *value, char why[DRV_WHY]) {
  if (*value && !drv_names_add(&s->inputs, value)) return 0;
  snprintf(why, DRV_WHY, "%s", *value ? "out of memory" : "an empty path");
  return -1;
}

/* An empty help text is said together with the line above it. */
const drv_option drv_common_options[] = {
    {'i', "input", "PATH", "input: file, folder or - (standard input)", DRV_OWN, .own = add_input},
    {'o', "output", "PATH", "output: file, folder or - (standard output)", DRV_TEXT, .at = AT(output)},
    {'f', "format", "FMT", "png, jpg, webp, tiff, ppm, pam, pfm [by name or input]", DRV_OWN,
     .own = drv_set_format},
    {'q', "quality", "N", "JPEG, WebP quality 1..100 [like the input's, else 95]", DRV_COUNT, .at = AT(quality), 1,
     100},
    {'m', "model", "NAME|PATH", "built-in model, weight file or its folder", DRV_TEXT, .at = AT(model)},
    {0, "model-opt", "KEY=VALUE", "what the model's card does not say, as range=255", DRV_OWN,
     .own = drv_add_model_opt, .rare = true},
    {0, "models-dir", "DIR", "where built-in models are", DRV_TEXT, .at = AT(models_dir), .rare = true},
    {0, "list-models", NULL, "what built-in models there are, or PATH... holds", DRV_FLAG, .at = AT(list_models)},
    {0, "model-info", "PATH", "what a weight file is; with -v, any file's tensors", DRV_TEXT,
     .at = AT(model_info)},
    {0, "save-model", "OUT.onnx", "write the model, from any format, as ONNX", DRV_OWN, .own = drv_set_save, .rare = true},
    {'j', "threads", "N", "threads [as many as may be used]; L:P:S means P", DRV_OWN, .own = drv_set_threads},
    {0, "memory", "SIZE", "cap on working memory: bytes, K, M, G or % [25%]", DRV_OWN, .own = drv_set_memory},
    {'t', "tile", "N", "width of a stripe in pixels [0: chosen]", DRV_COUNT, .at = AT(tile), 0, 1000000, .rare = true},
    {0, "strength", "PCT", "mix of result and original, 0..100 [100]", DRV_OWN, .own = drv_set_strength},
    {'x', NULL, NULL, "mean of all 8 flips and rotations; 8 times slower", DRV_OWN, .own = drv_set_augment},
    {0, "wrap", "AXIS", "seamless textures: x, y or both go on at the other side", DRV_OWN, .words = "x|y|both",
     .own = drv_set_wrap},
    {0, "detail", "PCT", "texture that noise does not explain, 0..100 [0]", DRV_OWN, .own = drv_set_detail},
    {0, "depth", "BITS", "keep, 8 or 16 bits a sample [keep]", DRV_WORD, .at = AT(depth),
     .words = "keep|8|16"},
    {0, "keep", "LIST", "metadata: all, none or of exif,icc,xmp,text [all]", DRV_OWN, .own = drv_set_keep},
    {0, "no-rotate", NULL, "leave EXIF orientation alone [apply it]", DRV_FLAG, .at = AT(no_rotate), .rare = true},
    {0, "alpha", "HOW", "keep or drop the alpha channel [keep]", DRV_WORD, .at = AT(alpha),
     .words = "keep|drop"},
    {'r', "recursive", NULL, "folders with all that is in them", DRV_FLAG, .at = AT(recursive)},
    {0, "existing", "HOW", "overwrite, skip or error [overwrite]", DRV_WORD, .at = AT(existing),
     .words = "overwrite|skip|error"},
    {0, "suffix", "S", "added to file names in an output folder", DRV_OWN, .own = drv_set_suffix, .rare = true},
    {0, "files-from", "FILE", "list of inputs, one a line (- is standard input)", DRV_TEXT,
     .at = AT(files_from)},
    {0, "null", NULL, "that list ends its names with NUL bytes", DRV_FLAG, .at = AT(null), .rare = true},
    {0, "shard", "K/N", "only the K-th of N parts of the files", DRV_OWN, .own = drv_set_shard, .rare = true},
    {0, "progress", "HOW", "auto, bar, none or json [auto]", DRV_WORD, .at = AT(bar),
     .words = "auto|bar|none|json"},
    {0, "json", NULL, "a line of JSON for each file on standard output", DRV_FLAG, .at = AT(json)},
    {0, "quiet", NULL, "errors only", DRV_FLAG, .at = AT(quiet)},
    {'v', "verbose", NULL, "print the plan", DRV_FLAG, .at = AT(verbose)},
    {0, "max-pixels", "N", "refuse larger pictures [2^31]", DRV_OWN, .own = drv_set_pixels, .rare = true},
    {0, "dry-run", NULL, "print size, memory and time, and do nothing", DRV_FLAG, .at = AT(dry_run)},
    {'n', NULL, "NAME|LEVEL", "as in the ncnn tools: a model, or a level -1..3", DRV_OWN,
     .own = drv_set_name},
    {'g', NULL, "ID", "accepted for their sake: -1, auto or 0", DRV_OWN, .own = drv_set_gpu, .rare = true},
    {'c', NULL, "MODE", "accepted for their sake: 0..3", DRV_OWN, .words = "0|1|2|3", .own = drv_set_sync,
     .rare = true},
    {0, "version", NULL, "print the version", DRV_OWN, .own = drv_show_version},
    {'h', "help", NULL, "print this", DRV_OWN, .own = drv_show_help},
    {0, "list-options", NULL, NULL, DRV_OWN, .own = drv_show_options},
    {0}};

int drv_names_add(drv_names *names, const char *name) {
  if (names->n == names->cap) {
    size_t cap = names->cap ? names->cap * 2 : 16;
    const char **at = cap > SIZE_MAX / sizeof *at ? NULL : realloc(names->at, cap * sizeof *at);
    if (!at) return -1;
    names->at = at;
    names->cap = cap;
  }
  names->at[names->n++] = name;
  return 0;
}

static const drv_option *find_in(const drv_option *o, char letter, const char *name, size_t length) {
  for (; o->letter || o->name; o++) {
    if (letter && o->letter == letter) return o;
    if (!letter && o->name && strlen(o->name) == length && !memcmp(o->name, name, length)) return o;
  }
  return NULL;
}

static const drv_option *find_option(const drv_settings *s, char letter, const char *name, size_t length) {
  const drv_option *o = find_in(s->tool->options, letter, name, length);
  return o ? o : find_in(drv_common_options, letter, name, length);
}

/* Which of "a|b|c" it is, from 1; 0: none. */
static uint32_t word_index(const char *words, const char *value) {
  size_t n = strlen(value);
  uint32_t i = 1;
  for (const char *p = words;; i++) {
    size_t m = strcspn(p, "|");
    if (m == n && !memcmp(p, value, n)) return i;
    if (!p[m]) return 0;
    p += m + 1;
  }
}

/* Stores the value; 0, -1 and why, or DRV_DONE: the option was a question and has been answered. */
static int apply(drv_settings *s, const drv_option *o, const char *value, char why[DRV_WHY]) {
  void *at = (char *)s + o->at;
  double number;
  switch (o->kind) {
    case DRV_FLAG:
      *(bool *)at = true;
      return 0;
    case DRV_TEXT:
      snprintf(why, DRV_WHY, "must not be empty");
      *(const char **)at = value;
      return *value ? 0 : -1;
    case DRV_COUNT:
      snprintf(why, DRV_WHY, "must be a whole number from %u to %u", o->min, o->max);
      if (drv_number(value, o->min, o->max, &number) || number != (uint32_t)number) return -1;
      *(uint32_t *)at = (uint32_t)number;
      return 0;
    case DRV_WORD:
      snprintf(why, DRV_WHY, "must be one of %s", o->words);
      *(uint32_t *)at = word_index(o->words, value);
      return *(uint32_t *)at ? 0 : -1;
    case DRV_OWN:
      return o->own(s, value, why);
    case DRV_LATER:
      break;
  }
  return -1;
}

static int use_option(drv_settings *s, const drv_option *o, const char *shown, const char *value) {
  char why[DRV_WHY] = "";
  if (o->kind == DRV_LATER) {
    drv_say(s, NULL, "%s is not in this version", shown);
    return DRV_EXIT_USAGE;
  }
  int status = apply(s, o, value, why);
  if (status < 0) drv_say(s, NULL, value ? "%s %s: %s" : "%s%s: %s", shown, value ? value : "", why);
  return status < 0 ? DRV_EXIT_USAGE : status > 0 ? DRV_EXIT_OK : DRV_GO;
}

static int no_such(const drv_settings *s, const char *shown) {
  drv_say(s, NULL, "%s is no option; %s -h lists them", shown, s->tool->name);
  return DRV_EXIT_USAGE;
}

static int no_value(const drv_settings *s, const char *shown, const drv_option *o) {
  drv_say(s, NULL, "%s needs a value (%s)", shown, o->arg);
  return DRV_EXIT_USAGE;
}

/* "--name", "--name=value" or "--name" "value". */
static int parse_long(drv_settings *s, char **argv, int argc, int *i) {
  const char *text = argv[*i], *equals = strchr(text, '=');
  size_t length = equals ? (size_t)(equals - text) : strlen(text);
  const drv_option *o = find_option(s, 0, text + 2, length - 2);
  char shown[64];
  snprintf(shown, sizeof shown, "%.*s", (int)(length < 60 ? length : 60), text);
  if (!o) return no_such(s, shown);
  if (o->kind == DRV_LATER) return use_option(s, o, shown, NULL);
  if (!o->arg && equals) {
    drv_say(s, NULL, "%s takes no value", shown);
    return DRV_EXIT_USAGE;
  }
  if (!o->arg) return use_option(s, o, shown, NULL);
  if (equals) return use_option(s, o, shown, equals + 1);
  if (*i + 1 >= argc) return no_value(s, shown, o);
  return use_option(s, o, shown, argv[++*i]);
}

/* "-r", "-rv", "-s25", "-s" "25"; the value may begin with "-". */
static int parse_short(drv_settings *s, char **argv, int argc, int *i) {
  for (const char *p = argv[*i] + 1; *p; p++) {
    const char shown[3] = {'-', *p, 0};
    const drv_option *o = find_option(s, *p, NULL, 0);
    if (!o) return no_such(s, p > argv[*i] + 1 ? argv[*i] : shown);
    if (o->kind == DRV_LATER) return use_option(s, o, shown, NULL);
    if (o->arg && !p[1] && *i + 1 >= argc) return no_value(s, shown, o);
    if (o->arg) return use_option(s, o, shown, p[1] ? p + 1 : argv[++*i]);
    int status = use_option(s, o, shown, NULL);
    if (status != DRV_GO) return status;
  }
  return DRV_GO;
}

static int parse_all(drv_settings *s, int argc, char **argv) {
  int status = DRV_GO;
  bool options = true;
  for (int i = 1; i < argc && status == DRV_GO; i++) {
    const char *a = argv[i];
    if (options && !strcmp(a, "--")) options = false;
    else if (options && a[0] == '-' && a[1] == '-') status = parse_long(s, argv, argc, &i);
    else if (options && a[0] == '-' && a[1]) status = parse_short(s, argv, argc, &i);
    else if (!*a || drv_names_add(&s->operands, a)) {
      drv_say(s, NULL, *a ? "out of memory" : "an operand is empty");
      status = DRV_EXIT_USAGE;
    }
  }
  return status;
}

static int usage(const drv_settings *s, const char *sentence) {
  drv_say(s, NULL, "%s; %s -h shows how it is called", sentence, s->tool->name);
  return DRV_EXIT_USAGE;
}

/* Without -o the last operand is the output, and there may be only one input: a shell's * must not lose a file. */
static int split_operands(drv_settings *s) {
  bool needs_output = !s->measure_only && !(s->dry_run && s->operands.n + s->inputs.n == 1);
  if (!s->output && needs_output && s->operands.n) {
    size_t inputs = s->inputs.n + s->operands.n - 1;
    if (inputs > 1 || (inputs && s->files_from)) return usage(s, "several inputs need -o FOLDER");
    if (inputs || s->files_from) s->output = s->operands.at[--s->operands.n];
  }
  for (size_t i = 0; i < s->operands.n; i++)
    if (drv_names_add(&s->inputs, s->operands.at[i])) return usage(s, "out of memory");
  if (!s->inputs.n && !s->files_from) return usage(s, "there is no input");
  if (!s->output && needs_output) return usage(s, "there is no output");
  if (s->output && s->measure_only) return usage(s, "what is only measured has no output");
  return DRV_GO;
}

static int check_together(const drv_settings *s) {
  size_t pipes = s->files_from && !strcmp(s->files_from, "-");
  pipes += s->sigma_map && !strcmp(s->sigma_map, "-");
  for (size_t i = 0; i < s->inputs.n; i++) pipes += !strcmp(s->inputs.at[i], "-");
  if (pipes > 1) return usage(s, "standard input can be read only once");
  if (s->null && !s->files_from) return usage(s, "--null goes with --files-from");
  if (s->json && s->output && !strcmp(s->output, "-"))
    return usage(s, "--json and a picture cannot share standard output");
  return DRV_GO;
}

static int check_tool(const drv_settings *s) {
  char why[DRV_WHY];
  return s->tool->check && s->tool->check(s, why) ? usage(s, why) : DRV_GO;
}

int drv_parse(drv_settings *s, int argc, char **argv) {
  int status = parse_all(s, argc, argv);
  if (status != DRV_GO) return status;
  s->params.tile = s->tile;
  bool pictures = s->operands.n || s->inputs.n || s->files_from;
  if (s->list_models) return s->inputs.n ? usage(s, "a question about models takes no pictures") : DRV_GO;
  if (s->model_info) return pictures ? usage(s, "a question about models takes no pictures") : DRV_GO;
  if (s->save_model && !pictures) return DRV_GO;
  status = split_operands(s);
  if (status == DRV_GO) status = check_tool(s);
  return status == DRV_GO ? check_together(s) : status;
}

void drv_settings_free(drv_settings *s) {
  free(s->inputs.at);
  free(s->operands.at);
  free(s->model_opts.at);
}
