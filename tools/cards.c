/* SPDX-License-Identifier: MIT */
/* cards.c - questions about models: what one is, which there are; and a model as a file */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "driver.h"

/* ---- what is known of a model ------------------------------------------------------- */

/* The first of "a|b" that the card has. */
static const char *said(const cnnimg_model *m, const char *keys) {
  char key[64];
  const char *value = NULL;
  for (const char *p = keys; !value; p++) {
    size_t n = strcspn(p, "|");
    snprintf(key, sizeof key, "%.*s", (int)n, p);
    value = cnnimg_model_get(m, key);
    p += n;
    if (!*p) break;
  }
  return value;
}

static const cnnimg_port *picture_of(const cnnimg_model *m) {
  const cnnimg_port *p;
  for (size_t i = 0; (p = cnnimg_model_input(m, i)); i++)
    if (!strcmp(p->role, "image")) return p;
  return NULL;
}

/* By the card, else by the channels that the picture must have, first or last. */
static const char *colour_of(const cnnimg_model *m) {
  const char *colour = cnnimg_model_get(m, "colour"), *order = cnnimg_model_get(m, "order");
  const cnnimg_port *p = picture_of(m);
  if (colour || !p || p->rank != 4) return colour;
  if (p->dim[1] == 3 || p->dim[3] == 3) return order ? order : "rgb";
  return p->dim[1] == 1 || p->dim[3] == 1 ? "grey" : NULL;
}

static const char *range_of(const cnnimg_model *m) {
  const char *range = cnnimg_model_get(m, "range");
  return range ? range : picture_of(m) ? "1" : NULL;
}

/* ---- for people ------------------------------------------------------------------------ */

static void show_port(const char *what, const cnnimg_port *p) {
  printf("%s: %s", what, p->name);
  if (*p->role) printf(" (%s)", p->role);
  for (int32_t k = 0; k < p->rank; k++) {
    printf(k ? " x " : ", ");
    if (p->dim[k]) printf("%llu", (unsigned long long)p->dim[k]);
    else putchar('?');
  }
  putchar('\n');
}

static void show_card(const cnnimg_model *m, const char *path) {
  const char *key, *colour = colour_of(m), *range = range_of(m);
  const cnnimg_port *p;
  printf("file: %s\n", path);
  for (size_t i = 0; (key = cnnimg_model_key(m, i)); i++) printf("%s: %s\n", key, cnnimg_model_get(m, key));
  if (colour && !cnnimg_model_get(m, "colour")) printf("colour: %s\n", colour);
  if (range && !cnnimg_model_get(m, "range")) printf("range: %s\n", range);
  for (size_t i = 0; (p = cnnimg_model_input(m, i)); i++) show_port("input", p);
  for (size_t i = 0; (p = cnnimg_model_output(m, i)); i++) show_port("output", p);
}

/* ---- for programs ------------------------------------------------------------------------ */

static bool is_number(const char *text) {
  size_t whole = strspn(text, "0123456789"), more = 0;
  if (!whole || whole > 15 || (whole > 1 && text[0] == '0')) return false;
  if (text[whole] == '.') more = 1 + strspn(text + whole + 1, "0123456789");
  return more != 1 && more < 16 && !text[whole + more];
}

static void json_value(const char *key, const char *text) {
  if (text && is_number(text)) printf(",\"%s\":%s", key, text);
  else drv_json_text(key, text);
}

static void json_sizes(int32_t rank, const uint64_t *dim) {
  putchar('[');
  for (int32_t k = 0; k < rank; k++) {
    if (k) putchar(',');
    if (dim[k]) printf("%llu", (unsigned long long)dim[k]);
    else fputs("null", stdout);
  }
  putchar(']');
}

static void json_port(const cnnimg_port *p, bool first) {
  fputs(first ? "{\"name\":" : ",{\"name\":", stdout);
  drv_json_string(p->name);
  drv_json_text("role", *p->role ? p->role : NULL);
  fputs(",\"shape\":", stdout);
  if (p->rank < 0) fputs("null", stdout);
  else json_sizes(p->rank, p->dim);
  putchar('}');
}

static void json_ports(const char *key, const cnnimg_model *m,
                       const cnnimg_port *(*get)(const cnnimg_model *m, size_t i)) {
  const cnnimg_port *p;
  printf(",\"%s\":[", key);
  for (size_t i = 0; (p = get(m, i)); i++) json_port(p, !i);
  putchar(']');
}

static void json_card(const cnnimg_model *m) {
  const char *key;
  fputs(",\"card\":{", stdout);
  for (size_t i = 0; (key = cnnimg_model_key(m, i)); i++) {
    if (i) putchar(',');
    drv_json_string(key);
    putchar(':');
    drv_json_string(cnnimg_model_get(m, key));
  }
  putchar('}');
}

static void json_model(const cnnimg_model *m, const char *name, const char *path) {
  fputs("{\"file\":", stdout);
  drv_json_string(path);
  drv_json_text("name", name ? name : cnnimg_model_get(m, "name"));
  drv_json_text("format", cnnimg_model_get(m, "format"));
  drv_json_text("architecture", cnnimg_model_get(m, "architecture"));
  drv_json_text("task", cnnimg_model_get(m, "task"));
  json_value("scale", cnnimg_model_get(m, "scale"));
  drv_json_text("colour", colour_of(m));
  json_value("range", range_of(m));
  json_value("parameters", cnnimg_model_get(m, "parameters"));
  json_value("macs_per_pixel", cnnimg_model_get(m, "macs_per_pixel"));
  json_value("receptive_field", cnnimg_model_get(m, "receptive_field"));
  drv_json_text("licence", said(m, "licence|license"));
  drv_json_text("origin", said(m, "origin|source"));
  json_ports("inputs", m, cnnimg_model_input);
  json_ports("outputs", m, cnnimg_model_output);
  json_card(m);
  fputs("}\n", stdout);
}

/* ---- files that are no network --------------------------------------------------------------- */

static int show_tensor(void *user, const char *name, const char *type, uint32_t rank, const uint64_t *dim) {
  (void)user;
  printf("tensor: %s %s", name, type);
  for (uint32_t k = 0; k < rank; k++) printf(k ? " x %llu" : " %llu", (unsigned long long)dim[k]);
  putchar('\n');
  return CNNIMG_OK;
}

static int json_tensor(void *user, const char *name, const char *type, uint32_t rank, const uint64_t *dim) {
  bool *more = user;
  fputs(*more ? ",{\"name\":" : "{\"name\":", stdout);
  *more = true;
  drv_json_string(name);
  drv_json_text("type", type);
  fputs(",\"shape\":[", stdout);
  for (uint32_t k = 0; k < rank; k++) printf(k ? ",%llu" : "%llu", (unsigned long long)dim[k]);
  fputs("]}", stdout);
  return CNNIMG_OK;
}

static void show_tensors(const drv_settings *s, cnnimg_context *context, const char *path,
                         const char *error) {
  bool more = false;
  if (!s->json) {
    cnnimg_weights_list(context, path, show_tensor, NULL, NULL);
    return;
  }
  fputs("{\"file\":", stdout);
  drv_json_string(path);
  drv_json_text("error", error);
  fputs(",\"tensors\":[", stdout);
  cnnimg_weights_list(context, path, json_tensor, &more, NULL);
  fputs("]}\n", stdout);
}

int drv_model_card(const drv_settings *s, cnnimg_context *context) {
  cnnimg_error err = {0};
  cnnimg_model *model = NULL;
  char *path = drv_find_word(s, s->model_info);
  int bad = !path || cnnimg_model_load_opt(context, path, s->model_opts.at, &model, &err);
  if (bad && path) drv_say(s, path, "%s", err.text);
  if (bad && path && (s->verbose || s->json)) show_tensors(s, context, path, err.text);
  if (!bad && s->json) json_model(model, NULL, path);
  else if (!bad) show_card(model, path);
  cnnimg_model_unref(model);
  free(path);
  return bad ? DRV_EXIT_MODEL : DRV_EXIT_OK;
}

/* ---- the list ------------------------------------------------------------------------------------ */

typedef struct list {
  const drv_settings *s;
  cnnimg_context *context;
  size_t n; /* that were listed */
} list;

static const char *or_dash(const char *text) { return text ? text : "-"; }

static void list_row(const list *l, const cnnimg_model *m, const char *name, const char *path) {
  if (!l->n && !l->s->quiet)
    printf("%-20s %-10s %5s %-20s %10s %-12s %s\n", "NAME", "TASK", "SCALE", "ARCHITECTURE", "PARAMETERS",
           "LICENCE", "FILE");
  printf("%-20s %-10s %5s %-20s %10s %-12s %s\n", name, or_dash(cnnimg_model_get(m, "task")),
         or_dash(cnnimg_model_get(m, "scale")), or_dash(cnnimg_model_get(m, "architecture")),
         or_dash(cnnimg_model_get(m, "parameters")), or_dash(said(m, "licence|license")), path);
}

static void list_one(void *user, const char *name, const char *path) {
  list *l = user;
  cnnimg_error err = {0};
  cnnimg_model *model = NULL;
  if (cnnimg_model_load(l->context, path, &model, &err)) {
    drv_say(l->s, path, "%s", err.text);
    return;
  }
  if (l->s->json) json_model(model, name, path);
  else list_row(l, model, name, path);
  l->n++;
  cnnimg_model_unref(model);
}

static void list_path(list *l, const char *path) {
  if (drv_is_folder(path)) drv_each_in(l->s, path, 0, list_one, l);
  else list_one(l, drv_base(path), path);
}

int drv_list_models(const drv_settings *s, cnnimg_context *context) {
  list l = {s, context, 0};
  int none = 0;
  for (size_t i = 0; i < s->operands.n; i++) list_path(&l, s->operands.at[i]);
  if (!s->operands.n && s->models_dir) list_path(&l, s->models_dir);
  else if (!s->operands.n) none = drv_each_built_in(s, list_one, &l);
  if (none) drv_say(s, NULL, "no built-in models were found; --models-dir says where they are");
  return l.n ? DRV_EXIT_OK : DRV_EXIT_MODEL;
}

/* ---- a model as a file ------------------------------------------------------------------------------ */

static bool same_file(const char *a, const char *b) {
  struct stat x, y;
  return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

int drv_save_model(const drv_settings *s, const cnnimg_model *model, const char *path) {
  cnnimg_error err = {0};
  struct stat st;
  if (same_file(path, s->save_model)) {
    drv_say(s, s->save_model, "is the model itself; it is not overwritten");
    return DRV_EXIT_FAILED;
  }
  bool there = s->existing > DRV_OVERWRITE && !stat(s->save_model, &st);
  if (there && s->existing == DRV_SKIP_EXISTING) {
    drv_note(s, s->save_model, "skipped: exists already");
    return DRV_GO;
  }
  if (there) {
    drv_say(s, s->save_model, "exists already");
    return DRV_EXIT_FAILED;
  }
  int guard = drv_guard_begin(); /* a signal ends the program behind the file, not in it */
  int bad = cnnimg_model_save(model, s->save_model, &err);
  drv_guard_end(guard);
  if (bad) drv_say(s, s->save_model, "%s", err.text);
  return bad ? DRV_EXIT_FAILED : DRV_GO;
}
