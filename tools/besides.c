/* SPDX-License-Identifier: MIT */
/* besides.c - what a network wants besides the picture: a map of its noise, the quality of its JPEG file */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

bool drv_takes(const cnnimg_model *model, const char *role) {
  const cnnimg_port *p;
  for (size_t i = 0; (p = cnnimg_model_input(model, i)); i++)
    if (!strcmp(p->role, role)) return true;
  return false;
}

/* ---- does the model do what was asked for? -------------------------------------------------- */

/* Other tools' networks want other inputs than these give, and would fail with a sentence about themselves. */
static bool is_for(const drv_settings *s, const char *task, const char *path) {
  static const struct {
    const char *task, *tool;
  } homes[] = {{"colorize", "cnn-colorize"}, {"lineart", "cnn-colorize"}, {"inpaint", "cnn-inpaint"}};
  for (size_t i = 0; task && i < sizeof homes / sizeof *homes; i++)
    if (!strcmp(task, homes[i].task) && strcmp(s->tool->name, homes[i].tool)) {
      drv_say(s, path, "is a network for another tool: its card says task=%s, %s runs it", task, homes[i].tool);
      return false;
    }
  return true;
}

int drv_check_model(const drv_settings *s, const cnnimg_model *model, const char *path) {
  const char *task = cnnimg_model_get(model, "task"), *scale = cnnimg_model_get(model, "scale");
  if (!is_for(s, task, path)) return DRV_EXIT_MODEL;
  if (s->params.task == CNNIMG_TASK_DENOISE && scale && atof(scale) > 1)
    drv_note(s, path, "this network makes pictures %s times as large; cnn-upscale is the tool for that", scale);
  if (s->params.task == CNNIMG_TASK_UPSCALE && scale && atof(scale) <= 1)
    drv_note(s, path, "this network keeps the size; what -s, --width and --height ask for is made by a filter");
  if (s->jpeg && task && strcmp(task, "deblock")) {
    drv_say(s, path,
            "--jpeg wants a network that removes JPEG artefacts (task deblock); the task of this one is %s",
            task);
    return DRV_EXIT_USAGE;
  }
  if (s->sigma_map && !drv_takes(model, "sigma")) {
    drv_say(s, path, "this network takes no map of sigma");
    return DRV_EXIT_USAGE;
  }
  if (s->tool->estimates && s->params.sigma > 0 && !drv_takes_sigma(model))
    drv_note(s, path, "this network is told no sigma: it removes what it was made for, whatever -s says");
  return DRV_GO;
}

/* ---- the map of sigma ---------------------------------------------------------------------------- */

static int read_map(drv_run *run, cnnimg_reader *reader, cnnimg_error *err) {
  cnnimg_format f = cnnimg_reader_info(reader)->format;
  const char *path = run->s->sigma_map;
  size_t row = drv_row_bytes(&f);
  if (f.colours != 1 || f.alpha)
    return drv_fail(err, CNNIMG_BADARG, "%s: %s", path,
                    "a map of sigma is a grey picture without alpha; this one is not");
  if (row > drv_memory_cap(run->s) / f.height)
    return drv_fail(err, CNNIMG_LIMIT, "%s: %s", path, "the map of sigma does not fit in memory (--memory)");
  cnnimg_view_init(&run->map, &f, malloc(row * f.height));
  int status = run->map.data ? CNNIMG_OK
                             : drv_fail(err, CNNIMG_NOMEM, "%s: %s", path, "no memory for the map of sigma");
  for (uint32_t y = 0; !status && y < f.height; y++)
    status = cnnimg_reader_row(reader, (char *)run->map.data + y * row, err);
  if (!status) return CNNIMG_OK;
  free(run->map.data);
  run->map.data = NULL;
  return status;
}

/* It is read once, and serves all pictures of its size. */
static int load_map(drv_run *run, cnnimg_error *err) {
  cnnimg_reader *reader = NULL;
  if (run->map.data) return CNNIMG_OK;
  int status = cnnimg_reader_open(run->context, run->s->sigma_map, !run->s->no_rotate, &reader, err);
  if (!status) status = read_map(run, reader, err);
  cnnimg_reader_close(reader);
  return status;
}

static int use_map(drv_run *run, const cnnimg_format *f, cnnimg_error *err) {
  int status = load_map(run, err);
  const cnnimg_format *m = &run->map.format;
  if (status) return status;
  run->params.sigma_map = &run->map;
  if (m->width == f->width && m->height == f->height) return CNNIMG_OK;
  err->code = CNNIMG_BADARG;
  snprintf(err->text, sizeof err->text, "the map of sigma %s has %ux%u pixels, the picture has %ux%u",
           run->s->sigma_map, m->width, m->height, f->width, f->height);
  return CNNIMG_BADARG;
}

/* ---- the quality of the JPEG file --------------------------------------------------------------------- */

/* Sessions are made for one quality, where the network takes it. */
static int use_quality(drv_run *run, const cnnimg_info *info, const char *path, cnnimg_error *err) {
  uint32_t said = run->s->params.jpeg_quality, quality = said ? said : info->quality;
  if (!drv_takes(run->model, "quality")) return CNNIMG_OK;
  if (!quality)
    return drv_fail(err, CNNIMG_UNSUPPORTED, "%s: %s", path,
                    "the JPEG quality of this picture is not known; --jpeg QF says it");
  if (!said) drv_note(run->s, path, "JPEG quality %u (estimated)", quality);
  if (quality == run->params.jpeg_quality) return CNNIMG_OK;
  cnnimg_session_free(run->session);
  run->session = NULL;
  run->params.jpeg_quality = quality;
  return CNNIMG_OK;
}

int drv_use_besides(drv_run *run, const drv_river *r, cnnimg_error *err) {
  int status = run->s->sigma_map ? use_map(run, &r->worked, err) : CNNIMG_OK;
  if (!status && run->s->deblur) status = drv_use_kernel(run, err);
  if (!status && run->s->jpeg) status = use_quality(run, cnnimg_reader_info(r->reader), r->job->in, err);
  if (!status && run->s->tool->besides) status = run->s->tool->besides(run, r, err);
  return status;
}
