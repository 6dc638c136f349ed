/* SPDX-License-Identifier: MIT */
/* weights.c - a weight file to a program: by the graph that it says, or by the architecture of its tensors */
#include "archs/weights.h"

#include <string.h>

#include "archs/arch.h"
#include "base/error.h"
#include "formats/format.h"
#include "net/finite.h"
#include "net/shuffle.h"

int ci_weights_load(const ci_source *src, ci_program **out, const char **format_name, cnnimg_error *err) {
  return ci_weights_load_opt(src, NULL, out, format_name, err);
}

/* "scale=3"; what is wrong with it is said when the card is read. */
static int32_t scale_option(const char *const *options) {
  for (size_t i = 0; options && options[i]; i++)
    if (!strncmp(options[i], "scale=", 6) && options[i][6] >= '1' && options[i][6] <= '9' && !options[i][7])
      return options[i][6] - '0';
  return 0;
}

static int judge(const ci_source *src, const ci_loaded *l, cnnimg_error *err) {
  cnnimg_error own = {0};
  int status = ci_program_finite(l->program, l->store, &own);
  return status ? ci_fail(err, status, "%s: %s", src->name, own.text) : CNNIMG_OK;
}

int ci_weights_load_opt(const ci_source *src, const char *const *options, ci_program **out,
                        const char **format_name, cnnimg_error *err) {
  ci_loaded l;
  *out = NULL;
  int status = ci_format_load(src, &l, format_name, err);
  if (!status && l.store) {
    l.store->scale = scale_option(options);
    status = ci_arch_build(l.store, src->name, &l.program, NULL, err);
  }
  if (!status) status = judge(src, &l, err);
  if (l.program) l.store = NULL; /* the program's now */
  if (!status) status = ci_program_shuffles(l.program, err);
  if (status) ci_loaded_free(&l);
  else *out = l.program;
  return status;
}
