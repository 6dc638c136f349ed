/* SPDX-License-Identifier: MIT */
/* items.c - the tensors and texts that were found, and how they are written as safetensors */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "helper.h"

void helper_init(helper *h, const void *data, size_t size) {
  memset(h, 0, sizeof *h);
  h->data = data;
  h->size = size;
  h->left = HELPER_BASE + HELPER_FACTOR * (uint64_t)size;
}

void helper_fini(helper *h) {
  for (size_t i = 0; i < h->n_items; i++) free(h->items[i].name);
  for (size_t i = 0; i < h->n_texts; i++) {
    free(h->texts[i].key);
    free(h->texts[i].value);
  }
  free(h->items);
  free(h->texts);
  if (h->close) h->close(h);
  memset(h, 0, sizeof *h);
}

bool helper_fail(helper *h, int status, const char *fmt, ...) {
  if (h->status) return false;
  va_list args;
  va_start(args, fmt);
  vsnprintf(h->why, sizeof h->why, fmt, args);
  va_end(args);
  h->status = status;
  return false;
}

static bool grow(helper *h, void **items, size_t *cap, size_t n, size_t size) {
  if (n < *cap) return true;
  size_t want = *cap ? *cap * 2 : 64;
  void *p = realloc(*items, want * size);
  if (!p) return helper_fail(h, CNNIMG_NOMEM, "no memory for the list of tensors");
  *items = p;
  *cap = want;
  return true;
}

bool helper_enter(helper *h, const char *step, int depth, size_t *old) {
  size_t n = strlen(step), slash = h->path_length ? 1 : 0;
  *old = h->path_length;
  if (depth > HELPER_DEPTH)
    return helper_fail(h, CNNIMG_CORRUPT, "more than %d groups lie in one another (%.100s)", HELPER_DEPTH,
                       h->path);
  if (++h->objects > HELPER_MOST)
    return helper_fail(h, CNNIMG_LIMIT, "there are more than %d objects", HELPER_MOST);
  if (h->path_length + slash + n + 1 > sizeof h->path)
    return helper_fail(h, CNNIMG_LIMIT, "a name has more than %d bytes", HELPER_PATH - 1);
  if (slash) h->path[h->path_length++] = '/';
  memcpy(h->path + h->path_length, step, n + 1);
  h->path_length += n;
  return true;
}

void helper_leave(helper *h, size_t old) {
  h->path_length = old;
  h->path[old] = 0;
}

bool helper_spend(helper *h, uint64_t bytes) {
  if (bytes > h->left)
    return helper_fail(h, CNNIMG_LIMIT, "\"%.200s\" and what came before it are more than %d times the file",
                       h->path, HELPER_FACTOR);
  h->left -= bytes;
  return true;
}

bool helper_add(helper *h, helper_item *item, uint64_t element) {
  uint64_t bytes = element;
  for (int i = 0; i < item->rank; i++)
    if (__builtin_mul_overflow(bytes, item->dim[i], &bytes))
      return helper_fail(h, CNNIMG_CORRUPT, "\"%.200s\": its dimensions multiply beyond 64 bits", h->path);
  item->bytes = bytes;
  if (!helper_spend(h, strlen(h->path) + 64) || !helper_spend(h, bytes) ||
      !grow(h, (void **)&h->items, &h->cap_items, h->n_items, sizeof *h->items))
    return false;
  item->name = strdup(h->path);
  if (!item->name) return helper_fail(h, CNNIMG_NOMEM, "no memory for the list of tensors");
  h->items[h->n_items++] = *item;
  return true;
}

/* ---- texts ---------------------------------------------------------------------------- */

/* Length of the well-formed UTF-8 character at p, 0: none. */
static size_t utf8(const unsigned char *p) {
  static const unsigned least[5] = {0, 0, 0x80, 0x800, 0x10000};
  size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : p[0] >= 0xe0 && p[0] < 0xf0 ? 3 : 4;
  unsigned c = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));
  if (p[0] >= 0x80 && (p[0] < 0xc2 || p[0] > 0xf4)) return 0;
  for (size_t i = 1; i < n; i++) {
    if ((p[i] & 0xc0) != 0x80) return 0;
    c = c << 6 | (p[i] & 0x3f);
  }
  return c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0 : n;
}

/* As a JSON string, quotes included. */
static void write_json(FILE *to, const char *text) {
  const unsigned char *p = (const unsigned char *)text;
  putc('"', to);
  while (*p) {
    size_t n = utf8(p);
    if (!n) putc('?', to), n = 1;
    else if (*p == '"' || *p == '\\') putc('\\', to), putc(*p, to);
    else if (*p < 0x20) fprintf(to, "\\u%04x", *p);
    else fwrite(p, 1, n, to);
    p += n;
  }
  putc('"', to);
}

/* ["a","b"], as new memory. */
static char *list(char *const *text, int64_t n) {
  char *all = NULL;
  size_t size;
  FILE *to = open_memstream(&all, &size);
  if (!to) return NULL;
  putc('[', to);
  for (int64_t i = 0; i < n; i++) {
    if (i) putc(',', to);
    write_json(to, text[i]);
  }
  putc(']', to);
  if (fclose(to)) return NULL;
  return all;
}

bool helper_add_text(helper *h, const char *attribute, char *const *text, int64_t n) {
  char key[HELPER_PATH + 260];
  snprintf(key, sizeof key, "%s%s%.250s", h->path, attribute ? "@" : "", attribute ? attribute : "");
  if (!grow(h, (void **)&h->texts, &h->cap_texts, h->n_texts, sizeof *h->texts)) return false;
  helper_text t = {strdup(key), n < 0 ? strdup(text[0]) : list(text, n)};
  if (!t.key || !t.value || !helper_spend(h, strlen(t.key) + strlen(t.value))) {
    free(t.key);
    free(t.value);
    return helper_fail(h, CNNIMG_NOMEM, "no memory for the texts");
  }
  h->texts[h->n_texts++] = t;
  return true;
}

/* ---- safetensors ------------------------------------------------------------------------ */

static void write_head(helper *h, FILE *to) {
  uint64_t at = 0;
  fputs("{\"__metadata__\":{", to);
  for (size_t i = 0; i < h->n_texts; i++) {
    if (i) putc(',', to);
    write_json(to, h->texts[i].key);
    putc(':', to);
    write_json(to, h->texts[i].value);
  }
  putc('}', to);
  for (size_t i = 0; i < h->n_items; i++) {
    const helper_item *t = &h->items[i];
    putc(',', to);
    write_json(to, t->name);
    fprintf(to, ":{\"dtype\":\"%s\",\"shape\":[", t->type);
    for (int k = 0; k < t->rank; k++) fprintf(to, "%s%llu", k ? "," : "", (unsigned long long)t->dim[k]);
    fprintf(to, "],\"data_offsets\":[%llu,%llu]}", (unsigned long long)at,
            (unsigned long long)(at + t->bytes));
    at += t->bytes;
  }
  putc('}', to);
}

static bool write_item(helper *h, const helper_item *t, FILE *to) {
  if (t->data) fwrite(t->data, 1, t->bytes, to);
  if (t->data || !t->bytes) return true;
  void *room = malloc(t->bytes);
  bool ok =
      room ? h->read(h, t, room) : helper_fail(h, CNNIMG_NOMEM, "\"%.200s\": no memory for it", t->name);
  if (ok) fwrite(room, 1, t->bytes, to);
  free(room);
  return ok;
}

/* The numbers' widest first and the head padded to 8, so that every tensor can be used where it lies. */
static int by_width(const void *a, const void *b) {
  const helper_item *x = a, *y = b;
  int wx = atoi(x->type + strcspn(x->type, "0123456789")),
      wy = atoi(y->type + strcspn(y->type, "0123456789"));
  return wx != wy ? wy - wx : strcmp(x->name, y->name);
}

bool helper_write(helper *h, FILE *to) {
  char *head = NULL;
  size_t size = 0;
  if (h->n_items) qsort(h->items, h->n_items, sizeof *h->items, by_width);
  FILE *memory = open_memstream(&head, &size);
  if (!memory) return helper_fail(h, CNNIMG_NOMEM, "no memory for the list of tensors");
  write_head(h, memory);
  while (ftell(memory) % 8) putc(' ', memory);
  if (fclose(memory)) return helper_fail(h, CNNIMG_NOMEM, "no memory for the list of tensors");
  for (int i = 0; i < 8; i++) putc((int)(size >> 8 * i & 255), to);
  fwrite(head, 1, size, to);
  free(head);
  for (size_t i = 0; i < h->n_items; i++)
    if (!write_item(h, &h->items[i], to)) return false;
  if (fflush(to) || ferror(to)) return helper_fail(h, CNNIMG_IO, "the answer could not be written");
  return true;
}
