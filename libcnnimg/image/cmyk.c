/* SPDX-License-Identifier: MIT */
/* cmyk.c - CMYK to sRGB through Little CMS, in a context of its own: nothing is printed, no block is large */
#include "image/cmyk.h"

#include <stdlib.h>

#include "base/error.h"

#if CNNIMG_LCMS2
#include <lcms2.h>
#include <lcms2_plugin.h>

#define BLOCK_BYTES (64u << 20) /* a profile of a few bytes may ask for tables of any size */

struct ci_cmyk {
  cmsContext context;
  cmsHPROFILE inks, srgb;
  cmsHTRANSFORM transform;
};

static void *limited_malloc(cmsContext c, cmsUInt32Number n) {
  (void)c;
  return n && n <= BLOCK_BYTES ? malloc(n) : NULL;
}
static void limited_free(cmsContext c, void *p) {
  (void)c;
  free(p);
}
static void *limited_realloc(cmsContext c, void *p, cmsUInt32Number n) {
  (void)c;
  return n <= BLOCK_BYTES ? realloc(p, n) : NULL;
}
static void silent(cmsContext c, cmsUInt32Number code, const char *text) { (void)c, (void)code, (void)text; }

static cmsContext new_context(void) {
  cmsPluginMemHandler memory = {
      .base = {.Magic = cmsPluginMagicNumber, .ExpectedVersion = 2080, .Type = cmsPluginMemHandlerSig},
      .MallocPtr = limited_malloc,
      .FreePtr = limited_free,
      .ReallocPtr = limited_realloc};
  cmsContext c = cmsCreateContext(&memory, NULL);
  if (c) cmsSetLogErrorHandlerTHR(c, silent);
  return c;
}

static int open_transform(ci_cmyk *t, const ci_blob *icc, const char *name, unsigned bytes, int inverted,
                          cnnimg_error *err) {
  const cmsUInt32Number ink_types[2][2] = {{TYPE_CMYK_8, TYPE_CMYK_8_REV}, {TYPE_CMYK_16, TYPE_CMYK_16_REV}};
  t->context = new_context();
  if (!t->context) return ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory for a colour transform", name);
  if (icc->size <= UINT32_MAX)
    t->inks = cmsOpenProfileFromMemTHR(t->context, icc->data, (cmsUInt32Number)icc->size);
  if (!t->inks) return ci_fail(err, CNNIMG_CORRUPT, "%s: CMYK, but its colour profile is damaged", name);
  if (cmsGetColorSpace(t->inks) != cmsSigCmykData)
    return ci_fail(err, CNNIMG_CORRUPT, "%s: CMYK, but its colour profile is not for CMYK", name);
  t->srgb = cmsCreate_sRGBProfileTHR(t->context);
  if (!t->srgb) return ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory for a colour transform", name);
  t->transform = cmsCreateTransformTHR(t->context, t->inks, ink_types[bytes == 2][inverted != 0], t->srgb,
                                       bytes == 2 ? TYPE_RGB_16 : TYPE_RGB_8, INTENT_RELATIVE_COLORIMETRIC,
                                       cmsFLAGS_BLACKPOINTCOMPENSATION | cmsFLAGS_NOCACHE);
  return t->transform ? CNNIMG_OK
                      : ci_fail(err, CNNIMG_CORRUPT, "%s: CMYK, but its colour profile cannot be used", name);
}

int ci_cmyk_new(ci_cmyk **out, ci_meta *meta, const char *name, unsigned bytes, int inverted,
                cnnimg_error *err) {
  *out = NULL;
  if (!meta->icc.size)
    return ci_fail(
        err, CNNIMG_UNSUPPORTED,
        "%s: CMYK without a colour profile, so what its inks look like is not known; convert it to RGB with "
        "another program first",
        name);
  ci_cmyk *t = ci_calloc(1, sizeof *t);
  if (!t) return ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory", name);
  int rc = open_transform(t, &meta->icc, name, bytes, inverted, err);
  if (rc != CNNIMG_OK) {
    ci_cmyk_free(t);
    return rc;
  }
  ci_blob_set(&meta->icc, NULL, 0); /* of inks, which the result has not */
  meta->colour = (ci_colour){.srgb = 1 + INTENT_RELATIVE_COLORIMETRIC};
  *out = t;
  return CNNIMG_OK;
}

void ci_cmyk_row(const ci_cmyk *t, const void *inks, void *rgb, uint32_t pixels) {
  cmsDoTransform(t->transform, inks, rgb, pixels);
}

void ci_cmyk_free(ci_cmyk *t) {
  if (!t) return;
  if (t->transform) cmsDeleteTransform(t->transform);
  if (t->srgb) cmsCloseProfile(t->srgb);
  if (t->inks) cmsCloseProfile(t->inks);
  if (t->context) cmsDeleteContext(t->context);
  free(t);
}

#else

struct ci_cmyk {
  int nothing;
};

int ci_cmyk_new(ci_cmyk **out, ci_meta *meta, const char *name, unsigned bytes, int inverted,
                cnnimg_error *err) {
  (void)meta, (void)bytes, (void)inverted;
  *out = NULL;
  return ci_fail(err, CNNIMG_UNSUPPORTED,
                 "%s: is CMYK; this build of cnnimg was made without lcms2, so convert it to RGB with "
                 "another program first",
                 name);
}

void ci_cmyk_row(const ci_cmyk *t, const void *inks, void *rgb, uint32_t pixels) {
  (void)t, (void)inks, (void)rgb, (void)pixels;
}
void ci_cmyk_free(ci_cmyk *t) { (void)t; }

#endif
