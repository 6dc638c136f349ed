/* SPDX-License-Identifier: MIT */
/* json.h - reading JSON: cards, configurations, heads of weight files */
#ifndef CI_JSON_H
#define CI_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cnnimg.h"

/*
 * A value of a parsed text. Every reader takes NULL, which reads as absent, so that a.b[2].c is asked for in one line and
 * judged once. Values live as long as the document.
 */
typedef struct ci_json ci_json; /* opaque: a value */

/* The document; duplicate keys are refused. A text that is none is CNNIMG_CORRUPT, with line and reason. A document takes
 * up to some 40 times the text: keep large arrays of numbers away from here. */
int ci_json_parse(const void *text, size_t size, ci_json **out, cnnimg_error *err);
void ci_json_free(ci_json *document); /* NULL is allowed; documents only */

const ci_json *ci_json_get(const ci_json *object, const char *key); /* NULL: absent, or no object */
const ci_json *ci_json_at(const ci_json *array, size_t i);          /* NULL: beyond its end, or no array */
size_t ci_json_size(const ci_json *v);                              /* of an array or an object; 0: neither */
bool ci_json_is_array(const ci_json *v);
bool ci_json_is_object(const ci_json *v);
bool ci_json_is_null(const ci_json *v); /* absent or null */
bool ci_json_is_number(const ci_json *v);
bool ci_json_is_string(const ci_json *v);
/* What it holds if it is of that kind, else `otherwise`. */
const char *ci_json_string(const ci_json *v, const char *otherwise); /* UTF-8, no byte 0 inside */
double ci_json_number(const ci_json *v, double otherwise);
int64_t ci_json_int(const ci_json *v, int64_t otherwise); /* a number without a fraction */
bool ci_json_bool(const ci_json *v, bool otherwise);

/* Every key of an object: starts with *iter = NULL; false at the end. */
bool ci_json_next(const ci_json *object, void **iter, const char **key, const ci_json **value);

#endif
