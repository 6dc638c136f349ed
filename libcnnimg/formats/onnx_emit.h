/* SPDX-License-Identifier: MIT */
/* onnx_emit.h - writing the protobuf wire format, or counting what it would take */
#ifndef CI_ONNX_EMIT_H
#define CI_ONNX_EMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * A message's length stands before it, so every message is a function that is called twice: once to count, once to write.
 * Nothing is built in memory. Weights are counted without being touched.
 */
typedef struct ci_emit {
  FILE *file; /* NULL: bytes are only counted */
  uint64_t bytes;
  int error; /* errno of the first write that failed; later ones do nothing */
} ci_emit;

typedef void (*ci_emit_body)(ci_emit *e, const void *arg);

uint64_t ci_emit_size(ci_emit_body body, const void *arg);
void ci_emit_raw(ci_emit *e, const void *p, size_t n);
void ci_emit_int(ci_emit *e, uint32_t field, int64_t v);
void ci_emit_float(ci_emit *e, uint32_t field, float v);
void ci_emit_head(ci_emit *e, uint32_t field, uint64_t n);    /* of n bytes, which the caller writes */
void ci_emit_text(ci_emit *e, uint32_t field, const char *s); /* bytes that are not UTF-8 become '?' */
void ci_emit_message(ci_emit *e, uint32_t field, ci_emit_body body, const void *arg);
/* Elements as raw_data wants them: little-endian. width: 1 (truth values), 4 (floats) or 8 bytes each. */
void ci_emit_floats(ci_emit *e, const float *v, size_t n);
void ci_emit_int64s(ci_emit *e, const int64_t *v, size_t n);
void ci_emit_bools(ci_emit *e, const int64_t *v, size_t n);

/* Bytes of the UTF-8 character at s (which ends with 0); 0: none begins there. */
int ci_utf8_length(const char *s);

#endif
