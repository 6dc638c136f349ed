/* SPDX-License-Identifier: MIT */
/* report.c - what is told about files: sentences on standard error, JSON lines on standard output */
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>

#include "driver.h"

int drv_fail(cnnimg_error *err, int status, const char *format, ...) {
  va_list list;
  va_start(list, format);
  err->code = status;
  vsnprintf(err->text, sizeof err->text, format, list);
  va_end(list);
  return status;
}

/* Names may hold anything; a terminal must not obey it. */
static void put_plain(const char *text) {
  for (; *text; text++) fputc((unsigned char)*text < 32 || *text == 127 ? '?' : *text, stderr);
}

static void say(const drv_settings *s, const char *path, const char *format, va_list list) {
  char text[1200];
  vsnprintf(text, sizeof text, format, list);
  size_t n = path ? strlen(path) : 0;
  if (s->progress) drv_progress_clear(s->progress);
  fprintf(stderr, "%s: ", s->tool->name);
  if (path && !strcmp(path, "-")) path = strncmp(text, "standard ", 9) ? "standard input" : NULL;
  if (path && (strncmp(text, path, n) || text[n] != ':')) {
    put_plain(path);
    fputs(": ", stderr);
  }
  put_plain(text);
  fputc('\n', stderr);
}

void drv_say(const drv_settings *s, const char *path, const char *format, ...) {
  va_list list;
  va_start(list, format);
  say(s, path, format, list);
  va_end(list);
}

void drv_note(const drv_settings *s, const char *path, const char *format, ...) {
  va_list list;
  if (s->quiet) return;
  va_start(list, format);
  say(s, path, format, list);
  va_end(list);
}

uint64_t drv_peak_memory(void) {
  struct rusage u;
  return getrusage(RUSAGE_SELF, &u) ? 0 : (uint64_t)u.ru_maxrss * 1024;
}

/* ---- JSON --------------------------------------------------------------------------- */

/* Bytes of the UTF-8 character that begins here; 0: none does (RFC 3629: no surrogates, nothing overlong). */
static int utf8_length(const unsigned char *p) {
  if (p[0] < 0x80) return 1;
  int n = p[0] >= 0xc2 && p[0] <= 0xdf ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4 : 0;
  for (int i = 1; i < n; i++)
    if ((p[i] & 0xc0) != 0x80) return 0;
  if (p[0] == 0xe0 && p[1] < 0xa0) return 0;
  if (p[0] == 0xed && p[1] > 0x9f) return 0;
  if (p[0] == 0xf0 && p[1] < 0x90) return 0;
  if (p[0] == 0xf4 && p[1] > 0x8f) return 0;
  return n;
}

/* What is not UTF-8 becomes U+FFFD: the line must be JSON whatever a file is called. */
void drv_json_put(FILE *to, const char *text) {
  fputc('"', to);
  for (const unsigned char *p = (const unsigned char *)text; *p;) {
    int n = utf8_length(p);
    if (!n) fputs("\\ufffd", to);
    else if (*p == '"' || *p == '\\') fprintf(to, "\\%c", *p);
    else if (*p < 32 || *p == 127) fprintf(to, "\\u%04x", *p);
    else fwrite(p, 1, (size_t)n, to);
    p += n ? n : 1;
  }
  fputc('"', to);
}

void drv_json_string(const char *text) { drv_json_put(stdout, text); }

void drv_json_text(const char *key, const char *text) {
  printf(",\"%s\":", key);
  if (text) drv_json_string(text);
  else fputs("null", stdout);
}

static void json_number(const char *key, double value, bool known) {
  printf(",\"%s\":", key);
  if (known) printf("%.9g", value);
  else fputs("null", stdout);
}

static void json_count(const char *key, uint64_t value, bool known) {
  printf(",\"%s\":", key);
  if (known) printf("%llu", (unsigned long long)value);
  else fputs("null", stdout);
}

static void report_json(const drv_job *job, const drv_result *r) {
  fputs("{\"input\":", stdout);
  drv_json_string(job->in);
  drv_json_text("output", job->out);
  drv_json_text("status", r->status);
  json_count("input_width", r->in_width, r->in_width > 0);
  json_count("input_height", r->in_height, r->in_width > 0);
  json_count("width", r->width, r->width > 0);
  json_count("height", r->height, r->width > 0);
  json_number("sigma", (double)r->sigma, r->sigma >= 0);
  drv_json_text("model", r->model);
  json_number("seconds", r->seconds, r->seconds >= 0);
  json_count("peak_memory", drv_peak_memory(), true);
  bool planned = r->cost.bytes > 0;
  json_count("plan_memory", r->cost.bytes, planned);
  json_count("multiply_adds", r->cost.multiply_adds, planned);
  json_count("threads", r->cost.threads, planned);
  json_count("tiles", r->cost.tiles, planned);
  json_number("estimated_seconds", r->estimate, r->estimate >= 0);
  if (*r->answer_json) printf(",\"suggest\":{%s}", r->answer_json);
  drv_json_text("error", *r->error ? r->error : NULL);
  fputs("}\n", stdout);
}

/* ---- a file has ended ------------------------------------------------------------------ */

static void report_plan(const drv_job *job, const drv_result *r) {
  printf("%s: %ux%u pixels, model %s, %.1f MB of memory in %u %s, %u threads", job->in, r->width, r->height,
         r->model ? r->model : "-", (double)r->cost.bytes * 1e-6, r->cost.tiles,
         r->cost.tiles == 1 ? "stripe" : "stripes", r->cost.threads);
  if (r->estimate >= 0) printf(", about %.*f s", r->estimate < 10 ? 2 : 0, r->estimate);
  printf("\n");
}

void drv_report(const drv_settings *s, const drv_job *job, const drv_result *r, bool alone) {
  const char *path = job->in;
  bool to_terminal = s->json || !strcmp(r->status, "planned") || !strcmp(r->status, "measured");
  if (to_terminal && s->progress) drv_progress_clear(s->progress);
  if (*r->error && !strcmp(r->status, "skipped")) drv_note(s, path, "skipped: %s", r->error);
  else if (*r->error) drv_say(s, path, "%s", r->error);
  else if (!strcmp(r->status, "done") && s->tool->estimates && s->params.sigma < 0 && r->sigma >= 0)
    drv_note(s, path, "sigma %.1f (estimated)", (double)r->sigma);
  if (s->json) report_json(job, r);
  else if (!strcmp(r->status, "planned")) report_plan(job, r);
  else if (*r->answer) printf("%s%s%s", alone ? "" : job->in, alone ? "" : ":\n", r->answer);
  else if (!strcmp(r->status, "measured") && alone) printf("%.2f\n", (double)r->sigma);
  else if (!strcmp(r->status, "measured")) printf("%.2f\t%s\n", (double)r->sigma, job->in);
}
