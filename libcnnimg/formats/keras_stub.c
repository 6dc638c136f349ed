/* SPDX-License-Identifier: MIT */
/* keras_stub.c - stands in for the Keras translator until it is there */
#include "base/error.h"
#include "formats/keras.h"

int ci_keras_program(const ci_json *config, ci_store *store, ci_program **out, cnnimg_error *err) {
  (void)config, (void)store;
  *out = NULL;
  return ci_fail(err, CNNIMG_UNSUPPORTED, "Keras configurations are not read yet");
}
