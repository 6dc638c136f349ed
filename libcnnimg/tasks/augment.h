/* SPDX-License-Identifier: MIT */
/* augment.h - a session's runs: of the picture, or of its eight turns, averaged */
#ifndef CI_AUGMENT_H
#define CI_AUGMENT_H

#include "tasks/wrap.h"

/*
 * params.augment: the picture is run in all eight flips and rotations, each result is turned back, and pixels are the mean
 * of the eight, of floats, added up in the same order always. Alpha stays the source's. Without it this is the job.
 */
typedef struct ci_augment ci_augment;

int ci_augment_new(ci_augment **out, const ci_job_options *o, ci_member *member, cnnimg_error *err);
void ci_augment_free(ci_augment *a); /* NULL is allowed */
/* As of a job. */
const cnnimg_cost *ci_augment_cost(const ci_augment *a);
const char *ci_augment_plan_text(const ci_augment *a);
float ci_augment_sigma(const ci_augment *a);
bool ci_augment_estimates(const ci_augment *a);
void ci_augment_set_sigma(ci_augment *a, float sigma);
cnnimg_format ci_augment_result(const ci_augment *a);
int ci_augment_run(ci_augment *a, const ci_job_io *io, cnnimg_error *err);

#endif
