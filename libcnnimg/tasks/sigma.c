/* SPDX-License-Identifier: MIT */
/* sigma.c - the sigma that a run uses: said, or estimated from its picture */
#include "tasks/sigma.h"

void ci_sigma_set(ci_sigma *s, float sigma) { *s = (ci_sigma){sigma, -1, sigma}; }

bool ci_sigma_is_open(const ci_sigma *s, bool wanted, bool keep) {
  return wanted && s->asked < 0 && !(keep && s->found >= 0);
}

int ci_sigma_find(ci_sigma *s, bool open, const cnnimg_format *format, ci_noise_row get, void *user,
                  cnnimg_error *err) {
  int status = CNNIMG_OK;
  if (open) {
    s->found = -1;
    status = ci_noise_estimate(format, get, user, &s->found, err);
    if (status) s->found = -1;
  }
  s->used = s->asked >= 0 ? s->asked : s->found;
  return status;
}
