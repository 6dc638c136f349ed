/* SPDX-License-Identifier: MIT */
/* helper_store.c - the helper's answer, which is safetensors, as a store that keeps it */
#include <stdlib.h>

#include "base/error.h"
#include "formats/format.h"
#include "formats/helper.h"

extern const ci_format ci_format_safetensors;

int ci_helper_store(const char *file, ci_helper_answer answer, ci_store **out, cnnimg_error *err) {
  ci_source src;
  ci_loaded l = {0};
  ci_source_memory(&src, answer.bytes, answer.size, file);
  *out = NULL;
  int status = !src.name      ? ci_fail(err, CNNIMG_NOMEM, "%s: no memory for its tensors", file)
               : answer.size < 8 ? ci_fail(err, CNNIMG_CORRUPT, "%s: " CI_HELPER_NAME " said nothing", file)
                              : ci_format_safetensors.load(&src, &l, err);
  ci_source_close(&src);
  if (status) {
    free(answer.bytes);
    return status;
  }
  if (ci_keep(&l.store->kept, answer.bytes, free)) {
    ci_loaded_free(&l);
    return ci_fail(err, CNNIMG_NOMEM, "%s: no memory for its tensors", file);
  }
  *out = l.store;
  return CNNIMG_OK;
}

int ci_helper_load(const ci_source *src, ci_store **out, cnnimg_error *err) {
  ci_helper_answer answer;
  *out = NULL;
  int status = ci_helper_run(src, 0, &answer, err);
  return status ? status : ci_helper_store(src->name, answer, out, err);
}
