/* SPDX-License-Identifier: MIT */
/* published.h - for check-published: one case, and what became of it */
#ifndef PUBLISHED_H
#define PUBLISHED_H

#include "base/json.h"
#include "tests/formats/folder.h"
#include "tests/published/model.h"

/* One line of the table: a weight file's answer, or one more answer of it. */
typedef struct row {
  char name[128], format[32], architecture[48], note[400];
  double error, tolerance, seconds; /* error, seconds < 0: there is none */
  bool failed;
} row;

typedef struct published {
  const char *name; /* "denoise/dncnn25-onnx" */
  folder f;
  ci_json *json;
  double tolerance;
} published;

bool case_open(published *c, const char *path, char *why, size_t room); /* path: of the folder */
void case_close(published *c);
const char *case_path(const published *c, const char *file, char *room, size_t size);
bool case_array(const published *c, const char *file, npy *a); /* false: there is none, or it is bad */

/* Everything that case.json expects; `report` gets a row for each. */
typedef void (*case_report)(const row *r, void *user);
void case_check(const published *c, case_report report, void *user);
/* tensors.c: `expect` is "tensors". */
void case_check_tensors(const published *c, case_report report, void *user);

/* Opens the file of the case that our readers take, and says which; the first sentence where there is none. */
int case_model(const published *c, const char *const *options, model *m, const char **file,
               cnnimg_error *err);
double case_sigma(const published *c); /* 0..255; -1: none goes in */

#endif
