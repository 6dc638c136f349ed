#!/bin/sh
# SPDX-License-Identifier: MIT
# check-sample.sh - the sample program, which sees cnnimg.h and the shared library only, removes most of its noise
models=${CNNIMG_MODELS_DIR:-$(dirname "$0")/../models}
out=$("${abs_top_builddir:-.}/samples/denoise_memory" "$models/denoise/denoise.onnx") || exit 1
echo "$out"
echo "$out" | awk '/^noisy:/ { noisy = $3 } /^denoised:/ { left = $3 } END { exit !(noisy > 20 && left > 0 && left < noisy / 4) }'
