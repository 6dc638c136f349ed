/* SPDX-License-Identifier: MIT */
/* reference.c - for tests: runs a program operator by operator on held arrays, as nothing else in it is lowered */
#include "reference.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "tensor/tensor_op.h"
#include "tests/net/interpret.h"

typedef struct slot {
  ci_array a;
  bool made, constant;
  void *owned;
} slot;

typedef struct run {
  const ci_program *p;
  slot *slots; /* one a value */
  size_t most;
  cnnimg_error *err;
} run;

size_t ci_dims_count(const ci_dims *d) {
  size_t n = 1;
  for (int32_t i = 0; i < d->rank; i++) n *= (size_t)d->dim[i];
  return n;
}

static void set_constants(run *r) {
  for (size_t i = 0; i < r->p->n_values; i++) {
    const ci_tensor *t = r->p->values[i].tensor;
    if (!t) continue;
    r->slots[i].a = (ci_array){t->dtype, t->type, t->rank, {0}, t->count, (void *)(uintptr_t)t->data};
    memcpy(r->slots[i].a.dim, t->dim, sizeof t->dim);
    r->slots[i].made = r->slots[i].constant = true;
  }
}

static void set_inputs(run *r, const ci_dims *inputs, const float *const *in) {
  for (size_t i = 0; i < r->p->n_inputs; i++) {
    slot *s = &r->slots[r->p->inputs[i].value];
    s->a = (ci_array){CI_F32, r->p->inputs[i].type,      inputs[i].rank,
                      {0},    ci_dims_count(&inputs[i]), (void *)(uintptr_t)in[i]};
    memcpy(s->a.dim, inputs[i].dim, sizeof inputs[i].dim);
    s->made = true;
  }
}

static int compute(run *r, const ci_tensor_op *op, ci_tensor_call *c, slot *out, bool constant) {
  int status = ci_tensor_shape(op, c, r->err);
  if (status) return status;
  out->a.dtype = constant && out->a.type != CI_FLOAT ? CI_I64 : CI_F32;
  if (out->a.count > r->most) return ci_fail(r->err, CNNIMG_LIMIT, "too large for a test");
  out->a.data = out->owned = malloc(out->a.count * sizeof(int64_t) + 1);
  size_t bytes = op->scratch ? op->scratch(c) : 0;
  c->scratch = bytes < (size_t)1 << 28 ? ci_aligned_zero(bytes + 1) : NULL;
  if (!out->owned || !c->scratch) return ci_fail(r->err, CNNIMG_NOMEM, "no memory");
  op->run(c);
  ci_aligned_free(c->scratch);
  out->made = true, out->constant = constant;
  return CNNIMG_OK;
}

static int run_node(run *r, const ci_pnode *n) {
  const ci_tensor_op *op = ci_tensor_find(n->type);
  if (!op) return ci_fail(r->err, CNNIMG_UNSUPPORTED, "%s is not known", n->type);
  ci_array *in = ci_calloc((size_t)n->n_in + 1, sizeof *in);
  bool constant = true, shape = !strcmp(n->type, "Shape") || !strcmp(n->type, "Size");
  int status = in ? CNNIMG_OK : CNNIMG_NOMEM;
  for (int32_t k = 0; !status && k < n->n_in; k++) {
    const slot *s = n->in[k] < 0 ? NULL : &r->slots[n->in[k]];
    in[k] = s ? s->a : (ci_array){.rank = -1};
    constant = constant && (!s || s->constant);
    if (s && !s->made) status = ci_fail(r->err, CNNIMG_CORRUPT, "a value is read before it is made");
  }
  for (int32_t k = 0; !status && k < n->n_out; k++) {
    if (n->out[k] < 0) continue;
    slot *out = &r->slots[n->out[k]];
    ci_tensor_call c = {
        .node = n, .opset = r->p->opset, .which = k, .n_in = n->n_in, .in = in, .out = &out->a};
    status = compute(r, op, &c, out, constant || shape);
  }
  free(in);
  return status;
}

static int take(const run *r, int32_t value, float **out, ci_dims *dims) {
  const slot *s = &r->slots[value];
  if (!s->made) return ci_fail(r->err, CNNIMG_CORRUPT, "the output is not made");
  *dims = (ci_dims){.rank = s->a.rank};
  memcpy(dims->dim, s->a.dim, sizeof dims->dim);
  *out = calloc(s->a.count + 1, sizeof **out);
  for (size_t i = 0; *out && i < s->a.count; i++) (*out)[i] = ci_array_float(&s->a, i);
  return *out ? CNNIMG_OK : CNNIMG_NOMEM;
}

int ci_reference(const ci_program *p, size_t output, const ci_dims *inputs, const float *const *in,
                 size_t most, float **out, ci_dims *dims, cnnimg_error *err) {
  run r = {p, ci_calloc(p->n_values + 1, sizeof(slot)), most, err};
  int status = CNNIMG_OK;
  *out = NULL;
  set_constants(&r);
  set_inputs(&r, inputs, in);
  for (size_t i = 0; i < p->n_nodes && !status; i++) status = run_node(&r, &p->nodes[i]);
  if (!status) status = take(&r, p->outputs[output], out, dims);
  for (size_t i = 0; i < p->n_values; i++) free(r.slots[i].owned);
  free(r.slots);
  return status;
}

/* ---- what is lowered ------------------------------------------------------------------------------- */

void ci_reorder(ci_layout layout, ci_shape s, bool to_file, const float *from, float *to) {
  size_t c = (size_t)s.c, area = (size_t)s.h * (size_t)s.w;
  for (size_t k = 0; k < c; k++)
    for (size_t i = 0; i < area; i++) {
      size_t first = k * area + i, last = layout == CI_LAYOUT_NHWC ? i * c + k : first;
      if (to_file) to[last] = from[first];
      else to[first] = from[last];
    }
}

int ci_lowered_run(const ci_lowered *l, const ci_dims *inputs, const float *const *in, float **out,
                   cnnimg_error *err) {
  const ci_graph *g = l->graph;
  float **maps = ci_calloc(g->n_inputs + 1, sizeof *maps), *got = NULL;
  ci_shape s = {0, 0, 0};
  *out = NULL;
  for (size_t i = 0; i < g->n_inputs; i++) {
    maps[i] = calloc(ci_dims_count(&inputs[i]) + 1, sizeof *maps[i]);
    ci_reorder(l->in[i], g->input_shapes[i], false, in[i], maps[i]);
  }
  int status = ci_interpret(g, &ci_kernels_ref, g->input_shapes, (const float *const *)maps, &got, &s, err);
  if (!status && (size_t)s.c * (size_t)s.h * (size_t)s.w != ci_dims_count(&l->out_dims)) abort();
  if (!status) *out = calloc(ci_dims_count(&l->out_dims) + 1, sizeof **out);
  if (*out) ci_reorder(l->out, s, true, got, *out);
  for (size_t i = 0; i < g->n_inputs; i++) free(maps[i]);
  free(maps);
  free(got);
  return status;
}
