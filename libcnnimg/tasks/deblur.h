/* SPDX-License-Identifier: MIT */
/* deblur.h - a session's runs: of the picture, or of the one that, blurred, would be the picture */
#ifndef CI_DEBLUR_H
#define CI_DEBLUR_H

#include "tasks/augment.h"

/*
 * params.deblur: half-quadratic splitting, the network as the prior (Zhang, Zuo, Gu, Zhang, "Learning deep CNN denoiser
 * prior for image restoration", CVPR 2017; Zhang, Li, Zuo, Zhang, Van Gool, Timofte, "Plug-and-play image restoration with
 * deep denoiser prior", PAMI 2021). A step first brings the guess nearer to the pictures that explain what was seen, in
 * closed form in Fourier space (deblur_field), then the network takes noise out of it, of a sigma that falls step by
 * step to the picture's own. The whole picture is held as floats. Without params.deblur this is the job.
 */
typedef struct ci_deblur ci_deblur;

int ci_deblur_new(ci_deblur **out, const ci_job_options *o, ci_member *member, cnnimg_error *err);
void ci_deblur_free(ci_deblur *d); /* NULL is allowed */
/* As of a job. */
const cnnimg_cost *ci_deblur_cost(const ci_deblur *d);
const char *ci_deblur_plan_text(const ci_deblur *d);
float ci_deblur_sigma(const ci_deblur *d);
void ci_deblur_set_sigma(ci_deblur *d, float sigma);
cnnimg_format ci_deblur_result(const ci_deblur *d);
int ci_deblur_run(ci_deblur *d, const ci_job_io *io, cnnimg_error *err);

#endif
