/* SPDX-License-Identifier: MIT */
/* nn_attention.c - attention within windows of held arrays: WindowAttention (net/attention.h) */
#include <math.h>

#include "net/attention.h"
#include "tensor/nn.h"

typedef struct attention {
  ci_attention_axis y, x;
  int64_t heads, each; /* channels a head */
  float scale;
} attention;

static int read_axis(const ci_tensor_call *c, const int64_t *window, const int64_t *shift,
                     const int64_t *overlap, int axis, ci_attention_axis *a, cnnimg_error *err) {
  int64_t size = c->in[0].dim[2 + axis];
  if (shift[axis] >= window[axis] || (shift[axis] && overlap[axis]))
    return ci_tensor_refuse(c, err, "its windows are shifted too far, or shifted and overlapping");
  if (size % window[axis] || size > INT32_MAX / 2)
    return ci_tensor_fail(c, err, CNNIMG_BADARG, "%lld pixels do not consist of windows of %lld",
                          (long long)size, (long long)window[axis]);
  *a =
      (ci_attention_axis){(int32_t)size, (int32_t)window[axis], (int32_t)shift[axis], (int32_t)overlap[axis]};
  return CNNIMG_OK;
}

static int read_node(const ci_tensor_call *c, attention *a, cnnimg_error *err) {
  int64_t window[2], shift[2], overlap[2], channels = c->in[0].dim[1];
  int status = ci_nn_int(c, "heads", 1, 1, 65536, &a->heads, err);
  if (!status) status = ci_nn_ints(c, "window", 2, 1, 1, CI_ATTENTION_KEYS, window, err);
  if (!status) status = ci_nn_ints(c, "shift", 2, 0, 0, CI_ATTENTION_KEYS, shift, err);
  if (!status) status = ci_nn_ints(c, "overlap", 2, 0, 0, CI_ATTENTION_KEYS, overlap, err);
  if (!status) status = read_axis(c, window, shift, overlap, 0, &a->y, err);
  if (!status) status = read_axis(c, window, shift, overlap, 1, &a->x, err);
  if (status) return status;
  if ((window[0] + 2 * overlap[0]) * (window[1] + 2 * overlap[1]) > CI_ATTENTION_KEYS)
    return ci_tensor_fail(c, err, CNNIMG_LIMIT, "more than %d pixels in a window", CI_ATTENTION_KEYS);
  if (!channels || channels % 3 || channels / 3 % a->heads)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "%lld channels of queries, keys and values for %lld heads",
                          (long long)channels, (long long)a->heads);
  a->each = channels / 3 / a->heads;
  a->scale = ci_attr_float(c->node, "scale", 1 / sqrtf((float)a->each));
  return CNNIMG_OK;
}

static int shape(const ci_tensor_call *c, cnnimg_error *err) {
  attention a = {.heads = 0};
  int status = ci_nn_outputs(c, 1, err);
  if (!status) status = ci_nn_float(c, 0, 4, 4, err);
  if (!status) status = read_node(c, &a, err);
  if (!status && ci_array_given(c, 1)) status = ci_nn_float(c, 1, 3, 3, err);
  if (status) return status;
  const int64_t *t = c->in[1].dim;
  if (ci_array_given(c, 1) &&
      (t[0] != a.heads || t[1] != ci_attention_table(&a.y) || t[2] != ci_attention_table(&a.x)))
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "its bias is %lld x %lld x %lld instead of %lld x %d x %d",
                          (long long)t[0], (long long)t[1], (long long)t[2], (long long)a.heads,
                          ci_attention_table(&a.y), ci_attention_table(&a.x));
  ci_array_like(c->out, &c->in[0]);
  c->out->dim[1] /= 3;
  return CNNIMG_OK;
}

/* ---- one query ---------------------------------------------------------------------------------------- */

typedef struct query {
  const ci_tensor_call *c;
  const attention *a;
  int64_t picture, head;
  int32_t y, x, y0, x0; /* where it is, and its window */
} query;

/* Channel 0 of this head's queries (0), keys (1) or values (2). */
static const float *plane(const query *q, int part) {
  const ci_array *in = &q->c->in[0];
  int64_t channel = (part * q->a->heads + q->head) * q->a->each;
  return (const float *)in->data + (q->picture * in->dim[1] + channel) * in->dim[2] * in->dim[3];
}

/* Where pixel (y, x) lies in a plane; less than 0: beyond the map. */
static int64_t pixel(const attention *a, int32_t y, int32_t x) {
  bool inside = y >= 0 && x >= 0 && y < a->y.size && x < a->x.size;
  return inside ? (int64_t)y * a->x.size + x : -1;
}

static double product(const query *q, int64_t key) {
  const float *from = plane(q, 0) + pixel(q->a, q->y, q->x), *with = plane(q, 1) + key;
  int64_t area = (int64_t)q->a->y.size * q->a->x.size;
  double sum = 0;
  for (int64_t i = 0; i < q->a->each && key >= 0; i++) sum += (double)from[i * area] * (double)with[i * area];
  return sum * (double)q->a->scale;
}

static double bias(const query *q, int32_t ky, int32_t kx) {
  const ci_array *t = &q->c->in[1];
  if (!ci_array_given(q->c, 1)) return 0;
  int64_t row = q->y - ky + q->a->y.window - 1 + q->a->y.overlap;
  int64_t column = q->x - kx + q->a->x.window - 1 + q->a->x.overlap;
  return (double)((const float *)t->data)[(q->head * t->dim[1] + row) * t->dim[2] + column];
}

/* How much each key of the window counts; their number. */
static int32_t weights(const query *q, double *to, int64_t *key) {
  const attention *a = q->a;
  int32_t n = 0;
  double most = -INFINITY, sum = 0;
  for (int32_t y = ci_attention_first(&a->y, q->y0); y < ci_attention_end(&a->y, q->y0); y++)
    for (int32_t x = ci_attention_first(&a->x, q->x0); x < ci_attention_end(&a->x, q->x0); x++, n++) {
      key[n] = pixel(a, y, x);
      to[n] = product(q, key[n]) + bias(q, y, x);
      if (to[n] > most || to[n] != to[n]) most = to[n];
    }
  for (int32_t i = 0; i < n; i++) sum += to[i] = exp(to[i] - most);
  for (int32_t i = 0; i < n; i++) to[i] /= sum;
  return n;
}

static void run_query(const query *q) {
  double weight[CI_ATTENTION_KEYS];
  int64_t key[CI_ATTENTION_KEYS], area = (int64_t)q->a->y.size * q->a->x.size;
  int32_t n = weights(q, weight, key);
  int64_t first = (q->picture * q->a->heads + q->head) * q->a->each;
  float *out = (float *)q->c->out->data + first * area + pixel(q->a, q->y, q->x);
  const float *values = plane(q, 2);
  for (int64_t i = 0; i < q->a->each; i++) {
    double sum = 0;
    for (int32_t k = 0; k < n; k++)
      if (key[k] >= 0) sum += weight[k] * (double)values[i * area + key[k]];
    out[i * area] = (float)sum;
  }
}

/* ---- all of them: rows of one head of one picture ------------------------------------------------------ */

typedef struct job {
  const ci_tensor_call *c;
  attention a;
} job;

static void run_rows(const void *arg, size_t from, size_t to) {
  const job *j = arg;
  size_t height = (size_t)j->a.y.size, heads = (size_t)j->a.heads;
  for (size_t i = from; i < to; i++) {
    query q = {
        j->c, &j->a, (int64_t)(i / height / heads), (int64_t)(i / height % heads), (int32_t)(i % height), 0,
        0,    0};
    q.y0 = ci_attention_start(&j->a.y, q.y);
    for (; q.x < j->a.x.size; q.x++) {
      q.x0 = ci_attention_start(&j->a.x, q.x);
      run_query(&q);
    }
  }
}

static void run(const ci_tensor_call *c) {
  job j = {.c = c};
  if (!c->out->count || read_node(c, &j.a, NULL)) return;
  size_t keys = (size_t)(j.a.y.window + 2 * j.a.y.overlap) * (size_t)(j.a.x.window + 2 * j.a.x.overlap);
  size_t rows = (size_t)(c->in[0].dim[0] * j.a.heads * j.a.y.size);
  ci_tensor_share(c, rows, (size_t)j.a.x.size * keys * 2 * (size_t)j.a.each, run_rows, &j);
}

const ci_tensor_op ci_tensor_nn_attention_ops[] = {
    {"WindowAttention", 1, 2, "heads window shift overlap scale", shape, NULL, run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
