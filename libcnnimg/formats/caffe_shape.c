/* SPDX-License-Identifier: MIT */
/* caffe_shape.c - Caffe's layers that join, cut and reshape */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "formats/caffe.h"

static int32_t split(ci_caffe_site *s) {
  for (size_t i = 0; i < s->n_out; i++) s->out[i] = s->in[0];
  return s->in[0];
}

static int32_t concat(ci_caffe_site *s) {
  int32_t *ids = ci_calloc(s->n_in + 1, sizeof *ids);
  if (!ids) return ci_caffe_fail(s, CNNIMG_NOMEM, "does not fit into memory");
  for (size_t i = 0; i < s->n_in; i++) ids[i] = ci_caffe_bottom(s, i);
  int32_t y = s->n_in > 1 ? ci_put_many(s->b, "Concat", ids, s->n_in) : ids[0];
  if (s->n_in > 1) ci_build_attr_int(s->b, "axis", ci_caffe_int(s, 2, ci_caffe_int(s, 1, 1)));
  free(ids);
  return y;
}

/* ---- cutting ---------------------------------------------------------------------------------------- */

#define MOST_PARTS 1024

/* Equal parts, where no places are said. */
static int32_t slice_evenly(ci_caffe_site *s, int64_t axis) {
  char name[24];
  for (size_t i = 0; i < s->n_out; i++) {
    snprintf(name, sizeof name, "v%zu", s->b->p->n_values);
    s->out[i] = ci_program_add_value(s->b->p, name, NULL);
    if (s->out[i] < 0) return ci_caffe_fail(s, CNNIMG_NOMEM, "does not fit into memory");
  }
  if (!ci_program_add_node(s->b->p, "Split", "split", s->in, 1, s->out, (int32_t)s->n_out))
    return ci_caffe_fail(s, CNNIMG_NOMEM, "does not fit into memory");
  ci_build_attr_int(s->b, "axis", axis);
  ci_build_attr_int(s->b, "num_outputs", (int64_t)s->n_out);
  return s->out[0];
}

static int32_t slice(ci_caffe_site *s) {
  int64_t point[MOST_PARTS], axis = ci_caffe_int(s, 3, ci_caffe_int(s, 1, 1)), from = 0;
  size_t n = ci_caffe_ints(s, 2, point, MOST_PARTS);
  if (s->b->status) return -1;
  if (s->n_out < 1 || s->n_out > MOST_PARTS || (n && n + 1 != s->n_out))
    return ci_caffe_fail(s, CNNIMG_CORRUPT, "cuts at places that do not fit its tops");
  if (!n && s->n_out > 1) return slice_evenly(s, axis);
  for (size_t i = 0; i < s->n_out; i++) {
    int64_t to = i < n ? point[i] : INT64_MAX;
    if (to <= from) return ci_caffe_fail(s, CNNIMG_CORRUPT, "cuts at places that do not rise");
    s->out[i] = n ? ci_put_slice(s->b, s->in[0], &from, &to, &axis, 1) : s->in[0];
    from = to;
  }
  return s->out[0];
}

/* The first value, cut to the second's size from `axis` on. */
static int32_t crop(ci_caffe_site *s) {
  int64_t axis = ci_caffe_int(s, 1, 2), offset[4] = {0}, starts[4], axes[4];
  size_t n = ci_caffe_ints(s, 2, offset, 4), count = 0;
  if (axis < 0) axis += 4;
  if (s->n_in != 2 || axis < 0 || axis > 3 || n > 4 || (n > 1 && (int64_t)n != 4 - axis))
    return ci_caffe_fail(s, CNNIMG_UNSUPPORTED, "cuts in a way that is not known");
  for (int64_t i = axis; i < 4; i++, count++) {
    starts[count] = n > 1 ? offset[count] : n ? offset[0] : 0, axes[count] = i;
    if (starts[count] < 0 || starts[count] > INT32_MAX)
      return ci_caffe_fail(s, CNNIMG_CORRUPT, "cuts at impossible places");
  }
  int32_t from = ci_build_ints(s->b, starts, count), which = ci_build_ints(s->b, axes, count);
  int32_t size = ci_build_op2(s->b, "Gather", ci_build_op1(s->b, "Shape", s->in[1]), which);
  int32_t in[4] = {s->in[0], from, ci_build_op2(s->b, "Add", size, from), which};
  return ci_build_node(s->b, "Slice", in, 4);
}

/* ---- reshaping ------------------------------------------------------------------------------------------ */

/* The BlobShape in field 1; 0 keeps a size, -1 is what is left, as in ONNX. */
static int32_t reshape(ci_caffe_site *s) {
  ci_cursor c = s->param;
  ci_field f, d;
  int64_t dim[CI_MAX_RANK];
  size_t n = 0;
  while (ci_wire_next(&c, &f))
    if (ci_wire_is(&f, 1, CI_BYTES))
      for (n = 0; ci_wire_next(&f.bytes, &d);)
        if (d.number == 1) ci_wire_ints(&d, dim, CI_MAX_RANK, &n);
  if (!n || n > CI_MAX_RANK || ci_caffe_int(s, 2, 0) || ci_caffe_int(s, 3, -1) != -1)
    return ci_caffe_fail(s, CNNIMG_UNSUPPORTED, "reshapes in a way that is not known");
  return ci_put_reshape(s->b, s->in[0], dim, n);
}

static int32_t flatten(ci_caffe_site *s) {
  if (ci_caffe_int(s, 1, 1) != 1 || ci_caffe_int(s, 2, -1) != -1)
    return ci_caffe_fail(s, CNNIMG_UNSUPPORTED, "flattens in a way that is not known");
  return ci_build_op1(s->b, "Flatten", s->in[0]);
}

const ci_caffe_type ci_caffe_shape_layers[] = {
    {"Split", 22, 0, 0, CI_CAFFE_LAYER, split},
    {"Concat", 3, 104, 9, CI_CAFFE_LAYER, concat},
    {"Slice", 33, 126, 31, CI_CAFFE_LAYER, slice},
    {"Crop", 0, 144, 0, CI_CAFFE_LAYER, crop},
    {"Reshape", 0, 133, 0, CI_CAFFE_LAYER, reshape},
    {"Flatten", 8, 135, 0, CI_CAFFE_LAYER, flatten},
    {NULL, 0, 0, 0, 0, NULL},
};
