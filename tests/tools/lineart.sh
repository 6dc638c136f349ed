#!/bin/sh
# SPDX-License-Identifier: MIT
# lineart.sh - cnn-colorize --lineart with a network that stands in: strokes, areas, hints in every form, mistakes
. "${abs_top_srcdir:?}/tests/tools/lib.sh"
hue=$abs_top_builddir/tests/tools/hue
net=$abs_top_srcdir/tests/tasks/data/lineart.onnx
other=$abs_top_srcdir/tests/tasks/data/colorize.onnx
run() { status=$1; shift; expect "$status" "$colorize" --quiet --lineart -m "$net" "$@"; no_litter; }
rgb() { "$hue" rgb "$@"; }
# close RRGGBB RRGGBB: each of the three differs by at most 2
close() {
  for i in 1 3 5; do
    d=$((0x$(echo "$1" | cut -c $i-$((i + 1))) - 0x$(echo "$2" | cut -c $i-$((i + 1)))))
    [ "$d" -ge -2 ] && [ "$d" -le 2 ] || bad "$1 is not close to $2"
  done
}
one() { [ "$(wc -l <err)" -eq 1 ] || bad "not one sentence"; says "$1"; absent never.png; }

# ---- which network ---------------------------------------------------------------------------
"$hue" lines d.png 300 200 8 grey
mkdir none models; cp "$net" models/lineart.onnx; cp "$other" models/colorize.onnx
expect 3 "$colorize" --lineart --models-dir none d.png never.png
one '^cnn-colorize: no model is called lineart, which --lineart takes where -m names no other'
expect 3 "$colorize" --lineart -m "$other" d.png never.png; one 'colorize.onnx: is no network for line art'
run 2 --suggest 3,3 d.png; one 'not for line art'
expect 1 "$colorize" -m "$net" --suggest 3,3 d.png; one 'does not say which colours are likely'
expect 1 "$colorize" -m "$abs_top_srcdir/tests/api/data/identity.onnx" --model-opt task=lineart --lineart d.png never.png
one 'output paint'
run 0 d.png a.png; silent
expect 0 "$colorize" --quiet --lineart --models-dir models d.png b.png; same a.png b.png
expect 0 "$colorize" --quiet -m "$net" d.png b.png; same a.png b.png # the card decides
run 0 -v d.png b.png; says 'paint for 300x200 pixels: strokes of 300x200'

# ---- by itself: the network's colour between strokes, strokes as they were --------------------
# The boxes: 30..135 and 165..270 wide, 40..160 high, their strokes 3 pixels inwards.
equal "$(info a.png)" '300x200 colours 3 alpha 0 bits 8 png'
equal "$(rgb a.png 31 100)" 000000
for bits in 8 16; do
  for kind in grey rgb greya; do
    "$hue" lines k.png 300 200 $bits $kind
    run 0 --point 60,100=#ff8040 --point 200,100=#80c0ff --point 5,5=#ffffff k.png l.png; silent
    case $kind in greya) alpha=1 ;; *) alpha=0 ;; esac
    equal "$(info l.png)" "300x200 colours 3 alpha $alpha bits $bits png"
    equal "$(rgb l.png 60 100) $(rgb l.png 34 44) $(rgb l.png 131 156)" 'ff8040 ff8040 ff8040' # all over the first box
    equal "$(rgb l.png 200 100) $(rgb l.png 169 44)" '80c0ff 80c0ff'
    equal "$(rgb l.png 150 100) $(rgb l.png 150 30) $(rgb l.png 28 100)" 'ffffff ffffff ffffff' # and not beside
    equal "$(rgb l.png 31 100) $(rgb l.png 134 100)" '000000 000000'
    # Grey strokes of 0.4: multiplied with the colour on either side.
    case $(rgb l.png 165 100) in 666666 | 334d66) ;; *) bad "a stroke became $(rgb l.png 165 100)" ;; esac
    case $(rgb l.png 167 100) in 334d66) ;; *) bad "the inner side of a stroke is $(rgb l.png 167 100)" ;; esac
  done
done
equal "$("$mkpic" alpha k.png)" "$("$mkpic" alpha l.png)"
run 0 --strength 0 d.png l.png; equal "$(rgb l.png 60 100) $(rgb l.png 165 100)" 'ffffff 666666'
run 0 --saturation 0 --point 60,100=#ff8040 d.png l.png
equal "$(rgb l.png 60 100)" a4a4a4 # the luminance of #ff8040, encoded
printf '#3050ff\n' >blue.txt
run 0 --palette blue.txt d.png l.png; cmp -s a.png l.png && bad "a palette does nothing"

# ---- a network that is told where its cells are ------------------------------------------------
"$hue" lines tall.png 200 300 8 grey
expect 0 "$colorize" --quiet -m "$abs_top_srcdir/tests/tasks/data/lineart-place.onnx" tall.png place.png
close "$(rgb place.png 5 4)" 212121   # 0.5 - 0.4 * 0.92: paint flows a little within its part
close "$(rgb place.png 5 150)" 808080
close "$(rgb place.png 5 296)" dcdcdc

# ---- a gap holds; a point, JSON and a picture; threads -----------------------------------------
printf '{"points": [{"x": 60, "y": 100, "color": "#2040A1", "radius": 5.5}]}' >h.json
"$hue" hints h.png 300 200 60 100 5.5 2040a1
run 0 --hints h.json d.png 1.png; equal "$(rgb 1.png 40 50)" 2040a1
close "$(rgb 1.png 90 20)" "$(rgb 1.png 150 190)" # above the gap it is as below
run 0 --hints h.png d.png 2.png; same 1.png 2.png
run 0 --point 60,100=#2040a1@5.5 --save-hints s.json -j 3 d.png 3.png; same 1.png 3.png
run 0 --hints s.json -j 1 --memory 16M d.png 4.png; same 1.png 4.png
run 0 --point 60,100=#ff0000 --point 60,100=#2040a1@5.5 d.png 5.png; same 1.png 5.png # the last is on top
"$hue" lines large.pgm 2400 1300 16 grey # more pixels than strokes are looked for in
run 0 --point 500,600=#2040a1 large.pgm 1.ppm; equal "$(rgb 1.ppm 245 270) $(rgb 1.ppm 1074 1030)" '2040a1 2040a1'
run 0 --point 500,600=#2040a1 -j 1 --memory 8M large.pgm 2.ppm; same 1.ppm 2.ppm
run 1 --point 300,0=#123456 d.png never.png; one 'lies outside the picture'

# ---- folders, small ones --------------------------------------------------------------------------
mkdir -p tree/sub
"$hue" lines tree/a.jpg 80 60 8 grey; "$hue" lines tree/sub/c.png 17 5 16 greya; "$hue" lines tree/d.pgm 1 1 8 grey
run 0 -r tree -o painted/; silent
equal "$(info painted/a.jpg)" '80x60 colours 3 alpha 0 bits 8 jpeg'
equal "$(info painted/sub/c.png)" '17x5 colours 3 alpha 1 bits 16 png'
equal "$(info painted/d.pgm)" '1x1 colours 3 alpha 0 bits 8 ppm'
run 0 --json d.png a.png; prints '"status":"done",.*"width":300,"height":200'
run 0 --dry-run d.png never.png; absent never.png
finish
