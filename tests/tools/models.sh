#!/bin/sh
# SPDX-License-Identifier: MIT
# models.sh - models are found by name, path and folder; what cannot be loaded ends with status 3
. "${abs_top_srcdir:?}/tests/tools/lib.sh"
"$mkpic" make a.ppm 16 16 rgb 8 10
built_in=$CNNIMG_MODELS_DIR/denoise/denoise.onnx

expect 0 "$denoise" --list-models; prints '^denoise  *denoise '
expect 0 "$denoise" --model-info denoise; prints '^licence: '; prints '^parameters: [0-9]'; prints '^file: .*denoise.onnx'
expect 0 "$denoise" --model-info "$built_in"; prints '^task: denoise'
expect 3 "$denoise" --list-models a.ppm; says 'a.ppm: not a weight file'
expect 2 "$denoise" --list-models -i a.ppm
expect 2 "$denoise" --model-info denoise a.ppm

ok() { rm -f b.ppm; expect 0 "$denoise" --quiet -s 9 "$@" a.ppm b.ppm; there b.ppm; }
mkdir -p here/denoise flat one two
cp "$built_in" here/denoise/
cp "$built_in" flat/net.onnx
cp "$built_in" one/x.onnx
cp "$built_in" two/x.onnx
cp "$built_in" two/y.onnx
ok -m denoise
ok -m "$built_in"
ok -m one
ok -m here/denoise/
ok -m flat -n net
ok --models-dir flat -m net
unset CNNIMG_MODELS_DIR
CNNIMG_MODELS_DIR=here
export CNNIMG_MODELS_DIR
ok
CNNIMG_MODELS_DIR=$PWD/flat
ok -n net
rm -f b.ppm

# ---- what a file does not say ------------------------------------------------------
nets=$abs_top_srcdir/tests/api/data
opt() { rm -f b.ppm; expect 0 "$denoise" --quiet -m "$nets/halves.onnx" "$@" a.ppm b.ppm; there b.ppm; }
opt --model-opt range=255; mv b.ppm halved.ppm
opt; same b.ppm halved.ppm
opt --model-opt order=bgr; cmp -s b.ppm halved.ppm && bad "order=bgr changes nothing"
opt --model-opt output.range=0.5 --model-opt input.image=image --model-opt range=1
expect 0 "$denoise" --model-info "$nets/halves.onnx" --model-opt licence=MIT; prints '^licence: MIT'
expect 2 "$denoise" --model-opt range a.ppm b.ppm; says 'KEY=VALUE'
rm -f b.ppm
expect 3 "$denoise" -m "$nets/halves.onnx" --model-opt rnage=255 a.ppm b.ppm; says 'no model option is called rnage'
expect 3 "$denoise" -m "$nets/halves.onnx" --model-opt input.x=image a.ppm b.ppm; says 'no such input'
expect 3 "$denoise" -m "$nets/halves.onnx" --model-opt range=white a.ppm b.ppm; says 'range=white'
expect 0 "$denoise" --quiet -m "$nets/valid.onnx" a.ppm b.ppm; there b.ppm
rm -f b.ppm

refused() { expect 3 "$denoise" "$@" a.ppm b.ppm; absent b.ppm; }
refused --models-dir flat; says 'no model is called denoise'
refused --models-dir flat --jpeg auto; says 'no model is called deblock, which --jpeg takes'
refused -n net -m nowhere; says 'no model, file or folder is called nowhere'
refused -m two; says 'two'
refused -m nothing; says 'nothing'
refused -m no/where.onnx; says 'no/where.onnx'
refused -m a.ppm; says 'a.ppm'
: >empty.onnx
refused -m empty.onnx; says 'empty.onnx'
head -c 5000 "$built_in" >cut.onnx
refused -m cut.onnx; says 'cut.onnx'
expect 3 "$denoise" --model-info cut.onnx
expect 3 "$denoise" --models-dir nowhere --list-models
# ---- another tool's network -------------------------------------------------------------------
"$mkpic" make other.png 40 32 rgb 8 0 0.2 0.8
other=$abs_top_srcdir/tests/tasks/data/colorize.onnx
for tool in "$denoise" "$abs_top_builddir/tools/cnn-upscale"; do
  expect 3 "$tool" -m "$other" other.png never.png
  says 'colorize.onnx: is a network for another tool: its card says task=colorize, cnn-colorize runs it'
  [ ! -e never.png ] || bad "a picture was written by another tool's network"
done
expect 0 "$denoise" -m upscale-fast other.png large.png
says 'upscale-fast.onnx: this network makes pictures 2 times as large; cnn-upscale is the tool for that'
equal "$(info large.png)" '80x64 colours 3 alpha 0 bits 8 png'
expect 0 "$abs_top_builddir/tools/cnn-upscale" -s 2 -m "$abs_top_srcdir/tests/api/data/identity.onnx" other.png large.png
says 'identity.onnx: this network keeps the size; what -s, --width and --height ask for is made by a filter'
equal "$(info large.png)" '80x64 colours 3 alpha 0 bits 8 png'
expect 0 "$abs_top_builddir/tools/cnn-upscale" -m upscale-fast other.png large.png; silent

finish
