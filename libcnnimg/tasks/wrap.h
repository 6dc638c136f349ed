/* SPDX-License-Identifier: MIT */
/* wrap.h - a job over a picture that goes on at its other side */
#ifndef CI_WRAP_H
#define CI_WRAP_H

#include "tasks/family.h"
#include "tasks/job.h"

/*
 * A plane of copies of the picture, of which the network sees as much as it looks at: the job is one of the picture with a
 * border of copies, and the picture's part of its result is all that is computed. So whatever a job does (eaten borders,
 * resampling, alpha ...) wraps around too. Without params.wrap it is the job.
 */
typedef struct ci_wrap ci_wrap;

int ci_wrap_new(ci_wrap **out, const ci_job_options *o, ci_member *member, cnnimg_error *err);
void ci_wrap_free(ci_wrap *w); /* NULL is allowed */
/* As of a job; its rectangles are of the picture's own result. */
cnnimg_cost ci_wrap_cost(const ci_wrap *w);
const char *ci_wrap_plan_text(const ci_wrap *w);
float ci_wrap_sigma(const ci_wrap *w);
void ci_wrap_set_sigma(ci_wrap *w, float sigma);
bool ci_wrap_estimates(const ci_wrap *w);
int ci_wrap_set_views(ci_wrap *w, const cnnimg_params *p, cnnimg_error *err);
cnnimg_format ci_wrap_result(const ci_wrap *w);
int ci_wrap_run(ci_wrap *w, const ci_job_io *io, cnnimg_error *err);

#endif
