#!/bin/sh
# SPDX-License-Identifier: MIT
# save.sh - --save-model, and what --model-info and --list-models say for people and for programs
. "${abs_top_srcdir:?}/tests/tools/lib.sh"
"$mkpic" make a.ppm 32 24 rgb 8 10
nets=$abs_top_srcdir/tests/api/data
valid() {
  command -v python3 >/dev/null 2>&1 || return 0
  python3 -c 'import json, sys
for line in open(sys.argv[1]):
    row = json.loads(line)
    for test in sys.argv[2:]:
        assert eval(test), test + ": " + line' "$@" || bad "$1: not so"
}

# ---- saving ---------------------------------------------------------------------------
expect 0 "$denoise" --save-model one.onnx; there one.onnx; silent
expect 0 "$denoise" --quiet -s 9 a.ppm b.ppm
expect 0 "$denoise" --quiet -m one.onnx -s 9 a.ppm c.ppm; same b.ppm c.ppm
expect 0 "$denoise" --quiet -s 9 --save-model two.onnx a.ppm d.ppm; same one.onnx two.onnx; same b.ppm d.ppm
expect 0 "$denoise" -m "$nets/halves.onnx" --model-opt range=255 --model-opt licence=CC0 --save-model three.onnx
expect 0 "$denoise" --model-info three.onnx; prints '^range: 255'; prints '^licence: CC0'; prints '^format: onnx'
expect 1 "$denoise" -m one.onnx --save-model one.onnx; says 'is the model itself'; same one.onnx two.onnx
ln -s one.onnx link.onnx
expect 1 "$denoise" -m one.onnx --save-model link.onnx; says 'is the model itself'
expect 0 "$denoise" -m three.onnx --save-model two.onnx; same two.onnx three.onnx
cp one.onnx two.onnx
expect 0 "$denoise" -m three.onnx --existing skip --save-model two.onnx; says 'exists already'; same one.onnx two.onnx
expect 1 "$denoise" -m three.onnx --existing error --save-model two.onnx; says 'exists already'; same one.onnx two.onnx
expect 2 "$denoise" --save-model two.png; says 'must end in .onnx'; absent two.png
expect 3 "$denoise" -m nothing --save-model four.onnx; absent four.onnx
expect 3 "$denoise" -m a.ppm --save-model four.onnx; absent four.onnx
expect 1 "$denoise" --save-model no/where.onnx; says 'no/where.onnx'
no_litter

# ---- what a model is -------------------------------------------------------------------
expect 0 "$denoise" --model-info denoise
prints '^receptive_field: [0-9]'; prints '^macs_per_pixel: [0-9]'; prints '^input: image (image), 1 x 3 x ? x ?$'
prints '^input: sigma (sigma)'; prints '^output: output (image)'
expect 0 "$denoise" --model-info denoise --json
valid out 'row["task"] == "denoise" and row["scale"] == 1 and row["colour"] == "rgb" and row["range"] == 1' \
  'row["licence"] == "MIT" and row["format"] == "onnx" and row["architecture"] is None and row["origin"] is None' \
  'row["parameters"] > 1e5 and row["macs_per_pixel"] > 1e4 and row["receptive_field"] > 50' \
  'row["inputs"][1] == {"name": "sigma", "role": "sigma", "shape": [1, 1, None, None]}' \
  'row["outputs"][0]["role"] == "image" and row["card"]["task"] == "denoise"'
expect 0 "$denoise" --model-info "$nets/reverse.onnx" --json; valid out 'row["receptive_field"] == "whole picture"'

# A weights-only file of no architecture that is known: safetensors, written by hand.
printf '{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}' >head
{ printf '\066\0\0\0\0\0\0\0'; cat head; printf '\0\0\0\0\0\0\0\0'; } >some.safetensors
expect 3 "$denoise" --model-info some.safetensors; [ ! -s out ] || bad "something is printed"
expect 3 "$denoise" --model-info some.safetensors -v; equal "$(cat out)" 'tensor: w float 2'; says 'some.safetensors'
expect 3 "$denoise" --model-info some.safetensors --json
valid out 'row["error"] and row["tensors"] == [{"name": "w", "type": "float", "shape": [2]}]'
expect 3 "$denoise" --model-info a.ppm -v; says 'a.ppm'

# A card beside the file.
cp "$nets/halves.onnx" x.onnx
printf '{"range": 255, "origin": "nowhere"}' >x.onnx.card.json
expect 0 "$denoise" --model-info x.onnx --json; valid out 'row["range"] == 255 and row["origin"] == "nowhere"'
printf '{"range": ' >x.onnx.card.json
expect 3 "$denoise" --model-info x.onnx; says 'x.onnx.card.json'
rm x.onnx.card.json

# ---- which models there are --------------------------------------------------------------
expect 0 "$denoise" --list-models; prints '^NAME  *TASK  *SCALE'; prints '^denoise  *denoise  *1 .* MIT '
expect 0 "$denoise" --list-models --json; valid out 'row["name"] and row["parameters"]'
mkdir -p zoo/deep
cp one.onnx zoo/first.onnx; cp x.onnx zoo/second.weights; cp x.onnx zoo/deep/third.onnx
echo nonsense >zoo/broken.onnx; echo text >zoo/README.md; cp a.ppm zoo/
expect 0 "$denoise" --list-models --models-dir zoo
prints '^first '; prints '^second.weights '; says 'zoo/broken.onnx: '; equal "$(wc -l <err | tr -d ' ')" 1; equal "$(wc -l <out | tr -d ' ')" 3
expect 0 "$denoise" --quiet --list-models -r zoo; prints '^third '; equal "$(wc -l <out | tr -d ' ')" 3
expect 0 "$denoise" --list-models x.onnx zoo/first.onnx --json; equal "$(wc -l <out | tr -d ' ')" 2
valid out 'row["name"] in ("x.onnx", "first.onnx")'
expect 3 "$denoise" --list-models zoo/broken.onnx; says 'zoo/broken.onnx'
finish
