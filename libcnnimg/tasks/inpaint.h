/* SPDX-License-Identifier: MIT */
/* inpaint.h - fills what a mask says of pictures of one format; all else stays bit for bit */
#ifndef CI_INPAINT_H
#define CI_INPAINT_H

#include "tasks/job.h"

/*
 * The mask is read while planning: stretches of rows, holes, windows around them (tasks/holes.h). A run goes through the
 * picture from top to bottom: where no window lies rows are handed on, and windows that have rows in common are filled
 * before the first of these. So memory grows with the windows, and a result may be written over its source.
 */
typedef struct ci_inpaint ci_inpaint;

/* program NULL: no network. Of the options' parameters, those that another task is for are refused. */
int ci_inpaint_new(ci_inpaint **out, const ci_job_options *o, cnnimg_error *err);
void ci_inpaint_free(ci_inpaint *j); /* NULL is allowed */
const cnnimg_cost *ci_inpaint_cost(const ci_inpaint *j);
const char *ci_inpaint_plan_text(const ci_inpaint *j);
int ci_inpaint_run(ci_inpaint *j, const ci_job_io *io, cnnimg_error *err);

#endif
