/* SPDX-License-Identifier: MIT */
/* adapt.c - a network of one channel made one of three */
#include "net/adapt.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "net/build.h"

#define OPSET 13 /* of the nodes that are put around the network */

typedef struct work {
  const ci_program *p;
  const ci_colour_spec *spec;
  ci_build b;
  int32_t *at;     /* p's values in the new program, -1: not there yet */
  size_t first, n; /* p's outputs that are wanted */
} work;

/* ---- the network itself ---------------------------------------------------------------- */

static int32_t new_value(work *w, const ci_pvalue *v) {
  ci_tensor *t = v->tensor ? ci_tensor_borrow(v->tensor) : NULL;
  int32_t id = v->tensor && !t ? -1 : ci_program_add_value(w->b.p, v->name, t);
  return id < 0 ? ci_build_fail(&w->b, CNNIMG_NOMEM, "no memory for the network") : id;
}

/* Constants are there once, however often the network is. */
static int32_t value_of(work *w, int32_t v) {
  if (v < 0 || w->b.status) return -1;
  if (w->at[v] < 0) w->at[v] = new_value(w, &w->p->values[v]);
  return w->at[v];
}

static bool copy_attr(const ci_attr *from, ci_attr *to) {
  to->i = from->i, to->f = from->f, to->n = from->n;
  to->s = from->s ? ci_strdup(from->s) : NULL;
  to->ints = from->ints ? ci_calloc(from->n + 1, sizeof *to->ints) : NULL;
  to->floats = from->floats ? ci_calloc(from->n + 1, sizeof *to->floats) : NULL;
  to->tensor = from->tensor ? ci_tensor_borrow(from->tensor) : NULL;
  if (to->ints) memcpy(to->ints, from->ints, from->n * sizeof *to->ints);
  if (to->floats) memcpy(to->floats, from->floats, from->n * sizeof *to->floats);
  return !from->s == !to->s && !from->ints == !to->ints && !from->floats == !to->floats &&
         !from->tensor == !to->tensor;
}

static bool copy_node(work *w, const ci_pnode *n, const int32_t *in, const int32_t *out) {
  ci_pnode *copy = ci_program_add_node(w->b.p, n->type, n->name, in, n->n_in, out, n->n_out);
  if (!copy) return false;
  copy->opset = ci_pnode_opset(w->p, n);
  for (size_t i = 0; i < n->n_attrs; i++) {
    ci_attr *a = ci_pnode_add_attr(copy, n->attrs[i].name, n->attrs[i].kind);
    if (!a || !copy_attr(&n->attrs[i], a)) return false;
  }
  return true;
}

static void put_node(work *w, const ci_pnode *n) {
  int32_t *in = ci_calloc((size_t)n->n_in + (size_t)n->n_out + 1, sizeof *in), *out = in + n->n_in;
  bool made = in != NULL;
  for (int32_t k = 0; made && k < n->n_in; k++) in[k] = value_of(w, n->in[k]);
  for (int32_t k = 0; made && k < n->n_out; k++) out[k] = value_of(w, n->out[k]);
  made = made && !w->b.status && copy_node(w, n, in, out);
  free(in);
  if (!made) ci_build_fail(&w->b, CNNIMG_NOMEM, "no memory for the network");
}

static int32_t turn(work *w, int32_t x, const int64_t *order) {
  int32_t y = ci_build_op1(&w->b, "Transpose", x);
  ci_build_attr_ints(&w->b, "perm", order, 4);
  return y;
}

/* The network once more, on that picture; y: what is wanted of it. */
static void network(work *w, int32_t picture, int32_t *y) {
  static const int64_t last[4] = {0, 2, 3, 1}, first[4] = {0, 3, 1, 2};
  const ci_program *p = w->p;
  for (size_t i = 0; i < p->n_nodes; i++)
    for (int32_t k = 0; k < p->nodes[i].n_out; k++)
      if (p->nodes[i].out[k] >= 0) w->at[p->nodes[i].out[k]] = -1;
  if (w->spec->in_last) picture = turn(w, picture, last);
  w->at[p->inputs[w->spec->image].value] = picture;
  for (size_t i = 0; i < p->n_nodes && !w->b.status; i++) put_node(w, &p->nodes[i]);
  for (size_t i = 0; i < w->n; i++) {
    y[i] = value_of(w, p->outputs[w->first + i]);
    if (w->spec->out_last) y[i] = turn(w, y[i], first);
  }
}

/* ---- around it ---------------------------------------------------------------------------- */

/* A 1x1 convolution: what every opset has. */
static int32_t mix(work *w, int32_t x, int32_t out, int32_t in, const float *m, float bias) {
  const int64_t dim[4] = {out, in, 1, 1};
  ci_tensor *t = ci_tensor_new(CI_F32, 4, dim);
  if (t) memcpy(t->owned, m, t->count * sizeof(float));
  int32_t weight = ci_build_tensor(&w->b, t);
  int32_t b = bias != 0 ? ci_build_floats(&w->b, &bias, 1) : CI_NONE;
  return ci_build_conv_values(&w->b, x, (ci_conv_spec){0}, weight, b);
}

/* y: 3 * n values, of which the first n are the result. */
static void each(work *w, int32_t x, int32_t *y) {
  for (size_t c = 0; c < 3; c++) {
    float pick[3] = {0, 0, 0};
    pick[c] = 1;
    network(w, mix(w, x, 1, 3, pick, 0), y + c * w->n);
  }
  for (size_t i = 0; i < w->n; i++)
    y[i] = ci_build_concat(&w->b, (const int32_t[]){y[i], y[w->n + i], y[2 * w->n + i]}, 3);
}

/* What the network cuts off at the edges is cut off here. */
static int32_t cut(work *w, int32_t x) {
  int32_t loss = w->spec->loss;
  const int64_t from[2] = {loss / 2, loss / 2}, to[2] = {-(loss - loss / 2), -(loss - loss / 2)},
                axes[2] = {2, 3};
  if (loss <= 0) return x;
  const int32_t in[4] = {x, ci_build_ints(&w->b, from, 2), ci_build_ints(&w->b, to, 2),
                         ci_build_ints(&w->b, axes, 2)};
  return ci_build_node(&w->b, "Slice", in, 4);
}

static void luma(work *w, int32_t x, int32_t *out) {
  static const float full[3] = {0.299f, 0.587f, 0.114f};
  static const float studio[3] = {65.481f / 255, 128.553f / 255, 24.966f / 255}, back[1] = {255.0f / 219};
  bool narrow = w->spec->way == CI_COLOUR_STUDIO;
  int32_t y = narrow ? mix(w, x, 1, 3, studio, 16.0f / 255) : mix(w, x, 1, 3, full, 0);
  network(w, y, out);
  if (w->spec->scale > 1) {
    y = ci_build_bicubic(&w->b, y, (float)w->spec->scale, -0.5f);
    x = ci_build_bicubic(&w->b, x, (float)w->spec->scale, -0.5f);
  }
  x = cut(w, x), y = cut(w, y);
  for (size_t i = 0; i < w->n; i++) {
    int32_t more = ci_build_op2(&w->b, "Sub", out[i], y);
    if (narrow) more = mix(w, more, 1, 1, back, 0);
    out[i] = ci_build_op2(&w->b, "Add", x, more);
  }
}

static void copy_card(work *w) {
  for (size_t i = 0; i < w->p->n_card && !w->b.status; i++)
    if (strcmp(w->p->card[i].key, "output") && /* there is one only now */
        ci_program_set_card(w->b.p, w->p->card[i].key, w->p->card[i].value))
      ci_build_fail(&w->b, CNNIMG_NOMEM, "no memory for the network");
}

/* All inputs in their order, the picture with three channels. */
static int32_t inputs(work *w) {
  int32_t picture = -1;
  for (size_t i = 0; i < w->p->n_inputs && !w->b.status; i++) {
    ci_pinput in = w->p->inputs[i];
    in.value = value_of(w, in.value);
    if (i == w->spec->image) {
      picture = in.value;
      if (w->spec->in_last) in.dim[3] = in.dim[2], in.dim[2] = in.dim[1];
      in.dim[1] = 3, in.rank = 4;
    }
    if (ci_program_add_input(w->b.p, &in)) ci_build_fail(&w->b, CNNIMG_NOMEM, "no memory for the network");
  }
  return picture;
}

int ci_program_in_colour(const ci_program *p, const ci_colour_spec *spec, ci_program **out,
                         cnnimg_error *err) {
  work w = {
      .p = p, .spec = spec, .first = spec->levels ? 0 : spec->output, .n = spec->levels ? p->n_outputs : 1};
  int32_t *y = ci_calloc(3 * w.n + 1, sizeof *y);
  w.at = ci_calloc(p->n_values + 1, sizeof *w.at);
  *out = NULL;
  if (!w.at || !y) {
    free(w.at);
    free(y);
    return ci_fail(err, CNNIMG_NOMEM, "no memory for the network");
  }
  for (size_t i = 0; i < p->n_values; i++) w.at[i] = -1;
  if (!ci_build_init(&w.b, NULL, err)) w.b.p->opset = OPSET;
  copy_card(&w);
  int32_t x = inputs(&w);
  if (spec->way == CI_COLOUR_EACH) each(&w, x, y);
  else luma(&w, x, y);
  for (size_t i = 0; i + 1 < w.n; i++) ci_build_output(&w.b, y[i]);
  int32_t last = y[w.n - 1];
  free(w.at);
  free(y);
  return ci_build_finish(&w.b, last, out);
}
