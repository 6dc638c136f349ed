/* SPDX-License-Identifier: MIT */
/* dysample.c - enlarging by looking pixels up where a layer says (Liu 2023, "Learning to Upsample by Learning to Sample") */
#include "archs/parts.h"

/* 0.5, 1.5, 2.5 ... along axis 2 (rows) or 3 (columns) of x, and how many there are, as floats. */
static int32_t centres(ci_build *b, int32_t x, int64_t axis, int32_t *size) {
  const int64_t zero = 0, shape[4] = {1, 1, axis == 2 ? -1 : 1, axis == 2 ? 1 : -1};
  int32_t n = ci_build_op1(b, "Shape", x);
  n = ci_build_op2(b, "Gather", n, ci_build_ints(b, &axis, 1));
  n = ci_build_op2(b, "Reshape", n, ci_build_ints(b, &zero, 0)); /* a scalar */
  n = ci_build_op1(b, "Cast", n);
  ci_build_attr_int(b, "to", 1);
  *size = n;
  const int32_t range[3] = {ci_build_scalar(b, 0.5f), ci_build_op2(b, "Add", n, ci_build_scalar(b, 0.5f)),
                            ci_build_scalar(b, 1)};
  int32_t y = ci_build_node(b, "Range", range, 3);
  return ci_build_op2(b, "Reshape", y, ci_build_ints(b, shape, 4));
}

/* Where the pixels [1, places, h, w] lie along one axis, -1..1 as GridSample wants it, one plane of the enlarged size. */
static int32_t along(ci_build *b, int32_t offset, int64_t from, int64_t places, int32_t middle, int32_t size,
                     int64_t scale) {
  int32_t y = ci_build_op2(b, "Add", ci_build_channels(b, offset, from, from + places), middle);
  y = ci_build_op2(b, "Div", ci_build_scale(b, y, 2), size);
  return ci_build_pixel_shuffle(b, ci_build_op2(b, "Sub", y, ci_build_scalar(b, 1)), scale);
}

static int32_t look_up(ci_build *b, int32_t x, int32_t grid) {
  static const int64_t last[4] = {0, 2, 3, 1};
  grid = ci_build_op1(b, "Transpose", grid);
  ci_build_attr_ints(b, "perm", last, 4);
  int32_t y = ci_build_op2(b, "GridSample", x, grid);
  ci_build_attr_string(b, "mode", "linear");
  ci_build_attr_string(b, "padding_mode", "border");
  ci_build_attr_int(b, "align_corners", 0);
  return y;
}

/* offset.weight makes 2 * groups * scale^2 channels; how many groups there are, the widths of both ends say. */
static int64_t factor(const ci_store *s, int64_t channels, const char *prefix, int64_t *groups) {
  int64_t made = ci_store_dim(s, 0, "%s.offset.weight", prefix);
  for (int64_t k = 1; k <= 16; k++) {
    int64_t g = k % 2 && channels == 3 * k * k ? 3 : 4; /* RealPLKSR: 3 groups where the factor is odd */
    if (made == 2 * g * k * k && channels % g == 0) return *groups = g, k;
  }
  return 0;
}

int32_t ci_part_dysample(ci_build *b, int32_t x, int64_t channels, const char *prefix, int64_t *scale) {
  int64_t groups = 0;
  int32_t size[2], part[4];
  *scale = factor(b->s, channels, prefix, &groups);
  if (!*scale) return ci_build_fail(b, CNNIMG_UNSUPPORTED, "%s.offset enlarges by no whole factor", prefix);
  int64_t places = *scale * *scale, wide = channels / groups;
  int32_t scope = ci_build_op1(b, "Sigmoid", ci_build_conv(b, x, (ci_conv_spec){0}, "%s.scope", prefix));
  int32_t offset = ci_build_conv(b, x, (ci_conv_spec){0}, "%s.offset", prefix);
  offset = ci_build_op2(b, "Add", ci_build_scale(b, ci_build_op2(b, "Mul", offset, scope), 0.5f),
                        ci_build_weight(b, "%s.init_pos", prefix));
  int32_t column = centres(b, x, 3, &size[0]), row = centres(b, x, 2, &size[1]);
  for (int64_t g = 0; g < groups; g++) {
    const int32_t grid[2] = {along(b, offset, g * places, places, column, size[0], *scale),
                             along(b, offset, (groups + g) * places, places, row, size[1], *scale)};
    part[g] = look_up(b, ci_build_channels(b, x, g * wide, (g + 1) * wide), ci_build_concat(b, grid, 2));
  }
  x = ci_build_concat(b, part, (int32_t)groups);
  return ci_store_has(b->s, "%s.end_conv.weight", prefix)
             ? ci_build_conv(b, x, (ci_conv_spec){0}, "%s.end_conv", prefix)
             : x;
}
