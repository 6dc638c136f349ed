/* SPDX-License-Identifier: MIT */
/* facts.c - what is found out about a network by looking at it at some sizes */
#include "tasks/facts.h"

#include <stdlib.h>

#include "base/memory.h"
#include "exec/look.h"

#define SMALL 192         /* pixels a side of the first picture; twice as many while the field does not fit */
#define LARGE 1536        /* ... up to here, */
#define FOLDED (4u << 20) /* or until so many numbers are made for that size alone */
#define ARRAY 6           /* what open sizes of arrays are taken for, or twice that */
#define MOST_PHASES 64
#define MOST_OUTPUTS 16 /* of which dimensions are looked for: each is a network of its own */

typedef struct at_sizes { /* a program that can be asked at sizes */
  ci_member *m;
  const ci_program *p;
  ci_card card;
  ci_sizes s;
  ci_fit fit;
  bool fits, picture; /* fit holds; there is an input that is the picture */
  bool nomem;
  ci_dims *dims;
} at_sizes;

/* Does it work? Notes where memory is why it does not. */
static bool works(at_sizes *a, int status) {
  a->nomem = a->nomem || status == CNNIMG_NOMEM;
  return !status;
}

static bool begin(at_sizes *a, ci_member *m) {
  *a = (at_sizes){.m = m, .p = m->program};
  if (!works(a, ci_card_read(&a->card, a->p, NULL))) return false;
  a->dims = ci_calloc(a->p->n_inputs + 1, sizeof *a->dims);
  a->s = (ci_sizes){.program = a->p, .card = &a->card, .picture_channels = 3, .hint_channels = 4};
  a->picture = a->card.image < a->card.n_inputs;
  a->fits = a->dims && a->picture && works(a, ci_fit_get(&m->fits, &a->s, &a->fit, NULL));
  if (a->fits) a->s.picture_channels = a->fit.channels;
  return works(a, a->dims ? CNNIMG_OK : CNNIMG_NOMEM);
}

static void end(at_sizes *a) {
  ci_card_fini(&a->card);
  free(a->dims);
}

/* Where there is no picture, what is open is as likely to be one size as another. */
static ci_lowered *lower_arrays(at_sizes *a, size_t output, int32_t size) {
  ci_lowered *l = NULL;
  for (size_t i = 0; i < a->p->n_inputs; i++) {
    const ci_pinput *in = &a->p->inputs[i];
    if (in->rank < 0) return NULL;
    a->dims[i].rank = in->rank;
    for (int32_t k = 0; k < in->rank; k++) a->dims[i].dim[k] = in->dim[k] ? in->dim[k] : size;
  }
  return ci_network_new(a->p, output, a->dims, &l, NULL) ? NULL : l;
}

/* The network for a picture of about so many pixels a side; NULL: it is none for that. */
static ci_lowered *lower(at_sizes *a, size_t output, int32_t pixels) {
  ci_lowered *l = NULL;
  int32_t n = a->fits && a->fit.safe ? ci_fit_size(&a->fit, pixels) : pixels;
  for (int32_t channels = a->s.picture_channels; !l && channels > 0; channels -= 2) {
    ci_sizes s = a->s;
    s.picture_channels = channels;
    if (!ci_sizes_dims(&s, n, n, a->dims, NULL)) works(a, ci_network_new(a->p, output, a->dims, &l, NULL));
  }
  return l || a->picture ? l : lower_arrays(a, output, pixels / SMALL * ARRAY);
}

/* ---- work and sight ------------------------------------------------------------------------ */

static size_t folded(const ci_graph *g) {
  size_t n = 0;
  for (size_t v = 0; v < g->n_values; v++)
    if (g->values[v].tensor && g->values[v].tensor->owned) n += g->values[v].tensor->count;
  return n;
}

static int32_t phases(const at_sizes *a) {
  int64_t n = a->fits ? (int64_t)a->fit.scale * a->fit.multiple : 1;
  return n > MOST_PHASES ? MOST_PHASES : (int32_t)n;
}

static ci_shape picture_of(const at_sizes *a) {
  return ci_network_picture(&a->dims[a->card.image], ci_lower_picture_layout(a->p, a->card.image));
}

/* True: another size would tell more. */
static bool look(at_sizes *a, int32_t pixels, ci_facts *f) {
  ci_lowered *l = lower(a, a->card.output, pixels);
  ci_look seen;
  if (!l) return false;
  ci_shape picture = picture_of(a);
  bool open = a->fits && a->fit.safe, large = folded(l->graph) > FOLDED;
  bool bad = picture.h < 1 || !works(a, ci_graph_look(l->graph, l->graph->input_shapes, a->card.image,
                                                      phases(a), &seen, NULL));
  bool vector = l->in[a->card.image] == CI_LAYOUT_VECTOR;
  ci_lowered_free(l);
  if (bad) return false;
  f->macs = (double)seen.macs / ((double)picture.h * (double)picture.w);
  f->field = vector ? 0 : seen.field;
  f->reach = seen.reach + 2; /* pictures lie in the network's by whole pixels */
  f->whole = seen.whole || vector || (seen.clipped && !open);
  f->more = seen.clipped && !f->whole;
  return f->more && !large;
}

static void find(ci_facts *f, ci_member *m) {
  at_sizes a;
  *f = (ci_facts){.macs = -1};
  if (begin(&a, m) && a.picture) {
    f->scale = a.fits ? a.fit.scale : 0;
    f->multiple = a.fits ? a.fit.multiple : 0;
    for (int32_t n = SMALL; n <= LARGE && look(&a, n, f); n *= 2) continue;
  }
  f->nomem = a.nomem;
  end(&a);
}

/* Two threads may look at once, and find the same. */
void ci_facts_find(ci_facts *f, ci_member *m) {
  pthread_mutex_lock(&m->fits.lock);
  bool known = m->looked;
  *f = m->facts;
  pthread_mutex_unlock(&m->fits.lock);
  if (known) return;
  find(f, m);
  if (f->nomem) return;
  pthread_mutex_lock(&m->fits.lock);
  m->facts = *f, m->looked = true;
  pthread_mutex_unlock(&m->fits.lock);
}

/* ---- outputs --------------------------------------------------------------------------------- */

static bool describe_at(at_sizes *a, size_t i, int32_t pixels, ci_pinput *out) {
  ci_lowered *l = lower(a, i, pixels);
  if (!l) return false;
  *out = (ci_pinput){.value = -1, .type = l->out_type, .rank = l->out_dims.rank};
  for (int32_t k = 0; k < out->rank; k++) out->dim[k] = l->out_dims.dim[k];
  ci_lowered_free(l);
  return true;
}

static void describe(at_sizes *a, size_t i, ci_pinput *out) {
  ci_pinput other;
  bool open = a->picture && a->p->inputs[a->card.image].rank > 0 && !a->p->inputs[a->card.image].dim[0];
  if (!describe_at(a, i, SMALL, out)) return;
  if (!describe_at(a, i, 2 * SMALL, &other) || other.rank != out->rank) {
    out->rank = -1;
    return;
  }
  for (int32_t k = 0; k < out->rank; k++)
    if (out->dim[k] != other.dim[k]) out->dim[k] = 0;
  if (out->rank > 1 && open && out->dim[0] == 1) out->dim[0] = 0; /* pictures at once */
}

void ci_facts_outputs(ci_member *m, ci_pinput *outputs) {
  at_sizes a;
  bool good = begin(&a, m);
  for (size_t i = 0; i < m->program->n_outputs; i++) {
    outputs[i] = (ci_pinput){.value = -1, .type = CI_FLOAT, .rank = -1};
    if (good && i < MOST_OUTPUTS) describe(&a, i, &outputs[i]);
  }
  end(&a);
}
