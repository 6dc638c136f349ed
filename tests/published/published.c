/* SPDX-License-Identifier: MIT */
/* published.c - make check-published: a tree of published weight files and their authors' answers, as a table
 *
 * published [--psnr FILE] DIR            every DIR/<task>/<case>/case.json; the last line is "N passed, N failed"
 * published --run DIR/<task>/<case> [--opt KEY=VALUE]... [--sigma S] IN.npy OUT.npy ...
 *                                       pictures (height x width x channels, image scale) through a case's network */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/published/published.h"

#define MOST 256 /* lines of measured PSNR; options */

/* ---- measured PSNR: lines of "case <tab> ok|bad|- <tab> what stands in the table <tab> why" -------- */

typedef struct measured {
  char name[128], verdict[8], text[64], why[200];
  bool told;
} measured;

typedef struct table {
  const char *root;
  measured psnr[MOST];
  size_t n_psnr, passed, failed;
} table;

static void read_psnr(table *t, const char *path) {
  char line[512];
  FILE *f = fopen(path, "re");
  if (!f) return;
  while (t->n_psnr < MOST && fgets(line, sizeof line, f)) {
    measured *m = &t->psnr[t->n_psnr];
    *m = (measured){.told = false};
    if (sscanf(line, "%127[^\t]\t%7[^\t]\t%63[^\t\n]\t%199[^\n]", m->name, m->verdict, m->text, m->why) >= 3)
      t->n_psnr++;
  }
  fclose(f);
}

static measured *psnr_of(table *t, const char *name) {
  for (size_t i = 0; i < t->n_psnr; i++)
    if (!strcmp(t->psnr[i].name, name)) return &t->psnr[i];
  return NULL;
}

/* ---- the table -------------------------------------------------------------------------------- */

static const char *number(double v, const char *format, char *room, size_t size) {
  if (v < 0) return "-";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  snprintf(room, size, format, v);
#pragma GCC diagnostic pop
  return room;
}

static void print_row(const row *r, void *user) {
  table *t = user;
  measured *m = psnr_of(t, r->name);
  char error[16], worst[16], seconds[16];
  const char *note = strstr(r->note, t->root) == r->note ? r->note + strlen(t->root) + 1 : r->note;
  bool failed = r->failed || (m && !strcmp(m->verdict, "bad"));
  printf("%-54s %-21s %-20.20s %8s %7s %-21s %7s  %s%s%s\n", r->name, r->format, r->architecture,
         number(r->error, "%.1e", error, sizeof error),
         number(r->error < 0 ? -1 : r->tolerance, "%.0e", worst, sizeof worst), m ? m->text : "",
         number(r->seconds, "%.3f", seconds, sizeof seconds), failed ? "FAILED" : "ok", note[0] ? ": " : "",
         note);
  if (failed) t->failed++;
  else t->passed++;
  if (m) m->told = true;
}

static void print_psnr(table *t) {
  bool any = false;
  for (size_t i = 0; i < t->n_psnr; i++) {
    measured *m = &t->psnr[i];
    if (!m->told) { /* a figure of its own */
      bool bad = !strcmp(m->verdict, "bad");
      printf("%-54s %-21s %-20s %8s %7s %-21s %7s  %s\n", m->name, "", "", "-", "-", m->text, "-",
             bad ? "FAILED" : "ok");
      if (bad) t->failed++;
      else t->passed++;
    }
    any = any || m->why[0];
  }
  if (any) puts("\nPSNR, measured / as verified (dB); what is not compared, and why:");
  for (size_t i = 0; i < t->n_psnr; i++)
    if (t->psnr[i].why[0]) printf("  %s: %s\n", t->psnr[i].name, t->psnr[i].why);
}

static void check_folder(const folder *f, void *user) {
  char why[400] = "";
  published c;
  if (!folder_has(f, "case.json")) return;
  if (case_open(&c, f->path, why, sizeof why)) case_check(&c, print_row, user);
  else {
    row r = {.error = -1, .seconds = -1, .failed = true};
    snprintf(r.name, sizeof r.name, "%.100s", f->name);
    snprintf(r.note, sizeof r.note, "%.300s", why);
    print_row(&r, user);
  }
  case_close(&c);
  fflush(stdout);
}

static void check_task(const folder *f, void *user) { folder_walk(f->path, check_folder, user); }

static int check_all(const char *path, const char *psnr) {
  static table t;
  t.root = path;
  if (psnr) read_psnr(&t, psnr);
  printf("%-54s %-21s %-20s %8s %7s %-21s %7s\n", "case", "format", "architecture", "error", "allowed",
         "PSNR", "seconds");
  folder_walk(path, check_task, &t);
  print_psnr(&t);
  printf("\n%zu passed, %zu failed\n", t.passed, t.failed);
  return t.failed || !t.passed;
}

/* ---- pictures through one network ----------------------------------------------------------------- */

static int usage(void) {
  fputs(
      "usage: published [--psnr FILE] DIR\n"
      "       published --run DIR/TASK/CASE [--opt KEY=VALUE]... [--sigma S] [--second X2.npy] IN.npy "
      "OUT.npy ...\n",
      stderr);
  return 2;
}

typedef struct wish {
  const char *path, *second, *option[MOST];
  size_t n_options;
  double sigma;
} wish;

static int run_one(const model *m, const wish *w, const char *in, const char *out) {
  npy image, second = {0}, got;
  cnnimg_error err = {0};
  if (!npy_load(in, &image) || (w->second && !npy_load(w->second, &second))) return 1;
  const model_extra extra = {.sigma = w->sigma, .second = w->second ? &second : NULL};
  int status = model_run(m, &image, &extra, &got, &err);
  if (status) fprintf(stderr, "%s: %s\n", in, err.text);
  else if (!npy_save(out, &got)) status = CNNIMG_IO;
  if (!status) free(got.v);
  free(image.v), free(second.v);
  return status ? 1 : 0;
}

static int run_all(const wish *w, char **files, int n) {
  published c;
  model m;
  const char *file;
  char why[400] = "";
  cnnimg_error err = {0};
  int status = 0;
  if (!case_open(&c, w->path, why, sizeof why)) return fprintf(stderr, "%s\n", why), 1;
  if (case_model(&c, w->n_options ? w->option : NULL, &m, &file, &err)) {
    fprintf(stderr, "%s\n", err.text);
    status = 1;
  } else {
    for (int i = 0; i + 1 < n && !status; i += 2) status = run_one(&m, w, files[i], files[i + 1]);
    model_close(&m);
  }
  case_close(&c);
  return status;
}

int main(int argc, char **argv) {
  wish w = {.sigma = -1};
  const char *psnr = NULL;
  int i = 1;
  for (; i + 1 < argc && argv[i][0] == '-'; i += 2) {
    if (!strcmp(argv[i], "--psnr")) psnr = argv[i + 1];
    else if (!strcmp(argv[i], "--run")) w.path = argv[i + 1];
    else if (!strcmp(argv[i], "--second")) w.second = argv[i + 1];
    else if (!strcmp(argv[i], "--sigma")) w.sigma = atof(argv[i + 1]);
    else if (!strcmp(argv[i], "--opt") && w.n_options < MOST - 1) w.option[w.n_options++] = argv[i + 1];
    else return usage();
  }
  if (w.path && i + 1 < argc) return run_all(&w, argv + i, argc - i);
  return w.path || i + 1 != argc ? usage() : check_all(argv[i], psnr);
}
