#!/bin/sh
# SPDX-License-Identifier: MIT
# webp-tiff.sh - WebP, TIFF and CMYK through the tool: kept as they are, refused where they must be, before any work
. "${abs_top_srcdir:?}/tests/tools/lib.sh"
run() { status=$1; shift; expect "$status" "$denoise" "$@"; no_litter; }
fixtures=$abs_top_srcdir/tests/image/data
has() { LC_ALL=C grep -q -a -e "$2" "$1"; }
hash() { "$mkpic" hash "$1"; }
builds() { "$denoise" -f "$1" --dry-run -s 5 rgb8.png >/dev/null 2>&1; }

for layout in grey greya rgb rgba; do
  for bits in 8 16; do "$mkpic" make "$layout$bits.png" 33 21 $layout $bits 20; done
done
"$mkpic" make wide.pfm 40 40 rgb 32 0 -0.5 1.5
"$mkpic" make long.png 70000 1 grey 8 5

# ---- larger than the container: said at once, nothing written ---------------------------
run 1 -s 5 long.png out.jpg; says 'out.jpg: 70000x1 pixels.* 65500 a side\|out.jpg: .*70000x1 pixels.* 65500 a side'; absent out.jpg
run 1 --dry-run -s 5 -f jpg long.png; says '70000x1'

# ---- WebP ---------------------------------------------------------------------------------
if builds webp; then
  run 1 -s 5 long.png out.webp; says 'out.webp: .*70000x1 pixels.* 16383 a side'; absent out.webp
  run 0 -s 5 --strength 0 rgba8.png out.webp; equal "$(hash out.webp)" "$(hash rgba8.png)"
  equal "$(info out.webp)" '33x21 colours 3 alpha 1 bits 8 webp'
  run 0 -s 5 --strength 0 -q 50 rgba8.png low.webp; equal "$("$mkpic" alpha low.webp)" "$("$mkpic" alpha rgba8.png)"
  [ "$(hash low.webp)" != "$(hash rgba8.png)" ] || bad "-q 50 loses nothing"
  run 0 -s 5 rgb16.png out.webp; says '8 bits'
  "$denoise" -s 5 --strength 0 -f webp - - <rgb8.png >pipe.webp 2>err || bad "WebP through a pipe fails"
  equal "$(hash pipe.webp)" "$(hash rgb8.png)"
  run 0 -s 5 "$fixtures/metadata.webp" out.webp
  for mark in ICCP EXIF 'XMP '; do has out.webp "$mark" || bad "WebP: $mark was lost"; done
  run 0 -s 5 --keep text "$fixtures/metadata.png" out.webp
  for mark in 'A picture' "$(printf 'J\303\274rgen')"; do has out.webp "$mark" || bad "WebP: the text $mark was lost"; done
  has out.webp "2024:05:06" && bad "--keep text keeps EXIF's date"
  run 0 -s 5 --keep none "$fixtures/metadata.webp" out.webp
  for mark in ICCP EXIF 'XMP '; do has out.webp "$mark" && bad "--keep none keeps WebP's $mark"; done
  run 0 -s 5 --strength 0 "$fixtures/turn6.webp" turned.png; equal "$(hash turned.png)" "$(hash "$fixtures/turn6.webp")"
  run 1 -s 5 "$fixtures/animation.webp" out.png; says 'animation of 2'
  # What compressing takes is judged before anything is computed.
  "$mkpic" make large.png 3000 3000 grey 8 0
  run 1 -s 5 --memory 64M large.png huge.webp; says 'huge.webp: .*3000x3000 pixels takes 68 MiB, more than the memory limit of 64'; absent huge.webp
  run 1 -s 5 --memory 1M "$fixtures/bomb.webp" out.png; says 'bomb.webp: '
else
  run 1 -s 5 "$fixtures/lossless.webp" out.png; says 'made without libwebp'
  run 2 -s 5 rgb8.png out.webp; says "out.webp: .*made without that format's library"
fi

# ---- TIFF ---------------------------------------------------------------------------------
if builds tiff; then
  for layout in grey greya rgb rgba; do
    for bits in 8 16; do
      run 0 -s 5 --strength 0 --quiet "$layout$bits.png" out.tif; equal "$(hash out.tif)" "$(hash "$layout$bits.png")"
      equal "$(info out.tif)" "$(info "$layout$bits.png" | sed 's/png$/tiff/')"
    done
  done
  run 0 -s 5 --strength 0 wide.pfm out.tiff; silent; equal "$(hash out.tiff)" "$(hash wide.pfm)"
  run 0 -s 5 --strength 0 out.tiff out.pfm; equal "$(hash out.pfm)" "$(hash wide.pfm)"
  "$denoise" -s 5 --strength 0 -f tiff rgb16.png - >pipe.tif 2>err || bad "TIFF through a pipe fails"
  equal "$(hash pipe.tif)" "$(hash rgb16.png)"
  run 0 -s 5 "$fixtures/pages.tif" out.tif; says 'first'
  run 0 -s 5 --strength 0 "$fixtures/turn6.tif" out.tif; equal "$(hash out.tif)" "$(hash "$fixtures/turn6.tif")"
  run 0 -s 5 --strength 0 --no-rotate "$fixtures/turn6.tif" out.tif; equal "$(hash out.tif)" "$(hash "$fixtures/turn6.tif")"
  run 0 -s 5 "$fixtures/metadata-be.tif" out.tif
  for mark in Maker '2024:05:06 07:08:09' acsp 'xmpmeta'; do has out.tif "$mark" || bad "TIFF: $mark was lost"; done
  run 0 -s 5 "$fixtures/metadata.png" out.tif
  for mark in 'A picture' "$(printf 'J\303\274rgen')" acsp; do has out.tif "$mark" || bad "TIFF: the text $mark was lost"; done
  run 1 -s 5 "$fixtures/tile-bomb.tif" out.png; says 'tile-bomb.tif: '
else
  run 1 -s 5 "$fixtures/zip.tif" out.png; says 'made without libtiff'
  run 2 -s 5 rgb8.png out.tif; says "out.tif: .*made without that format's library"
  run 2 -s 5 -f tiff rgb8.png out; says "tiff: .*made without that format's library"
fi

# ---- CMYK ---------------------------------------------------------------------------------
run 1 -s 5 "$fixtures/cmyk.jpg" out.png; says 'CMYK'
if "$denoise" -s 5 --strength 0 "$fixtures/cmyk-adobe.jpg" out.png 2>err; then
  equal "$(info out.png)" '37x21 colours 3 alpha 0 bits 8 png'
  equal "$(hash out.png)" "$(hash "$fixtures/cmyk-adobe.jpg")"
  has out.png iCCP && bad "the profile of inks was kept"
else
  says 'made without lcms2'
fi
finish
