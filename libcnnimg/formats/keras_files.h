/* SPDX-License-Identifier: MIT */
/* keras_files.h - Keras' own files: tensors under the names of layers, configurations and weights that belong together */
#ifndef CI_KERAS_FILES_H
#define CI_KERAS_FILES_H

#include "base/json.h"
#include "base/source.h"
#include "formats/format.h"

#define CI_KERAS_NESTED 8                /* models in one another */
#define CI_KERAS_WORK ((int64_t)1 << 26) /* comparisons of names that one file may cost */

/* What an HDF5 file holds, by its names. */
typedef enum ci_keras_kind {
  CI_KERAS_NONE,   /* not Keras */
  CI_KERAS_LEGACY, /* layer_names and weight_names: .h5 of all versions */
  CI_KERAS_VARS /* layers/CLASS_2/vars/0: .weights.h5 and .keras of version 3, which need the configuration */
} ci_keras_kind;

ci_keras_kind ci_keras_kind_of(const ci_store *raw);

/*
 * A new finished store with the tensors of `raw` (finished; emptied on success) under "LAYER/kernel", "MODEL/LAYER/gamma"
 * ... as formats/keras.h wants them; the optimizer's are left out. config may be NULL for CI_KERAS_LEGACY. Remarks:
 * keras_version, backend, "keras.layer_names" (a JSON array), "keras.order" = "theano" where kernels are known to lie
 * O, I, H, W (Keras 1). A tensor that no layer of the configuration has is CNNIMG_CORRUPT. Errors do not name the file.
 */
int ci_keras_rename(ci_store *raw, const ci_json *config, ci_store **out, cnnimg_error *err);
int ci_keras_rename_vars(ci_store *raw, const ci_json *config, ci_store *to, cnnimg_error *err);
/* Gives the tensor of `from`, an entry of a store that is emptied, to `to`. */
int ci_keras_move(ci_entry *from, ci_store *to, const char *name, cnnimg_error *err);

/* The layers of a model's configuration, of any version; NULL: it is no model. */
const ci_json *ci_keras_layers(const ci_json *model);
const char *ci_keras_name(const ci_json *layer);  /* "" where it has none */
const char *ci_keras_class(const ci_json *layer); /* "Conv2D" */

/* Is the text a model's configuration (to_json())? Looks at the first bytes. */
bool ci_keras_is_config(const uint8_t *data, size_t size);
/* The one configuration beside `src` that fits raw (not touched), as a document; *out is NULL where there is none. Two that
 * fit are an error. */
int ci_keras_config_beside(const ci_source *src, const ci_store *raw, ci_json **out, cnnimg_error *err);
/* The one weight file beside a configuration. */
int ci_keras_weights_beside(const ci_source *src, const ci_json *config, ci_store **raw, cnnimg_error *err);
/* Does every tensor have a layer? */
bool ci_keras_fits(const ci_store *raw, const ci_json *config);

/* Configuration (may be NULL: then a store) and tensors to what a format answers; raw is taken over, also on failure. */
int ci_keras_loaded(const char *file, ci_store *raw, const ci_json *config, ci_loaded *out,
                    cnnimg_error *err);

#endif
