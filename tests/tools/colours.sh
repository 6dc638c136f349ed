#!/bin/sh
# SPDX-License-Identifier: MIT
# colours.sh - no built-in network shifts colours: white, grey and black stay within a level
#
# Networks pad with zeros; the margin of their cards keeps that off the picture, so the border is no exception.
. "${abs_top_srcdir:?}/tests/tools/lib.sh"
upscale=$abs_top_builddir/tools/cnn-upscale

# within NAME LOW HIGH LEVELS: no sample of out.png is further away
within() {
  "$mkpic" range out.png | awk -v low="$2" -v high="$3" -v by="$4" '{ exit !($1 >= low - (by + 0.01) / 255 && $2 <= high + (by + 0.01) / 255) }' ||
    bad "$1: $("$mkpic" range out.png), not $2 to $3"
}
# keeps NAME VALUE COMMAND...: the plain picture stays plain, and of its value
keeps() {
  what=$1 value=$2
  shift 2
  expect 0 "$@"
  within "$what" "$value" "$value" 1
}
for level in 0 0.5 1; do
  for layout in rgb grey; do
    "$mkpic" make plain-$layout-$level.png 112 96 $layout 8 0 $level $level
    "$mkpic" make plain16-$layout-$level.png 112 96 $layout 16 0 $level $level
  done
done
models=0
for file in "$abs_top_srcdir"/models/*/*.onnx; do
  name=$(basename "$file" .onnx)
  task=$("$denoise" --model-info "$file" | sed -n 's/^task: //p')
  case $task in colorize | lineart | inpaint) continue ;; esac # colours are what the first two are for
  models=$((models + 1))
  case $task in
    upscale) tool=$upscale more= ;;
    denoise) tool=$denoise more='-s 25' ;;
    *) tool=$denoise more= ;;
  esac
  for level in 0 0.5 1; do
    for kind in plain-rgb plain16-grey; do
      seen=$("$mkpic" range $kind-$level.png | cut -d' ' -f1)
      keeps "$name, $kind of $level" "$seen" "$tool" --quiet $more -m "$file" $kind-$level.png out.png
    done
    seen=$("$mkpic" range plain-rgb-$level.png | cut -d' ' -f1)
    [ -z "$more" ] ||
      keeps "$name, -s 75, $level" "$seen" "$tool" --quiet -s 75 -m "$file" plain-rgb-$level.png out.png
  done
done
[ $models -gt 1 ] || bad "only $models models"
for level in 0 0.5 1; do
  seen=$("$mkpic" range plain-rgb-$level.png | cut -d' ' -f1)
  keeps "estimated noise, $level" "$seen" "$denoise" --quiet plain-rgb-$level.png out.png
done
finish
