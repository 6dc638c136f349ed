/* SPDX-License-Identifier: MIT */
/* rows.c - a picture that need not fit into memory: rows from one file, rows into another */
#include <cnnimg.h>
#include <stdio.h>

static int read_row(void *user, uint32_t y, void *row, cnnimg_error *err) {
  (void)y;
  return cnnimg_reader_row((cnnimg_reader *)user, row, err);
}

static int write_row(void *user, uint32_t y, const void *row, cnnimg_error *err) {
  (void)y;
  return cnnimg_writer_row((cnnimg_writer *)user, row, err);
}

static int progress(void *user, uint64_t done, uint64_t total) {
  (void)user;
  fprintf(stderr, "\r%3d %%%s", (int)(done * 100 / total), done == total ? "\n" : "");
  return 0; /* anything else would stop it */
}

int main(int argc, char **argv) {
  cnnimg_error err = {0, ""};
  cnnimg_context *context = NULL;
  cnnimg_model *model = NULL;
  cnnimg_session *session = NULL;
  cnnimg_reader *reader = NULL;
  cnnimg_writer *writer = NULL;
  cnnimg_params params;
  if (argc != 4) return fprintf(stderr, "usage: %s MODEL PICTURE RESULT\n", argv[0]), 2;
  cnnimg_params_init(&params, CNNIMG_TASK_DENOISE); /* sigma is estimated */
  params.progress = progress;
  int status = cnnimg_open(NULL, &context, &err);
  if (!status) status = cnnimg_model_load(context, argv[1], &model, &err);
  if (!status) status = cnnimg_reader_open(context, argv[2], 1, &reader, &err);
  if (!status)
    status = cnnimg_session_new(context, model, &params, &cnnimg_reader_info(reader)->format, &session, &err);
  if (!status) {
    const cnnimg_cost *cost = cnnimg_session_cost(session);
    cnnimg_format result = cnnimg_reader_info(reader)->format;
    result.width = cost->width, result.height = cost->height;
    printf("%u rows at a time, %.1f MB of memory\n", (unsigned)cost->band, (double)cost->bytes / 1e6);
    status = cnnimg_writer_open(context, argv[3], &result, reader, NULL, &writer, &err);
  }
  if (!status) status = cnnimg_run_rows(session, read_row, reader, write_row, writer, &err);
  if (!status) status = cnnimg_writer_finish(writer, &err), writer = NULL;
  cnnimg_writer_abort(writer);
  cnnimg_reader_close(reader);
  cnnimg_session_free(session);
  cnnimg_model_unref(model);
  cnnimg_close(context);
  if (status) fprintf(stderr, "%s\n", err.text);
  return status != 0;
}
