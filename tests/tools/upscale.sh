#!/bin/sh
# SPDX-License-Identifier: MIT
# upscale.sh - cnn-upscale: every option of its own, sizes, kinds of pictures, and which network is taken
. "${abs_top_srcdir:?}/tests/tools/lib.sh"
models=$abs_top_srcdir/models
run() { status=$1; shift; expect "$status" "$upscale" "$@"; no_litter; }
size() { info "$1" | cut -d' ' -f1; }

# ---- help, manual -------------------------------------------------------------------
run 0 -h; silent; prints '^cnn-upscale: '
[ "$(wc -l <out)" -le 40 ] || bad "--help has more than 40 lines"
[ "$(wc -L <out)" -le 80 ] || bad "--help is wider than 80 columns"
cp out help
sed 's/\\-/-/g' "$abs_top_builddir/tools/cnn-upscale.1" >manual
run 0 --list-options
while read -r letter name kind _; do
  option=--$name
  [ "$name" != - ] || option=-$letter
  [ "$kind" != later ] && [ "$name" != list-options ] || continue
  grep -q -e "$option" help || bad "--help does not know $option"
  grep -q -e "^\.BR* .*$option" manual || bad "the manual does not know $option"
done <out
# Enlarging takes no texture away: what gives it back is named among what is seldom wanted, once, and refused with a reason.
[ "$(grep -c -e '--detail' help)$(grep -c ' detail ' out)" = 11 ] || bad "--detail is listed twice, or not"
sed '/^And, /,$d' help | grep -e '--detail' && bad "--help offers --detail"

# ---- sizes: factor, width, height, both ------------------------------------------------
"$mkpic" make a.png 30 20 rgb 8 5
sized() { sides=$1; shift; run 0 --quiet "$@" a.png b.png; silent; equal "$(size b.png)" "$sides"; }
sized 60x40
sized 60x40 -s 2
sized 90x60 -s 3
sized 120x80 --scale=4
sized 45x30 -s1.5
sized 15x10 -s 0.5
sized 1x1 -s 0.01
sized 240x160 -s 8
sized 100x67 --width 100
sized 75x50 --height 50
sized 31x77 --size 31x77
sized 31x77 --width 31 --height 77
sized 30x20 --size 30x20
run 0 -s 3 --json a.png c.png; prints '"status":"done","input_width":30,"input_height":20,"width":90,"height":60'
run 0 -s 3 --json --dry-run a.png; prints '"status":"planned","input_width":30,"input_height":20,"width":90,"height":60'; prints '"estimated_seconds":'
run 0 --width 300 --dry-run a.png; prints '^a.png: 300x200 pixels'
wrong() { option=$1; shift; for value; do run 2 "$option" "$value" a.png never.png; says "$option $value: "; done; }
wrong -s 0 -1 x nan inf 1001 2x ''
wrong --width 0 -1 x 1.5 1000001 ''
wrong --height 0 -1 x 1.5 1000001 ''
wrong --size 0x1 1x0 10 x10 10x 10x10x10 -1x1 axb ''
wrong --fix-color maybe ''
wrong -n 4 -2 ''
run 2 -s 2 --width 50 a.png never.png; says 'one of them is enough'
run 1 -s 2 --detail 50 a.png never.png; says "a.png: .*detail needs a result of the picture's own size (30x20, not 60x40)"
run 2 --size 5x5 -s 2 a.png never.png; says 'one of them is enough'
run 1 --size 60000x60000 a.png never.png; says '^cnn-upscale: a.png: .*60000x60000'
absent never.png

# ---- every kind of picture, from one pixel upward -----------------------------------------
kinds() { # WIDTH HEIGHT LAYOUT BITS
  "$mkpic" make p.png "$@" 3
  kind=$(info p.png | cut -d' ' -f2-)
  run 0 -s 2.5 p.png q.png
  equal "$(info q.png)" "$(((5 * $1 + 1) / 2))x$(((5 * $2 + 1) / 2)) $kind"
}
for layout in grey greya rgb rgba; do
  for bits in 8 16; do kinds 5 4 $layout $bits; done
done
for sides in '1 1' '2 1' '1 3' '2 2' '19 17' '200 1' '1 90'; do kinds $sides rgba 8; done
"$mkpic" make f.pfm 24 18 rgb 32 0 -0.5 1.75
run 0 -s 1.5 f.pfm g.pfm; equal "$(info g.pfm)" '36x27 colours 3 alpha 0 bits 32 pfm'
set -- $("$mkpic" range g.pfm)
awk "BEGIN { exit !($1 < -0.3 && $2 > 1.5) }" || bad "values below 0 and above 1 are cut: $1 to $2"
"$mkpic" make t.png 20 20 rgba 8 0
run 0 --alpha drop -s 2 t.png drop.png; equal "$(info drop.png | cut -d' ' -f2-5)" 'colours 3 alpha 0'
run 0 --depth 16 -s 2 t.png deep.png; equal "$(info deep.png | cut -d' ' -f6-7)" 'bits 16'

# ---- no halos: white beside black that cannot be seen, laid on white (PPM holds no alpha), is all white -----
hole=$abs_top_builddir/tests/tools/hole
"$hole" mask w.png 40 40 rgba 0,0,40,40
"$hole" paint w.png wb.png 000000 11,9,17,20
"$hole" paint wb.png wbt.png clear 11,9,17,20
for how in '-s 2' '-s 1.5' '-s 0.5' '-s 8' '-s 2 --fix-color off' '-s 2 --wrap both' '-n 2'; do
  run 0 --quiet $how wbt.png flat.ppm
  "$mkpic" range flat.ppm | awk '{ exit !($1 > 0.99) }' || bad "$how: there are halos, as dark as $("$mkpic" range flat.ppm)"
done
run 0 --quiet -s 2 wb.png flat.ppm; "$mkpic" range flat.ppm | awk '{ exit !($1 < 0.1) }' || bad "black that can be seen is gone"

# ---- --wrap: copies of the result fit together, at any size: rolled by half and enlarged is enlarged and rolled ----
texture=$abs_top_builddir/tests/tools/texture
"$texture" make t.ppm 64 48 12
"$texture" roll t.ppm rolled.ppm 32 24
for s in 2 1.5 4; do
  for wrap in '--wrap both' ''; do
    run 0 --quiet -s $s $wrap t.ppm one.ppm; run 0 --quiet -s $s $wrap rolled.ppm two.ppm
    "$texture" roll one.ppm one-rolled.ppm "$(awk "BEGIN { print 32 * $s }")" "$(awk "BEGIN { print 24 * $s }")"
    far=$("$texture" far one-rolled.ppm two.ppm | cut -d' ' -f1)
    [ "${wrap:+wraps}$((far <= 1))" = "wraps1" ] || [ "$wrap$((far > 8))" = 1 ] || bad "-s $s $wrap: $far levels apart"
  done
done

# ---- the same bytes ---------------------------------------------------------------------------
"$mkpic" make in.png 257 193 rgba 8 10
i=0
for how in '-j 1' '-j 2' '-j 3' '-t 64' '-j 2 -t 100' '--memory 24M -j 1'; do
  i=$((i + 1))
  run 0 -s 1.75 --strength 80 $how in.png "$i.png"
  same 1.png "$i.png"
done
run 0 -s 1.75 --strength 80 -i in.png -o 7.png; same 1.png 7.png
"$upscale" -s 1.75 --strength 80 - - -f png <in.png >8.png 2>err || bad "a pipe fails"
same 1.png 8.png

# ---- strength, colours: white stays white whatever the network adds ------------------------------
"$mkpic" make white.png 40 30 rgb 8 0 1 1
white() { # at most one step of 255 off, where the network meets the border
  set -- $("$mkpic" range "$1")
  awk "BEGIN { exit !($1 > 0.996 && $2 == 1) }"
}
run 0 -s 2 white.png w.png; white w.png || bad "white becomes $("$mkpic" range w.png)"
run 0 -s 2 --model-opt output.mean=-0.1 white.png w2.png; white w2.png || bad "white becomes $("$mkpic" range w2.png)"
run 0 -s 2 --model-opt output.mean=-0.1 --fix-color on white.png w3.png; same w2.png w3.png
run 0 -s 2 --model-opt output.mean=-0.1 --fix-color off white.png w4.png
white w4.png && bad "--fix-color off changes what the network gives"
run 0 -s 2 --strength 0 --fix-color off a.png s0.png
run 0 -s 2 --strength 0 --fix-color off --model-opt output.mean=-0.1 a.png s1.png; same s0.png s1.png
cmp -s s0.png c.png && bad "--strength 0 does nothing"

# ---- which network is taken ---------------------------------------------------------------------
takes() { model=$1; shift; run 0 --json "$@" -i a.png -o taken.png; prints "\"model\":\"[^\"]*$model\""; }
takes upscale-x2.onnx
takes upscale-x2.onnx -s 2
takes upscale-x2.onnx -s 0.5
takes upscale-x2.onnx -m upscale-x2 -s 7
# By cards, not by names: the factor is the card's, the task too.
mkdir built
cp "$models/upscale-x2/upscale-x2.onnx" built/alpha.onnx
cp "$models/denoise/denoise.onnx" built/beta.onnx
cp "$abs_top_srcdir/tests/api/data/double.onnx" built/gamma.onnx
takes built/alpha.onnx --models-dir built -s 3
printf '{"task":"upscale"}' >built/gamma.onnx.card.json
takes built/alpha.onnx --models-dir built -s 3 # twice as well, but with fewer parameters
rm built/alpha.onnx
takes built/gamma.onnx --models-dir built -s 3
rm built/gamma.onnx
run 3 --models-dir built a.png never.png; says 'no network that enlarges'
# Folders of waifu2x and of Real-CUGAN: the factor and the level of noise are in the names.
mkdir waifu cugan
for name in scale2.0x_model noise0_scale2.0x_model noise1_scale2.0x_model scale4.0x_model noise3_model; do
  cp "$models/upscale-x2/upscale-x2.onnx" waifu/$name.onnx
done
for name in up2x-conservative up2x-no-denoise up2x-denoise1x up3x-denoise1x up3x-conservative; do
  cp "$models/upscale-x2/upscale-x2.onnx" cugan/$name.onnx
done
takes waifu/scale2.0x_model.onnx -m waifu
takes waifu/scale2.0x_model.onnx -m waifu -n -1 -s 2
takes waifu/noise0_scale2.0x_model.onnx -m waifu -n 0 -s 2
takes waifu/noise1_scale2.0x_model.onnx -m waifu -n 1 -s 2 -g 0 -t 0 -j 1:2:2
takes waifu/scale4.0x_model.onnx -m waifu -s 4
takes waifu/scale4.0x_model.onnx -m waifu -s 3
takes waifu/scale4.0x_model.onnx -m waifu --width 100
takes waifu/scale2.0x_model.onnx -m waifu --height 40
takes waifu/noise1_scale2.0x_model.onnx -m waifu -n 1 -s 8
takes cugan/up2x-conservative.onnx -m cugan
takes cugan/up3x-conservative.onnx -m cugan -s 3
takes cugan/up2x-no-denoise.onnx -m cugan -n 0
takes cugan/up3x-denoise1x.onnx -m cugan -n 1 -s 3
run 3 -m cugan -n 2 a.png never.png; says '^cnn-upscale: cugan: .*level 2'
# No network here removes noise while it enlarges: it is as if cnn-denoise -n had been there before.
before() { # LEVEL PICTURE OPTIONS...
  level=$1 from=$2; shift 2
  expect 0 "$denoise" --quiet -n $level $from clean.png
  run 0 "$@" clean.png two.pam
  run 0 -n $level "$@" $from one.pam; silent
  same one.pam two.pam
}
for level in 0 1 2 3; do before $level a.png; cp one.pam level$level.pam; done
cmp -s level0.pam level3.pam && bad "-n 3 is -n 0"
run 0 -n -1 a.png one.png; run 0 a.png two.png; same one.png two.png
run 0 -m upscale-x4 -n -1 a.png one.png; run 0 -m upscale-x4 a.png two.png; same one.png two.png
before 2 a.png -m upscale-x4 -s 3
before 1 in.png -s 1.5
run 0 -n 1 -s 1.5 -j 1 -t 100 in.png two.pam; same one.pam two.pam
run 0 -n 1 --strength 0 --fix-color off a.png one.png; run 0 --strength 0 --fix-color off a.png two.png; same one.png two.png
run 0 -n 2 --json a.png one.png; prints '"sigma":20,"model":"[^"]*upscale-x2.onnx"'
run 0 -n 2 --dry-run --json a.png; sed 's/.*"multiply_adds":\([0-9]*\),.*/\1/' out >both
run 0 --dry-run --json a.png; sed 's/.*"multiply_adds":\([0-9]*\),.*/\1/' out >alone
[ "$(cat both)" -gt "$(cat alone)" ] || bad "--dry-run does not know of the network before"
run 0 -n 1 --progress json in.png one.png
sed -n 's/.*"fraction":\([0-9.]*\),.*/\1/p' err >told; sort -n told | cmp -s - told || bad "progress goes back"
equal "$(tail -n 1 told)" 1.0000
"$mkpic" make wide.png 1400 1200 rgb 8 5 # what is between the networks does not fit in an eighth of the cap
wide="-m $abs_top_srcdir/tests/api/data/double.onnx -n 1 -s 1"
run 0 $wide wide.png one.png; run 0 $wide --memory 36M wide.png two.png; same one.png two.png
(TMPDIR=$work/nowhere; export TMPDIR; run 1 $wide --memory 36M wide.png never.png)
says 'wide.png: .*temporary file'
run 2 -m waifu/noise1_scale2.0x_model.onnx -n 2 a.png never.png; says 'noise1_scale2.0x_model.onnx: -n 2: this network'
run 0 -m waifu/noise1_scale2.0x_model.onnx -n 1 a.png one.png; run 0 -m upscale-x2 a.png two.png; same one.png two.png
run 3 --models-dir waifu -m scale2.0x_model -n 1 a.png never.png; says 'no model is called denoise, which -n takes'
cp cugan/up2x-conservative.onnx cugan/other-x2.onnx
run 1 -m cugan -s 2 a.png never.png; says 'other-x2 and up2x-conservative enlarge by the same factor; -n NAME'
# Real-ESRGAN's way: -n NAME, with the factor behind it where the file has it.
takes cugan/other-x2.onnx -n other-x2 -m cugan
run 0 -i a.png -o esr.png -s 2 -n other -m cugan; equal "$(size esr.png)" 60x40
run 3 -i a.png -o never.png -s 3 -n other -m cugan; says 'other'
absent never.png

# ---- a folder: each picture gets the network that its own size asks for ---------------------------
mkdir in
"$mkpic" make in/small.png 30 20 rgb 8 5
"$mkpic" make in/large.png 60 40 rgb 8 5
run 0 --json -m waifu --width 100 in -o outs
prints '"input":"in/large.png".*scale2.0x_model'; prints '"input":"in/small.png".*scale4.0x_model'
equal "$(size outs/small.png) $(size outs/large.png)" '100x67 100x67'
finish
