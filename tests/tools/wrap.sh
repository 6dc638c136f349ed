#!/bin/sh
# SPDX-License-Identifier: MIT
# wrap.sh - --wrap: textures whose copies fit together; -x: the mean of eight runs, as this script turns pictures
. "${abs_top_srcdir:?}/tests/tools/lib.sh"
texture=$abs_top_builddir/tests/tools/texture
run() { status=$1; shift; expect "$status" "$denoise" --quiet -s 25 "$@"; }
largest() { "$texture" far "$1" "$2" | cut -d' ' -f1; }
at_most() { [ "$(largest "$1" "$2")" -le "$3" ] || bad "$1 and $2 are $(largest "$1" "$2") apart"; }
at_least() { [ "$(largest "$1" "$2")" -ge "$3" ] || bad "$1 and $2 are $(largest "$1" "$2") apart only"; }

# ---- a texture's border is a place like any other --------------------------------
# Rolled by half, what was the border is in the middle. The network works in blocks of 8 x 8 pixels, so these are
# multiples of 8.
"$texture" make t.ppm 128 96 25
"$texture" roll t.ppm rolled.ppm 64 48
for wrap in "--wrap both" ""; do
  run 0 t.ppm a.ppm $wrap; run 0 rolled.ppm b.ppm $wrap; silent
  "$texture" roll a.ppm a-rolled.ppm 64 48
  if [ -n "$wrap" ]; then at_most a-rolled.ppm b.ppm 1; else at_least a-rolled.ppm b.ppm 12; fi
  echo "${wrap:-mirrored}: rolled by half and denoised is from denoised and rolled $("$texture" far a-rolled.ppm b.ppm)"
done

# One axis wraps, the other is mirrored.
for axis in "x 64 0 0 48" "y 0 48 64 0"; do
  set -- $axis
  run 0 t.ppm a.ppm --wrap $1
  "$texture" roll t.ppm along.ppm $2 $3; run 0 along.ppm b.ppm --wrap=$1; "$texture" roll a.ppm c.ppm $2 $3; at_most c.ppm b.ppm 1
  "$texture" roll t.ppm across.ppm $4 $5; run 0 across.ppm b.ppm --wrap=$1; "$texture" roll a.ppm c.ppm $4 $5; at_least c.ppm b.ppm 12
done

# ---- the same bytes through any door ------------------------------------------------
run 0 t.ppm whole.ppm --wrap both -j 1
run 0 t.ppm b.ppm --wrap both -j 3 -t 40; same whole.ppm b.ppm
run 0 t.ppm b.ppm --wrap both --memory 24M; same whole.ppm b.ppm
"$denoise" --quiet -s 25 --wrap both - - <t.ppm >b.ppm 2>err; same whole.ppm b.ppm
cp t.ppm place.ppm; run 0 place.ppm place.ppm --wrap both --existing overwrite; same whole.ppm place.ppm

# ---- -x --------------------------------------------------------------------------------
# Turned by half a turn before and after, the mean is of the same eight results, but for rounding.
"$texture" make t.ppm 80 48 25
run 0 t.ppm a.ppm -x; silent
run 0 t.ppm plain.ppm; at_least a.ppm plain.ppm 2; at_most a.ppm plain.ppm 40
run 0 t.ppm b.ppm -x -j 3 -t 30; same a.ppm b.ppm
run 0 t.ppm b.ppm -x --memory 24M; same a.ppm b.ppm
"$denoise" --quiet -s 25 -x - - <t.ppm >b.ppm 2>err; same a.ppm b.ppm
"$texture" roll t.ppm rolled.ppm 40 24
run 0 t.ppm a.ppm -x --wrap both; run 0 rolled.ppm b.ppm -x --wrap both
"$texture" roll a.ppm c.ppm 40 24; at_most c.ppm b.ppm 1
expect 0 "$denoise" --json -s auto -x t.ppm b.ppm
prints '"status":"done"'

# ---- what is refused -----------------------------------------------------------------------
expect 2 "$denoise" --wrap z t.ppm b.ppm; says 'wrap z: must be one of x|y|both'
expect 2 "$denoise" --wrap= t.ppm b.ppm; says 'must be one of'
expect 2 "$denoise" t.ppm b.ppm --wrap; says 'needs a value'
no_litter
finish
