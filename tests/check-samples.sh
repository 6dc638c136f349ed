#!/bin/sh
# SPDX-License-Identifier: MIT
# check-samples.sh - the sample programs, which see cnnimg.h and the shared library only, do what they say
top=${abs_top_srcdir:-$(dirname "$0")/..}
build=${abs_top_builddir:-.}
"$top/samples/check.sh" "$build/samples" "$top" "$build/tools/cnn-denoise" "$build/libcnnimg/.libs/libcnnimg.so"
