/* SPDX-License-Identifier: MIT */
/* hdf5.c - walks an HDF5 file (Keras' or MATLAB's): groups, datasets, attributes, references */
#include <stdlib.h>
#include <string.h>

#include "helper.h"

#if HELPER_HDF5
#define H5_USE_110_API
#include <hdf5.h>

typedef struct walker {
  helper *h;
  hid_t file;
  bool matlab;
  int depth;
} walker;

static bool damaged(helper *h, const char *what) {
  return helper_fail(h, CNNIMG_CORRUPT, "\"%.200s\": %s cannot be read", h->path[0] ? h->path : "/", what);
}

/* ---- the file as libhdf5 sees it: our own memory, which is neither copied nor written ------------- */

static void *image_malloc(size_t size, H5FD_file_image_op_t op, void *mine) {
  (void)op;
  helper *h = mine;
  return size == h->size ? (void *)(uintptr_t)h->data : NULL;
}
static void *image_memcpy(void *to, const void *from, size_t size, H5FD_file_image_op_t op, void *mine) {
  (void)size, (void)op, (void)mine;
  return to == from ? to : NULL;
}
static void *image_realloc(void *p, size_t size, H5FD_file_image_op_t op, void *mine) {
  (void)p, (void)size, (void)op, (void)mine;
  return NULL;
}
static herr_t image_free(void *p, H5FD_file_image_op_t op, void *mine) {
  (void)p, (void)op, (void)mine;
  return 0;
}
static void *same(void *mine) { return mine; }
static herr_t nothing(void *mine) {
  (void)mine;
  return 0;
}

static hid_t open_image(helper *h) {
  H5FD_file_image_callbacks_t calls = {
      image_malloc, image_memcpy, image_realloc, image_free, same, nothing, h};
  hid_t access = H5Pcreate(H5P_FILE_ACCESS), file = -1;
  bool ok = access >= 0 && H5Pset_fapl_core(access, (size_t)1 << 16, 0) >= 0 &&
            H5Pset_file_image_callbacks(access, &calls) >= 0 &&
            H5Pset_file_image(access, (void *)(uintptr_t)h->data, h->size) >= 0;
  if (ok) file = H5Fopen("/dev/null/no file", H5F_ACC_RDONLY, access); /* the driver asks whether it exists */
  if (access >= 0) H5Pclose(access);
  return file;
}

/* ---- texts ----------------------------------------------------------------------------------------- */

typedef herr_t (*get_fn)(hid_t id, hid_t type, void *to);

static herr_t get_data(hid_t id, hid_t type, void *to) {
  return H5Dread(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, to);
}

/* n fixed texts of `width` bytes each, padded with 0 or blanks. */
static bool add_fixed(helper *h, const char *attribute, const char *raw, size_t width, int64_t n, bool one) {
  char **text = calloc((size_t)n, sizeof *text);
  bool ok = text != NULL;
  for (int64_t i = 0; ok && i < n; i++) ok = (text[i] = strndup(raw + (size_t)i * width, width)) != NULL;
  ok = ok ? helper_add_text(h, attribute, text, one ? -1 : n)
          : helper_fail(h, CNNIMG_NOMEM, "no memory for texts");
  for (int64_t i = 0; text && i < n; i++) free(text[i]);
  free(text);
  return ok;
}

static bool texts_fixed(helper *h, const char *attribute, hid_t id, hid_t type, get_fn get, int64_t n,
                        bool one) {
  size_t width = H5Tget_size(type);
  if (!width || !helper_spend(h, (uint64_t)width * (uint64_t)n)) return width || damaged(h, "a text");
  char *raw = malloc(width * (size_t)n + 1);
  if (!raw) return helper_fail(h, CNNIMG_NOMEM, "no memory for texts");
  bool ok = get(id, type, raw) >= 0 ? add_fixed(h, attribute, raw, width, n, one) : damaged(h, "a text");
  free(raw);
  return ok;
}

static bool texts_variable(helper *h, const char *attribute, hid_t id, hid_t type, hid_t space, get_fn get,
                           int64_t n, bool one) {
  static char none[] = "";
  char **text = calloc((size_t)n, sizeof *text);
  if (!text) return helper_fail(h, CNNIMG_NOMEM, "no memory for texts");
  bool ok = get(id, type, text) >= 0;
  char **whole = ok ? calloc((size_t)n, sizeof *whole) : NULL;
  for (int64_t i = 0; whole && i < n; i++) whole[i] = text[i] ? text[i] : none;
  ok = whole ? helper_add_text(h, attribute, whole, one ? -1 : n) : damaged(h, "a text");
  if (whole) H5Dvlen_reclaim(type, space, H5P_DEFAULT, text);
  free(whole);
  free(text);
  return ok;
}

/* An attribute or dataset of texts: a scalar is one text, else a list. */
static bool add_texts(helper *h, const char *attribute, hid_t id, hid_t type, hid_t space, get_fn get) {
  hssize_t n = H5Sget_simple_extent_npoints(space);
  bool one = H5Sget_simple_extent_type(space) == H5S_SCALAR;
  if (n <= 0) return true;
  if (n > HELPER_TEXTS)
    return helper_fail(h, CNNIMG_LIMIT, "\"%.200s\" is a list of %lld texts", h->path, (long long)n);
  return H5Tis_variable_str(type) > 0 ? texts_variable(h, attribute, id, type, space, get, n, one)
                                      : texts_fixed(h, attribute, id, type, get, n, one);
}

static herr_t each_attribute(hid_t object, const char *name, const H5A_info_t *info, void *data) {
  (void)info;
  helper *h = data;
  hid_t id = H5Aopen(object, name, H5P_DEFAULT);
  hid_t type = id < 0 ? -1 : H5Aget_type(id), space = id < 0 ? -1 : H5Aget_space(id);
  bool ok = type >= 0 && space >= 0
                ? H5Tget_class(type) != H5T_STRING || add_texts(h, name, id, type, space, H5Aread)
                : damaged(h, "an attribute");
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  if (id >= 0) H5Aclose(id);
  return ok ? 0 : -1;
}

static bool add_attributes(helper *h, hid_t object) {
  hsize_t at = 0;
  return H5Aiterate(object, H5_INDEX_NAME, H5_ITER_INC, &at, each_attribute, h) >= 0 || h->status == 0
             ? h->status == 0
             : false;
}

/* A short text attribute of MATLAB's ("MATLAB_class"), "" where it has none. */
static void matlab_word(hid_t object, const char *name, char *room, size_t size) {
  room[0] = 0;
  if (H5Aexists(object, name) <= 0) return;
  hid_t id = H5Aopen(object, name, H5P_DEFAULT), type = id < 0 ? -1 : H5Aget_type(id);
  if (type >= 0 && H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0 &&
      H5Tget_size(type) < size && H5Aget_storage_size(id) == H5Tget_size(type)) {
    if (H5Aread(id, type, room) < 0) room[0] = 0;
    else room[H5Tget_size(type)] = 0;
  }
  if (type >= 0) H5Tclose(type);
  if (id >= 0) H5Aclose(id);
}

/* ---- datasets ---------------------------------------------------------------------------------------- */

/* Nothing outside of the file, known filters, and chunks that are no bombs. */
static bool judge_layout(helper *h, hid_t plist, size_t element) {
  hsize_t chunk[32];
  H5D_layout_t layout = H5Pget_layout(plist);
  if (layout == H5D_VIRTUAL || H5Pget_external_count(plist) != 0)
    return helper_fail(h, CNNIMG_UNSUPPORTED, "\"%.200s\": its numbers are in another file", h->path);
  for (int i = 0, n = H5Pget_nfilters(plist); i < n; i++) {
    unsigned flags, config;
    size_t values = 0;
    H5Z_filter_t f = H5Pget_filter2(plist, (unsigned)i, &flags, &values, NULL, 0, NULL, &config);
    if (f != H5Z_FILTER_DEFLATE && f != H5Z_FILTER_SHUFFLE && f != H5Z_FILTER_FLETCHER32)
      return helper_fail(h, CNNIMG_UNSUPPORTED, "\"%.200s\": compressed by filter %d, which is not known",
                         h->path, f);
  }
  if (layout != H5D_CHUNKED) return true;
  int rank = H5Pget_chunk(plist, 32, chunk);
  uint64_t bytes = element;
  for (int i = 0; i < rank && i < 32; i++)
    if (__builtin_mul_overflow(bytes, chunk[i], &bytes)) bytes = UINT64_MAX;
  if (rank < 1 || bytes > HELPER_BASE + HELPER_FACTOR * (uint64_t)h->size)
    return helper_fail(h, CNNIMG_LIMIT, "\"%.200s\": a chunk of %llu bytes in a file of %zu", h->path,
                       (unsigned long long)bytes, h->size);
  return true;
}

/* Deflate makes at most 1032 bytes of one: what claims more holds no numbers of its own. */
static bool judge_storage(helper *h, hid_t set, uint64_t bytes) {
  hsize_t stored = H5Dget_storage_size(set);
  if (stored > h->size || bytes / 1100 > stored || (bytes && !stored))
    return helper_fail(h, CNNIMG_CORRUPT, "\"%.200s\": %llu bytes of numbers, of which %llu are in the file",
                       h->path, (unsigned long long)bytes, (unsigned long long)stored);
  return true;
}

static const struct kind {
  H5T_class_t class;
  size_t most; /* bytes of an element in the file */
  bool sign;
  const char *type;
  size_t bytes; /* in the answer */
} kinds[] = {
    {H5T_FLOAT, 4, true, "F32", 4},    {H5T_FLOAT, 8, true, "F64", 8},    {H5T_INTEGER, 1, true, "I8", 1},
    {H5T_INTEGER, 2, true, "I16", 2},  {H5T_INTEGER, 4, true, "I32", 4},  {H5T_INTEGER, 8, true, "I64", 8},
    {H5T_INTEGER, 1, false, "U8", 1},  {H5T_INTEGER, 2, false, "U16", 2}, {H5T_INTEGER, 4, false, "U32", 4},
    {H5T_INTEGER, 8, false, "U64", 8}, {H5T_OPAQUE, 2, true, "BF16", 2},
};

static hid_t memory_type(const char *type) {
  static const char *const names[] = {"F32", "F64", "I8", "I16", "I32", "I64", "U8", "U16", "U32", "U64"};
  const hid_t ids[] = {H5T_NATIVE_FLOAT,  H5T_NATIVE_DOUBLE, H5T_NATIVE_INT8,  H5T_NATIVE_INT16,
                       H5T_NATIVE_INT32,  H5T_NATIVE_INT64,  H5T_NATIVE_UINT8, H5T_NATIVE_UINT16,
                       H5T_NATIVE_UINT32, H5T_NATIVE_UINT64};
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
    if (!strcmp(names[i], type)) return ids[i];
  return -1;
}

/* NULL: no numbers that are known. Opaque pairs of bytes are numbers where Keras says so (bfloat16). */
static const struct kind *kind_of(hid_t set, hid_t type) {
  H5T_class_t class = H5Tget_class(type);
  size_t size = H5Tget_size(type);
  bool sign = class != H5T_INTEGER || H5Tget_sign(type) != H5T_SGN_NONE;
  if (class == H5T_OPAQUE && (size != 2 || H5Aexists(set, "dtype") <= 0)) return NULL;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (kinds[i].class == class && size <= kinds[i].most && kinds[i].sign == sign) return &kinds[i];
  return NULL;
}

static bool address_of(hid_t object, uint64_t *address) {
  H5O_info_t info;
  if (H5Oget_info(object, &info) < 0) return false;
  *address = info.addr;
  return true;
}

static bool add_numbers(helper *h, hid_t set, hid_t type, hid_t space) {
  const struct kind *kind = kind_of(set, type);
  hsize_t dim[32];
  int rank = H5Sget_simple_extent_ndims(space);
  if (!kind || rank < 0 || rank > HELPER_RANK || H5Sget_simple_extent_type(space) == H5S_NULL) return true;
  helper_item item = {.type = kind->type, .rank = rank};
  if (H5Sget_simple_extent_dims(space, dim, NULL) < 0 || !address_of(set, &item.address))
    return damaged(h, "its place");
  for (int i = 0; i < rank; i++) item.dim[i] = dim[i];
  uint64_t stored = H5Tget_size(type);
  for (int i = 0; i < rank; i++)
    if (__builtin_mul_overflow(stored, item.dim[i], &stored)) stored = UINT64_MAX;
  return judge_storage(h, set, stored) && helper_add(h, &item, kind->bytes);
}

static bool read_item(helper *h, const helper_item *item, void *to) {
  walker *w = h->reader;
  hid_t set = H5Oopen_by_addr(w->file, (haddr_t)item->address), type = -1;
  bool ok = set >= 0 && H5Iget_type(set) == H5I_DATASET && (type = H5Dget_type(set)) >= 0;
  if (ok) ok = get_data(set, H5Tget_class(type) == H5T_OPAQUE ? type : memory_type(item->type), to) >= 0;
  if (type >= 0) H5Tclose(type);
  if (set >= 0) H5Oclose(set);
  return ok || helper_fail(h, CNNIMG_CORRUPT, "\"%.200s\": its numbers cannot be read", item->name);
}

/* ---- MATLAB's --------------------------------------------------------------------------------------------- */

static bool visit(walker *w, hid_t object, const char *step);

/* A cell, or a field of an array of structs: references to what it holds. */
static bool follow(walker *w, hid_t set, hid_t space) {
  helper *h = w->h;
  hssize_t n = H5Sget_simple_extent_npoints(space);
  if (n < 0 || n > HELPER_MOST || !helper_spend(h, (uint64_t)n * sizeof(hobj_ref_t)))
    return helper_fail(h, CNNIMG_LIMIT, "\"%.200s\" has %lld cells", h->path, (long long)n);
  hobj_ref_t *ref = calloc((size_t)n + 1, sizeof *ref);
  if (!ref) return helper_fail(h, CNNIMG_NOMEM, "no memory for the cells");
  bool ok = judge_storage(h, set, (uint64_t)n * sizeof *ref) &&
            (get_data(set, H5T_STD_REF_OBJ, ref) >= 0 || damaged(h, "its cells"));
  for (hssize_t i = 0; ok && i < n; i++) {
    char step[24];
    snprintf(step, sizeof step, "%lld", (long long)i);
    hid_t object = ref[i] ? H5Rdereference2(set, H5P_DEFAULT, H5R_OBJECT, &ref[i]) : -1;
    ok = object >= 0 ? visit(w, object, step) : damaged(h, "a cell");
    if (object >= 0) H5Oclose(object);
  }
  free(ref);
  return ok;
}

/* UTF-16 as MATLAB has it, column by column; what is no character of the first plane becomes '?'. */
static bool add_chars(helper *h, hid_t set, hid_t space) {
  hssize_t n = H5Sget_simple_extent_npoints(space);
  if (n <= 0 || n > HELPER_TEXTS) return true;
  uint16_t *raw = calloc((size_t)n, sizeof *raw);
  char *text = calloc((size_t)n * 3 + 1, 1), *p = text;
  bool ok = raw && text ? judge_storage(h, set, (uint64_t)n) &&
                              (get_data(set, H5T_NATIVE_UINT16, raw) >= 0 || damaged(h, "its text"))
                        : helper_fail(h, CNNIMG_NOMEM, "no memory for texts");
  for (hssize_t i = 0; ok && i < n && raw[i]; i++) {
    unsigned c = raw[i];
    if (c < 0x80) *p++ = (char)c;
    else if (c < 0x800) *p++ = (char)(0xc0 | c >> 6), *p++ = (char)(0x80 | (c & 63));
    else *p++ = (char)(0xe0 | c >> 12), *p++ = (char)(0x80 | (c >> 6 & 63)), *p++ = (char)(0x80 | (c & 63));
  }
  if (ok) ok = helper_add_text(h, NULL, &text, -1);
  free(raw);
  free(text);
  return ok;
}

/* ---- the walk ------------------------------------------------------------------------------------------------ */

static bool add_dataset(walker *w, hid_t set, hid_t type, hid_t space) {
  helper *h = w->h;
  char class[24];
  if (w->matlab) {
    matlab_word(set, "MATLAB_class", class, sizeof class);
    if (H5Aexists(set, "MATLAB_empty") > 0) return true;
    if (!strcmp(class, "char")) return add_chars(h, set, space);
    if (H5Tget_class(type) == H5T_REFERENCE)
      return H5Tequal(type, H5T_STD_REF_OBJ) <= 0 || follow(w, set, space);
  }
  if (H5Tget_class(type) == H5T_STRING) return add_texts(h, NULL, set, type, space, get_data);
  return add_numbers(h, set, type, space) && (w->matlab || add_attributes(h, set));
}

static bool visit_dataset(walker *w, hid_t set) {
  hid_t type = H5Dget_type(set), space = H5Dget_space(set), plist = H5Dget_create_plist(set);
  bool ok = type >= 0 && space >= 0 && plist >= 0
                ? judge_layout(w->h, plist, H5Tget_size(type)) && add_dataset(w, set, type, space)
                : damaged(w->h, "its description");
  if (plist >= 0) H5Pclose(plist);
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  return ok;
}

static herr_t each_link(hid_t group, const char *name, const H5L_info_t *info, void *data) {
  walker *w = data;
  if (w->matlab && name[0] == '#') return 0; /* "#refs#": what references lead to */
  if (info->type != H5L_TYPE_HARD) {
    helper_fail(w->h, CNNIMG_UNSUPPORTED, "\"%.200s%s%.100s\" is %s, which is not followed", w->h->path,
                w->h->path[0] ? "/" : "", name,
                info->type == H5L_TYPE_SOFT ? "a soft link" : "a link to another file");
    return -1;
  }
  hid_t object = H5Oopen(group, name, H5P_DEFAULT);
  bool ok = object >= 0
                ? visit(w, object, name)
                : helper_fail(w->h, CNNIMG_CORRUPT, "\"%.200s/%.100s\" cannot be opened", w->h->path, name);
  if (object >= 0) H5Oclose(object);
  return ok ? 0 : -1;
}

static bool visit_group(walker *w, hid_t group) {
  hsize_t at = 0;
  if (!w->matlab && !add_attributes(w->h, group)) return false;
  if (H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, &at, each_link, w) >= 0) return w->h->status == 0;
  return damaged(w->h, "the group");
}

static bool visit(walker *w, hid_t object, const char *step) {
  size_t old;
  H5I_type_t type = H5Iget_type(object);
  bool ok = helper_enter(w->h, step, ++w->depth, &old);
  if (ok && type == H5I_GROUP) ok = visit_group(w, object);
  else if (ok && type == H5I_DATASET) ok = visit_dataset(w, object);
  w->depth--;
  helper_leave(w->h, old);
  return ok;
}

/* libhdf5 is not closed: it would take apart what a hostile file has left behind. */
static void close_file(helper *h) {
  free(h->reader);
  h->reader = NULL;
}

bool helper_hdf5(helper *h, bool matlab) {
  walker *w = calloc(1, sizeof *w);
  if (!w) return helper_fail(h, CNNIMG_NOMEM, "no memory for the walk");
  h->reader = w, h->read = read_item, h->close = close_file;
  H5dont_atexit();
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  H5PLset_loading_state(0);
  *w = (walker){.h = h, .file = open_image(h), .matlab = matlab};
  if (w->file < 0) return helper_fail(h, CNNIMG_CORRUPT, "the HDF5 file is damaged or cut short");
  hid_t root = H5Gopen2(w->file, "/", H5P_DEFAULT);
  return root >= 0 ? visit(w, root, "") : damaged(h, "the root");
}
#else
bool helper_hdf5(helper *h, bool matlab) {
  (void)matlab;
  return helper_fail(h, CNNIMG_UNSUPPORTED,
                     "cnnimg was built without libhdf5 (Debian: libhdf5-dev), which reads HDF5 files");
}
#endif
