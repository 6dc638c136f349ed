/* SPDX-License-Identifier: MIT */
/* denoise_memory.c - pixels in memory through a model: a noisy ramp, its error before and after */
#include <cnnimg.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { WIDTH = 192, HEIGHT = 128, SIGMA = 25 };

static int clean_at(int i) {
  int x = i / 3 % WIDTH, y = i / 3 / WIDTH, c = i % 3;
  return 40 + (c == 0 ? x / 2 : c == 1 ? y : (x + y) / 4);
}

/* About normal (the sum of twelve uniform numbers), so that the sample needs no library of its own. */
static int noise(void) {
  double sum = -6;
  for (int i = 0; i < 12; i++) sum += rand() / (double)RAND_MAX;
  return (int)floor(sum * SIGMA + 0.5);
}

static double rms_error(const unsigned char *rgb) {
  double sum = 0;
  for (int i = 0; i < 3 * WIDTH * HEIGHT; i++) sum += pow(rgb[i] - clean_at(i), 2);
  return sqrt(sum / (3 * WIDTH * HEIGHT));
}

static int denoise(const char *model_path, unsigned char *rgb, cnnimg_error *err) {
  cnnimg_context *context = NULL;
  cnnimg_model *model = NULL;
  cnnimg_session *session = NULL;
  cnnimg_format format = {WIDTH, HEIGHT, 3, CNNIMG_ALPHA_NONE, CNNIMG_U8, CNNIMG_TRANSFER_ENCODED};
  cnnimg_params params;
  cnnimg_view view;
  cnnimg_view_init(&view, &format, rgb);
  cnnimg_params_init(&params, CNNIMG_TASK_DENOISE);
  params.sigma = SIGMA;
  int status = cnnimg_open(NULL, &context, err);
  if (!status) status = cnnimg_model_load(context, model_path, &model, err);
  if (!status) status = cnnimg_session_new(context, model, &params, &format, &session, err);
  if (!status) status = cnnimg_run(session, &view, &view, err);
  cnnimg_session_free(session);
  cnnimg_model_unref(model);
  cnnimg_close(context);
  return status;
}

int main(int argc, char **argv) {
  static unsigned char rgb[3 * WIDTH * HEIGHT];
  cnnimg_error err = {0, ""};
  if (argc != 2) return fprintf(stderr, "usage: %s MODEL\n", argv[0]), 2;
  for (int i = 0; i < 3 * WIDTH * HEIGHT; i++)
    rgb[i] = (unsigned char)fmax(0, fmin(255, clean_at(i) + noise()));
  printf("noisy:    error %.2f (of 255)\n", rms_error(rgb));
  if (denoise(argv[1], rgb, &err)) return fprintf(stderr, "%s\n", err.text), 1;
  printf("denoised: error %.2f\n", rms_error(rgb));
  return 0;
}
