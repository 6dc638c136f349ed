/* SPDX-License-Identifier: MIT */
/* weights.h - a weight file of any known format and architecture, as a program */
#ifndef CI_WEIGHTS_H
#define CI_WEIGHTS_H

#include "base/source.h"
#include "net/program.h"

/* A new program (finished). The source outlives it: weights may point into it. Errors name the file. On failure *out is
 * NULL; format_name (may be NULL) is set as soon as the format is known. */
int ci_weights_load(const ci_source *src, ci_program **out, const char **format_name, cnnimg_error *err);
/* The same with the model's options ("key=value", NULL at the end): of files that hold networks for several factors, scale=3
 * takes one (else the least); the others are not looked at here. */
int ci_weights_load_opt(const ci_source *src, const char *const *options, ci_program **out,
                        const char **format_name, cnnimg_error *err);

#endif
