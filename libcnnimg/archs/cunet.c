/* SPDX-License-Identifier: MIT */
/* cunet.c - waifu2x's CUNet (nagadomi) and Real-CUGAN (bilibili) as PyTorch saves them: two U-Nets without padding */
#include <stdio.h>

#include "archs/arch.h"
#include "archs/parts.h"

#define SLOPE 0.1f
#define ROOM 48 /* of a prefix */

static bool unet(const ci_store *s, const char *name) {
  return ci_store_has(s, "%s.conv1.conv.0.weight", name) && ci_store_has(s, "%s.conv1_down.weight", name) &&
         ci_store_has(s, "%s.conv2.seblock.conv2.weight", name) &&
         ci_store_has(s, "%s.conv_bottom.weight", name);
}

static int bid(const ci_store *s) {
  return unet(s, "unet1") && unet(s, "unet2") && ci_store_has(s, "unet2.conv4_up.weight") ? 95 : 0;
}

/* ---- pieces ----------------------------------------------------------------------------------------- */

static int32_t crop(ci_build *b, int32_t x, int64_t n) {
  const int64_t from[2] = {n, n}, to[2] = {-n, -n}, axes[2] = {2, 3};
  const int32_t in[4] = {x, ci_build_ints(b, from, 2), ci_build_ints(b, to, 2), ci_build_ints(b, axes, 2)};
  return ci_build_node(b, "Slice", in, 4);
}

static int32_t plain(ci_build *b, int32_t x, const char *name) {
  return ci_build_leaky(b, ci_build_conv(b, x, (ci_conv_spec){0}, "%s", name), SLOPE);
}

/* Two layers, and a gate where the file has one. */
static int32_t twice(ci_build *b, int32_t x, const char *unet_name, int32_t i) {
  char name[ROOM], second[ROOM];
  for (int32_t k = 0; k <= 2; k += 2) {
    snprintf(name, sizeof name, "%.16s.conv%d.conv.%d", unet_name, i, k);
    x = plain(b, x, name);
  }
  snprintf(name, sizeof name, "%.16s.conv%d.seblock.conv1", unet_name, i);
  snprintf(second, sizeof second, "%.16s.conv%d.seblock.conv2", unet_name, i);
  return ci_store_has(b->s, "%s.weight", name) ? ci_part_attention(b, x, name, second) : x;
}

static int32_t down(ci_build *b, int32_t x, const char *unet_name, int32_t i) {
  return ci_build_leaky(b, ci_build_conv(b, x, (ci_conv_spec){.stride = 2}, "%s.conv%d_down", unet_name, i),
                        SLOPE);
}

static int32_t up(ci_build *b, int32_t x, const char *unet_name, int32_t i) {
  x = ci_build_conv_transpose(b, x, (ci_conv_spec){.stride = 2}, "%s.conv%d_up", unet_name, i);
  return ci_build_leaky(b, x, SLOPE);
}

/* The last layer of a U-Net: what it is, its kernel says. */
static int32_t bottom(ci_build *b, int32_t x, const char *unet_name) {
  static const ci_conv_spec twofold = {.stride = 2, .pad = 3}, threefold = {.stride = 3, .pad = 2};
  switch (ci_store_dim(b->s, 2, "%s.conv_bottom.weight", unet_name)) {
    case 3:
      return ci_build_conv(b, x, (ci_conv_spec){0}, "%s.conv_bottom", unet_name);
    case 4:
      return ci_build_conv_transpose(b, x, twofold, "%s.conv_bottom", unet_name);
    case 5:
      return ci_build_conv_transpose(b, x, threefold, "%s.conv_bottom", unet_name);
    default:
      return ci_build_fail(b, CNNIMG_UNSUPPORTED, "%s.conv_bottom has a kernel of another size", unet_name);
  }
}

static int32_t shallow(ci_build *b, int32_t x, const char *name) {
  int32_t one = twice(b, x, name, 1), y = twice(b, down(b, one, name, 1), name, 2);
  y = ci_build_op2(b, "Add", crop(b, one, 4), up(b, y, name, 2));
  y = ci_build_leaky(b, ci_build_conv(b, y, (ci_conv_spec){0}, "%s.conv3", name), SLOPE);
  return bottom(b, y, name);
}

static int32_t deep(ci_build *b, int32_t x, const char *name) {
  int32_t one = twice(b, x, name, 1), two = twice(b, down(b, one, name, 1), name, 2);
  int32_t y = up(b, twice(b, down(b, two, name, 2), name, 3), name, 3);
  y = up(b, twice(b, ci_build_op2(b, "Add", crop(b, two, 4), y), name, 4), name, 4);
  y = ci_build_op2(b, "Add", crop(b, one, 16), y);
  y = ci_build_leaky(b, ci_build_conv(b, y, (ci_conv_spec){0}, "%s.conv5", name), SLOPE);
  return bottom(b, y, name);
}

static int32_t clip(ci_build *b, int32_t x) {
  return ci_build_node(b, "Clip", (const int32_t[]){x, ci_build_scalar(b, 0), ci_build_scalar(b, 1)}, 3);
}

/* ---- the whole ------------------------------------------------------------------------------------------ */

typedef struct kind {
  int64_t in, out;   /* channels of the picture */
  int64_t unshuffle; /* of the fast one */
  int32_t scale;
  bool final;   /* a layer that makes a picture of the U-Nets' features, added to the picture enlarged */
  bool clipped; /* nagadomi's: between the two U-Nets and at the end */
  bool pro;     /* Real-CUGAN pro: numbers from 0.15 to 0.85 */
} kind;

/* Of Real-CUGAN's double size and waifu2x's, tensors are the same: the program that saved them says which. */
static kind kind_of(const ci_store *s) {
  int64_t bottom_kernel = ci_store_dim(s, 2, "unet1.conv_bottom.weight");
  kind k = {.in = ci_store_dim(s, 1, "unet1.conv1.conv.0.weight"), .unshuffle = 1};
  k.final = ci_store_has(s, "conv_final.weight");
  k.out =
      k.final ? ci_store_dim(s, 0, "conv_final.weight") / 4 : ci_store_dim(s, 0, "unet2.conv_bottom.weight");
  k.scale = bottom_kernel == 3 ? 1 : bottom_kernel == 5 ? 3 : 2;
  k.clipped = k.scale == 1 || ci_store_meta(s, "file.nunif_model");
  k.pro = ci_store_has(s, "pro") || ci_store_meta(s, "file.pro");
  if (k.final && k.in == 4 * k.out) k.in = k.out, k.unshuffle = 2;
  else if (k.final) k.scale *= 2;
  return k;
}

static int32_t nets(ci_build *b, const kind *k, int32_t x) {
  int32_t first = shallow(b, x, "unet1");
  if (k->clipped) first = clip(b, first);
  x = ci_build_op2(b, "Add", crop(b, first, 20), deep(b, first, "unet2"));
  return k->clipped ? clip(b, x) : x;
}

/* Features to pixels; what the layers ate is cut from the picture too. */
static int32_t last(ci_build *b, const kind *k, int32_t x, int32_t image) {
  x = crop(b, ci_build_conv(b, x, (ci_conv_spec){0}, "conv_final"), 1);
  image = crop(b, image, k->unshuffle > 1 ? 38 : 19);
  return ci_build_op2(b, "Add", ci_build_pixel_shuffle(b, x, 2), ci_build_nearest(b, image, (float)k->scale));
}

static int32_t build(ci_build *b) {
  kind k = kind_of(b->s);
  int32_t image = ci_build_input(b, "image", (int32_t)k.in), x;
  if (k.pro) image = ci_build_op2(b, "Add", ci_build_scale(b, image, 0.7f), ci_build_scalar(b, 0.15f));
  x = k.unshuffle > 1 ? ci_build_pixel_unshuffle(b, image, k.in, k.unshuffle) : image;
  x = nets(b, &k, x);
  if (k.final) x = last(b, &k, x, image);
  if (k.pro)
    x = ci_build_op2(b, "Div", ci_build_op2(b, "Sub", x, ci_build_scalar(b, 0.15f)),
                     ci_build_scalar(b, 0.7f));
  ci_build_ignore(b, "pro");
  ci_build_card(b, "task", k.scale > 1 ? "upscale" : "denoise");
  ci_build_card(b, "scale", "%d", k.scale);
  return x;
}

const ci_arch ci_arch_cunet = {"CUNet", bid, build};
