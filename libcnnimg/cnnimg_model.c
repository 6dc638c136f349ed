/* SPDX-License-Identifier: MIT */
/* cnnimg_model.c - what a model says of itself, what its file holds, and the model as a file */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cnnimg_private.h"
#include "formats/format.h"
#include "formats/onnx_write.h"
#include "tasks/facts.h"

/* ---- the card ---------------------------------------------------------------------- */

static void find_lines(cnnimg_model *m) {
  ci_facts f;
  ci_found_lines *l = &m->found;
  ci_facts_find(&f, &m->family.file);
  if (f.scale) snprintf(l->scale, sizeof l->scale, "%d", f.scale);
  if (f.macs >= 0) snprintf(l->macs, sizeof l->macs, "%.0f", f.macs);
  if (f.whole) snprintf(l->field, sizeof l->field, "whole picture");
  else if (f.field) snprintf(l->field, sizeof l->field, "%s%d", f.more ? "more than " : "", f.field);
  l->known = true;
}

/* They stay as they are once they are known, so readers need no lock. */
static const ci_found_lines *found_lines(const cnnimg_model *model) {
  cnnimg_model *m = (cnnimg_model *)(uintptr_t)model;
  pthread_mutex_lock(&m->facts_lock);
  if (!m->found.known) find_lines(m);
  pthread_mutex_unlock(&m->facts_lock);
  return &m->found;
}

static const char *const found_keys[] = {"scale", "macs_per_pixel", "receptive_field"};
#define FOUND_KEYS (sizeof found_keys / sizeof *found_keys)

static const char *found(const cnnimg_model *m, size_t i) {
  const ci_found_lines *l = found_lines(m);
  const char *const lines[FOUND_KEYS] = {l->scale, l->macs, l->field};
  return *lines[i] ? lines[i] : NULL;
}

const char *cnnimg_model_get(const cnnimg_model *m, const char *key) {
  const char *said = ci_program_get_card(m->program, key);
  for (size_t i = 0; !said && i < FOUND_KEYS; i++)
    if (!strcmp(key, found_keys[i])) return found(m, i);
  return said;
}

const char *cnnimg_model_key(const cnnimg_model *m, size_t i) {
  size_t at = m->program->n_card;
  if (i < at) return m->program->card[i].key;
  for (size_t k = 0; k < FOUND_KEYS; k++) {
    if (ci_program_get_card(m->program, found_keys[k]) || !found(m, k)) continue;
    if (at++ == i) return found_keys[k];
  }
  return NULL;
}

/* ---- the model as a file ------------------------------------------------------------- */

int cnnimg_model_save(const cnnimg_model *m, const char *path, cnnimg_error *err) {
  if (!strcmp(path, "-"))
    return ci_fail(err, CNNIMG_BADARG, "a model is saved to a file, not to standard output");
  ci_pinput *outputs = ci_calloc(m->program->n_outputs + 1, sizeof *outputs);
  if (!outputs) return ci_fail(err, CNNIMG_NOMEM, "%s: no memory to save a model", path);
  ci_facts_outputs((ci_member *)(uintptr_t)&m->family.file, outputs);
  int status = ci_onnx_write(m->program, outputs, path, err);
  free(outputs);
  return status;
}

/* ---- what a file holds ----------------------------------------------------------------- */

static int tell(cnnimg_each_tensor each, void *user, const char *name, const ci_tensor *t) {
  uint64_t dim[CI_MAX_RANK] = {0};
  for (int32_t k = 0; k < t->rank; k++) dim[k] = (uint64_t)t->dim[k];
  const char *type = t->dtype == CI_F32 ? "float" : t->type == CI_BOOL ? "bool" : "int";
  return each(user, name, type, (uint32_t)t->rank, dim);
}

static int tell_all(const ci_loaded *l, cnnimg_each_tensor each, void *user) {
  int status = CNNIMG_OK;
  for (size_t i = 0; l->store && i < l->store->n && !status; i++)
    status = tell(each, user, l->store->entries[i].name, l->store->entries[i].tensor);
  for (size_t i = 0; l->program && i < l->program->n_values && !status; i++)
    if (l->program->values[i].tensor)
      status = tell(each, user, l->program->values[i].name, l->program->values[i].tensor);
  return status;
}

int cnnimg_weights_list(cnnimg_context *context, const char *path, cnnimg_each_tensor each, void *user,
                        cnnimg_error *err) {
  (void)context;
  ci_source s;
  ci_loaded l = {0};
  int status = ci_source_open(&s, path, CI_MODEL_BYTES, err);
  if (status) return status;
  status = ci_format_load(&s, &l, NULL, err);
  if (!status) {
    status = tell_all(&l, each, user);
    if (status) ci_fail(err, status, "%s: listing its tensors was stopped", s.name);
    ci_loaded_free(&l);
  }
  ci_source_close(&s);
  return status;
}
