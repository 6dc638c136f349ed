/* SPDX-License-Identifier: MIT */
/* keras_size.c - Keras layers that change sizes and shapes: pooling, padding, cutting, enlarging, reshaping */
#include <string.h>

#include "formats/keras_model.h"

static const ci_kt nothing = {.v = -1};

static const ci_json *get(const ci_kcall *c, const char *name, const char *older) {
  const ci_json *v = ci_json_get(c->config, name);
  return v ? v : ci_json_get(c->config, older);
}

/* ---- pooling --------------------------------------------------------------------------------- */

static ci_kt pool(const ci_kcall *c, const char *type) {
  ci_kt t = ci_keras_picture(c, ci_keras_in(c, 0));
  const char *word = ci_json_string(get(c, "padding", "border_mode"), "valid");
  const ci_json *strides = ci_json_get(c->config, "strides");
  ci_frame w;
  ci_frame_init(&w);
  w.same = !strcmp(word, "same");
  bool ok = ci_keras_pair(ci_json_get(c->config, "pool_size"), 2, w.kernel);
  if (ci_json_is_null(strides)) memcpy(w.stride, w.kernel, sizeof w.stride);
  else ok = ok && ci_keras_pair(strides, 1, w.stride);
  if (!ok || (!w.same && strcmp(word, "valid")))
    return ci_keras_fail(c, CNNIMG_UNSUPPORTED, "has a window or padding that is not known");
  if (!ci_frame_check(&c->k->b, &w, c->name)) return nothing;
  t.v = ci_put_pool(&c->k->b, type, t.v, &w, false, false);
  t.scale /= (double)w.stride[0];
  return t;
}

static ci_kt max_pooling(const ci_kcall *c) { return pool(c, "MaxPool"); }
static ci_kt average_pooling(const ci_kcall *c) { return pool(c, "AveragePool"); }

static ci_kt global(const ci_kcall *c, const char *type) {
  ci_kt t = ci_keras_picture(c, ci_keras_in(c, 0));
  t.v = ci_build_op1(&c->k->b, type, t.v);
  if (ci_json_bool(ci_json_get(c->config, "keepdims"), false)) return t;
  t.v = ci_build_op1(&c->k->b, "Flatten", t.v);
  t.rank = 2, t.last = false;
  return t;
}

static ci_kt global_average(const ci_kcall *c) { return global(c, "GlobalAveragePool"); }
static ci_kt global_max(const ci_kcall *c) { return global(c, "GlobalMaxPool"); }

/* ---- edges -------------------------------------------------------------------------------------- */

/* n, [rows, columns], [[top, bottom], [left, right]] or Keras 1's [top, bottom, left, right] -> top, left, bottom, right. */
static bool edges(const ci_kcall *c, const ci_json *v, int64_t out[4]) {
  int64_t pair[2];
  if (ci_json_size(v) == 4) {
    static const int to[4] = {0, 2, 1, 3};
    for (size_t i = 0; i < 4; i++) out[to[i]] = ci_json_int(ci_json_at(v, i), -1);
  } else if (ci_json_is_array(ci_json_at(v, 0))) {
    for (size_t i = 0; i < 2; i++) {
      if (!ci_keras_pair(ci_json_at(v, i), 0, pair)) return false;
      out[i] = pair[0], out[i + 2] = pair[1];
    }
  } else {
    if (!ci_keras_pair(v, 1, pair)) return false;
    for (int i = 0; i < 4; i++) out[i] = pair[i % 2];
  }
  ci_frame w;
  ci_frame_init(&w);
  memcpy(w.pads, out, sizeof w.pads);
  return ci_frame_check(&c->k->b, &w, c->name);
}

static ci_kt zero_padding(const ci_kcall *c) {
  ci_build *b = &c->k->b;
  ci_kt t = ci_keras_picture(c, ci_keras_in(c, 0));
  int64_t e[4];
  if (b->status || !edges(c, ci_json_get(c->config, "padding"), e))
    return ci_keras_fail(c, CNNIMG_UNSUPPORTED, "has a padding that is not known");
  const int64_t pads[8] = {0, 0, e[0], e[1], 0, 0, e[2], e[3]};
  t.v = ci_build_op2(b, "Pad", t.v, ci_build_ints(b, pads, 8));
  return t;
}

static ci_kt cropping(const ci_kcall *c) {
  ci_kt t = ci_keras_picture(c, ci_keras_in(c, 0));
  int64_t e[4];
  if (c->k->b.status || !edges(c, ci_json_get(c->config, "cropping"), e))
    return ci_keras_fail(c, CNNIMG_UNSUPPORTED, "cuts off what is not known");
  const int64_t ends[2] = {e[2] ? -e[2] : INT64_MAX, e[3] ? -e[3] : INT64_MAX}, axes[2] = {2, 3};
  t.v = ci_put_slice(&c->k->b, t.v, e, ends, axes, 2);
  return t;
}

/* ---- enlarging ---------------------------------------------------------------------------------------- */

static ci_kt up_sampling(const ci_kcall *c) {
  ci_kt t = ci_keras_picture(c, ci_keras_in(c, 0));
  const char *mode = ci_json_string(ci_json_get(c->config, "interpolation"), "nearest");
  int64_t size[2];
  bool ok = ci_keras_pair(ci_json_get(c->config, "size"), 2, size);
  for (int i = 0; ok && i < 2; i++) ok = size[i] >= 1 && size[i] <= 256;
  if (strcmp(mode, "nearest") && strcmp(mode, "bilinear"))
    return ci_keras_fail(c, CNNIMG_UNSUPPORTED, "enlarges in a way that is not known");
  if (!ok) return ci_keras_fail(c, CNNIMG_CORRUPT, "has an impossible size");
  t.v = ci_put_resize(&c->k->b, t.v, (float)size[0], (float)size[1],
                      strcmp(mode, "nearest") ? "linear" : "nearest");
  t.scale *= (double)size[0];
  return t;
}

ci_kt ci_keras_depth_to_space(const ci_kcall *c, ci_kt t, int64_t block) {
  ci_build *b = &c->k->b;
  t = ci_keras_picture(c, t);
  if (block < 1 || block > 256) return ci_keras_fail(c, CNNIMG_CORRUPT, "has an impossible block");
  t.v = ci_build_op1(b, "DepthToSpace", t.v);
  ci_build_attr_int(b, "blocksize", block);
  ci_build_attr_string(b, "mode", "DCR");
  t.channels /= block * block, t.scale *= (double)block;
  return t;
}

/* ---- reshaping ------------------------------------------------------------------------------------------ */

/* Keras 2 turns channels_first round before it flattens; the layer says so itself. */
static ci_kt flatten(const ci_kcall *c) {
  ci_kt t = ci_keras_in(c, 0);
  const char *format = ci_json_string(ci_json_get(c->config, "data_format"), "channels_last");
  if (t.last) t.v = ci_put_to_last(&c->k->b, t.v);
  else if (t.rank == 4 && !strcmp(format, "channels_first")) t.v = ci_put_to_last(&c->k->b, t.v);
  t.v = ci_build_op1(&c->k->b, "Flatten", t.v);
  t.rank = 2, t.last = false, t.channels = 0;
  return t;
}

static ci_kt reshape(const ci_kcall *c) {
  ci_kt t = ci_keras_plain(c, ci_keras_in(c, 0));
  const ci_json *v = ci_json_get(c->config, "target_shape");
  int64_t dim[CI_MAX_RANK] = {0};
  size_t n = ci_json_size(v);
  if (!ci_json_is_array(v) || !n || n >= CI_MAX_RANK)
    return ci_keras_fail(c, CNNIMG_UNSUPPORTED, "has no shape");
  for (size_t i = 0; i < n; i++) {
    dim[i + 1] = ci_json_int(ci_json_at(v, i), -1);
    if (!dim[i + 1] || dim[i + 1] < -1) return ci_keras_fail(c, CNNIMG_CORRUPT, "has an impossible shape");
  }
  t.v = ci_put_reshape(&c->k->b, t.v, dim, n + 1);
  t.rank = (int32_t)n + 1, t.channels = 0;
  return t;
}

static ci_kt permute(const ci_kcall *c) {
  ci_kt t = ci_keras_plain(c, ci_keras_in(c, 0));
  const ci_json *v = ci_json_get(c->config, "dims");
  int64_t order[CI_MAX_RANK] = {0};
  unsigned seen = 1;
  for (size_t i = 0; i < ci_json_size(v) && i + 1 < CI_MAX_RANK; i++) {
    order[i + 1] = ci_json_int(ci_json_at(v, i), 0);
    if (order[i + 1] > 0 && order[i + 1] < t.rank) seen |= 1u << order[i + 1];
  }
  if ((int32_t)ci_json_size(v) + 1 != t.rank || seen != (1u << t.rank) - 1)
    return ci_keras_fail(c, CNNIMG_CORRUPT, "has an order that is none");
  t.v = ci_put_transpose(&c->k->b, t.v, order, (size_t)t.rank);
  return t;
}

const ci_klayer ci_keras_size_layers[] = {
    {"MaxPooling2D", max_pooling},
    {"MaxPool2D", max_pooling},
    {"AveragePooling2D", average_pooling},
    {"AvgPool2D", average_pooling},
    {"GlobalAveragePooling2D", global_average},
    {"GlobalAvgPool2D", global_average},
    {"GlobalMaxPooling2D", global_max},
    {"GlobalMaxPool2D", global_max},
    {"ZeroPadding2D", zero_padding},
    {"Cropping2D", cropping},
    {"UpSampling2D", up_sampling},
    {"Flatten", flatten},
    {"Reshape", reshape},
    {"Permute", permute},
    {NULL, NULL},
};
