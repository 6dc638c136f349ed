#!/bin/sh
# SPDX-License-Identifier: MIT
# formats.sh - what a picture is, it stays: grey, depth, alpha, floats; pipes; what is asked for is done
. "${abs_top_srcdir:?}/tests/tools/lib.sh"
run() { status=$1; shift; expect "$status" "$denoise" "$@"; no_litter; }

# ---- kept ------------------------------------------------------------------------
for layout in grey greya rgb rgba; do
  for bits in 8 16; do
    "$mkpic" make "$layout$bits.png" 33 21 $layout $bits 20
    run 0 -s 20 --quiet "$layout$bits.png" out.png
    equal "$(info out.png)" "$(info "$layout$bits.png")"
    equal "$("$mkpic" alpha out.png)" "$("$mkpic" alpha "$layout$bits.png")"
    [ "$("$mkpic" hash out.png)" != "$("$mkpic" hash "$layout$bits.png")" ] || bad "$layout$bits.png was not changed"
    run 0 -s 20 --quiet --strength 0 "$layout$bits.png" out.png
    equal "$("$mkpic" hash out.png)" "$("$mkpic" hash "$layout$bits.png")"
  done
done

# ---- floats outside 0..1 pass -------------------------------------------------------
"$mkpic" make wide.pfm 40 40 rgb 32 0 -0.5 1.5
run 0 -s 5 --strength 0 wide.pfm out.pfm
equal "$("$mkpic" hash out.pfm)" "$("$mkpic" hash wide.pfm)"
run 0 -s 5 wide.pfm out.pfm
"$mkpic" range out.pfm | awk '{ exit !($1 < -0.3 && $2 > 1.3) }' || bad "PFM was clamped: $("$mkpic" range out.pfm)"
run 0 -s 5 wide.pfm out.png
equal "$(info out.png)" '40x40 colours 3 alpha 0 bits 16 png'

# ---- changed where asked for ----------------------------------------------------------
run 0 -s 5 --depth 8 rgb16.png out.png; equal "$(info out.png | cut -d' ' -f6,7)" 'bits 8'
run 0 -s 5 --depth 16 rgb8.png out.png; equal "$(info out.png | cut -d' ' -f6,7)" 'bits 16'
run 0 -s 5 --depth 16 --strength 0 rgb8.png wide.png; run 0 -s 5 --depth 8 --strength 0 wide.png out.png
equal "$("$mkpic" hash out.png)" "$("$mkpic" hash rgb8.png)"
"$mkpic" make half.png 8 8 grey 16 0 0.5 0.5
run 0 -s 5 --depth 8 --strength 0 half.png out.png; equal "$("$mkpic" range out.png)" '0.501961 0.501961'
run 0 -s 5 --alpha drop --strength 0 rgba8.png out.png; equal "$(info out.png)" "$(info rgb8.png)"
equal "$("$mkpic" hash out.png)" "$("$mkpic" hash rgb8.png)"
run 0 -s 5 rgba8.png out.jpg; says 'no alpha channel'; equal "$(info out.jpg)" '33x21 colours 3 alpha 0 bits 8 jpeg'
run 0 -s 5 rgb16.png out.jpg; says '8 bits'
run 0 -s 5 rgb8.png out.pgm; says 'rgb8.png: a pgm file is grey'; equal "$(info out.pgm)" '33x21 colours 3 alpha 0 bits 8 ppm'
run 0 -s 5 grey8.png out.pgm; silent; run 0 -s 5 rgb8.png out.ppm; silent
run 0 -s 5 grey8.png out.jpg; silent; equal "$(info out.jpg)" '33x21 colours 1 alpha 0 bits 8 jpeg'
run 0 -s 5 -q 10 rgb8.png low.jpg; run 0 -s 5 -q 100 rgb8.png high.jpg
[ "$(wc -c <low.jpg)" -lt "$(wc -c <high.jpg)" ] || bad "-q changes nothing"

# ---- white stays white, black black ------------------------------------------------------
"$mkpic" make white.png 60 50 rgb 8 0 1 1
"$mkpic" make black.png 60 50 grey 8 0 0 0
for how in '-s 5' '-s 25' '-s 50' '-s 75' '--jpeg auto' '-s 25 -x' '-s 25 --detail 50 --chroma 50'; do
  run 0 --quiet $how white.png out.png
  "$mkpic" range out.png | awk '{ exit !($1 > 0.995 && $2 == 1) }' || bad "$how: white becomes $("$mkpic" range out.png)"
  run 0 --quiet $how black.png out.png
  "$mkpic" range out.png | awk '{ exit !($1 == 0 && $2 < 0.005) }' || bad "$how: black becomes $("$mkpic" range out.png)"
done

# ---- what goes around the network ------------------------------------------------------
fixtures=$abs_top_srcdir/tests/image/data
has() { LC_ALL=C grep -q -a -e "$2" "$1"; }
run 0 -s 5 "$fixtures/metadata.jpg" out.jpg
for mark in Exif ICC_PROFILE ns.adobe.com/xap; do
  has "$fixtures/metadata.jpg" $mark || bad "metadata.jpg has no $mark"
  has out.jpg $mark || bad "$mark was lost"
done
run 0 -s 5 --keep none "$fixtures/metadata.jpg" out.jpg
for mark in Exif ICC_PROFILE ns.adobe.com/xap; do has out.jpg $mark && bad "--keep none keeps $mark"; done
run 0 -s 5 --keep exif,xmp "$fixtures/metadata.jpg" out.jpg
has out.jpg Exif && has out.jpg ns.adobe.com/xap || bad "--keep exif,xmp loses them"
has out.jpg ICC_PROFILE && bad "--keep exif,xmp keeps the profile"
run 0 -s 5 --strength 0 "$fixtures/turn6.png" turned.png
equal "$("$mkpic" hash turned.png)" "$("$mkpic" hash "$fixtures/turn6.png")"
run 0 -s 5 --strength 0 --no-rotate "$fixtures/turn6.png" stored.png
equal "$("$mkpic" hash stored.png)" "$("$mkpic" hash "$fixtures/turn6.png")"
run 0 -s 5 --strength 0 --keep none "$fixtures/turn6.png" bare-turned.png
run 0 -s 5 --strength 0 --keep none --no-rotate "$fixtures/turn6.png" bare-stored.png
[ "$(info bare-turned.png)" != "$(info bare-stored.png)" ] || bad "--no-rotate turns"
equal "$(info bare-turned.png)" "$(info "$fixtures/turn6.png")"

# ---- pipes --------------------------------------------------------------------------------
run 0 -s 20 --quiet rgb8.png file.png
"$denoise" -s 20 - - <rgb8.png >pipe.png 2>err || bad "a pipe fails"
silent; same pipe.png file.png
"$denoise" -s 20 -i - -o - -f ppm <rgb8.png >pipe.ppm 2>err || bad "a pipe fails"
equal "$(info pipe.ppm)" '33x21 colours 3 alpha 0 bits 8 ppm'
"$denoise" -s 20 rgb8.png - -f png | cat >pipe.png; same pipe.png file.png
head -c 200 rgb8.png | "$denoise" -s 20 - - >cut.png 2>err && bad "a cut pipe is taken"
says 'standard input: '
"$denoise" -s 20 - out2.png </dev/null >out 2>err && bad "an empty pipe is taken"
absent out2.png
if [ -c /dev/full ]; then
  "$denoise" -s 20 -f png rgb8.png - >/dev/full 2>err && bad "a full disk is not told"
  says 'standard output\|No space'
  "$denoise" --help >/dev/full 2>err && bad "help on a full disk is not told"
fi

# ---- noise ---------------------------------------------------------------------------------
"$mkpic" make noisy.png 160 120 rgb 8 20
run 0 --estimate noisy.png; awk '{ exit !($1 > 18 && $1 < 22) }' out || bad "sigma 20 was estimated as $(cat out)"
equal "$(wc -w <out | tr -d ' ')" 1
run 0 noisy.png out.png; says 'sigma \(19\|2[01]\)\.[0-9] (estimated)'
run 0 --estimate out.png; awk '{ exit !($1 < 4) }' out || bad "after denoising sigma is $(cat out)"
run 0 --estimate noisy.png noisy.png; equal "$(wc -l <out | tr -d ' ')" 2; prints 'noisy.png$'
run 1 --estimate --memory 1M wide.pfm in/absent.png

# ---- more than one picture: an APNG's header with one grey pixel -------------------------------
printf '\211\120\116\107\015\012\032\012\000\000\000\015\111\110\104\122\000\000\000\001\000\000\000\001\010\000\000\000\000\072\176\233\125\000\000\000\010\141\143\124\114\000\000\000\002\000\000\000\000\363\215\223\160\000\000\000\012\111\104\101\124\170\234\143\150\000\000\000\202\000\201\167\315\162\266\000\000\000\000\111\105\116\104\256\102\140\202' >anim.png
run 0 --strength 0 anim.png out.png; says 'anim.png: is an animation; its first picture is read'; equal "$(info out.png)" '1x1 colours 1 alpha 0 bits 8 png'

# ---- limits and dry run ----------------------------------------------------------------------
rm -f out.png
run 1 --max-pixels 19199 -s 5 noisy.png out.png; says 'noisy.png: '; absent out.png
run 0 --max-pixels 19200 -s 5 noisy.png out.png; rm -f out.png
run 0 --dry-run noisy.png out.png; absent out.png; prints '160x120 pixels, model .*, [0-9.]* MB .*, about [0-9.]* s'
run 0 --dry-run noisy.png; prints '160x120'
finish
