/* SPDX-License-Identifier: MIT */
/* text.c - which language is it? Bytes of a line through the convolutional network of text/ */
#include <cnnimg.h>
#include <stdio.h>
#include <string.h>

#define LONGEST 400

/* A number for each byte, a blank before and behind, as the network learnt it. */
static size_t make_tokens(const char *line, float *token) {
  size_t n = 0;
  token[n++] = ' ';
  while (*line && n < LONGEST - 1) token[n++] = (float)(unsigned char)*line++;
  token[n++] = ' ';
  return n;
}

/* The i-th word of a list. */
static void print_word(const char *list, int i) {
  while (i-- > 0 && strchr(list, ' ')) list = strchr(list, ' ') + 1;
  printf("%.*s", (int)strcspn(list, " "), list);
}

static void print_scores(const cnnimg_model *model, const float *score, int n) {
  const char *classes = cnnimg_model_get(model, "classes");
  int best = 0;
  for (int i = 1; i < n; i++)
    if (score[i] > score[best]) best = i;
  print_word(classes, best);
  for (int i = 0; i < n; i++) {
    printf("%s", i ? ", " : "  (");
    print_word(classes, i);
    printf(" %.1f", (double)score[i]);
  }
  puts(")");
}

int main(int argc, char **argv) {
  float token[LONGEST], score[64];
  cnnimg_error err = {0, ""};
  cnnimg_context *context = NULL;
  cnnimg_model *model = NULL;
  cnnimg_tensor in = {"tokens", token, 2, 0, {1, 0}, 0}, out = {"scores", score, 0, 0, {0}, 64};
  if (argc < 3) return fprintf(stderr, "usage: %s MODEL LINE...\n", argv[0]), 2;
  int status = cnnimg_open(NULL, &context, &err);
  if (!status) status = cnnimg_model_load(context, argv[1], &model, &err);
  for (int i = 2; !status && i < argc; i++) {
    in.dim[1] = make_tokens(argv[i], token);
    status = cnnimg_run_tensor(context, model, 1, &in, 1, &out, &err);
    if (!status) print_scores(model, score, (int)out.dim[1]);
  }
  cnnimg_model_unref(model);
  cnnimg_close(context);
  if (status) fprintf(stderr, "%s\n", err.text);
  return status != 0;
}
