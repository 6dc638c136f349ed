#!/bin/sh
# SPDX-License-Identifier: MIT
# near.sh - the helper program is found in a build folder, and in an installed tree that was moved
. "${abs_top_srcdir:?}/tests/tools/lib.sh"
unset CNNIMG_LIBEXEC
helper=$abs_top_builddir/helper/cnnimg-hdf5
mat=$abs_top_srcdir/tests/formats/data/mat/ffdnet_73.mat
[ -x "$helper" ] || exit 77
"$helper" "$mat" >/dev/null 2>&1 || exit 77

# as it was built: the program may be libtool's script, and the real one deeper
expect 0 "$denoise" --model-info "$mat"; prints '^parameters: [0-9]'
program=$abs_top_builddir/tools/.libs/cnn-denoise
[ -x "$program" ] || program=$denoise
LD_LIBRARY_PATH=$abs_top_builddir/libcnnimg/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH

# as it is installed, elsewhere
for below in libexec/cnnimg lib/cnnimg helper; do
  rm -rf moved
  mkdir -p moved/bin "moved/$below"
  cp "$program" moved/bin/cnn-denoise
  cp "$helper" "moved/$below/"
  expect 0 moved/bin/cnn-denoise --model-info "$mat"; prints '^parameters: [0-9]'
done

# what is said comes first, and what is no program is passed over
expect 3 env CNNIMG_LIBEXEC="$PWD/nowhere" moved/bin/cnn-denoise --model-info "$mat"; says "$PWD/nowhere/cnnimg-hdf5"
chmod -x moved/helper/cnnimg-hdf5
mkdir -p moved/libexec/cnnimg/cnnimg-hdf5 moved/lib/cnnimg moved/share/cnnimg/models
cp "$helper" moved/lib/cnnimg/
expect 0 moved/bin/cnn-denoise --model-info "$mat"; prints '^parameters: [0-9]'

# models are found the same way
(unset CNNIMG_MODELS_DIR; cp "$abs_top_srcdir/models/denoise/denoise.onnx" moved/share/cnnimg/models/elsewhere.onnx
 moved/bin/cnn-denoise --list-models) >out 2>err; prints '^elsewhere '
finish
