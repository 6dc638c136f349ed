/* SPDX-License-Identifier: MIT */
/* test_failure.c - every single allocation fails once: a clear status each time, nothing lost, nothing broken */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/fftw.h"
#include "tests/api/door.h"

/*
 * The linker's --wrap sends the library's own calls of malloc, calloc, realloc and free here (not those that the C
 * library makes for itself). The n-th fails; blocks are noted, so that those that are never given back are seen.
 */
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void __wrap_free(void *p);

enum { MOST = 1 << 16 };
static struct {
  pthread_mutex_t lock;
  long calls, fail_at; /* 0: never */
  bool watching;
  void *blocks[MOST];
  long lost_track, alive;
} heap = {.lock = PTHREAD_MUTEX_INITIALIZER};

static size_t slot_of(const void *p) { return ((uintptr_t)p >> 4) * 2654435761u % MOST; }

static void note(void *p) {
  size_t i = slot_of(p), tries = 0;
  while (heap.blocks[i] && heap.blocks[i] != (void *)heap.blocks && tries++ < MOST) i = (i + 1) % MOST;
  if (tries >= MOST) heap.lost_track++;
  else heap.blocks[i] = p, heap.alive++;
}

static void forget(const void *p) {
  size_t i = slot_of(p);
  for (size_t tries = 0; heap.blocks[i] && tries < MOST; tries++, i = (i + 1) % MOST)
    if (heap.blocks[i] == p) {
      heap.blocks[i] = heap.blocks; /* was taken: go on searching */
      heap.alive--;
      return;
    }
}

static bool is_turn(void) { return heap.watching && ++heap.calls == heap.fail_at; }

void *__wrap_malloc(size_t n) {
  pthread_mutex_lock(&heap.lock);
  void *p = is_turn() ? NULL : __real_malloc(n);
  if (p && heap.watching) note(p);
  pthread_mutex_unlock(&heap.lock);
  return p;
}

void *__wrap_calloc(size_t n, size_t size) {
  pthread_mutex_lock(&heap.lock);
  void *p = is_turn() ? NULL : __real_calloc(n, size);
  if (p && heap.watching) note(p);
  pthread_mutex_unlock(&heap.lock);
  return p;
}

void *__wrap_realloc(void *old, size_t n) {
  pthread_mutex_lock(&heap.lock);
  bool fails = is_turn();
  if (!fails && old) forget(old);
  void *p = fails ? NULL : __real_realloc(old, n);
  if (p && heap.watching) note(p);
  pthread_mutex_unlock(&heap.lock);
  return p;
}

void __wrap_free(void *p) {
  pthread_mutex_lock(&heap.lock);
  if (p) forget(p);
  __real_free(p);
  pthread_mutex_unlock(&heap.lock);
}

static void watch(long fail_at) {
  memset(heap.blocks, 0, sizeof heap.blocks);
  heap.calls = heap.alive = heap.lost_track = 0;
  heap.fail_at = fail_at;
  heap.watching = true;
}

/* ---- what is tried ----------------------------------------------------------------------- */

/* The caller's allocator, which fails at the n-th call. */
typedef struct big {
  long calls, fail_at, alive;
} big;

static void *big_alloc(void *user, size_t align, size_t n) {
  big *b = user;
  if (++b->calls == b->fail_at) return NULL;
  b->alive++;
  return aligned_alloc(align, (n + align - 1) / align * align);
}

static void big_release(void *user, void *p) {
  big *b = user;
  b->alive--;
  __real_free(p); /* aligned_alloc() is not watched */
}

typedef struct scene {
  const char *net;
  bool turned;    /* wrapped around, and the mean of eight turns */
  bool deblurred; /* by a kernel, alone */
  cnnimg_view src, dst;
  cnnimg_context *context;
  cnnimg_model *model;
  cnnimg_session *session;
} scene;

#define HOLES "../../tasks/data/inpaint.onnx"
#define GREY "../../tasks/data/colorize.onnx"
#define LINES "../../tasks/data/lineart.onnx"

static int null_row(void *user, uint32_t y, void *row, cnnimg_error *err) {
  const cnnimg_view *v = user;
  (void)err;
  memcpy(row, (char *)v->data + (ptrdiff_t)y * v->row_stride, (size_t)v->row_stride);
  return CNNIMG_OK;
}

static int no_row(void *user, uint32_t y, const void *row, cnnimg_error *err) {
  (void)user, (void)y, (void)row, (void)err;
  return CNNIMG_OK;
}

/* With what goes together, in stripes of their own. */
static void deblur(cnnimg_params *p, const cnnimg_format *f) {
  static float weights[9] = {0, 1, 0, 1, 4, 1, 0, 1};
  static cnnimg_view kernel;
  const cnnimg_format k = door_format(3, 3, 1, 0, CNNIMG_F32);
  cnnimg_view_init(&kernel, &k, weights);
  p->kernel = &kernel, p->deblur = 2;
  p->result_width = f->width, p->result_height = f->height;
}

/* Everything that a program does with pictures, in stripes and with an estimate, so that all of it is walked. */
static int do_pictures(scene *s, cnnimg_context *c, cnnimg_error *err) {
  static const char *const options[] = {"name=under test", "range=1", NULL};
  char path[1024];
  cnnimg_params p;
  door_path(s->net, path, sizeof path);
  cnnimg_params_init(&p, CNNIMG_TASK_DENOISE);
  p.tile = 16;
  p.strength = 0.5f;
  p.wrap = s->turned ? CNNIMG_WRAP_X | CNNIMG_WRAP_Y : 0, p.augment = s->turned;
  p.result_width = s->src.format.width, p.result_height = s->src.format.height;
  p.fix_color = !strcmp(s->net, "upvalid.onnx"); /* all stages, and back to the source's size */
  if (s->deblurred) deblur(&p, &s->src.format);
  cnnimg_view part = door_crop(&s->dst, 4, 4, 9, 9);
  int status = cnnimg_model_load_opt(c, path, options, &s->model, err);
  if (!status) cnnimg_model_get(s->model, "receptive_field"); /* not found out where memory is short */
  if (!status) status = cnnimg_session_new(c, s->model, &p, &s->src.format, &s->session, err);
  if (!status) status = cnnimg_run_region(s->session, cnnimg_read_view, &s->src, 1, 2, &part, err);
  if (!status) status = cnnimg_run(s->session, &s->src, &s->dst, err);
  if (!status) status = cnnimg_run(s->session, &s->dst, &s->dst, err);
  if (!status) status = cnnimg_run_rows(s->session, null_row, &s->src, no_row, NULL, err);
  return status;
}

static int do_tensors(scene *s, cnnimg_context *c, cnnimg_error *err) {
  static float a[8], b[12], p[6], q[2];
  cnnimg_tensor in[] = {{"a", a, 2, 0, {2, 4}, 0}, {"b", b, 2, 0, {4, 3}, 0}};
  cnnimg_tensor out[] = {{"product", p, 0, 0, {0}, 6}, {"sums", q, 0, 0, {0}, 2}};
  char path[1024];
  door_path(s->net, path, sizeof path);
  int status = cnnimg_model_load(c, path, &s->model, err);
  if (!status) status = cnnimg_model_save(s->model, "/dev/null", err);
  return status ? status : cnnimg_run_tensor(c, s->model, 2, in, 2, out, err);
}

/* Each way to fill: by the network first, then without one. */
static int do_holes(scene *s, cnnimg_context *c, cnnimg_error *err) {
  static uint8_t hole[40 * 36];
  const cnnimg_format f = door_format(40, 36, 1, CNNIMG_ALPHA_NONE, CNNIMG_U8);
  cnnimg_view mask;
  cnnimg_params p;
  char path[1024];
  door_path(s->net, path, sizeof path);
  cnnimg_params_init(&p, CNNIMG_TASK_INPAINT);
  cnnimg_view_init(&mask, &f, hole);
  hole[20 * 40 + 9] = hole[20 * 40 + 11] = 255;
  p.mask = &mask, p.grow = 2, p.feather = 1;
  int status = cnnimg_model_load(c, path, &s->model, err);
  for (p.method = CNNIMG_METHOD_NET; !status && p.method <= CNNIMG_METHOD_DIFFUSE; p.method++) {
    cnnimg_model *model = p.method == CNNIMG_METHOD_NET ? s->model : NULL;
    status = cnnimg_session_new(c, model, &p, &s->src.format, &s->session, err);
    if (!status) status = cnnimg_run(s->session, &s->src, &s->dst, err);
    if (!status) status = cnnimg_run_rows(s->session, null_row, &s->src, no_row, NULL, err);
    cnnimg_session_free(s->session);
    s->session = NULL;
  }
  return status;
}

static int do_colours(scene *s, cnnimg_context *c, cnnimg_error *err) {
  static const cnnimg_point points[] = {{5, 5, 1, 0, 0, 2}, {30, 20, 0, 0, 1, 0}};
  cnnimg_params p;
  char path[1024];
  door_path(s->net, path, sizeof path);
  cnnimg_params_init(&p, CNNIMG_TASK_COLORIZE);
  p.points = points, p.n_points = 2, p.hints = &s->src, p.reference = &s->src;
  cnnimg_view part = door_crop(&s->dst, 4, 4, 9, 9);
  int status = cnnimg_model_load(c, path, &s->model, err);
  if (!status) status = cnnimg_session_new(c, s->model, &p, &s->src.format, &s->session, err);
  if (!status) status = cnnimg_run_region(s->session, cnnimg_read_view, &s->src, 1, 2, &part, err);
  if (!status) status = cnnimg_session_set_points(s->session, points, 1, err);
  if (!status) status = cnnimg_run(s->session, &s->src, &s->dst, err);
  return status ? status : cnnimg_run_rows(s->session, null_row, &s->src, no_row, NULL, err);
}

static int do_all(scene *s, big *b, cnnimg_error *err) {
  cnnimg_config config;
  cnnimg_config_init(&config);
  config.threads = s->deblurred ? 1 : 2; /* its transforms hand over hundreds of times */
  if (b) config.alloc = big_alloc, config.release = big_release, config.alloc_user = b;
  int status = cnnimg_open(&config, &s->context, err);
  if (!status)
    status = !strcmp(s->net, HOLES)          ? do_holes(s, s->context, err)
             : !strcmp(s->net, GREY)         ? do_colours(s, s->context, err)
             : !strcmp(s->net, LINES)        ? do_colours(s, s->context, err)
             : strcmp(s->net, "arrays.onnx") ? do_pictures(s, s->context, err)
                                             : do_tensors(s, s->context, err);
  if (status && !s->session && s->model) assert_non_null(s->context);
  cnnimg_session_free(s->session);
  cnnimg_model_unref(s->model);
  cnnimg_close(s->context);
  s->session = NULL, s->model = NULL, s->context = NULL;
  return status;
}

/* A status that says why: no memory; where the C library needed it for a file or a thread, what it said. */
static void check_status(const scene *s, long n, int status, const cnnimg_error *err) {
  if (status != CNNIMG_NOMEM || err->code != CNNIMG_NOMEM || !*err->text)
    fail_msg("%s, allocation %ld: status %d, \"%s\"", s->net, n, status, err->text);
}

static scene make_scene(const char *net) {
  static unsigned char pixels[2][40 * 36 * 4];
  const cnnimg_format f = door_format(40, 36, 3, CNNIMG_ALPHA_STRAIGHT, CNNIMG_U8);
  scene s = {.net = net};
  cnnimg_view_init(&s.src, &f, pixels[0]);
  cnnimg_view_init(&s.dst, &f, pixels[1]);
  for (uint32_t i = 0; i < sizeof pixels[0]; i++) pixels[0][i] = (unsigned char)(i * 2654435761u >> 24);
  return s;
}

static void test_every_allocation_fails_once(void **state) {
  static const char *const nets[] = {"valid.onnx", "odd.onnx", "arrays.onnx", "valid.onnx", "upvalid.onnx",
                                     "told.onnx",  HOLES,      GREY,          LINES};
  (void)state;
  for (size_t i = 0; i < COUNT(nets); i++) {
    scene s = make_scene(nets[i]);
    cnnimg_error err = {0, ""};
    int status = CNNIMG_NOMEM;
    long n = 0;
    s.turned = i == 3, s.deblurred = i == 5 && ci_fftw_is_there();
    while (status) {
      watch(++n);
      err = (cnnimg_error){0, ""};
      status = do_all(&s, NULL, &err);
      heap.watching = false;
      if (heap.alive || heap.lost_track)
        fail_msg("%s, allocation %ld: %ld blocks are lost", s.net, n, heap.alive);
      if (status) check_status(&s, n, status, &err);
      else if (heap.calls >= n) status = 1; /* it failed and was done without: go on */
      assert_true(n < 20000);
    }
    print_message("%s: %ld allocations\n", s.net, n - 1);
    assert_true(n > 50);
  }
}

static void test_the_callers_allocator_fails_once(void **state) {
  static const char *const nets[] = {"valid.onnx", "denoise", "arrays.onnx"};
  (void)state;
  for (size_t i = 0; i < COUNT(nets); i++) {
    scene s = make_scene(nets[i]);
    int status = CNNIMG_NOMEM;
    long n = 0;
    while (status) {
      big b = {0, ++n, 0};
      cnnimg_error err = {0, ""};
      status = do_all(&s, &b, &err);
      if (b.alive) fail_msg("%s, block %ld: %ld blocks are lost", s.net, n, b.alive);
      if (status) check_status(&s, n, status, &err);
      else assert_true(b.calls < n);
    }
    print_message("%s: %ld blocks\n", s.net, n - 1);
    assert_true(n > 1);
  }
}

static void test_an_allocator_needs_its_other_half(void **state) {
  cnnimg_config config;
  cnnimg_context *c;
  (void)state;
  cnnimg_config_init(&config);
  config.alloc = big_alloc;
  REFUSED(cnnimg_open(&config, &c, err), CNNIMG_BADARG, "go together");
  assert_null(c);
  memset(&config, 0, sizeof config);
  REFUSED(cnnimg_open(&config, &c, err), CNNIMG_BADARG, "cnnimg_config_init");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_allocation_fails_once),
      cmocka_unit_test(test_the_callers_allocator_fails_once),
      cmocka_unit_test(test_an_allocator_needs_its_other_half),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
