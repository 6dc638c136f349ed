/* SPDX-License-Identifier: MIT */
/* denoise_memory.c - the shortest program: a noisy ramp in memory through a model, the error before and after */
#include <cnnimg.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define WIDTH 192
#define HEIGHT 128
#define SIGMA 25.0

static unsigned char clean_at(int x, int y, int c) {
  return (unsigned char)(40 + (c == 0 ? x / 2 : c == 1 ? y : (x + y) / 4));
}

/* About normal (the sum of twelve uniform numbers), so that the sample needs no library of its own. */
static double noise(void) {
  double sum = -6;
  for (int i = 0; i < 12; i++) sum += rand() / (double)RAND_MAX;
  return sum * SIGMA;
}

static void make_noisy(unsigned char *rgb) {
  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++)
      for (int c = 0; c < 3; c++) {
        double v = clean_at(x, y, c) + noise();
        *rgb++ = (unsigned char)(v < 0 ? 0 : v > 255 ? 255 : v + 0.5);
      }
}

static double rms_error(const unsigned char *rgb) {
  double sum = 0;
  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++)
      for (int c = 0; c < 3; c++, rgb++) sum += (*rgb - clean_at(x, y, c)) * (double)(*rgb - clean_at(x, y, c));
  return sqrt(sum / (3.0 * WIDTH * HEIGHT));
}

static int denoise(const char *model_path, unsigned char *rgb, cnnimg_error *err) {
  cnnimg_context *context = NULL;
  cnnimg_model *model = NULL;
  cnnimg_session *session = NULL;
  cnnimg_params params;
  const cnnimg_format format = {.width = WIDTH, .height = HEIGHT, .colours = 3, .sample = CNNIMG_U8};
  cnnimg_view view;
  cnnimg_view_init(&view, &format, rgb);
  cnnimg_params_init(&params, CNNIMG_TASK_DENOISE);
  params.sigma = SIGMA;
  int status = cnnimg_open(NULL, &context, err);
  if (!status) status = cnnimg_model_load(context, model_path, &model, err);
  if (!status) status = cnnimg_session_new(context, model, &params, &view.format, &session, err);
  if (!status) status = cnnimg_run(session, &view, &view, err);
  cnnimg_session_free(session);
  cnnimg_model_unref(model);
  cnnimg_close(context);
  return status;
}

int main(int argc, char **argv) {
  static unsigned char rgb[3 * WIDTH * HEIGHT];
  cnnimg_error err = {0};
  if (argc != 2) {
    fprintf(stderr, "usage: %s MODEL.onnx\n", argv[0]);
    return 2;
  }
  make_noisy(rgb);
  printf("noisy:    error %.2f (of 255)\n", rms_error(rgb));
  if (denoise(argv[1], rgb, &err)) {
    fprintf(stderr, "%s\n", err.text);
    return 1;
  }
  printf("denoised: error %.2f\n", rms_error(rgb));
  return 0;
}
