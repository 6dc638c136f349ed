/* SPDX-License-Identifier: MIT */
/* fit.c - asks a network at several sizes what it makes of them */
#include "tasks/fit.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"

#define BASE 96    /* the first size that is asked, a multiple of most powers that networks want */
#define PERIOD 192 /* multiples that are found divide it */
#define MOST_SCALE 64

static int one_dims(const ci_sizes *s, size_t i, int32_t height, int32_t width, ci_dims *d,
                    cnnimg_error *err) {
  const ci_program *p = s->program;
  const ci_card *c = s->card;
  int32_t channels = s->picture_channels;
  if (c->role[i] == CI_ROLE_SIGMA || c->role[i] == CI_ROLE_MASK || c->role[i] == CI_ROLE_QUALITY)
    channels = 1;
  if (c->role[i] == CI_ROLE_HINT) channels = s->hint_channels;
  if (c->role[i] == CI_ROLE_VECTOR) channels = (int32_t)c->vector_n[i];
  if (c->role[i] == CI_ROLE_KERNEL && s->kernel_width)
    channels = 1, height = (int32_t)s->kernel_height, width = (int32_t)s->kernel_width;
  return ci_lower_picture_dims(p, i, channels, height, width, d, err);
}

int ci_sizes_dims(const ci_sizes *s, int32_t height, int32_t width, ci_dims *dims, cnnimg_error *err) {
  int status = CNNIMG_OK;
  for (size_t i = 0; i < s->program->n_inputs && !status; i++)
    status = one_dims(s, i, height, width, &dims[i], err);
  return status;
}

/* ---- asking --------------------------------------------------------------------------- */

typedef struct question {
  const ci_sizes *s;
  ci_dims *dims;
  cnnimg_error err;
  int status; /* of the last question */
} question;

static ci_shape ask_both(question *q, int32_t h, int32_t w) {
  ci_shape out = {0, 0, 0};
  q->status = ci_sizes_dims(q->s, h, w, q->dims, &q->err);
  if (!q->status) q->status = ci_network_check(q->s->program, q->s->card->output, q->dims, &out, &q->err);
  return out;
}

/* The result's size for a square of n x n; 0: refused, or no square. */
static int32_t ask(question *q, int32_t n) {
  ci_shape out = ask_both(q, n, n);
  return out.h != out.w ? 0 : out.h;
}

static bool obeys(question *q, const ci_fit *f, int32_t n) { return ask(q, n) == f->scale * n - f->loss; }

/* The line through two sizes that the network accepts. */
static bool find_line(question *q, ci_fit *f, int32_t n, int32_t step) {
  int32_t first = ask(q, n), second = first ? ask(q, n + step) : 0;
  if (!first || !second || (second - first) % step) return false;
  f->scale = (second - first) / step;
  f->loss = f->scale * n - first;
  f->safe = n;
  return f->scale >= 1 && f->scale <= MOST_SCALE;
}

/* With a multiple of the card's. */
static bool find_said(question *q, ci_fit *f, int32_t multiple) {
  int32_t n = (int32_t)ci_round_up(BASE, (size_t)multiple);
  f->multiple = multiple, f->rest = 0;
  return find_line(q, f, n, (int32_t)ci_round_up(64, (size_t)multiple));
}

static bool find_any(question *q, ci_fit *f) {
  static const int32_t multiples[] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, PERIOD};
  int32_t n = BASE;
  while (!find_line(q, f, n, PERIOD) && q->status != CNNIMG_NOMEM)
    if (++n >= BASE + 64) return false;
  for (size_t i = 0; i < sizeof multiples / sizeof *multiples && q->status != CNNIMG_NOMEM; i++) {
    f->multiple = multiples[i];
    f->rest = n % f->multiple;
    if (f->multiple == PERIOD || obeys(q, f, n + f->multiple)) return true;
  }
  return false;
}

/* One size is all there is: the smallest factor that explains it. */
static bool find_fixed(question *q, ci_fit *f, ci_shape in) {
  ci_shape out = ask_both(q, in.h, in.w);
  if (!out.h) return false;
  f->scale = (out.h - 1) / in.h + 1;
  f->loss = f->scale <= MOST_SCALE ? f->scale * in.h - out.h : 0;
  f->multiple = 1, f->rest = 0, f->safe = 0;
  return f->scale <= MOST_SCALE && f->scale * in.w - f->loss == out.w;
}

/* What makes up for the loss, and `more` pixels besides. */
static void find_margin(ci_fit *f, int32_t more) {
  int32_t half = f->loss > 0 ? (f->loss + 1) / 2 : 0;
  f->margin = (half + f->scale - 1) / f->scale + more;
  f->skip = f->scale * f->margin - (f->loss >= 0 ? f->loss / 2 : -(-f->loss / 2));
}

/* Height and width as the file fixes them; 0: open. */
static ci_shape fixed_size(const ci_sizes *s) {
  const ci_pinput *in = &s->program->inputs[s->card->image];
  bool last = ci_lower_picture_layout(s->program, s->card->image) == CI_LAYOUT_NHWC;
  int64_t h = in->dim[last ? 1 : 2], w = in->dim[last ? 2 : 3];
  if (in->rank != 4 || h < 1 || w < 1 || h > INT32_MAX / MOST_SCALE || w > INT32_MAX / MOST_SCALE)
    return (ci_shape){0, 0, 0};
  return (ci_shape){0, (int32_t)h, (int32_t)w};
}

static int find(question *q, ci_fit *f, cnnimg_error *err) {
  ci_shape fixed = fixed_size(q->s);
  int32_t multiple = q->s->card->multiple;
  bool found = fixed.h ? find_fixed(q, f, fixed) : multiple ? find_said(q, f, multiple) : find_any(q, f);
  if (q->status == CNNIMG_NOMEM || (!found && q->status)) return ci_fail(err, q->status, "%s", q->err.text);
  if (found) return find_margin(f, q->s->card->margin), CNNIMG_OK;
  return ci_fail(err, CNNIMG_UNSUPPORTED,
                 "the size of the network's result is no whole multiple of its picture's");
}

static int find_with(ci_fit *f, const ci_sizes *s, cnnimg_error *err) {
  question q = {.s = s, .dims = ci_calloc(s->program->n_inputs + 1, sizeof *q.dims)};
  *f = (ci_fit){0};
  if (!q.dims) return ci_fail(err, CNNIMG_NOMEM, "no memory for shapes");
  int status = find(&q, f, err);
  free(q.dims);
  return status;
}

/* Three channels are tried before one. */
int ci_fit_find(ci_fit *f, const ci_sizes *s, cnnimg_error *err) {
  ci_sizes colour = *s, grey = *s;
  colour.picture_channels = 3, grey.picture_channels = 1;
  cnnimg_error own = {0};
  int status = find_with(f, &colour, &own), second = status;
  if (!status) f->channels = 3;
  else if (status != CNNIMG_NOMEM) second = find_with(f, &grey, NULL), f->channels = 1;
  if (second == CNNIMG_NOMEM) return ci_fail(err, second, "no memory to look at the network's sizes");
  if (!second) status = second;
  if (status) return ci_fail(err, status, "%s", own.text);
  if (s->card->scale && s->card->scale != f->scale)
    return ci_fail(err, CNNIMG_UNSUPPORTED, "the model's card says scale=%d, but the network's factor is %d",
                   s->card->scale, f->scale);
  return CNNIMG_OK;
}

/* A file that fixes the picture's size, and which of its inputs are of that size. */
typedef struct fixing {
  ci_program *p;
  ci_shape size;
  int32_t y, x; /* which dimensions */
  bool *same;
} fixing;

static void find_same(fixing *f) {
  for (size_t i = 0; i < f->p->n_inputs; i++) {
    const ci_pinput *in = &f->p->inputs[i];
    f->same[i] = in->rank == 4 && in->dim[f->y] == f->size.h && in->dim[f->x] == f->size.w;
  }
}

static void set_sizes(const fixing *f, int32_t height, int32_t width) {
  for (size_t i = 0; i < f->p->n_inputs; i++)
    if (f->same[i]) f->p->inputs[i].dim[f->y] = height, f->p->inputs[i].dim[f->x] = width;
}

static int open_sizes(ci_program *p, const ci_sizes *s) {
  bool last = ci_lower_picture_layout(p, s->card->image) == CI_LAYOUT_NHWC;
  fixing f = {p, fixed_size(s), last ? 1 : 2, last ? 2 : 3, ci_calloc(p->n_inputs, sizeof(bool))};
  ci_fit fit;
  if (!f.same) return CNNIMG_NOMEM;
  find_same(&f);
  set_sizes(&f, 0, 0);
  int status = ci_fit_find(&fit, s, NULL);
  if (status) set_sizes(&f, f.size.h, f.size.w);
  free(f.same);
  return status;
}

int ci_fit_open(ci_program *p, cnnimg_error *err) {
  ci_card card;
  if (ci_card_read(&card, p, NULL)) return CNNIMG_OK; /* who uses the card says why */
  const ci_sizes s = {.program = p, .card = &card, .hint_channels = 4};
  int status = card.image < card.n_inputs && fixed_size(&s).h ? open_sizes(p, &s) : CNNIMG_OK;
  ci_card_fini(&card);
  return status == CNNIMG_NOMEM ? ci_fail(err, status, "no memory to look at the network's sizes")
                                : CNNIMG_OK;
}

/* Networks that want odd sizes of their picture are asked at several. */
int ci_fit_probe(const ci_program *p, cnnimg_error *err) {
  ci_card card;
  ci_fit fit;
  cnnimg_error own = {0};
  int status = ci_network_probe(p, &own);
  if (!status) return CNNIMG_OK;
  const ci_sizes s = {.program = p, .card = &card, .hint_channels = 4};
  int second = status == CNNIMG_NOMEM ? status : ci_card_read(&card, p, NULL);
  if (!second) {
    second = card.image < card.n_inputs ? ci_fit_find(&fit, &s, NULL) : status;
    ci_card_fini(&card);
  }
  if (second == CNNIMG_NOMEM) return ci_fail(err, second, "no memory to look at the network's sizes");
  return second ? ci_fail(err, status, "%s", own.text) : CNNIMG_OK;
}

int ci_fit_get(ci_fit_cache *cache, const ci_sizes *s, ci_fit *fit, cnnimg_error *err) {
  pthread_mutex_lock(&cache->lock);
  int status = cache->known ? CNNIMG_OK : ci_fit_find(&cache->fit, s, err);
  cache->known = !status;
  *fit = cache->fit;
  pthread_mutex_unlock(&cache->lock);
  return status;
}

int32_t ci_fit_size(const ci_fit *f, int32_t pixels) {
  int32_t n = pixels + 2 * f->margin, over = (n - f->rest) % f->multiple;
  if (over < 0) over += f->multiple;
  return over ? n + f->multiple - over : n;
}
