/* SPDX-License-Identifier: MIT */
/* symbols.c - which symbol is it? A drawing of 8 lines by 8 characters through the network of symbols/ */
#include <cnnimg.h>
#include <stdio.h>
#include <string.h>

/* From paper to ink: " .:-=+*#%@". */
static int read_drawing(const char *path, float *ink) {
  static const char shades[] = " .:-=+*#%@";
  char line[64];
  FILE *file = fopen(path, "r");
  if (!file) return -1;
  for (int y = 0; y < 8 && fgets(line, sizeof line, file); y++)
    for (int x = 0; x < 8 && line[x] && line[x] != '\n'; x++) {
      const char *shade = strchr(shades, line[x]);
      ink[8 * y + x] = shade ? (float)(shade - shades) / 9 : 1;
    }
  fclose(file);
  return 0;
}

static void print_ranked(const char *classes, float *score, int n) {
  for (int k = 0; k < n && k < 3; k++) {
    int best = 0;
    for (int i = 1; i < n; i++)
      if (score[i] > score[best]) best = i;
    printf("%d. %c  %4.1f %%\n", k + 1, classes[best], 100 * (double)score[best]);
    score[best] = -1;
  }
}

int main(int argc, char **argv) {
  float ink[64] = {0}, score[64];
  cnnimg_error err = {0, ""};
  cnnimg_context *context = NULL;
  cnnimg_model *model = NULL;
  cnnimg_tensor in = {"image", ink, 4, 0, {1, 1, 8, 8}, 0}, out = {"probabilities", score, 0, 0, {0}, 64};
  if (argc != 3) return fprintf(stderr, "usage: %s MODEL DRAWING\n", argv[0]), 2;
  if (read_drawing(argv[2], ink)) return perror(argv[2]), 1;
  int status = cnnimg_open(NULL, &context, &err);
  if (!status) status = cnnimg_model_load(context, argv[1], &model, &err);
  if (!status) status = cnnimg_run_tensor(context, model, 1, &in, 1, &out, &err);
  if (!status) print_ranked(cnnimg_model_get(model, "classes"), score, (int)out.dim[1]);
  cnnimg_model_unref(model);
  cnnimg_close(context);
  if (status) fprintf(stderr, "%s\n", err.text);
  return status != 0;
}
