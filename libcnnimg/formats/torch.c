/* SPDX-License-Identifier: MIT */
/* torch.c - PyTorch's files: zip archives (1.6 and later) and five pickles in a row (before) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/zip.h"
#include "formats/format.h"
#include "formats/torch.h"

#define GROWTH 16 /* unpacked, an archive may be so many times its size */

/* The first of the five pickles: torch's number, of ten bytes, and STOP. */
static const uint8_t magic[] = {0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.'};
static const char magic_in_digits[] = "L119547037146038801333356L\n."; /* of protocols 0 and 1 */

static const char big_end[] = "its numbers have the most significant byte first, which is not read";

static bool is_zip(const uint8_t *data, size_t size) { return size >= 30 && !memcmp(data, "PK\3\4", 4); }
static bool starts_with(ci_cursor c, const void *what, size_t n) {
  return ci_cursor_left(&c) >= n && !memcmp(c.p, what, n);
}

static bool is_legacy(const uint8_t *data, size_t size) {
  ci_cursor c = ci_cursor_make(data, size);
  if (starts_with(c, magic_in_digits, sizeof magic_in_digits - 1)) return true;
  if (ci_cursor_u8(&c) != 0x80)
    return false; /* PROTO, its number, and from 4 on a FRAME of 8 bytes' length */
  ci_cursor_u8(&c);
  if (ci_cursor_left(&c) && *c.p == 0x95) ci_cursor_sub(&c, 9);
  return starts_with(c, magic, sizeof magic);
}
static bool is_tar(const uint8_t *data, size_t size) {
  return size >= 512 && !memcmp(data + 257, "ustar", 5);
}

/* torch writes ROOT/data.pkl first; some tools another member first, so any archive is asked that no one else wants more. */
static int bid(const uint8_t *data, size_t size) {
  if (is_legacy(data, size)) return 95;
  if (is_tar(data, size)) return 40;
  if (size > 1 && data[0] == 0x80 && data[1] >= 2 && data[1] <= 5) return 30; /* a bare pickle */
  if (!is_zip(data, size)) return 0;
  size_t n = data[26] | (size_t)data[27] << 8, at = 30;
  return n >= 9 && size >= at + n && !memcmp(data + at + n - 9, "/data.pkl", 9) ? 90 : 50;
}

/* A truth value takes eight bytes here, and a tensor's name some. */
static size_t budget_of(size_t size) { return size > SIZE_MAX / 32 ? SIZE_MAX / 2 : 16 * size + 4096; }

static int walk(ci_torch *t, const ci_pickle *p, size_t size) {
  t->p = p;
  t->budget = budget_of(size);
  t->looks = p->n * 8 + 1000;
  t->remarks = CI_STORE_REMARKS;
  return ci_torch_walk(t);
}

/* ---- zip ------------------------------------------------------------------------------------- */

typedef struct archive {
  ci_zip zip;
  char root[256]; /* "archive" */
} archive;

static bool zip_storage(void *user, const ci_pk_node *key, ci_torch_storage *out) {
  const archive *a = user;
  char name[400];
  if (key->text_n > 100) return false;
  snprintf(name, sizeof name, "%s/data/%.*s", a->root, (int)key->text_n, (const char *)key->text);
  const ci_zip_member *m = ci_zip_find(&a->zip, name);
  if (!m) return false;
  *out = (ci_torch_storage){m->data, m->size};
  return true;
}

static const ci_zip_member *find_pickle(archive *a) {
  for (size_t i = 0; i < a->zip.n; i++) {
    const char *name = a->zip.members[i].name, *slash = strrchr(name, '/');
    size_t n = slash ? (size_t)(slash - name) : 0;
    if (!slash || strcmp(slash, "/data.pkl") || n >= sizeof a->root) continue;
    memcpy(a->root, name, n);
    a->root[n] = 0;
    return &a->zip.members[i];
  }
  return NULL;
}

/* PyTorch stores its members; an archive that somebody packed again is unpacked before anything points into it. */
static int unpack(archive *a, ci_torch *t, size_t size) {
  size_t most = GROWTH * size;
  int status = CNNIMG_OK;
  for (size_t i = 0; i < a->zip.n && !status; i++) {
    ci_zip_member *m = &a->zip.members[i];
    void *owned = NULL;
    if (!m->deflated || strncmp(m->name, a->root, strlen(a->root))) continue;
    status = ci_zip_read(m, most, &m->data, &owned, t->err);
    if (!status && ci_keep(&t->store->kept, owned, free))
      status = ci_fail(t->err, CNNIMG_NOMEM, "no memory for the weights");
    most -= status ? 0 : m->size;
    m->deflated = false;
  }
  return status;
}

static int check_order(const archive *a, cnnimg_error *err) {
  char name[300];
  snprintf(name, sizeof name, "%s/byteorder", a->root);
  const ci_zip_member *m = ci_zip_find(&a->zip, name);
  bool big = m && m->size >= 3 && !memcmp(m->data, "big", 3);
  return big ? ci_fail(err, CNNIMG_UNSUPPORTED, "%s", big_end) : CNNIMG_OK;
}

static int read_zip(archive *a, ci_torch *t, const ci_source *src) {
  ci_pickle p;
  int status = ci_zip_open(&a->zip, src->data, src->size, t->err);
  if (status) return status;
  const ci_zip_member *m = find_pickle(a);
  if (!m)
    return ci_fail(t->err, CNNIMG_UNSUPPORTED,
                   "it is a zip archive, but neither PyTorch's, NumPy's nor Keras'");
  status = unpack(a, t, src->size);
  if (!status) status = check_order(a, t->err);
  ci_cursor c = ci_cursor_make(m->data, m->size);
  if (!status) status = ci_pickle_read(&p, &c, t->err);
  if (status) return status;
  t->storage = zip_storage, t->user = a;
  status = walk(t, &p, src->size);
  ci_pickle_free(&p);
  return status;
}

/* ---- before 1.6 -------------------------------------------------------------------------------- */

/* The element's size is only in the pickle, the place only in the order of the keys behind it. */
typedef struct slot {
  const uint8_t *key;
  uint32_t key_n;
  uint8_t size;
  ci_torch_storage where;
} slot;

typedef struct tail {
  slot *slots; /* sorted by key, once each */
  size_t n;
} tail;

static int by_key(const void *a, const void *b) {
  const slot *x = a, *y = b;
  if (x->key_n != y->key_n) return x->key_n < y->key_n ? -1 : 1;
  return memcmp(x->key, y->key, x->key_n);
}

static slot *find_slot(const tail *t, const ci_pk_node *key) {
  const slot want = {.key = key->text, .key_n = key->text_n};
  return t->n && key->kind == CI_PK_TEXT ? bsearch(&want, t->slots, t->n, sizeof *t->slots, by_key) : NULL;
}

static bool tail_storage(void *user, const ci_pk_node *key, ci_torch_storage *out) {
  const slot *s = find_slot(user, key);
  if (!s || !s->where.data) return false;
  *out = s->where;
  return true;
}

static int collect_slots(tail *t, const ci_pickle *p, cnnimg_error *err) {
  ci_torch_saved saved;
  t->slots = ci_calloc(p->n + 1, sizeof *t->slots);
  if (!t->slots) return ci_fail(err, CNNIMG_NOMEM, "no memory for the weights");
  for (size_t i = 0; i < p->n; i++)
    if (ci_torch_is_storage(p, &p->nodes[i], &saved))
      t->slots[t->n++] = (slot){.key = saved.key->text, .key_n = saved.key->text_n, .size = saved.type.size};
  if (t->n) qsort(t->slots, t->n, sizeof *t->slots, by_key);
  size_t kept = 0;
  for (size_t i = 0; i < t->n; i++)
    if (!kept || by_key(&t->slots[kept - 1], &t->slots[i])) t->slots[kept++] = t->slots[i];
  t->n = kept;
  return CNNIMG_OK;
}

/* For each key, in the list's order: the number of elements, then they. */
static int place_slots(tail *t, const ci_pickle *keys, ci_cursor *c, cnnimg_error *err) {
  const ci_pk_node *list = ci_pk_at(keys, keys->root);
  if (!list || list->kind != CI_PK_LIST)
    return ci_fail(err, CNNIMG_CORRUPT, "the list of its storages is missing");
  for (uint32_t i = 0; i < list->n; i++) {
    slot *s = find_slot(t, ci_pk_at(keys, list->items[i]));
    uint64_t numel = ci_cursor_u64(c, false);
    if (!s) return ci_fail(err, CNNIMG_CORRUPT, "a storage belongs to no tensor, so its size is not known");
    if (!s->size)
      return ci_fail(err, CNNIMG_UNSUPPORTED, "a storage has elements of a type that is not read");
    if (c->bad || numel > SIZE_MAX / 8)
      return ci_fail(err, CNNIMG_CORRUPT, "it is cut off behind %u of %u storages", i, list->n);
    ci_cursor body = ci_cursor_sub(c, numel * s->size);
    if (c->bad) return ci_fail(err, CNNIMG_CORRUPT, "it is cut off behind %u of %u storages", i, list->n);
    s->where = (ci_torch_storage){body.p, (size_t)numel * s->size};
  }
  return CNNIMG_OK;
}

static int read_tail(ci_torch *t, const ci_pickle *p, ci_cursor *c, size_t size) {
  ci_pickle keys;
  tail slots = {0};
  int status = ci_pickle_read(&keys, c, t->err);
  if (status) return status;
  status = collect_slots(&slots, p, t->err);
  if (!status) status = place_slots(&slots, &keys, c, t->err);
  t->storage = tail_storage, t->user = &slots;
  if (!status) status = walk(t, p, size);
  free(slots.slots);
  ci_pickle_free(&keys);
  return status;
}

/* The third pickle says what the machine was like that wrote the storages. */
static int check_machine(const ci_pickle *p, cnnimg_error *err) {
  const ci_pk_node *little = ci_pk_at(p, ci_pk_get(p, ci_pk_at(p, p->root), "little_endian"));
  return little && little->kind == CI_PK_BOOL && !little->i ? ci_fail(err, CNNIMG_UNSUPPORTED, "%s", big_end)
                                                            : CNNIMG_OK;
}

/* The number, the protocol, the machine, the object; keys and storages follow. */
static int read_legacy(ci_torch *t, const ci_source *src) {
  ci_cursor c = ci_cursor_make(src->data, src->size);
  ci_pickle p;
  int status = CNNIMG_OK;
  for (int i = 0; i < 3 && !status; i++) {
    status = ci_pickle_read(&p, &c, t->err);
    if (!status && i == 2) status = check_machine(&p, t->err);
    ci_pickle_free(&p);
  }
  if (!status) status = ci_pickle_read(&p, &c, t->err);
  if (status) return status;
  status = read_tail(t, &p, &c, src->size);
  ci_pickle_free(&p);
  return status;
}

/* ---- the format ------------------------------------------------------------------------------------- */

static int read_file(ci_torch *t, const ci_source *src) {
  archive a = {.root = ""};
  if (is_tar(src->data, src->size))
    return ci_fail(t->err, CNNIMG_UNSUPPORTED,
                   "it is a tar archive, as PyTorch before 0.1.10 wrote; load and save it with a newer one");
  if (is_legacy(src->data, src->size)) return read_legacy(t, src);
  if (!is_zip(src->data, src->size))
    return ci_fail(t->err, CNNIMG_UNSUPPORTED, "it is a pickle, but none of PyTorch's");
  int status = read_zip(&a, t, src);
  ci_zip_close(&a.zip);
  return status;
}

static int load(const ci_source *src, ci_loaded *out, cnnimg_error *err) {
  cnnimg_error own = {0};
  ci_torch t = {.store = ci_store_new(), .err = &own};
  *out = (ci_loaded){0};
  int status = t.store ? read_file(&t, src) : ci_fail(&own, CNNIMG_NOMEM, "no memory for the weights");
  if (!status) out->store = t.store;
  else ci_store_free(t.store);
  return status ? ci_fail(err, status, "%s: %s", src->name, own.text) : CNNIMG_OK;
}

const ci_format ci_format_torch = {"pytorch", bid, load};
