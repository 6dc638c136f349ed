/* SPDX-License-Identifier: MIT */
/* keras.h - a network as Keras writes it down: its configuration and the weights of its layers */
#ifndef CI_KERAS_H
#define CI_KERAS_H

#include "base/json.h"
#include "net/store.h"

/*
 * config: {"class_name": "Sequential" | "Functional" | "Model", "config": {...}}, of Keras 1, 2 or 3. Weights are the store's
 * "LAYER/kernel", "LAYER/bias", "LAYER/gamma", "LAYER/moving_variance" ... (of a model inside: "MODEL/LAYER/kernel"), in
 * Keras' own order of dimensions (kernels H, W, I, O unless the layer says Theano's). On success *out owns the store; on
 * failure the store is still the caller's. The answer is the network's last layer's; errors do not name the file.
 */
int ci_keras_program(const ci_json *config, ci_store *store, ci_program **out, cnnimg_error *err);

#endif
