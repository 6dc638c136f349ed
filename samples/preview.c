/* SPDX-License-Identifier: MIT */
/* preview.c - only a rectangle of the result, as a viewer asks for it: the same bytes as that part of the whole */
#include <cnnimg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 1000, HEIGHT = 800, X = 301, Y = 403, W = 120, H = 90 };

static unsigned char picture[HEIGHT][WIDTH][3], whole[HEIGHT][WIDTH][3], part[H][W][3];

/* The source is asked for rectangles: a real program would read its tiles here. This one counts what is read. */
static int read_rect(void *user, uint32_t x, uint32_t y, const cnnimg_view *to, cnnimg_error *err) {
  *(unsigned long *)user += (unsigned long)to->format.width * to->format.height;
  for (uint32_t i = 0; i < to->format.height; i++)
    memcpy((char *)to->data + (ptrdiff_t)i * to->row_stride, picture[y + i][x], 3 * (size_t)to->format.width);
  (void)err;
  return CNNIMG_OK;
}

int main(int argc, char **argv) {
  cnnimg_error err = {0, ""};
  cnnimg_context *context = NULL;
  cnnimg_model *model = NULL;
  cnnimg_session *session = NULL;
  cnnimg_format format = {WIDTH, HEIGHT, 3, CNNIMG_ALPHA_NONE, CNNIMG_U8, CNNIMG_TRANSFER_ENCODED},
                small = format;
  cnnimg_view from, to, rect;
  cnnimg_params params;
  unsigned long pixels = 0;
  int differ = 0;
  if (argc != 2) return fprintf(stderr, "usage: %s MODEL\n", argv[0]), 2;
  for (int y = 0; y < HEIGHT; y++)
    for (int i = 0; i < 3 * WIDTH; i++) picture[y][i / 3][i % 3] = (unsigned char)(60 + y / 5 + rand() % 60);
  small.width = W, small.height = H;
  cnnimg_view_init(&from, &format, picture);
  cnnimg_view_init(&to, &format, whole);
  cnnimg_view_init(&rect, &small, part);
  cnnimg_params_init(&params, CNNIMG_TASK_DENOISE);
  params.sigma = 17;
  int status = cnnimg_open(NULL, &context, &err);
  if (!status) status = cnnimg_model_load(context, argv[1], &model, &err);
  if (!status) status = cnnimg_session_new(context, model, &params, &format, &session, &err);
  if (!status) status = cnnimg_run_region(session, read_rect, &pixels, X, Y, &rect, &err);
  if (!status) status = cnnimg_run(session, &from, &to, &err);
  for (int y = 0; y < H; y++) differ += memcmp(part[y], whole[Y + y][X], sizeof part[y]) != 0;
  cnnimg_session_free(session);
  cnnimg_model_unref(model);
  cnnimg_close(context);
  if (status) return fprintf(stderr, "%s\n", err.text), 1;
  printf("%dx%d of %dx%d pixels, %lu %% of the source read: %s\n", W, H, WIDTH, HEIGHT,
         pixels * 100 / (WIDTH * HEIGHT),
         differ ? "not what the whole has there" : "the same bytes as in the whole");
  return differ != 0;
}
