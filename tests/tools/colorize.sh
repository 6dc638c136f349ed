#!/bin/sh
# SPDX-License-Identifier: MIT
# colorize.sh - cnn-colorize with a network that stands in: hints, palettes, suggestions, light, mistakes
. "${abs_top_srcdir:?}/tests/tools/lib.sh"
hue=$abs_top_builddir/tests/tools/hue
net=$abs_top_srcdir/tests/tasks/data/colorize.onnx
run() { status=$1; shift; expect "$status" "$colorize" --quiet -m "$net" "$@"; no_litter; }
ab() { "$hue" ab "$@"; }
# near "A B" "A B" D: the two differ by at most D in each
near() {
  echo "$1 $2 $3" | awk '{ exit !($1 - $3 <= $5 && $3 - $1 <= $5 && $2 - $4 <= $5 && $4 - $2 <= $5) }' ||
    bad "ab is $1, not within $3 of $2"
}
most() { [ "$1" -le "$2" ] || bad "$3: $1 is more than $2"; }

# ---- without a model, help, manual ---------------------------------------------------
"$hue" draw g.png 300 200 8 grey
mkdir none
expect 3 "$colorize" --models-dir none g.png never.png; says '^cnn-colorize: no model is called colorize'
run 0 -h; silent; prints '^cnn-colorize: '
[ "$(wc -l <out)" -le 40 ] || bad "--help has more than 40 lines"
[ "$(wc -L <out)" -le 80 ] || bad "--help is wider than 80 columns"
cp out help
sed 's/\\-/-/g' "$abs_top_builddir/tools/cnn-colorize.1" >manual
run 0 --list-options
while read -r letter name kind _; do
  option=--$name
  [ "$name" != - ] || option=-$letter
  [ "$name" != list-options ] || continue
  [ "$kind" != later ] || continue # the manual says in words that it will come
  grep -q -e "$option" help || bad "--help does not know $option"
  grep -q -e "^\.BR* .*$option" manual || bad "the manual does not know $option"
done <out

# ---- grey in, colours out; light stays; what the network knows of no hint is brown --------
run 0 g.png a.png; silent
equal "$(info a.png)" '300x200 colours 3 alpha 0 bits 8 png'
near "$(ab a.png 150 20 5)" '6 14' 1
most "$("$hue" light g.png a.png)" 60 'light of 8 bits'
for kind in '16 grey' '8 rgb' '16 rgb' '8 greya' '16 greya'; do
  "$hue" draw k.png 300 200 $kind
  run 0 --saturation 300 k.png l.png; silent
  most "$("$hue" light k.png l.png)" "$([ "${kind% *}" = 16 ] && echo 1 || echo 60)" "light of $kind"
  near "$(ab l.png 150 20 5)" '18 42' 1
done
"$hue" draw k.png 300 200 8 greya
run 0 k.png l.png
equal "$("$mkpic" alpha k.png)" "$("$mkpic" alpha l.png)"
near "$(ab l.png 150 180 15)" '0 0' 0 # what is hidden stays as it is
most "$("$hue" light k.png l.png)" 60 'light where alpha hides it'
run 0 --saturation 0 g.png l.png; near "$(ab l.png 150 20 5)" '0 0' 0
run 0 --strength 0 g.png l.png; near "$(ab l.png 150 20 5)" '0 0' 0
run 0 g.png l.ppm; equal "$(info l.ppm)" '300x200 colours 3 alpha 0 bits 8 ppm'

# ---- a hint changes its own object and stops at the object's edge -----------------------------
run 0 --point 84,100=#2040a0 g.png h.png                # one pixel in the disc
near "$(ab h.png 84 100 30)" '20 -54' 12                # the disc is blue all over ...
[ "$(ab h.png 84 100 30 | cut -d' ' -f2)" -lt -25 ] || bad "the disc is not blue"
near "$(ab h.png 150 100 5)" '6 14' 1                   # ... and neither the ground beside it
near "$(ab h.png 216 100 20)" '6 14' 1                  # nor the square
most "$("$hue" light g.png h.png)" 60 'light with a hint'
# The disc's right edge is at 84 + 50: three pixels inside and outside it.
near "$(ab h.png 130 100 1)" "$(ab h.png 84 100 5)" 6
near "$(ab h.png 138 100 1)" '6 14' 6

# ---- points, JSON and a picture: the same bytes ----------------------------------------------------
printf '{"points": [{"x": 84, "y": 100, "color": "#2040A1", "radius": 5.5}]}' >h.json
"$hue" hints h.png 300 200 84 100 5.5 2040a1
run 0 --hints h.json g.png 1.png
run 0 --hints h.png g.png 2.png; same 1.png 2.png
run 0 --point 84,100=#2040a1@5.5 --save-hints s.json g.png 3.png; same 1.png 3.png
run 0 --hints s.json -j 3 g.png 4.png; same 1.png 4.png
run 0 --hints s.json --save-hints t.json -j 1 --memory 16M g.png 5.png; same 1.png 5.png; same s.json t.json
run 0 --point 84,100=#ff0000@5.5 --point 84,100=#2040a1@5.5 g.png 6.png; same 1.png 6.png # the last is on top
run 0 --hints h.png --point 84,100=#ff0000@5.5 g.png 7.png
cmp -s 1.png 7.png && bad "a point does not lie over the picture of hints"
mkdir in; cp g.png in/a.png; cp g.png in/b.png
run 0 --hints h.json in -o folder/; same folder/a.png 1.png; same folder/b.png 1.png

"$hue" draw large.png 1600 1200 16 rgb
run 0 --hints h.json large.png 1.png
run 0 --hints h.json -j 1 --memory 8M large.png 2.png; same 1.png 2.png # rows wait in a temporary file
most "$("$hue" light large.png 1.png)" 1 'light of a large picture'

# ---- folders, formats, plans ------------------------------------------------------------------------
mkdir -p tree/sub
"$hue" draw tree/a.jpg 80 60 8 grey; "$hue" draw tree/b.pgm 61 43 16 grey; "$hue" draw tree/sub/c.png 17 5 16 greya
"$hue" draw tree/d.png 1 1 8 grey; echo text >tree/notes.txt
run 0 -r tree -o painted/; silent
equal "$(info painted/a.jpg)" '80x60 colours 3 alpha 0 bits 8 jpeg'
equal "$(info painted/b.pgm)" '61x43 colours 3 alpha 0 bits 16 ppm'
equal "$(info painted/sub/c.png)" '17x5 colours 3 alpha 1 bits 16 png'
equal "$(info painted/d.png)" '1x1 colours 3 alpha 0 bits 8 png'
absent painted/notes.txt
run 0 tree/a.jpg a.png; most "$("$hue" light tree/a.jpg a.png)" 60 'light of a JPEG file'
run 0 --depth 16 g.png deep.png; most "$("$hue" light g.png deep.png)" 1 'light of 8 bits in 16'
run 0 --dry-run --point 84,100=#2040a0 --save-hints never.json g.png never.png; absent never.png never.json
prints '^g.png: 300x200 pixels, model .*colorize.onnx, .* threads, about [0-9.]* s$'
run 0 --json g.png a.png; prints '"input":"g.png","output":"a.png","status":"done",.*"width":300,"height":200,.*"error":null}'

# ---- palettes ---------------------------------------------------------------------------------------
printf '#c04040\n' >red.txt
printf 'GIMP Palette\nName: red\nColumns: 1\n#\n192  64  64\tRed\n' >red.gpl
run 0 --palette red.txt g.png p.png; near "$(ab p.png 150 20 5)" '50 30' 6 # the nearest cell of 52 27
run 0 --palette red.gpl g.png q.png; same p.png q.png
"$mkpic" make ref.png 400 300 rgb 8 0 0.2 0.8
run 0 --reference ref.png g.png r.png
run 0 --palette ref.png g.png q.png; same r.png q.png

# ---- likely colours ---------------------------------------------------------------------------------------
run 0 --suggest 150,20 g.png; silent; prints '^#[0-9a-f]\{6\} mean$'; prints '^#[0-9a-f]\{6\} [0-9]*%$'
[ "$(wc -l <out)" -ge 2 ] || bad "one colour is no choice"
sed -n 's/^#.* \([0-9]*\)%$/\1/p' out | sort -rnc || bad "the likeliest colours do not come first"
run 0 --json --suggest 150,20 g.png; prints '"model":".*colorize.onnx"'; prints '"suggest":{"x":150,"y":20,"mean":"#'; prints '"percent":'
run 0 --point 84,100=#2040a0@5 --suggest 84,100 g.png; cp out blue
run 0 --suggest 84,100 g.png; cmp -s out blue && bad "points do not count in suggestions"
run 1 --suggest 300,0 g.png; says '^cnn-colorize: g.png: 300,0 lies outside the picture, which has 300x200 pixels'

# ---- a strip keeps one palette -----------------------------------------------------------------------------
"$hue" draw strip.png 200 5000 8 grey
run 0 --palette red.txt strip.png s.png
near "$("$hue" columns s.png 0 100)" "$("$hue" columns s.png 4900 5000)" 1
most "$("$hue" light strip.png s.png)" 60 'light of a strip'

# Neither the strip nor its result is held: that would be 32 MB.
if ! nm -D "$abs_top_builddir/libcnnimg/.libs/libcnnimg.so" 2>/dev/null | grep -qE '__(a|t)san_init'; then
  peak() { run 0 --json --memory 16M "$@"; sed 's/.*"peak_memory":\([0-9]*\),.*/\1/' out; }
  "$hue" draw strip.png 800 10000 8 grey
  small=$(peak g.png s.ppm) large=$(peak strip.png s.ppm)
  most $((large - small)) 14000000 'memory of a strip beyond that of a small picture'
  rm strip.png s.ppm
fi

# ---- mistakes: a sentence each -------------------------------------------------------------------------------
one() { [ "$(wc -l <err)" -eq 1 ] || bad "not one sentence"; says "$1"; absent never.png; }
wrong() { option=$1; shift; for value; do expect 2 "$colorize" "$option" "$value" g.png never.png; says "$option $value: "; done; }
wrong --point '' x 1,2 1,2= 1,2=red 1,2=#12345 1,2=#1234567 1,2=#12345g 1,2=#123456@ 1,2=#123456@x 1,2=#123456@-1 -1,2=#123456 1.5,2=#123456
wrong --suggest '' 1 1, ,1 1,2,3 x,y -1,1
wrong --saturation '' x -1 401 nan
wrong -n 1
run 2 --palette red.txt --reference ref.png g.png never.png; one 'both say'
run 2 --hints h.png --save-hints s.json g.png never.png; one 'picture'
run 1 --point 300,0=#123456 g.png never.png; one '^cnn-colorize: g.png: the hint at 300,0 lies outside the picture, which has 300x200 pixels'
run 1 --hints no.json g.png never.png; one '^cnn-colorize: no.json: '
for text in '{' '[]' '{}' '{"points": 1}' '{"points": [1]}' '{"points": [{"x": 1, "y": 1}]}' \
  '{"points": [{"x": 1, "y": -1, "color": "#123456"}]}' '{"points": [{"x": 1.5, "y": 1, "color": "#123456"}]}' \
  '{"points": [{"x": 1, "y": 1, "color": "blue"}]}' '{"points": [{"x": 1, "y": 1, "color": "#123456", "radius": "3"}]}' \
  '{"points": [{"x": 1, "y": 1, "colour": "#123456"}]}' '{"points": [], "more": 1}'; do
  printf '%s' "$text" >bad.json
  run 1 --hints bad.json g.png never.png; one '^cnn-colorize: bad.json: '
done
"$hue" hints small.png 100 80 5 5 2 123456
run 1 --hints small.png g.png never.png; one '^cnn-colorize: g.png: the hints have 100x80 pixels, the picture has 300x200'
run 1 --hints g.png g.png never.png; one '^cnn-colorize: g.png: hints that are a picture need alpha'
printf 'blue\n' >bad.txt
run 1 --palette bad.txt g.png never.png; one '^cnn-colorize: bad.txt: line 1 is no colour'
: >empty.txt
run 1 --palette empty.txt g.png never.png; one '^cnn-colorize: empty.txt: has no colours'
yes '' | head -n 70000 >long.txt
run 1 --palette long.txt g.png never.png; one '^cnn-colorize: long.txt: has more than 65536 lines'
run 1 --reference no.png g.png never.png; one '^cnn-colorize: no.png: '
for option in -x '--wrap x' '--detail 50'; do
  run 2 $option g.png never.png; one 'are not for colours'
done
expect 1 "$colorize" -m "$abs_top_srcdir/tests/api/data/identity.onnx" g.png never.png; one 'not made for colorizing'

# ---- a network that is told where its cells are: its b is 30 at the bottom, -30 at the top --------------
"$hue" draw tall.png 200 300 8 grey
expect 0 "$colorize" --quiet -m "$abs_top_srcdir/tests/tasks/data/place.onnx" tall.png place.png
near "$(ab place.png 100 6 4)" '0 -29' 2
near "$(ab place.png 100 150 4)" '0 0' 2
near "$(ab place.png 100 293 4)" '0 29' 2

# ---- a network of others, grey to blue, green, red of 0..255: its colours, not its light ------------
sepia=$abs_top_srcdir/tests/tasks/data/sepia.onnx
sep() { status=$1; shift; expect "$status" "$colorize" --quiet -m "$sepia" "$@"; no_litter; }
sep 0 g.png s.png; silent
near "$(ab s.png 150 20 5)" '12 29' 1 # as models/train/lab.py has (0.9, 0.6, 0.3) of this grey
most "$("$hue" light g.png s.png)" 60 'light of sepia'
sep 0 -j 3 g.png s3.png; cmp s.png s3.png || bad "three threads: other bytes"
sep 0 --point 84,100=#2040a0 g.png h.png; silent # hints are obeyed whatever the network: only the disc becomes blue
near "$(ab h.png 84 100 5)" '20 -54' 12
[ "$(ab h.png 84 100 30 | cut -d' ' -f2)" -lt -25 ] || bad "the disc is not blue"
near "$(ab h.png 150 20 5)" '12 29' 1
near "$(ab h.png 138 100 1)" "$(ab s.png 138 100 1)" 6
sep 0 -j 1 --point 84,100=#2040a0 g.png h1.png; cmp h.png h1.png || bad "a hint and one thread: other bytes"
sep 1 --reference a.png g.png never.png
one '^cnn-colorize: g.png: the network colours by itself: it does not take a palette or reference'
sep 1 --suggest 5,5 g.png; one '^cnn-colorize: g.png: the network does not say which colours are likely'
expect 1 "$colorize" --quiet -m upscale-fast g.png never.png
one '^cnn-colorize: g.png: the network is not made for colorizing: '
finish
