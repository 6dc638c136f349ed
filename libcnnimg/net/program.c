/* SPDX-License-Identifier: MIT */
/* program.c - building a program: values, nodes, attributes, inputs, card */
#include "net/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

ci_program *ci_program_new(void) { return ci_calloc(1, sizeof(ci_program)); }

void ci_pnode_fini(ci_pnode *n) {
  for (size_t i = 0; i < n->n_attrs; i++) {
    free(n->attrs[i].name);
    free(n->attrs[i].s);
    free(n->attrs[i].ints);
    free(n->attrs[i].floats);
    ci_tensor_free(n->attrs[i].tensor);
  }
  free(n->attrs);
  free(n->name);
  free(n->type);
  free(n->in);
  free(n->out);
}

void ci_program_free(ci_program *p) {
  if (!p) return;
  for (size_t i = 0; i < p->n_values; i++) {
    free(p->values[i].name);
    ci_tensor_free(p->values[i].tensor);
  }
  for (size_t i = 0; i < p->n_nodes; i++) ci_pnode_fini(&p->nodes[i]);
  for (size_t i = 0; i < p->n_card; i++) {
    free(p->card[i].key);
    free(p->card[i].value);
  }
  free(p->values);
  free(p->nodes);
  free(p->inputs);
  free(p->outputs);
  free(p->card);
  ci_kept_free(p->kept);
  free(p);
}

int32_t ci_program_add_value(ci_program *p, const char *name, ci_tensor *tensor) {
  char *copy = ci_strdup(name);
  if (!copy || p->n_values >= INT32_MAX ||
      !ci_grow((void **)&p->values, &p->cap_values, p->n_values + 1, sizeof *p->values)) {
    free(copy);
    ci_tensor_free(tensor);
    return -1;
  }
  p->values[p->n_values] = (ci_pvalue){copy, tensor, -1};
  return (int32_t)p->n_values++;
}

static int32_t *copy_ids(const int32_t *ids, int32_t n) {
  int32_t *copy = ci_calloc((size_t)n, sizeof *copy);
  if (copy && n) memcpy(copy, ids, (size_t)n * sizeof *copy);
  return copy;
}

ci_pnode *ci_program_add_node(ci_program *p, const char *type, const char *name, const int32_t *in, int32_t n_in,
                              const int32_t *out, int32_t n_out) {
  if (n_in < 0 || n_out < 0 || p->n_nodes >= INT32_MAX) return NULL;
  ci_pnode n = {.name = ci_strdup(name), .type = ci_strdup(type), .in = copy_ids(in, n_in),
                .out = copy_ids(out, n_out), .n_in = n_in, .n_out = n_out};
  if (!n.name || !n.type || !n.in || !n.out ||
      !ci_grow((void **)&p->nodes, &p->cap_nodes, p->n_nodes + 1, sizeof *p->nodes)) {
    ci_pnode_fini(&n);
    return NULL;
  }
  for (int32_t k = 0; k < n_out; k++)
    if (out[k] >= 0) p->values[out[k]].producer = (int32_t)p->n_nodes;
  p->nodes[p->n_nodes] = n;
  return &p->nodes[p->n_nodes++];
}

ci_attr *ci_pnode_add_attr(ci_pnode *n, const char *name, ci_attr_kind kind) {
  ci_attr *grown = realloc(n->attrs, (n->n_attrs + 1) * sizeof *grown);
  if (!grown) return NULL;
  n->attrs = grown;
  ci_attr *a = &n->attrs[n->n_attrs];
  *a = (ci_attr){.name = ci_strdup(name), .kind = kind};
  if (!a->name) return NULL;
  n->n_attrs++;
  return a;
}

int ci_program_add_input(ci_program *p, const ci_pinput *input) {
  if (!ci_grow((void **)&p->inputs, &p->cap_inputs, p->n_inputs + 1, sizeof *p->inputs)) return CNNIMG_NOMEM;
  p->inputs[p->n_inputs++] = *input;
  return CNNIMG_OK;
}

int ci_program_add_output(ci_program *p, int32_t value) {
  if (!ci_grow((void **)&p->outputs, &p->cap_outputs, p->n_outputs + 1, sizeof *p->outputs)) return CNNIMG_NOMEM;
  p->outputs[p->n_outputs++] = value;
  return CNNIMG_OK;
}

int64_t ci_pnode_opset(const ci_program *p, const ci_pnode *n) { return n->opset ? n->opset : p->opset; }

static ci_card_line *find_line(const ci_program *p, const char *key) {
  for (size_t i = 0; i < p->n_card; i++)
    if (!strcmp(p->card[i].key, key)) return &p->card[i];
  return NULL;
}

int ci_program_set_card(ci_program *p, const char *key, const char *value) {
  char *k = ci_strdup(key), *v = ci_strdup(value);
  ci_card_line *line = find_line(p, key);
  if (!k || !v || (!line && !ci_grow((void **)&p->card, &p->cap_card, p->n_card + 1, sizeof *p->card))) {
    free(k);
    free(v);
    return CNNIMG_NOMEM;
  }
  if (line) {
    free(line->key);
    free(line->value);
  } else {
    line = &p->card[p->n_card++];
  }
  *line = (ci_card_line){k, v};
  return CNNIMG_OK;
}

const char *ci_program_get_card(const ci_program *p, const char *key) {
  const ci_card_line *line = find_line(p, key);
  return line ? line->value : NULL;
}

/* ---- attributes ------------------------------------------------------------------------ */

const ci_attr *ci_attr_find(const ci_pnode *n, const char *name) {
  for (size_t i = 0; i < n->n_attrs; i++)
    if (!strcmp(n->attrs[i].name, name)) return &n->attrs[i];
  return NULL;
}

int64_t ci_attr_int(const ci_pnode *n, const char *name, int64_t otherwise) {
  const ci_attr *a = ci_attr_find(n, name);
  return a && a->kind == CI_ATTR_INT ? a->i : otherwise;
}

float ci_attr_float(const ci_pnode *n, const char *name, float otherwise) {
  const ci_attr *a = ci_attr_find(n, name);
  return a && a->kind == CI_ATTR_FLOAT ? a->f : otherwise;
}

const char *ci_attr_string(const ci_pnode *n, const char *name, const char *otherwise) {
  const ci_attr *a = ci_attr_find(n, name);
  return a && a->kind == CI_ATTR_STRING ? a->s : otherwise;
}

int32_t ci_attr_ints(const ci_pnode *n, const char *name, const int64_t **v) {
  const ci_attr *a = ci_attr_find(n, name);
  if (!a || a->kind != CI_ATTR_INTS || a->n > INT32_MAX) return -1;
  *v = a->ints;
  return (int32_t)a->n;
}

int32_t ci_attr_floats(const ci_pnode *n, const char *name, const float **v) {
  const ci_attr *a = ci_attr_find(n, name);
  if (!a || a->kind != CI_ATTR_FLOATS || a->n > INT32_MAX) return -1;
  *v = a->floats;
  return (int32_t)a->n;
}

const char *ci_pnode_label(const ci_pnode *n, char *room, size_t size) {
  snprintf(room, size, "%.40s \"%.100s\"", n->type, n->name);
  return room;
}
