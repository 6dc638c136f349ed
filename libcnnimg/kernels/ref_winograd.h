/* SPDX-License-Identifier: MIT */
/* ref_winograd.h - the Winograd entries of the reference table */
#ifndef CI_REF_WINOGRAD_H
#define CI_REF_WINOGRAD_H

#include "kernels/kernels.h"

void ci_ref_winograd_input(const ci_wino_input *a);
void ci_ref_winograd_multiply(const ci_wino_multiply *a);
void ci_ref_winograd_output(const ci_wino_output *a);
float ci_ref_act(float x, const ci_kact *act, int32_t c); /* ref.c: channel c of an activation */

#endif
