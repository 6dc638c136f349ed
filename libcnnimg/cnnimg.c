/* SPDX-License-Identifier: MIT */
/* cnnimg.c - contexts and models: the first half of the public door */
#include "cnnimg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archs/weights.h"
#include "base/error.h"
#include "base/threads.h"
#include "cnnimg_private.h"
#include "exec/exec.h"
#include "tasks/fit.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0"
#endif

const char *cnnimg_version(void) { return PACKAGE_VERSION; }

const char *cnnimg_status_text(int status) {
  static const char *const texts[] = {"ok",           "out of memory", "input or output failed",
                                      "damaged file", "not supported", "bad argument",
                                      "over a limit", "cancelled"};
  return status >= 0 && (size_t)status < sizeof texts / sizeof *texts ? texts[status] : "unknown status";
}

void cnnimg_cancel_set(cnnimg_cancel *c) { __atomic_store_n(&c->stop, 1, __ATOMIC_RELAXED); }
int cnnimg_cancel_is_set(const cnnimg_cancel *c) { return __atomic_load_n(&c->stop, __ATOMIC_RELAXED); }

size_t cnnimg_pixel_bytes(const cnnimg_format *f) {
  return ((size_t)f->colours + (f->alpha != 0)) * CNNIMG_SAMPLE_BYTES(f->sample);
}

void cnnimg_view_init(cnnimg_view *v, const cnnimg_format *f, void *data) {
  size_t pixel = cnnimg_pixel_bytes(f);
  *v = (cnnimg_view){.data = data,
                     .format = *f,
                     .row_stride = (ptrdiff_t)(pixel * f->width),
                     .pixel_stride = (ptrdiff_t)pixel,
                     .channel_stride = (ptrdiff_t)CNNIMG_SAMPLE_BYTES(f->sample)};
}

/* ---- context -------------------------------------------------------------------- */

void cnnimg_config_init(cnnimg_config *c) {
  *c =
      (cnnimg_config){.struct_size = sizeof *c, .dimension_limit = 1000000, .pixel_limit = (uint64_t)1 << 31};
}

/* A caller built against a smaller struct gets the defaults for what came later. */
static void read_config(cnnimg_config *to, const cnnimg_config *from) {
  size_t n = from ? from->struct_size : 0;
  cnnimg_config_init(to);
  if (from) memcpy(to, from, n < sizeof *to ? n : sizeof *to);
  to->struct_size = sizeof *to;
}

static uint64_t quarter_of_memory(void) {
  long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
  return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size / 4 : (uint64_t)1 << 30;
}

static int check_config(const cnnimg_config *c, cnnimg_error *err) {
  if (!c->alloc != !c->release) return ci_fail(err, CNNIMG_BADARG, "alloc and release go together");
  if (c->parallel && !c->threads) return ci_fail(err, CNNIMG_BADARG, "parallel needs a number of threads");
  return CNNIMG_OK;
}

int cnnimg_open(const cnnimg_config *config, cnnimg_context **out, cnnimg_error *err) {
  *out = NULL;
  if (config && config->struct_size == 0)
    return ci_fail(err, CNNIMG_BADARG, "cnnimg_config_init() was not called");
  cnnimg_context *c = ci_calloc(1, sizeof *c);
  if (!c) return ci_fail(err, CNNIMG_NOMEM, "no memory for a context");
  read_config(&c->config, config);
  int status = check_config(&c->config, err);
  if (status) {
    free(c);
    return status;
  }
  const cnnimg_config *have = &c->config;
  c->engine = (ci_engine){.kernels = ci_kernels_best(),
                          .threads = have->threads ? have->threads : ci_threads_available(),
                          .memory = have->memory_limit ? have->memory_limit : quarter_of_memory(),
                          .allocator = {have->alloc, have->release, have->alloc_user},
                          .parallel = have->parallel,
                          .parallel_user = have->parallel_user};
  *out = c;
  return CNNIMG_OK;
}

void cnnimg_close(cnnimg_context *c) { free(c); }

ci_limits ci_context_limits(const cnnimg_context *c) {
  return (ci_limits){c->config.dimension_limit, c->config.pixel_limit, c->engine.memory};
}

/* ---- models ---------------------------------------------------------------------- */

static uint64_t count_parameters(const ci_program *p) {
  uint64_t n = 0;
  for (size_t i = 0; i < p->n_nodes; i++)
    for (int32_t k = 0; k < p->nodes[i].n_in; k++) {
      int32_t v = p->nodes[i].in[k];
      const ci_tensor *t = v >= 0 ? p->values[v].tensor : NULL;
      if (t && t->dtype == CI_F32) n += t->count;
    }
  return n;
}

static int complete_card(ci_program *p, const char *format) {
  char text[32];
  snprintf(text, sizeof text, "%llu", (unsigned long long)count_parameters(p));
  return ci_program_set_card(p, "format", format) || ci_program_set_card(p, "parameters", text);
}

/* ---- inputs and outputs ---- */

static void describe_input(const ci_program *p, size_t i, cnnimg_port *port) {
  const ci_pinput *in = &p->inputs[i];
  *port = (cnnimg_port){
      .name = p->values[in->value].name, .role = ci_role_name(ci_role_of(p, i)), .rank = in->rank};
  for (int32_t k = 0; k < in->rank; k++) port->dim[k] = (uint64_t)in->dim[k];
}

static int describe(cnnimg_model *m, cnnimg_error *err) {
  const ci_program *p = m->program;
  const char *output = ci_program_get_card(p, "output");
  m->inputs = ci_calloc(p->n_inputs + 1, sizeof *m->inputs);
  m->outputs = ci_calloc(p->n_outputs + 1, sizeof *m->outputs);
  if (!m->inputs || !m->outputs) return ci_fail(err, CNNIMG_NOMEM, "no memory for a model");
  for (size_t i = 0; i < p->n_inputs; i++) describe_input(p, i, &m->inputs[i]);
  for (size_t i = 0; i < p->n_outputs; i++) {
    const char *name = p->values[p->outputs[i]].name;
    bool image = output ? !strcmp(output, name) : i == 0;
    m->outputs[i] = (cnnimg_port){
        .name = name, .role = ci_role_name(image ? CI_ROLE_IMAGE : CI_ROLE_UNKNOWN), .rank = -1};
  }
  return CNNIMG_OK;
}

const cnnimg_port *cnnimg_model_input(const cnnimg_model *m, size_t i) {
  return i < m->program->n_inputs ? &m->inputs[i] : NULL;
}

const cnnimg_port *cnnimg_model_output(const cnnimg_model *m, size_t i) {
  return i < m->program->n_outputs ? &m->outputs[i] : NULL;
}

/* ---- loading ---- */

static int prepare(cnnimg_model *m, const char *const *options, cnnimg_error *err) {
  const char *format;
  ci_program *p;
  int status = ci_weights_load_opt(&m->source, options, &p, &format, err);
  if (status) return status;
  status = ci_family_set(&m->family, p, err);
  m->program = p;
  if (!status) status = ci_card_file(p, &m->source, err);
  if (!status && complete_card(p, format)) status = ci_fail(err, CNNIMG_NOMEM, "no memory for a card");
  if (!status) status = ci_card_options(p, options, err);
  if (!status) status = ci_fit_open(p, err);
  if (!status) status = ci_fit_probe(p, err);
  return status ? ci_fail_in(err, status, m->source.name) : describe(m, err);
}

/* Takes the source over. */
static int load(ci_source source, const char *const *options, cnnimg_model **out, cnnimg_error *err) {
  cnnimg_model *m = ci_calloc(1, sizeof *m);
  if (!m) {
    ci_source_close(&source);
    return ci_fail(err, CNNIMG_NOMEM, "no memory for a model");
  }
  m->source = source;
  atomic_init(&m->references, 1);
  ci_family_init(&m->family);
  pthread_mutex_init(&m->facts_lock, NULL);
  int status = prepare(m, options, err);
  if (status) cnnimg_model_unref(m);
  else *out = m;
  return status;
}

int cnnimg_model_load_opt(cnnimg_context *context, const char *path, const char *const *options,
                          cnnimg_model **out, cnnimg_error *err) {
  (void)context;
  ci_source s;
  *out = NULL;
  int status = ci_source_open(&s, path, CI_MODEL_BYTES, err);
  return status ? status : load(s, options, out, err);
}

int cnnimg_model_load_memory_opt(cnnimg_context *context, const void *data, size_t size,
                                 const char *const *options, cnnimg_model **out, cnnimg_error *err) {
  (void)context;
  ci_source s;
  *out = NULL;
  ci_source_memory(&s, data, size, "memory");
  return load(s, options, out, err);
}

int cnnimg_model_load(cnnimg_context *context, const char *path, cnnimg_model **out, cnnimg_error *err) {
  return cnnimg_model_load_opt(context, path, NULL, out, err);
}

int cnnimg_model_load_memory(cnnimg_context *context, const void *data, size_t size, cnnimg_model **out,
                             cnnimg_error *err) {
  return cnnimg_model_load_memory_opt(context, data, size, NULL, out, err);
}

cnnimg_model *cnnimg_model_ref(cnnimg_model *m) {
  atomic_fetch_add(&m->references, 1);
  return m;
}

void cnnimg_model_unref(cnnimg_model *m) {
  if (!m || atomic_fetch_sub(&m->references, 1) != 1) return;
  ci_family_fini(&m->family);
  pthread_mutex_destroy(&m->facts_lock);
  ci_source_close(&m->source);
  free(m->inputs);
  free(m->outputs);
  free(m);
}
