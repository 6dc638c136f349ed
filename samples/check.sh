#!/bin/sh
# SPDX-License-Identifier: MIT
# check.sh - runs the sample programs and looks at what they say and make
#
#   check.sh FOLDER SOURCES TOOL LIBRARY
#
# FOLDER has the programs, SOURCES is the top of the source, TOOL a cnn-denoise to compare with, LIBRARY the shared
# library for Python. `make check` does it with what was built, `make installcheck` with what was installed.
set -u
bin=$1 top=$2 tool=$3 library=$4
model=$top/models/denoise/denoise.onnx samples=$top/samples
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
status=0
bad() { echo "samples: $*"; status=1; }

"$bin/denoise_memory" "$model" >"$work/said" || bad "denoise_memory failed"
cat "$work/said"
awk '/^noisy:/ { noisy = $3 } /^denoised:/ { left = $3 } END { exit !(noisy > 20 && left > 0 && left < noisy / 4) }' \
  "$work/said" || bad "denoise_memory leaves too much noise"

"$bin/preview" "$model" || bad "preview: a rectangle is not what the whole has there"

"$bin/rows" "$model" "$samples/noisy/chelsea.png" "$work/rows.ppm" 2>/dev/null || bad "rows failed"
"$tool" -m "$model" --quiet "$samples/noisy/chelsea.png" "$work/tool.ppm" || bad "$tool failed"
cmp "$work/rows.ppm" "$work/tool.ppm" || bad "rows and cnn-denoise differ"

"$bin/symbols" "$samples/symbols/symbols.onnx" "$samples/symbols/symbols.txt" >"$work/said" || bad "symbols failed"
cat "$work/said"
grep -q '^1\. 8 ' "$work/said" || bad "symbols does not see an 8"

"$bin/text" "$samples/text/text.onnx" "the doors of these houses" "heute scheint die Sonne wieder" "les portes de ces maisons" \
  "las puertas de estas casas" "le porte di queste case" "näiden talojen ovet" >"$work/said" || bad "text failed"
cat "$work/said"
[ "$(cut -d ' ' -f 1 "$work/said" | tr '\n' ' ')" = "en de fr es it fi " ] || bad "text takes a language for another"

# A sanitizer's run-time library must come first in a process, and Python was there before.
nm -D "$library" 2>/dev/null | grep -qE '__(a|t)san_init' && library=
if python3 -c 'import ctypes' 2>/dev/null && [ -n "$library" ] && [ -f "$library" ]; then
  CNNIMG_LIBRARY=$library python3 "$samples/denoise.py" "$model" "$samples/noisy/chelsea.png" "$work/python.ppm" ||
    bad "denoise.py failed"
  cmp "$work/rows.ppm" "$work/python.ppm" || bad "denoise.py and rows differ"
else
  echo "no python3, or no shared library: denoise.py was not run"
fi
exit $status
