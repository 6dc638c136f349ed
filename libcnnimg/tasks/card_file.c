/* SPDX-License-Identifier: MIT */
/* card_file.c - the card beside a weight file: FILE.card.json completes what FILE says of itself */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "tasks/card.h"

#define SUFFIX ".card.json"
#define MOST_BYTES ((size_t)1 << 20)
#define MOST_LINES 1000
#define TEXT_ROOM 65536

typedef struct text {
  char *at; /* TEXT_ROOM bytes */
  size_t n;
} text;

static bool append(text *t, const char *s) {
  size_t n = strlen(s);
  if (n >= TEXT_ROOM - t->n) return false;
  memcpy(t->at + t->n, s, n + 1);
  t->n += n;
  return true;
}

/* As the card's readers want it, whatever the host's locale is. */
static bool append_number(text *t, double v) {
  char room[40];
  if (v == floor(v) && fabs(v) < 1e15) snprintf(room, sizeof room, "%lld", (long long)v);
  else snprintf(room, sizeof room, "%.9g", v);
  for (char *p = room; *p; p++)
    if (*p == ',') *p = '.';
  return append(t, room);
}

static bool append_plain(text *t, const ci_json *v) {
  if (ci_json_is_number(v)) return append_number(t, ci_json_number(v, 0));
  return ci_json_is_string(v) && append(t, ci_json_string(v, ""));
}

static bool append_value(text *t, const ci_json *v) {
  if (!ci_json_is_array(v)) return append_plain(t, v);
  for (size_t i = 0; i < ci_json_size(v); i++)
    if ((i && !append(t, ",")) || !append_plain(t, ci_json_at(v, i))) return false;
  return true;
}

/* Cards are printed: nothing may steer a terminal. */
static void clean(char *s) {
  for (; *s; s++)
    if (((unsigned char)*s < 0x20 && *s != '\n' && *s != '\t') || *s == 0x7f) *s = '?';
}

static int set_line(ci_program *p, const char *key, const ci_json *v, char *room, cnnimg_error *err) {
  text t = {room, 0};
  char name[200];
  room[0] = 0;
  if (!*key || strlen(key) >= sizeof name)
    return ci_fail(err, CNNIMG_CORRUPT, "a key is empty, or longer than %zu bytes", sizeof name - 1);
  if (!append_value(&t, v))
    return ci_fail(err, CNNIMG_CORRUPT, "%s: a text, a number or a list of them is wanted, up to %d bytes",
                   key, TEXT_ROOM - 1);
  snprintf(name, sizeof name, "%s", key);
  clean(name);
  clean(room);
  return ci_program_set_card(p, name, room) ? ci_fail(err, CNNIMG_NOMEM, "no memory for the card")
                                            : CNNIMG_OK;
}

static int set_lines(ci_program *p, const ci_json *object, cnnimg_error *err) {
  void *iter = NULL;
  const char *key;
  const ci_json *v;
  if (!ci_json_is_object(object))
    return ci_fail(err, CNNIMG_CORRUPT, "an object of keys and values is wanted");
  if (ci_json_size(object) > MOST_LINES) return ci_fail(err, CNNIMG_LIMIT, "more than %d lines", MOST_LINES);
  char *room = ci_calloc(TEXT_ROOM, 1);
  int status = room ? CNNIMG_OK : ci_fail(err, CNNIMG_NOMEM, "no memory for the card");
  while (!status && ci_json_next(object, &iter, &key, &v)) {
    status = strncmp(key, "input.", 6) || ci_program_input(p, key + 6) < p->n_inputs
                 ? set_line(p, key, v, room, err)
                 : ci_fail(err, CNNIMG_CORRUPT, "%s: the network has no such input", key);
  }
  free(room);
  return status;
}

static int read(ci_program *p, const ci_source *s, cnnimg_error *err) {
  ci_json *document = NULL;
  cnnimg_error own = {0};
  ci_card card;
  int status = s->size > MOST_BYTES ? ci_fail(&own, CNNIMG_LIMIT, "more than %zu bytes", MOST_BYTES)
                                    : ci_json_parse(s->data, s->size, &document, &own);
  if (!status) status = set_lines(p, document, &own);
  ci_json_free(document);
  if (!status && !(status = ci_card_read(&card, p, &own))) ci_card_fini(&card);
  return status ? ci_fail(err, status, "%s: %s", s->name, own.text) : CNNIMG_OK;
}

int ci_card_file(ci_program *p, const ci_source *of, cnnimg_error *err) {
  ci_source s;
  bool there;
  int status = ci_source_appended(&s, of, SUFFIX, &there, err);
  if (status || !there) return status;
  status = read(p, &s, err);
  ci_source_close(&s);
  return status;
}
