/* SPDX-License-Identifier: MIT */
/* nn_common.c - checks of inputs and attributes, and copying, for the neural-network operations on held arrays */
#include "tensor/nn.h"

int ci_nn_outputs(const ci_tensor_call *c, int32_t n, cnnimg_error *err) {
  if (c->which >= 0 && c->which < n) return CNNIMG_OK;
  return ci_tensor_fail(c, err, CNNIMG_UNSUPPORTED, "its output %d is not computed", c->which);
}

int ci_nn_rank(const ci_tensor_call *c, int32_t k, int32_t least, int32_t most, cnnimg_error *err) {
  const ci_array *a = &c->in[k];
  if (a->rank < least || a->rank > most)
    return ci_tensor_fail(c, err, CNNIMG_UNSUPPORTED, "input %d has %d dimensions; %d to %d are taken", k,
                          a->rank, least, most);
  for (int32_t i = 0; i < a->rank; i++)
    if (a->dim[i] < 0 || a->dim[i] > CI_TENSOR_MOST)
      return ci_tensor_fail(c, err, CNNIMG_LIMIT, "input %d has a dimension of %lld", k,
                            (long long)a->dim[i]);
  return CNNIMG_OK;
}

int ci_nn_float(const ci_tensor_call *c, int32_t k, int32_t least, int32_t most, cnnimg_error *err) {
  if (c->in[k].type != CI_FLOAT || c->in[k].dtype != CI_F32)
    return ci_tensor_fail(c, err, CNNIMG_UNSUPPORTED, "input %d is not of floats", k);
  return ci_nn_rank(c, k, least, most, err);
}

int ci_nn_vector(const ci_tensor_call *c, int32_t k, int64_t n, cnnimg_error *err) {
  if (!ci_array_given(c, k)) return CNNIMG_OK;
  int status = ci_nn_float(c, k, 1, 1, err);
  if (!status && c->in[k].dim[0] != n)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "input %d has %lld numbers where %lld are needed", k,
                          (long long)c->in[k].dim[0], (long long)n);
  return status;
}

int ci_nn_word(const ci_tensor_call *c, const char *name, const char *const *words, int32_t *out,
               cnnimg_error *err) {
  const char *word = ci_attr_string(c->node, name, words[0]);
  for (*out = 0; words[*out]; ++*out)
    if (!strcmp(words[*out], word)) return CNNIMG_OK;
  *out = 0;
  return ci_tensor_fail(c, err, CNNIMG_UNSUPPORTED, "its %s \"%.40s\" is not known", name, word);
}

static int out_of_range(const ci_tensor_call *c, const char *name, int64_t v, int64_t lo, int64_t hi,
                        cnnimg_error *err) {
  return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "%s of %lld; %lld to %lld are taken", name, (long long)v,
                        (long long)lo, (long long)hi);
}

int ci_nn_int(const ci_tensor_call *c, const char *name, int64_t otherwise, int64_t lo, int64_t hi,
              int64_t *out, cnnimg_error *err) {
  *out = ci_attr_int(c->node, name, otherwise);
  return *out < lo || *out > hi ? out_of_range(c, name, *out, lo, hi, err) : CNNIMG_OK;
}

int ci_nn_ints(const ci_tensor_call *c, const char *name, int32_t n, int64_t otherwise, int64_t lo,
               int64_t hi, int64_t *out, cnnimg_error *err) {
  const int64_t *v = NULL;
  int32_t have = ci_attr_ints(c->node, name, &v);
  if (have >= 0 && have != n)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "%s has %d numbers where %d are needed", name, have, n);
  for (int32_t i = 0; i < n; i++) {
    out[i] = have < 0 ? otherwise : v[i];
    if (out[i] < lo || out[i] > hi) return out_of_range(c, name, out[i], lo, hi, err);
  }
  return CNNIMG_OK;
}

void ci_nn_copy(ci_array *out, size_t o, const ci_array *in, size_t i, size_t step, size_t n) {
  size_t size = out->dtype == CI_I64 ? sizeof(int64_t) : sizeof(float);
  if (!n) return;
  if (step == 1 && in->dtype == out->dtype)
    memcpy((char *)out->data + o * size, (const char *)in->data + i * size, n * size);
  else
    for (size_t k = 0; k < n; k++) ci_nn_copy_one(out, o + k, in, i + k * step);
}

void ci_nn_fill(ci_array *out, size_t o, double v, size_t n) {
  for (size_t k = 0; k < n; k++) ci_array_set(out, o + k, v);
}
