/* SPDX-License-Identifier: MIT */
/* nn_space.c - channels to pixels of held arrays, and back: DepthToSpace, SpaceToDepth */
#include "tensor/nn.h"

static int block_of(const ci_tensor_call *c, int64_t *block, cnnimg_error *err) {
  int status = ci_nn_outputs(c, 1, err);
  if (!status) status = ci_nn_rank(c, 0, 4, 4, err);
  return status ? status : ci_nn_int(c, "blocksize", 0, 1, CI_NN_STEP, block, err);
}

/* ---- DepthToSpace ------------------------------------------------------------------------- */

static int crd_of(const ci_tensor_call *c, int32_t *crd, cnnimg_error *err) {
  static const char *const modes[] = {"DCR", "CRD", NULL};
  return ci_nn_word(c, "mode", modes, crd, err);
}

static int to_space_shape(const ci_tensor_call *c, cnnimg_error *err) {
  const int64_t *d = c->in[0].dim;
  int64_t b;
  int32_t crd;
  int status = block_of(c, &b, err);
  if (!status) status = crd_of(c, &crd, err);
  if (status) return status;
  if (b > 1 << 15 || d[1] % (b * b))
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "%lld channels for blocks of %lld", (long long)d[1],
                          (long long)b);
  ci_array_like(c->out, &c->in[0]);
  c->out->dim[1] = d[1] / (b * b);
  c->out->dim[2] = d[2] * b;
  c->out->dim[3] = d[3] * b;
  return CNNIMG_OK;
}

static void to_space_run(const ci_tensor_call *c) {
  const int64_t *o = c->out->dim, *d = c->in[0].dim;
  int32_t crd;
  int64_t b = ci_attr_int(c->node, "blocksize", 1);
  size_t at = 0;
  if (!c->out->count || crd_of(c, &crd, NULL)) return;
  for (int64_t row = 0; row < o[0] * o[1] * o[2]; row++) {
    int64_t y = row % o[2], k = row / o[2] % o[1], p = row / o[2] / o[1];
    for (int64_t x = 0; x < o[3]; x++, at++) {
      int64_t inner = y % b * b + x % b, channel = crd ? k * b * b + inner : inner * o[1] + k;
      ci_nn_copy_one(c->out, at, &c->in[0], (size_t)(((p * d[1] + channel) * d[2] + y / b) * d[3] + x / b));
    }
  }
}

/* ---- SpaceToDepth --------------------------------------------------------------------------- */

static int to_depth_shape(const ci_tensor_call *c, cnnimg_error *err) {
  const int64_t *d = c->in[0].dim;
  int64_t b;
  int status = block_of(c, &b, err);
  if (status) return status;
  if (b > 1 << 15 || d[2] % b || d[3] % b)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "%lld x %lld pixels in blocks of %lld", (long long)d[2],
                          (long long)d[3], (long long)b);
  ci_array_like(c->out, &c->in[0]);
  if (d[1] > CI_TENSOR_MOST / (b * b)) return ci_tensor_refuse(c, err, "too many channels");
  c->out->dim[1] = d[1] * b * b;
  c->out->dim[2] = d[2] / b;
  c->out->dim[3] = d[3] / b;
  return CNNIMG_OK;
}

static void to_depth_run(const ci_tensor_call *c) {
  const int64_t *o = c->out->dim, *d = c->in[0].dim;
  int64_t b = ci_attr_int(c->node, "blocksize", 1);
  if (!c->out->count) return;
  for (int64_t row = 0; row < o[0] * o[1] * o[2]; row++) {
    int64_t y = row % o[2], k = row / o[2] % o[1], p = row / o[2] / o[1], inner = k / d[1];
    int64_t from = ((p * d[1] + k % d[1]) * d[2] + y * b + inner / b) * d[3] + inner % b;
    ci_nn_copy(c->out, (size_t)(row * o[3]), &c->in[0], (size_t)from, (size_t)b, (size_t)o[3]);
  }
}

const ci_tensor_op ci_tensor_nn_space_ops[] = {
    {"DepthToSpace", 1, 1, "blocksize mode", to_space_shape, NULL, to_space_run},
    {"SpaceToDepth", 1, 1, "blocksize", to_depth_shape, NULL, to_depth_run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
