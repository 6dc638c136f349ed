/* SPDX-License-Identifier: MIT */
/* cnnimg.c - contexts and models: the first half of the public door */
#include "cnnimg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/threads.h"
#include "cnnimg_private.h"
#include "exec/exec.h"
#include "formats/format.h"
#include "tasks/job.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0"
#endif

#define MODEL_BYTES_LIMIT ((size_t)4 << 30) /* of a weight file on standard input */

const char *cnnimg_version(void) { return PACKAGE_VERSION; }

const char *cnnimg_status_text(int status) {
  static const char *const texts[] = {"ok",           "out of memory",  "input or output failed",
                                      "damaged file", "not supported",  "bad argument",
                                      "over a limit", "cancelled"};
  return status >= 0 && (size_t)status < sizeof texts / sizeof *texts ? texts[status] : "unknown status";
}

/* ---- context -------------------------------------------------------------------- */

void cnnimg_config_init(cnnimg_config *c) {
  *c = (cnnimg_config){.struct_size = sizeof *c, .dimension_limit = 1000000, .pixel_limit = (uint64_t)1 << 31};
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

int cnnimg_open(const cnnimg_config *config, cnnimg_context **out, cnnimg_error *err) {
  *out = NULL;
  if (config && config->struct_size == 0)
    return ci_fail(err, CNNIMG_BADARG, "cnnimg_config_init() was not called");
  cnnimg_context *c = ci_calloc(1, sizeof *c);
  if (!c) return ci_fail(err, CNNIMG_NOMEM, "no memory for a context");
  read_config(&c->config, config);
  if (!c->config.alloc != !c->config.release) {
    free(c);
    return ci_fail(err, CNNIMG_BADARG, "alloc and release go together");
  }
  c->allocator = (ci_allocator){c->config.alloc, c->config.release, c->config.alloc_user};
  c->kernels = ci_kernels_best();
  c->threads = c->config.threads ? c->config.threads : ci_threads_available();
  c->memory = c->config.memory_limit ? c->config.memory_limit : quarter_of_memory();
  *out = c;
  return CNNIMG_OK;
}

void cnnimg_close(cnnimg_context *c) { free(c); }

ci_limits ci_context_limits(const cnnimg_context *c) {
  return (ci_limits){c->config.dimension_limit, c->config.pixel_limit, c->memory};
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

/* Takes the source over. */
static int load(ci_source source, cnnimg_model **out, cnnimg_error *err) {
  const char *format;
  cnnimg_model *m = ci_calloc(1, sizeof *m);
  if (!m) {
    ci_source_close(&source);
    return ci_fail(err, CNNIMG_NOMEM, "no memory for a model");
  }
  m->source = source;
  atomic_init(&m->references, 1);
  int status = ci_format_load(&m->source, &m->program, &format, err);
  if (!status && complete_card(m->program, format)) status = ci_fail(err, CNNIMG_NOMEM, "no memory for a card");
  cnnimg_error own = {0};
  if (!status && (status = ci_network_probe(m->program, &own)))
    status = ci_fail(err, status, "%s: %s", m->source.name, own.text);
  if (status) cnnimg_model_unref(m);
  else *out = m;
  return status;
}

int cnnimg_model_load(cnnimg_context *context, const char *path, cnnimg_model **out, cnnimg_error *err) {
  (void)context;
  ci_source s;
  *out = NULL;
  int status = ci_source_open(&s, path, MODEL_BYTES_LIMIT, err);
  return status ? status : load(s, out, err);
}

int cnnimg_model_load_memory(cnnimg_context *context, const void *data, size_t size, cnnimg_model **out,
                             cnnimg_error *err) {
  (void)context;
  ci_source s;
  *out = NULL;
  ci_source_memory(&s, data, size, "memory");
  return load(s, out, err);
}

cnnimg_model *cnnimg_model_ref(cnnimg_model *m) {
  atomic_fetch_add(&m->references, 1);
  return m;
}

void cnnimg_model_unref(cnnimg_model *m) {
  if (!m || atomic_fetch_sub(&m->references, 1) != 1) return;
  ci_program_free(m->program);
  ci_source_close(&m->source);
  free(m);
}

const char *cnnimg_model_get(const cnnimg_model *m, const char *key) { return ci_program_get_card(m->program, key); }

const char *cnnimg_model_key(const cnnimg_model *m, size_t i) {
  return i < m->program->n_card ? m->program->card[i].key : NULL;
}
