/* SPDX-License-Identifier: MIT */
/* mat5.c - walks a MAT file of version 5: structs, cells, arrays, texts */
#include <stdlib.h>
#include <string.h>

#include "helper.h"

#if HELPER_MATIO
#include <matio.h>
#include <zlib.h>

#define COMPRESSED 15

static mat_t *opened; /* by name, while that was allowed */

/* Reads the first 128 bytes only. */
void helper_mat5_open(helper *h, const char *path) {
  bool five = h->size >= 128 && !memcmp(h->data, "MATLAB ", 7) &&
              ((h->data[124] == 0 && h->data[125] == 1) || (h->data[124] == 1 && h->data[125] == 0));
  Mat_LogInitFunc("cnnimg-hdf5", NULL);
  if (five) opened = Mat_Open(path, MAT_ACC_RDONLY);
}

static bool walk(helper *h, const matvar_t *v, const char *step, int depth);

/* How many elements the variable has. */
static bool count(helper *h, const matvar_t *v, uint64_t *n) {
  *n = 1;
  for (int i = 0; i < v->rank; i++)
    if (__builtin_mul_overflow(*n, (uint64_t)v->dims[i], n) || *n > (uint64_t)1 << 40)
      return helper_fail(h, CNNIMG_CORRUPT, "\"%.200s\": its dimensions are too large", h->path);
  return true;
}

static bool numbered(helper *h, const matvar_t *v, uint64_t i, int depth) {
  char step[24];
  snprintf(step, sizeof step, "%llu", (unsigned long long)i);
  return walk(h, v, step, depth);
}

static bool walk_cell(helper *h, const matvar_t *v, uint64_t n, int depth) {
  if (n && (!v->data || v->nbytes / sizeof(matvar_t *) < n))
    return helper_fail(h, CNNIMG_CORRUPT, "\"%.200s\": its cells are missing", h->path);
  for (uint64_t i = 0; i < n; i++)
    if (!numbered(h, ((matvar_t *const *)v->data)[i], i, depth)) return false;
  return true;
}

static bool walk_field(helper *h, const matvar_t *v, size_t field, uint64_t n, int depth) {
  for (uint64_t i = 0; i < n; i++) {
    const matvar_t *value = Mat_VarGetStructFieldByIndex((matvar_t *)(uintptr_t)v, field, (size_t)i);
    if (value && !numbered(h, value, i, depth)) return false;
  }
  return true;
}

/* One struct: PATH/FIELD. An array of them: PATH/FIELD/0, PATH/FIELD/1 ..., as version 7.3 has it. */
static bool walk_struct(helper *h, const matvar_t *v, uint64_t n, int depth) {
  unsigned fields = n ? Mat_VarGetNumberOfFields((matvar_t *)(uintptr_t)v) : 0;
  char *const *names = fields ? Mat_VarGetStructFieldnames(v) : NULL;
  if (fields && (!names || !v->data || v->nbytes / sizeof(matvar_t *) / fields < n))
    return helper_fail(h, CNNIMG_CORRUPT, "\"%.200s\": its fields are missing", h->path);
  for (unsigned f = 0; f < fields; f++) {
    size_t old;
    const matvar_t *first = Mat_VarGetStructFieldByIndex((matvar_t *)(uintptr_t)v, f, 0);
    if (n == 1 && first && !walk(h, first, names[f], depth)) return false;
    if (n == 1) continue;
    bool ok = helper_enter(h, names[f], depth, &old) && walk_field(h, v, f, n, depth + 1);
    helper_leave(h, old);
    if (!ok) return false;
  }
  return true;
}

static bool add_text(helper *h, const matvar_t *v, uint64_t n) {
  if (!n || n > HELPER_TEXTS || !v->data || v->rank > 2) return true;
  if (v->data_size < 1 || v->data_size > 2 || v->nbytes / (size_t)v->data_size < n) return true;
  char *text = calloc(n * 3 + 1, 1), *p = text;
  if (!text) return helper_fail(h, CNNIMG_NOMEM, "no memory for texts");
  for (uint64_t i = 0; i < n; i++) {
    unsigned c = v->data_size == 1 ? ((const uint8_t *)v->data)[i] : ((const uint16_t *)v->data)[i];
    if (!c) break;
    if (c < 0x80 || v->data_size == 1) *p++ = (char)c;
    else if (c < 0x800) *p++ = (char)(0xc0 | c >> 6), *p++ = (char)(0x80 | (c & 63));
    else *p++ = (char)(0xe0 | c >> 12), *p++ = (char)(0x80 | (c >> 6 & 63)), *p++ = (char)(0x80 | (c & 63));
  }
  bool ok = helper_add_text(h, NULL, &text, -1);
  free(text);
  return ok;
}

static const struct kind {
  enum matio_classes class;
  const char *type;
  int bytes;
} kinds[] = {
    {MAT_C_DOUBLE, "F64", 8}, {MAT_C_SINGLE, "F32", 4}, {MAT_C_INT8, "I8", 1},   {MAT_C_UINT8, "U8", 1},
    {MAT_C_INT16, "I16", 2},  {MAT_C_UINT16, "U16", 2}, {MAT_C_INT32, "I32", 4}, {MAT_C_UINT32, "U32", 4},
    {MAT_C_INT64, "I64", 8},  {MAT_C_UINT64, "U64", 8},
};

static bool add_numbers(helper *h, const matvar_t *v, uint64_t n) {
  const struct kind *kind = NULL;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (kinds[i].class == v->class_type) kind = &kinds[i];
  if (!kind || !n || v->isComplex || v->rank > HELPER_RANK) return true;
  if (!v->data || v->data_size != kind->bytes || v->nbytes / (size_t)kind->bytes < n)
    return helper_fail(h, CNNIMG_CORRUPT, "\"%.200s\": its numbers are missing", h->path);
  helper_item item = {.type = kind->type, .rank = v->rank, .data = v->data};
  for (int i = 0; i < v->rank; i++) item.dim[i] = v->dims[v->rank - 1 - i];
  return helper_add(h, &item, (uint64_t)kind->bytes);
}

static bool walk(helper *h, const matvar_t *v, const char *step, int depth) {
  size_t old;
  uint64_t n;
  if (!v) return true;
  bool ok = helper_enter(h, step, depth, &old) && count(h, v, &n);
  if (ok && v->class_type == MAT_C_CELL) ok = walk_cell(h, v, n, depth + 1);
  else if (ok && v->class_type == MAT_C_STRUCT) ok = walk_struct(h, v, n, depth + 1);
  else if (ok && v->class_type == MAT_C_CHAR) ok = add_text(h, v, n);
  else if (ok) ok = add_numbers(h, v, n);
  helper_leave(h, old);
  return ok;
}

/* ---- what libmatio does not look at: whether a packed variable is whole, and how large it would be -------- */

static bool unpacks(helper *h, const uint8_t *data, size_t n) {
  uint8_t room[16384];
  z_stream z = {.next_in = (Bytef *)(uintptr_t)data, .avail_in = (uInt)n};
  int rc = inflateInit(&z);
  while (rc == Z_OK) {
    z.next_out = room, z.avail_out = sizeof room;
    rc = inflate(&z, Z_NO_FLUSH);
    if (rc == Z_OK && z.avail_out == sizeof room) rc = Z_DATA_ERROR; /* nothing came: it is cut short */
    if (z.total_out > h->left) {
      inflateEnd(&z);
      return helper_fail(h, CNNIMG_LIMIT, "a variable is more than %d times the file", HELPER_FACTOR);
    }
  }
  inflateEnd(&z);
  return rc == Z_STREAM_END || helper_fail(h, CNNIMG_CORRUPT, "a packed variable is damaged");
}

static uint32_t word(const helper *h, size_t at) {
  const uint8_t *p = h->data + at;
  bool big = h->data[126] == 'M';
  return big ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]
             : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static bool judge_elements(helper *h) {
  size_t at = 128;
  while (h->size - at >= 8) {
    uint32_t type = word(h, at), bytes = word(h, at + 4);
    at += 8;
    if (type >> 16) continue; /* a small one, which was these 8 bytes */
    if (bytes > h->size - at) break;
    if (type == COMPRESSED && !unpacks(h, h->data + at, bytes)) return false;
    size_t step = type == COMPRESSED ? bytes : ((size_t)bytes + 7) & ~(size_t)7;
    if (step > h->size - at) break;
    at += step;
  }
  return at == h->size || helper_fail(h, CNNIMG_CORRUPT, "the MAT file is cut short");
}

/* Variables stay until the process goes: the list points into them. */
bool helper_mat5(helper *h) {
  bool ok = true, any = false;
  if (!opened) return helper_fail(h, CNNIMG_CORRUPT, "the MAT file's head is damaged");
  if (!judge_elements(h)) return false;
  for (matvar_t *v; ok && (v = Mat_VarReadNext(opened));) {
    if (v->name) ok = walk(h, v, v->name, 1);
    any = true;
  }
  return ok && (any || helper_fail(h, CNNIMG_CORRUPT, "the MAT file is damaged, cut short or empty"));
}
#else
void helper_mat5_open(helper *h, const char *path) { (void)h, (void)path; }
bool helper_mat5(helper *h) {
  return helper_fail(
      h, CNNIMG_UNSUPPORTED,
      "cnnimg was built without libmatio (Debian: libmatio-dev), which reads MAT files of version 5");
}
#endif
