#!/bin/sh
# SPDX-License-Identifier: MIT
# inpaint.sh - cnn-inpaint: every form of mask, what lies outside, what is filled, folders, mistakes
. "${abs_top_srcdir:?}/tests/tools/lib.sh"
hole=$abs_top_builddir/tests/tools/hole
net=$abs_top_srcdir/tests/tasks/data/inpaint.onnx
CNNIMG_MODELS_DIR=$work/none; export CNNIMG_MODELS_DIR
run() { status=$1; shift; expect "$status" "$inpaint" --quiet --method diffuse "$@"; no_litter; }
most() { [ "$1" -le "$2" ] || bad "$3: $1 is more than $2"; }
# filled RESULT DAMAGED GOOD RECTS: outside nothing has changed, inside it is the slope again, in a corner nearly
filled() {
  result=$1 damaged=$2 good=$3; shift 3
  equal "$("$hole" outside "$result" "$damaged" 0 "$@")" 0
  most "$("$hole" error "$result" "$good" "$@")" 700 "$result, hundredths of a level inside"
}

# ---- every kind of picture ------------------------------------------------------------
A=40,30,25,12 B=0,100,9,20 C=150,0,2,120
"$hole" mask m.png 160 120 grey $A $B $C
for kind in 'grey 8 png' 'greya 16 png' 'rgb 8 png' 'rgb 16 tiff' 'rgba 8 webp' 'rgba 16 png' 'rgb 32 pfm' 'grey 8 pgm'; do
  set -- $kind
  "$denoise" -f "$3" --dry-run -s 5 m.png >/dev/null 2>&1 || continue # made without that format's library
  "$mkpic" make good.$3 160 120 $1 $2 0
  "$hole" paint good.$3 bad.$3 102030 $A $B $C
  run 0 --mask m.png bad.$3 out.$3; silent
  filled out.$3 bad.$3 good.$3 $A $B $C
  equal "$(info out.$3)" "$(info bad.$3)"
done
cp bad.pgm kept.pgm; run 0 --mask m.png bad.pgm out.pgm; same bad.pgm kept.pgm
"$mkpic" make good.png 160 120 rgb 8 0
"$hole" paint good.png bad.png ff00ff $A $B $C
run 0 --mask m.png bad.png want.png

# ---- the same mask in other words --------------------------------------------------------
same_as_file() { run 0 "$@" bad.png out.png; silent; same out.png want.png; }
same_as_file --mask rect:$A --mask rect:$B --mask rect:$C
same_as_file --mask rect:$A --mask rect:0,100,9,500 --mask rect:$C # what lies outside is left out
same_as_file --mask color:#ff00ff
same_as_file --mask color:#fa05FF@5
"$hole" mask rgb.ppm 160 120 rgb $A $B $C; same_as_file --mask rgb.ppm
"$hole" mask rgba.png 160 120 rgba $A $B $C; same_as_file --mask rgba.png
"$hole" mask one.png 160 120 grey $A; "$hole" mask two.png 160 120 grey $B $C
same_as_file --mask one.png --mask two.png
# The inverse: all but a frame.
"$hole" mask inner.png 160 120 grey 40,30,25,12
run 0 --mask inner.png bad.png 1.png
"$hole" mask outer.png 160 120 grey 0,0,160,30 0,42,160,78 0,0,40,120 65,0,95,120
run 0 --mask outer.png --invert-mask bad.png 2.png; same 1.png 2.png

# ---- alpha: what is not opaque is filled and becomes opaque ------------------------------------
"$hole" mask alpha.png 160 120 rgba 0,0,160,120
"$hole" paint alpha.png a1.png 808080 0,0,160,120
"$hole" paint a1.png a2.png clear $A
"$hole" paint a2.png a3.png ff0000 $A
run 0 --mask alpha a3.png out.png
equal "$("$hole" outside out.png a1.png 0 $A)" 0
most "$("$hole" error out.png a1.png $A)" 50 'alpha'
run 1 --mask alpha bad.png never.png; says '^cnn-inpaint: bad.png: has no alpha channel to be a mask'; absent never.png
# Another mask leaves alpha as it is.
run 0 --mask rect:35,25,40,30 a3.png out.png
equal "$("$mkpic" alpha out.png)" "$("$mkpic" alpha a3.png)"

# ---- grow, feather ---------------------------------------------------------------------------
"$hole" paint good.png dirty.png 000000 48,48,20,20
run 0 --mask rect:50,50,16,16 dirty.png out.png; equal "$("$hole" outside out.png dirty.png 0 50,50,16,16)" 0
run 0 --mask rect:50,50,16,16 --grow 4 dirty.png out.png
equal "$("$hole" outside out.png dirty.png 4 50,50,16,16)" 0
most "$("$hole" error out.png good.png 48,48,20,20)" 200 'grown by 4'
run 0 --mask rect:48,48,20,20 --feather 3 dirty.png feather.png
run 0 --mask rect:48,48,20,20 dirty.png plain.png
equal "$("$hole" outside feather.png dirty.png 0 48,48,20,20)" 0
equal "$("$hole" inside feather.png plain.png 53,53,10,10)" 0
[ "$("$hole" error feather.png plain.png 48,48,20,20)" -gt 5000 ] || bad "--feather does nothing at the border"
run 0 --strength 0 --mask rect:48,48,20,20 dirty.png out.png; equal "$("$hole" inside out.png dirty.png 0,0,160,120)" 0

# ---- the same bytes --------------------------------------------------------------------------
"$mkpic" make large.png 900 700 rgb 8 12
large='--mask rect:0,0,30,20 --mask rect:100,50,300,200 --mask rect:700,0,3,700 --mask rect:600,600,1,1'
run 0 $large large.png 1.png
for how in '-j 1' '-j 3' '-j 2 --memory 8M' '-j 1 --memory 1M -t 50'; do run 0 $large $how large.png 2.png; same 1.png 2.png; done
run 0 $large -m "$net" --method net large.png 1.png
for how in '-j 1' '-j 3 --memory 8M -t 50'; do run 0 $large -m "$net" --method net $how large.png 2.png; same 1.png 2.png; done

# ---- methods, models ----------------------------------------------------------------------------
expect 0 "$inpaint" --mask m.png bad.png out.png; silent; equal "$("$hole" outside out.png bad.png 0 $A $B $C)" 0 # auto, no model
for word in auto patch diffuse; do
  expect 0 "$inpaint" --method $word --seed 7 --mask m.png bad.png out.png; silent
  equal "$("$hole" outside out.png bad.png 0 $A $B $C)" 0
done
expect 3 "$inpaint" --models-dir . --method net --mask m.png bad.png never.png; says '^cnn-inpaint: no model is called inpaint'; absent never.png
expect 0 "$inpaint" -m "$net" --mask m.png bad.png out.png; silent; equal "$("$hole" outside out.png bad.png 0 $A $B $C)" 0
expect 1 "$inpaint" -m "$abs_top_srcdir/tests/api/data/identity.onnx" --mask m.png bad.png never.png
says 'not made for filling holes'; absent never.png

# ---- folders ---------------------------------------------------------------------------------
mkdir -p in/sub masks/sub
cp bad.png in/a.png; cp bad.png in/sub/b.png; "$hole" paint bad.png in/c.png ff00ff 10,10,9,9
cp m.png masks/a_mask.png; cp rgb.ppm masks/sub/b.ppm; "$hole" mask masks/c_mask.png 160 120 grey $A $B $C 10,10,9,9
run 0 --mask masks -r in -o dirs; silent; same dirs/a.png want.png; same dirs/sub/b.png want.png
filled dirs/c.png in/c.png good.png $A $B $C 10,10,9,9
cp m.png in/a-hole.png; cp m.png in/sub/b-hole.png; cp masks/c_mask.png in/c-hole.png
expect 0 "$inpaint" --method diffuse --mask-suffix -hole -r in -o beside; says 'a-hole.png: skipped: a mask, by its suffix'
same beside/a.png want.png; same beside/sub/b.png want.png; same beside/c.png dirs/c.png; absent beside/a-hole.png
mkdir two; cp bad.png two/a.png; "$mkpic" make two/b.png 100 100 rgb 8 0; cp bad.png two/c.png
expect 1 "$inpaint" --method diffuse --mask m.png two -o fixed --json
says '^cnn-inpaint: two/b.png: the mask m.png has 160x120 pixels, the picture has 100x100'
same fixed/a.png want.png; same fixed/c.png want.png; absent fixed/b.png
prints '"input":"two/a.png".*"status":"done"'; prints '"input":"two/b.png".*"status":"failed"'
rm in/*-hole.png in/sub/*-hole.png masks/a_mask.png
run 1 --mask masks -r in -o again; says '^cnn-inpaint: in/a.png: masks: has no mask for it'; same again/sub/b.png want.png

# ---- pipes, progress, plans ----------------------------------------------------------------------
"$inpaint" --quiet --method diffuse --mask m.png - - -f png <bad.png >piped.png || bad "a pipe"
same piped.png want.png
"$inpaint" --method diffuse --mask color:#ff00ff - never.png <bad.png 2>err && bad "a colour's mask from a pipe"
says 'needs a file, not a pipe'; absent never.png
run 0 --progress json --mask m.png bad.png out.png; says '"input":"bad.png".*"fraction":1.0000'
run 0 --dry-run --mask m.png bad.png never.png; prints '160x120 pixels'; absent never.png
run 0 --dry-run -m "$net" --method net --mask m.png bad.png never.png; prints 'about .* s'; absent never.png
expect 0 "$inpaint" -v --method diffuse --mask m.png bad.png out.png; says '3 holes of 720 pixels in'

# ---- mistakes: a sentence each ---------------------------------------------------------------------
one() { [ "$(wc -l <err)" -eq 1 ] || bad "not one sentence"; says "$1"; absent never.png; }
wrong() { option=$1; shift; for value; do expect 2 "$inpaint" "$option" "$value" --mask m.png bad.png never.png; says "$option $value: "; done; }
wrong --mask '' color: color:red color:#12345 color:#1234567 color:#123456@ color:#123456@256 color:#123456@x \
  rect: rect:1,2,3 rect:1,2,3,4,5 rect:1,2,0,4 rect:-1,2,3,4 rect:1.5,2,3,4 rect:a,b,c,d
wrong --grow '' x -1 256 1.5
wrong --feather '' x -1 256 nan
wrong --method '' x Patch
wrong --seed '' x -1 1.5
wrong --mask-suffix '' a/b
wrong -n 1
run 2 bad.png never.png; one -- '--mask says what is to be filled'
run 1 --mask rect:160,0,5,5 bad.png never.png; one '^cnn-inpaint: bad.png: the mask is empty'
run 1 --mask color:#123456 bad.png never.png; one 'the mask is empty'
run 1 --mask rect:0,0,160,120 bad.png never.png; one 'the mask covers the whole picture'
run 2 --mask m.png bad.png m.png; says 'the output, m.png, is the mask'
run 2 --mask masks in -o masks/; says 'is the mask'
run 1 --mask no.png bad.png never.png; one '^cnn-inpaint: bad.png: no.png: '
"$hole" mask small.png 100 80 grey 0,0,5,5
run 1 --mask small.png bad.png never.png; one '^cnn-inpaint: bad.png: the mask small.png has 100x80 pixels, the picture has 160x120'
printf 'no picture' >junk.png; run 1 --mask junk.png bad.png never.png; one 'junk.png'
run 1 --mask-suffix _m bad.png never.png; one '^cnn-inpaint: bad.png: no mask lies beside it: bad_m.png'
for option in -x '--wrap x' '--detail 50'; do
  run 1 $option --mask m.png bad.png never.png; one 'is not for filling holes'
done
finish
