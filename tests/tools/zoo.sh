#!/bin/sh
# SPDX-License-Identifier: MIT
# zoo.sh - every kind of picture through every tool: pixels, size, depth, channels, alpha and metadata are kept
#
# The networks change nothing, or repeat every pixel, so what must come out is known. Pixels are compared exactly, those of
# a JPEG result with what libjpeg makes of the same samples at the input's quality and sampling.
[ -n "${TMPDIR:-}" ] || [ ! -w /dev/shm ] || { TMPDIR=/dev/shm; export TMPDIR; } # a thousand files, each flushed to the disk
. "${abs_top_srcdir:?}/tests/tools/lib.sh"
# a sanitizer would keep what is given back, up to 256 MB of it, and bombs are told by the memory that they took
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=4; export ASAN_OPTIONS
zoo=$abs_top_builddir/tests/tools/zoo/zoo
nets=$abs_top_srcdir/tests/api/data
fixtures=$abs_top_srcdir/tests/image/data
"$zoo" make set || bad "the set cannot be made"

# What a build without a library refuses, which webp-tiff.sh tells.
lacks=
for codec in webp tiff; do
  "$denoise" -f $codec --dry-run -s 5 "$fixtures/cicp.png" >/dev/null 2>&1 || lacks="$lacks $codec"
done
"$denoise" --quiet -s 5 --strength 0 "$fixtures/cmyk-adobe.jpg" inks.png 2>/dev/null || lacks="$lacks inks"
rm -f inks.png

# Pictures that other programs wrote, with the pixels that those see, one folder a codec.
while IFS='	' read -r name codec rest; do
  case $name in pc-*.pfm) continue ;; esac # a value that is no number spreads over its pixel's colours
  case "$lacks " in *" $codec "*) continue ;; esac
  case $name$lacks in cmyk*inks*) continue ;; esac
  mkdir -p "fix/in/$codec" "fix/want/$codec"
  ln -s "$fixtures/$name" "fix/in/$codec/$name"
  ln -s "$fixtures/$name.raw" "fix/want/$codec/$name.raw"
  printf '%s/%s\t%s\t%s\n' "$codec" "$name" "$codec" "$rest" >>fix/list.tsv
done <"$fixtures/good.tsv"

# judge SET OUT TYPE FACTOR [PREFIX]
judge() {
  set_of=$1
  shift
  "$zoo" check "$set_of/list.tsv" "$set_of/in" "$set_of/want" "$@" >told 2>&1 || { bad "$set_of to $*"; tail -n 20 told; }
}

# through SET OUT TYPE FACTOR OPTIONS...: TYPE - keeps the input's
through() {
  from=$1 to=$2 type=$3 factor=$4
  shift 4
  [ "$type" = - ] || set -- "$@" -f "$type"
  expect 0 "$tool" --quiet "$@" -r "$from/in" -o "$to"
  no_litter "$to"
  judge "$from" "$to" "$type" "$factor"
}

# ---- noise removal ------------------------------------------------------------------
tool=$denoise
identity="-m $nets/identity.onnx"
through set same - 1 $identity
through fix fix-same - 1 $identity
through set png png 1 $identity -s 10
through fix fix-png png 1 $identity -s 10 -j 1
through set jpg jpg 1 $identity -s 10 -t 7
expect 0 "$tool" --quiet $identity -s 10 --no-rotate -r set/in/turn -o stored/turn
judge set stored - stored turn/
# A network of one channel: grey as it is, colours each for itself.
expect 0 "$tool" --quiet -m "$abs_top_srcdir/tests/tools/zoo/identity-grey.onnx" -s 10 -r set/in/kind -o grey/kind
judge set grey - 1 kind/
# Nothing but the pixels.
expect 0 "$tool" --quiet $identity -s 10 --keep none -r set/in/kind -o bare/kind
for f in bare/kind/*; do
  LC_ALL=C grep -q -a -e Exif -e eXIf -e ICC_PROFILE -e iCCP -e adobe "$f" && bad "--keep none keeps something in $f"
done

# There and back: TIFF holds all that a PNG does.
if "$tool" --quiet $identity -s 10 -f tiff -r set/in/kind -o tiff/kind 2>/dev/null; then
  expect 0 "$tool" --quiet $identity -s 10 -f png -r tiff/kind -o untiff/kind
  judge set untiff png loose kind/
else
  echo "TIFF is not written by this build"
fi

# ---- enlarging ------------------------------------------------------------------------
tool=$abs_top_builddir/tools/cnn-upscale
if [ -x "$tool" ]; then
  double="-m $nets/double.onnx --fix-color off"
  through set double - 2 $double
  through fix fix-double png 2 $double -s 2
else
  echo "cnn-upscale is not built: its half of the zoo stays closed"
fi

# ---- what must be refused ------------------------------------------------------------------
mkdir bad
cut -f 1 "$fixtures/bad.tsv" | while read -r name; do cp "$fixtures/$name" bad/; done
"$zoo" bomb bad/two-to-the-31.png 65536 32769 # a row more than is allowed
for tool in "$denoise" "$abs_top_builddir/tools/cnn-upscale"; do
  [ -x "$tool" ] || continue
  rm -rf refused
  expect 1 "$tool" --json $identity -r bad -o refused
  [ -z "$(ls -A refused 2>/dev/null)" ] || bad "something was made of $(ls -A refused)"
  for f in bad/*; do
    [ ! -s "$f" ] || grep -q -e ": $f: ." err || bad "nothing is said about $f"
  done
  awk -F'"peak_memory":' '{ split($2, m, ","); if (m[1] > 200e6) exit 1 }' out || bad "a bomb took memory"
  says 'two-to-the-31.png: 65536x32769 is more than'
done
finish
