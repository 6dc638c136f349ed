/* SPDX-License-Identifier: MIT */
/* colorize.h - colours for pictures of one format, whose light stays as it is */
#ifndef CI_COLORIZE_H
#define CI_COLORIZE_H

#include "tasks/job.h"

/*
 * The picture is read once and made small (antialiased) as it comes; the network sees that as a whole, with hints and the
 * vector for the whole picture, so a strip of any length has one palette; then the picture is read a second time, and each
 * of its rows coloured from the small map. What has been read small is kept for rectangles and suggestions.
 */
typedef struct ci_colorize ci_colorize;

/* Of the options' parameters, those that another task is for are refused. fits is not used. */
int ci_colorize_new(ci_colorize **out, const ci_job_options *o, cnnimg_error *err);
void ci_colorize_free(ci_colorize *c); /* NULL is allowed */
const cnnimg_cost *ci_colorize_cost(const ci_colorize *c);
const cnnimg_format *ci_colorize_result(const ci_colorize *c);
const char *ci_colorize_plan_text(const ci_colorize *c);
int ci_colorize_run(ci_colorize *c, const ci_job_io *io, cnnimg_error *err);
/* The next rectangle is of another picture. */
void ci_colorize_forget(ci_colorize *c);
int ci_colorize_set_points(ci_colorize *c, const cnnimg_point *points, size_t n, cnnimg_error *err);
int ci_colorize_suggest(ci_colorize *c, cnnimg_read_rect read, void *user, uint32_t x, uint32_t y,
                        cnnimg_suggestion *out, size_t room, size_t *n, cnnimg_error *err);

#endif
