/* SPDX-License-Identifier: MIT */
/* weights.c - a weight file to a program: by the graph that it says, or by the architecture of its tensors */
#include "archs/weights.h"

#include "archs/arch.h"
#include "formats/format.h"
#include "net/shuffle.h"

int ci_weights_load(const ci_source *src, ci_program **out, const char **format_name, cnnimg_error *err) {
  return ci_weights_load_scale(src, 0, out, format_name, err);
}

int ci_weights_load_scale(const ci_source *src, int32_t scale, ci_program **out, const char **format_name,
                          cnnimg_error *err) {
  ci_loaded l;
  *out = NULL;
  int status = ci_format_load(src, &l, format_name, err);
  if (!status && l.store) l.store->scale = scale;
  if (!status && l.store) {
    status = ci_arch_build(l.store, src->name, &l.program, NULL, err);
    if (!status) l.store = NULL; /* the program's now */
  }
  if (!status) status = ci_program_shuffles(l.program, err);
  if (status) ci_loaded_free(&l);
  else *out = l.program;
  return status;
}
