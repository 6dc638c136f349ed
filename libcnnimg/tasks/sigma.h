/* SPDX-License-Identifier: MIT */
/* sigma.h - the sigma that a run uses: said, or estimated from its picture */
#ifndef CI_SIGMA_H
#define CI_SIGMA_H

#include <stdbool.h>

#include "tasks/noise.h"

typedef struct ci_sigma {
  float asked, found, used; /* < 0: estimate; not yet; not known */
} ci_sigma;
void ci_sigma_set(ci_sigma *s, float sigma);
/* Must the run that begins estimate? wanted: the network takes sigma; keep: an estimate that is there is of this picture. */
bool ci_sigma_is_open(const ci_sigma *s, bool wanted, bool keep);
/* Says which sigma is used, and estimates it where that is open. */
int ci_sigma_find(ci_sigma *s, bool open, const cnnimg_format *format, ci_noise_row get, void *user,
                  cnnimg_error *err);

#endif
