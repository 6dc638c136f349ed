/* SPDX-License-Identifier: MIT */
/* job.c - plans a network for pictures of one format, and says what that will cost */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "tasks/job_state.h"
#include "tasks/size.h"

#define DEEPEST_PLAN_SIDE (INT32_MAX / 128) /* enlarged and padded it is still a number */

/* ---- what is wanted -------------------------------------------------------------- */

int ci_format_check(const cnnimg_format *f, const char *what, cnnimg_error *err) {
  if (f->width < 1 || f->height < 1 || f->width > DEEPEST_PLAN_SIDE || f->height > DEEPEST_PLAN_SIDE)
    return ci_fail(err, CNNIMG_BADARG, "%s of %ux%u pixels", what, f->width, f->height);
  if ((f->colours != 1 && f->colours != 3) || f->alpha > CNNIMG_ALPHA_PREMULTIPLIED)
    return ci_fail(err, CNNIMG_BADARG, "%s of %d colours and alpha of kind %d", what, f->colours, f->alpha);
  if (f->sample != CNNIMG_U8 && f->sample != CNNIMG_U16 && f->sample != CNNIMG_F32 && f->sample != CNNIMG_F16)
    return ci_fail(err, CNNIMG_BADARG, "%s with samples of unknown type %d", what, f->sample);
  if (f->transfer > CNNIMG_TRANSFER_LINEAR)
    return ci_fail(err, CNNIMG_BADARG, "%s of unknown transfer %d", what, f->transfer);
  return CNNIMG_OK;
}

/* A view of the parameters that some input wants. */
static int take_view(const ci_job *j, const cnnimg_view *from, cnnimg_view *to, const char *what,
                     bool picture_sized, cnnimg_error *err) {
  const cnnimg_format *f = &j->o.format;
  if (!from) return CNNIMG_OK;
  int status = ci_format_check(&from->format, what, err);
  if (status) return status;
  if (!from->data) return ci_fail(err, CNNIMG_BADARG, "%s without data", what);
  if (from->format.transfer != CNNIMG_TRANSFER_ENCODED || from->format.alpha == CNNIMG_ALPHA_PREMULTIPLIED)
    return ci_fail(err, CNNIMG_BADARG, "%s must be encoded and not premultiplied", what);
  uint32_t width = f->width - 2 * j->o.border[0], height = f->height - 2 * j->o.border[1];
  if (picture_sized && (from->format.width != width || from->format.height != height))
    return ci_fail(err, CNNIMG_BADARG, "%s has %ux%u pixels, the picture has %ux%u", what, from->format.width,
                   from->format.height, width, height);
  *to = *from;
  return CNNIMG_OK;
}

int ci_job_set_views(ci_job *j, const cnnimg_params *p, cnnimg_error *err) {
  int status = take_view(j, p->mask, &j->mask, "the mask", true, err);
  if (!status) status = take_view(j, p->hints, &j->hints, "the picture of hints", true, err);
  if (!status) status = take_view(j, p->sigma_map, &j->sigma_map, "the map of sigma", true, err);
  if (!status) status = take_view(j, p->kernel, &j->kernel, "the kernel", false, err);
  return status;
}

static int samples_of(const cnnimg_view *v) { return v->format.colours + (v->format.alpha != 0); }

/* ---- what the network's inputs get -------------------------------------------------- */

static const char *input_name(const ci_job *j, size_t i) {
  return j->o.program->values[j->o.program->inputs[i].value].name;
}

static int want_view(const ci_job *j, size_t i, const cnnimg_view *v, const char *param, cnnimg_error *err) {
  ci_shape s = ci_network_shape(j->net, i);
  if (!v->data)
    return ci_fail(err, CNNIMG_BADARG, "the network's input %s wants params.%s", input_name(j, i), param);
  if (j->net->in[i] == CI_LAYOUT_VECTOR && j->card.role[i] != CI_ROLE_KERNEL)
    return ci_fail(err, CNNIMG_UNSUPPORTED, "the network's input %s is no picture", input_name(j, i));
  if (j->net->in[i] != CI_LAYOUT_VECTOR && samples_of(v) != 1 && samples_of(v) != s.c)
    return ci_fail(err, CNNIMG_BADARG, "the network's input %s takes %d channels, params.%s has %d",
                   input_name(j, i), s.c, param, samples_of(v));
  return CNNIMG_OK;
}

static int check_kernel(const ci_job *j, size_t i, cnnimg_error *err) {
  const cnnimg_format *f = &j->kernel.format;
  ci_shape s = ci_network_shape(j->net, i);
  int status = want_view(j, i, &j->kernel, "kernel", err);
  bool vector = j->net->in[i] == CI_LAYOUT_VECTOR;
  if (status) return status;
  if (vector ? (uint64_t)f->width * f->height == (uint64_t)s.c && samples_of(&j->kernel) == 1
             : (uint32_t)s.w == f->width && (uint32_t)s.h == f->height)
    return CNNIMG_OK;
  return ci_fail(err, CNNIMG_BADARG, "the network's input %s takes %dx%dx%d numbers, the kernel has %ux%u",
                 input_name(j, i), s.c, s.h, s.w, f->width, f->height);
}

static int check_quality(const ci_job *j, size_t i, cnnimg_error *err) {
  ci_shape s = ci_network_shape(j->net, i);
  if (s.c != 1)
    return ci_fail(err, CNNIMG_UNSUPPORTED, "the network's input %s takes %d numbers, a quality is one",
                   input_name(j, i), s.c);
  if (j->o.params.jpeg_quality) return CNNIMG_OK;
  return ci_fail(err, CNNIMG_BADARG,
                 "the network's input %s wants params.jpeg_quality, the quality of the JPEG file",
                 input_name(j, i));
}

static int check_vector(const ci_job *j, size_t i, cnnimg_error *err) {
  ci_shape s = ci_network_shape(j->net, i);
  size_t n = j->card.vector_n[i];
  if (n == (size_t)s.c || n == (size_t)s.c * (size_t)s.h * (size_t)s.w) return CNNIMG_OK;
  return ci_fail(err, CNNIMG_UNSUPPORTED, "the network's input %s takes %dx%dx%d numbers, the card has %zu",
                 input_name(j, i), s.c, s.h, s.w, n);
}

static int check_image(ci_job *j, cnnimg_error *err) {
  const cnnimg_format *f = &j->o.format;
  ci_shape s = j->in;
  int32_t room = 2 * j->fit.margin;
  if (!s.c) return ci_fail(err, CNNIMG_UNSUPPORTED, "the network takes no picture");
  if (s.c != 3 && !(s.c == 1 && f->colours == 1))
    return ci_fail(err, CNNIMG_UNSUPPORTED, "the network takes %d channels, the picture has %d", s.c,
                   f->colours);
  if (s.w - room < (int32_t)f->width || s.h - room < (int32_t)f->height)
    return ci_fail(err, CNNIMG_UNSUPPORTED, "the network is made for %dx%d pixels, the picture has %ux%u",
                   s.w - room, s.h - room, f->width, f->height);
  return CNNIMG_OK;
}

static int check_input(ci_job *j, size_t i, cnnimg_error *err) {
  switch (j->card.role[i]) {
    case CI_ROLE_IMAGE:
      return check_image(j, err);
    case CI_ROLE_SIGMA:
      if (j->sigma_map.data) return want_view(j, i, &j->sigma_map, "sigma_map", err);
      j->estimates = true;
      return CNNIMG_OK;
    case CI_ROLE_MASK:
      return want_view(j, i, &j->mask, "mask", err);
    case CI_ROLE_HINT:
      return want_view(j, i, &j->hints, "hints", err);
    case CI_ROLE_KERNEL:
      return check_kernel(j, i, err);
    case CI_ROLE_QUALITY:
      return check_quality(j, i, err);
    case CI_ROLE_VECTOR:
      return check_vector(j, i, err);
    default:
      break;
  }
  return ci_fail(err, CNNIMG_UNSUPPORTED,
                 "what the network's input %s is for is not known; the model option input.%s=ROLE"
                 " says it",
                 input_name(j, i), input_name(j, i));
}

/* ---- the network at this size --------------------------------------------------------- */

static int lower(ci_job *j, const ci_sizes *s, int32_t height, int32_t width, cnnimg_error *err) {
  const ci_program *p = j->o.program;
  ci_dims *dims = ci_calloc(p->n_inputs + 1, sizeof *dims);
  int status =
      dims ? ci_sizes_dims(s, height, width, dims, err) : ci_fail(err, CNNIMG_NOMEM, "no memory for shapes");
  if (!status) j->in = ci_network_picture(&dims[j->card.image], ci_lower_picture_layout(p, j->card.image));
  if (!status) status = ci_network_new(p, j->output, dims, &j->net, err);
  free(dims);
  return status;
}

static int32_t at_least(const ci_fit *f, int32_t n) {
  return n < f->safe ? n + (f->safe - n + f->multiple - 1) / f->multiple * f->multiple : n;
}

/* Small sizes may be too small for the network: those that are known to do are tried then. */
static int lower_somehow(ci_job *j, const ci_sizes *s, cnnimg_error *err) {
  int32_t h = ci_fit_size(&j->fit, (int32_t)j->o.format.height),
          w = ci_fit_size(&j->fit, (int32_t)j->o.format.width);
  int32_t h2 = at_least(&j->fit, h), w2 = at_least(&j->fit, w);
  cnnimg_error own = {0};
  int status = lower(j, s, h, w, &own);
  if (status && status != CNNIMG_NOMEM && (h2 != h || w2 != w)) status = lower(j, s, h2, w2, &own);
  return status ? ci_fail(err, status, "%s", own.text) : CNNIMG_OK;
}

static int make_network(ci_job *j, cnnimg_error *err) {
  ci_sizes s = {.program = j->o.program,
                .card = &j->card,
                .hint_channels = j->hints.data ? samples_of(&j->hints) : 4,
                .kernel_width = j->kernel.data ? j->kernel.format.width : 0,
                .kernel_height = j->kernel.data ? j->kernel.format.height : 0};
  if (j->card.image >= j->card.n_inputs)
    return ci_fail(err, CNNIMG_UNSUPPORTED,
                   "no input of the network is known to be a picture; the model option "
                   "input.NAME=image says which");
  int status = ci_fit_get(j->o.fits, &s, &j->fit, err);
  s.picture_channels = j->fit.channels;
  if (!status) status = lower_somehow(j, &s, err);
  for (size_t i = 0; !status && i < j->card.n_inputs; i++) status = check_input(j, i, err);
  return status;
}

/* ---- the result -------------------------------------------------------------------------- */

static int check_result(ci_job *j, cnnimg_error *err) {
  const ci_fit *f = &j->fit;
  j->out = ci_network_picture(&j->net->out_dims, j->net->out);
  if (!j->out.c) return ci_fail(err, CNNIMG_UNSUPPORTED, "the network makes no picture but a tensor");
  if (j->out.w != f->scale * j->in.w - f->loss || j->out.h != f->scale * j->in.h - f->loss)
    return ci_fail(err, CNNIMG_UNSUPPORTED,
                   "the network makes %dx%d pixels of %dx%d, where %dx%d were expected", j->out.w, j->out.h,
                   j->in.w, j->in.h, f->scale * j->in.w - f->loss, f->scale * j->in.h - f->loss);
  if (j->out.c != 3 && !(j->out.c == 1 && j->o.format.colours == 1))
    return ci_fail(err, CNNIMG_UNSUPPORTED, "the network makes %d channels, the picture has %d", j->out.c,
                   j->o.format.colours);
  return CNNIMG_OK;
}

static bool same_size(const cnnimg_format *a, const cnnimg_format *b) {
  return a->width == b->width && a->height == b->height;
}

/* The size that is asked for, and what has to be done to the network's picture. */
static int set_result(ci_job *j, cnnimg_error *err) {
  const cnnimg_format *f = &j->o.format;
  int32_t scale = j->fit.scale, skip = j->fit.skip, w = scale * (int32_t)f->width,
          h = scale * (int32_t)f->height;
  uint32_t size[2] = {0, 0};
  int status = ci_result_size(&j->o.params, f->width, f->height, scale, &j->o.limits, size, err);
  if (status) return status;
  j->crop = (ci_rect){skip, skip, skip + w, skip + h};
  j->result = *f;
  j->result.width = size[0], j->result.height = size[1];
  j->same_size = scale == 1 && same_size(&j->result, f);
  int32_t alpha = f->alpha ? 1 : 0, stored = j->same_size ? 0 : alpha;
  const ci_stage_spec spec = {
      .params = &j->o.params,
      .in = {f->colours, h, w},
      .result = {f->colours + stored, (int32_t)size[1], (int32_t)size[0]},
      .source = {f->colours + alpha, (int32_t)f->height, (int32_t)f->width},
      .same_size = j->same_size,
  };
  if (alpha) status = ci_bleed_new(&j->bleed, f, err);
  return status ? status : ci_chain_new(&j->chain, &spec, err);
}

static size_t chain_bytes(const ci_job *j) {
  return (j->chain ? ci_chain_bytes(j->chain) : 0) + (j->bleed ? ci_bleed_bytes(j->bleed) : 0);
}

/* What the rows of the stages leave of the cap, at least half of it. */
static size_t memory_for_plan(const ci_job *j) {
  size_t all = j->o.engine.memory, chain = chain_bytes(j);
  return chain < all / 2 ? all - chain : all / 2;
}

static void set_cost(ci_job *j) {
  const ci_plan_stats *s = ci_plan_get_stats(j->plan);
  j->cost = (cnnimg_cost){.width = j->result.width,
                          .height = j->result.height,
                          .tile = (uint32_t)s->tile,
                          .tiles = (uint32_t)s->tiles,
                          .band = (uint32_t)s->band,
                          .halo = (uint32_t)s->halo,
                          .threads = ci_pool_threads(j->pool),
                          .bytes = s->ring_bytes + s->scratch_bytes + s->weight_bytes + chain_bytes(j),
                          .weight_bytes = s->weight_bytes,
                          .multiply_adds = s->macs};
}

static int make_plan(ci_job *j, cnnimg_error *err) {
  const ci_plan_options po = {.tile = (int32_t)j->o.params.tile,
                              .memory = memory_for_plan(j),
                              .threads = j->o.engine.threads,
                              .allocator = j->o.engine.allocator,
                              .packs = j->o.packs};
  int status =
      ci_plan_new(&j->plan, j->net->graph, j->net->graph->input_shapes, j->o.engine.kernels, &po, err);
  if (!status && !j->pool) status = ci_engine_pool(&j->o.engine, &j->pool, err);
  if (!status && !(j->text = ci_plan_describe(j->plan)))
    status = ci_fail(err, CNNIMG_NOMEM, "no memory for a plan");
  return status;
}

/* ---- life ------------------------------------------------------------------------------------ */

int ci_engine_pool(const ci_engine *e, ci_pool **out, cnnimg_error *err) {
  if (e->parallel) return ci_pool_new_host(out, e->threads, e->parallel, e->parallel_user, err);
  return ci_pool_new(out, e->threads, err);
}

static int build(ci_job *j, cnnimg_error *err) {
  int status = ci_format_check(&j->o.format, "a picture", err);
  if (!status) status = ci_job_set_views(j, &j->o.params, err);
  if (!status) status = ci_card_read(&j->card, j->o.program, err);
  j->output = ci_card_output(&j->card, j->sigma.asked);
  j->estimates = j->card.n_levels > 0;
  if (!status) status = make_network(j, err);
  if (!status) status = check_result(j, err);
  if (status) return status;
  status = set_result(j, err);
  if (!status) status = make_plan(j, err);
  if (!status) status = ci_lowered_settle(j->net, err);
  if (!status) set_cost(j);
  return status;
}

int ci_job_new(ci_job **out, const ci_job_options *o, cnnimg_error *err) {
  *out = NULL;
  ci_job *j = ci_calloc(1, sizeof *j);
  if (!j) return ci_fail(err, CNNIMG_NOMEM, "no memory for a job");
  j->o = *o;
  ci_job_set_sigma(j, o->params.sigma);
  int status = build(j, err);
  if (status) ci_job_free(j);
  else *out = j;
  return status;
}

void ci_job_free(ci_job *j) {
  if (!j) return;
  ci_bleed_free(j->bleed);
  ci_chain_free(j->chain);
  ci_plan_free(j->plan);
  ci_lowered_free(j->net);
  ci_pool_free(j->pool);
  ci_card_fini(&j->card);
  free(j->text);
  free(j);
}

int ci_job_choose(ci_job *j, cnnimg_error *err) {
  const ci_job old = *j;
  size_t output = ci_card_output(&j->card, j->sigma.used);
  if (output == j->output) return CNNIMG_OK;
  j->output = output, j->net = NULL, j->plan = NULL, j->text = NULL;
  int status = make_network(j, err);
  if (!status) status = check_result(j, err);
  if (!status) status = make_plan(j, err);
  if (!status) status = ci_lowered_settle(j->net, err);
  const ci_job *gone = status ? j : &old;
  ci_plan_free(gone->plan);
  ci_lowered_free(gone->net);
  free(gone->text);
  if (!status) set_cost(j);
  else
    j->output = old.output, j->net = old.net, j->plan = old.plan, j->text = old.text, j->in = old.in,
    j->out = old.out;
  return status;
}

const cnnimg_cost *ci_job_cost(const ci_job *j) { return &j->cost; }
const char *ci_job_plan_text(const ci_job *j) { return j->text; }
float ci_job_sigma(const ci_job *j) { return j->sigma.used; }
bool ci_job_estimates(const ci_job *j) { return j->estimates; }
cnnimg_format ci_job_result(const ci_job *j) { return j->result; }

void ci_job_set_sigma(ci_job *j, float sigma) { ci_sigma_set(&j->sigma, sigma); }
