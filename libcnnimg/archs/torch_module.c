/* SPDX-License-Identifier: MIT */
/* torch_module.c - PyTorch modules that were saved whole, where they are a Sequential: the file then says the network */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "archs/arch.h"
#include "archs/torch_layers.h"
#include "base/memory.h"

#define DEEPEST 16 /* Sequentials in each other */

static const char *class_at(const ci_store *s, const char *path) {
  char key[CI_TM_ROOM];
  int n = snprintf(key, sizeof key, "module%s%s", path[0] ? "." : "", path);
  return n > 0 && (size_t)n < sizeof key ? ci_store_meta(s, key) : NULL;
}

/*
 * Any other class says in Python, which is not read, what it does with its parts: running them in their order would be a
 * guess. Where the remarks were cut off, so is the network.
 */
static int bid(const ci_store *s) {
  const char *root = class_at(s, "");
  return root && !strcmp(root, "Sequential") && s->n_meta < CI_STORE_REMARKS ? 90 : 0;
}

/* ---- layers ------------------------------------------------------------------------------- */

/* What stands behind "module." where the line is about a part that lies directly in `path`; NULL: it is not. */
static const char *part_of(const char *key, const char *path) {
  size_t n = strlen(path);
  if (strncmp(key, "module.", 7) || strncmp(key + 7, path, n)) return NULL;
  const char *rest = key + 7 + n;
  if (n && *rest++ != '.') return NULL;
  return *rest && !strchr(rest, '.') ? key + 7 : NULL;
}

/* Remarks stand in the order of registration, and a Sequential has none of its own: what lies in it are its parts. */
static int32_t sequence(ci_build *b, int32_t x, const char *path, int depth) {
  const ci_store *s = b->s;
  if (depth > DEEPEST)
    return ci_build_fail(b, CNNIMG_LIMIT, "Sequentials are more than %d deep in each other", DEEPEST);
  for (size_t i = 0; i < s->n_meta && !b->status; i++) {
    const char *part = part_of(s->meta[i].key, path), *class = s->meta[i].value;
    if (!part) continue;
    x = strcmp(class, "Sequential") ? ci_torch_layer(b, x, class, part) : sequence(b, x, part, depth + 1);
  }
  return x;
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* What the first convolution takes; 0: there is none. */
static int32_t channels(const ci_store *s) {
  for (size_t i = 0; i < s->n_meta; i++) {
    const char *path = s->meta[i].key + strlen("module."), *class = s->meta[i].value;
    bool turned = !strcmp(class, "ConvTranspose2d");
    if (strncmp(s->meta[i].key, "module.", 7) || (strcmp(class, "Conv2d") && !turned)) continue;
    int64_t n = ci_store_dim(s, turned ? 0 : 1, "%s.weight", path), groups = ci_torch_groups(s, path);
    return n > 0 && n <= 4096 && groups > 0 && groups <= 4096 ? (int32_t)(turned ? n : n * groups) : 0;
  }
  return 0;
}

static int32_t build(ci_build *b) {
  int32_t c = channels(b->s);
  if (!c) return ci_build_fail(b, CNNIMG_UNSUPPORTED, "it has no convolution");
  int32_t x = sequence(b, ci_build_input(b, "image", c), "", 0);
  ci_build_ignore(b, "num_batches_tracked");
  if (c == 1) ci_build_card(b, "colour", "grey");
  return x;
}

const ci_arch ci_arch_torch_module = {"a module of PyTorch", bid, build};
