#!/bin/sh
# SPDX-License-Identifier: MIT
# cards.sh - each built-in model restores the crops in data/ as well as the line "ci:" of its card says
#
# The card's figure is ONNX Runtime's, printed by the recipe (models/train, --measure) on the day the weights were stamped. Other
# weights, damaged ones and an engine that computes something else all show: a figure may differ by 0.02 dB. (Of colours and holes by
# 0.1 dB: the recipe makes colours and paint large without looking at edges, and its smooth fill is not solved to the end.)
. "${abs_top_srcdir:?}/tests/tools/lib.sh"
data=$abs_top_srcdir/tests/models/data
psnr=$abs_top_builddir/tests/models/psnr
upscale=$abs_top_builddir/tools/cnn-upscale

# kinds TASK SCALE: suffixes of the spoilt crops that a model of this task restores; -: none are kept
kinds() {
  case $1 in
    denoise) echo noisy25.png ;;
    upscale) echo "x$2.png" ;;
    deblock) echo q10.jpg q40.jpg q95.jpg ;;
    colorize) echo png ;;
    inpaint) echo hole.png ;;
    lineart) echo line.png ;;
    *) echo - ;;
  esac
}

# restore TASK MODEL IN OUT
restore() {
  case $1 in
    denoise) "$denoise" --quiet -m "$2" -s 25 "$3" "$4" ;;
    upscale) "$upscale" --quiet --fix-color off -m "$2" "$3" "$4" ;;
    colorize) "$colorize" --quiet -m "$2" "$3" "$4" ;;
    lineart) "$colorize" --quiet -m "$2" "$3" "$4" ;;
    inpaint) "$inpaint" --quiet --method net -m "$2" --mask color:#ff00ff "$3" "$4" ;;
    *) "$denoise" --quiet -m "$2" "$3" "$4" ;;
  esac
}

# figure MODEL: what our tools make of the crops, in dB
figure() {
  expect 0 "$denoise" --model-info "$1"
  task=$(sed -n 's/^task: //p' out)
  scale=$(sed -n 's/^scale: //p' out)
  set --  "$1"
  for kind in $(kinds "$task" "$scale"); do
    for spoilt in "$data"/*."$kind"; do
      case $kind,$(basename "$spoilt") in png,*.*.png) continue ;; esac # the truth itself, whose light alone is looked at
      found=$(basename "$spoilt").found.png
      expect 0 restore "$task" "$1" "$spoilt" "$found"
      set -- "$@" "${spoilt%".$kind"}.png" "$found"
    done
  done
  shift
  "$psnr" "$@"
}

# near A B MOST: within so many dB
near() { awk -v a="$1" -v b="$2" -v m="$3" 'BEGIN { d = a - b; exit !(a != "" && b != "" && d <= m && d >= -m) }'; }

measured=0
for card in "$CNNIMG_MODELS_DIR"/*/card.md; do
  folder=$(dirname "$card")
  model=$folder/$(basename "$folder").onnx
  expect 0 "$denoise" --model-info "$model"
  task=$(sed -n 's/^task: //p' out)
  [ "$(kinds "$task" 1)" = - ] && continue
  case $task in colorize | inpaint | lineart) most=0.1 ;; *) most=0.02 ;; esac
  said=$(sed -n 's/^ci: \([0-9.]*\).*/\1/p' "$card")
  found=$(figure "$model")
  echo "$(basename "$folder"): $found dB, its card says ${said:-nothing}"
  near "$found" "$said" $most || bad "$model: $found dB on the crops, its card says \"ci: $said\""
  measured=$((measured + 1))
done
[ "$measured" -ge 2 ] || bad "only $measured models were measured"

# the sums are those of the tree, so that nobody measures other files than he ships
(cd "$CNNIMG_MODELS_DIR" && sha256sum -c --quiet SHA256SUMS) || bad "models/SHA256SUMS"

# a figure that is not the card's does ring
near 28.727 28.704 0.02 && bad "0.023 dB pass for the same"
near "" "" 0.02 && bad "nothing passes for a figure"
near 28.727 28.71 0.02 || bad "0.018 dB do not pass"
finish
