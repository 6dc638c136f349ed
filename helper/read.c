/* SPDX-License-Identifier: MIT */
/* read.c - which reader a file is for, by its first bytes */
#include <string.h>

#include "helper.h"

static bool hdf5_at(const helper *h, size_t at) {
  return h->size >= at + 8 && !memcmp(h->data + at, "\x89HDF\r\n\x1a\n", 8);
}

bool helper_read(helper *h) {
  bool matlab = h->size >= 128 && !memcmp(h->data, "MATLAB ", 7);
  if (matlab && !hdf5_at(h, 512)) return helper_mat5(h);
  for (size_t at = 0; at < h->size; at = at ? at * 2 : 512)
    if (hdf5_at(h, at)) return helper_hdf5(h, matlab);
  return helper_fail(h, CNNIMG_UNSUPPORTED, "neither HDF5 nor a MAT file");
}
