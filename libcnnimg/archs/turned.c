/* SPDX-License-Identifier: MIT */
/* turned.c - layers as TensorFlow and Keras keep their weights */
#include "archs/turned.h"

#include "net/permute.h"

static const ci_tensor *take(ci_build *b, const char *name, int32_t rank) {
  ci_entry *e = b->status ? NULL : ci_store_find(b->s, "%s", name);
  if (!e) ci_build_fail(b, CNNIMG_UNSUPPORTED, "the tensor \"%s\" is missing", name);
  else if (e->tensor->rank != rank || e->tensor->dtype != CI_F32)
    ci_build_fail(b, CNNIMG_UNSUPPORTED, "the tensor \"%s\" has not %d dimensions", name, rank);
  if (b->status) return NULL;
  e->used = true;
  return e->tensor;
}

int32_t ci_turned_conv(ci_build *b, int32_t x, const char *kernel, const char *bias) {
  static const int32_t order[4] = {3, 2, 0, 1};
  const ci_tensor *k = take(b, kernel, 4);
  if (!k) return -1;
  if (k->dim[0] % 2 != 1 || k->dim[0] != k->dim[1] || k->dim[0] > 99)
    return ci_build_fail(b, CNNIMG_UNSUPPORTED, "the kernel \"%s\" is %lld x %lld", kernel,
                         (long long)k->dim[0], (long long)k->dim[1]);
  int32_t weight = ci_build_tensor(b, ci_tensor_permuted(k, order)), add = CI_NONE;
  if (bias && ci_store_has(b->s, "%s", bias)) add = ci_build_weight(b, "%s", bias);
  return ci_build_conv_values(b, x, (ci_conv_spec){.pad = (int32_t)k->dim[0] / 2}, weight, add);
}

int32_t ci_turned_along(ci_build *b, const char *name) {
  const ci_tensor *t = take(b, name, 1);
  const int64_t dim[3] = {t ? t->dim[0] : 0, 1, 1};
  return t ? ci_build_tensor(b, ci_tensor_reshaped(t, 3, dim)) : -1;
}

int32_t ci_turned_batch_norm(ci_build *b, int32_t x, float epsilon, const char *layer) {
  static const char *const parts[4] = {"gamma", "beta", "moving_mean", "moving_variance"};
  int32_t in[5] = {x};
  for (int i = 0; i < 4; i++) in[i + 1] = ci_build_weight(b, "%s/%s", layer, parts[i]);
  int32_t y = ci_build_node(b, "BatchNormalization", in, 5);
  ci_build_attr_float(b, "epsilon", epsilon);
  return y;
}

int32_t ci_turned_depth_to_space(ci_build *b, int32_t x, int64_t block) {
  int32_t y = ci_build_op1(b, "DepthToSpace", x);
  ci_build_attr_int(b, "blocksize", block);
  ci_build_attr_string(b, "mode", "DCR");
  return y;
}
