/* SPDX-License-Identifier: MIT */
/* torch_layers.h - private to torch_module.c: the layers of torch.nn, from the remarks about modules */
#ifndef CI_TORCH_LAYERS_H
#define CI_TORCH_LAYERS_H

#include "net/build.h"

#define CI_TM_ROOM 700 /* of a remark's key */

/* The layer at `path` ("body.0"), as "module.PATH.stride" and the like describe it. Classes that are not known fail. */
int32_t ci_torch_layer(ci_build *b, int32_t x, const char *class, const char *path);
/* "module.PATH.groups"; 1 where that is not said. */
int64_t ci_torch_groups(const ci_store *s, const char *path);

#endif
