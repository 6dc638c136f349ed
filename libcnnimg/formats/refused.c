/* SPDX-License-Identifier: MIT */
/* refused.c - weight files that are known and not read: each says so in a sentence */
#include <string.h>

#include "base/error.h"
#include "formats/format.h"
#include "formats/wire.h"

static int refuse(const ci_source *src, const char *why, ci_loaded *out, cnnimg_error *err) {
  *out = (ci_loaded){0};
  return ci_fail(err, CNNIMG_UNSUPPORTED, "%s: %s", src->name, why);
}

/* A FlatBuffer says what it is behind the offset of its root. */
static int bid_tflite(const uint8_t *data, size_t size) {
  return size >= 8 && !memcmp(data + 4, "TFL3", 4) ? 95 : 0;
}

static int load_tflite(const ci_source *src, ci_loaded *out, cnnimg_error *err) {
  return refuse(src,
                "it is a TensorFlow Lite model (TFL3), which is not read; export the network as ONNX, or "
                "save the frozen graph",
                out, err);
}

const ci_format ci_format_tflite = {"tflite", bid_tflite, load_tflite};

/* saved_model.pb: a version of 1, then MetaGraphDefs, and nothing else. */
static int bid_saved_model(const uint8_t *data, size_t size) {
  ci_cursor c = ci_cursor_make(data, size);
  ci_field f;
  if (!ci_wire_next(&c, &f) || !ci_wire_is(&f, 1, CI_VARINT) || f.u != 1) return 0;
  bool graph = false;
  while (ci_wire_next(&c, &f)) {
    if (!ci_wire_is(&f, 2, CI_BYTES)) return 0;
    ci_field inner; /* MetaGraphDef: 1 meta_info, 2 graph_def; a producer's name is text */
    while (ci_wire_next(&f.bytes, &inner)) graph = graph || ci_wire_is(&inner, 2, CI_BYTES);
  }
  return graph && !c.bad ? 60 : 0;
}

static int load_saved_model(const ci_source *src, ci_loaded *out, cnnimg_error *err) {
  return refuse(
      src,
      "it is a TensorFlow SavedModel, whose weights lie elsewhere; freeze it to one graph, or name its "
      "variables.index",
      out, err);
}

const ci_format ci_format_saved_model = {"tensorflow-savedmodel", bid_saved_model, load_saved_model};
