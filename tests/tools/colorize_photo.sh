#!/bin/sh
# SPDX-License-Identifier: MIT
# colorize_photo.sh - our own network on a photograph: a hint colours its flower and stops at the flower's edge
. "${abs_top_srcdir:?}/tests/tools/lib.sh"
hue=$abs_top_builddir/tests/tools/hue
photo=$abs_top_srcdir/samples/photos/blue-periwinkle.jpg
run() { expect 0 "$colorize" --quiet "$@"; }
# part FILE X Y R K: a (K 1) or b (2) of CIE Lab, the mean of a square
part() { "$hue" ab "$1" "$2" "$3" "$4" | cut -d' ' -f"$5"; }
# moved X Y R: by how much b differs between auto.png and hint.png
moved() { echo "$(part hint.png "$1" "$2" "$3" 2) $(part auto.png "$1" "$2" "$3" 2)" | awk '{ d = $1 - $2; print int(d < 0 ? -d : d) }'; }
less() { [ "$1" -lt "$2" ] || bad "$3: $1 is not less than $2"; }

run "$photo" auto.png
run --point '370,240=#4f86e0@3' "$photo" hint.png # one of its petals, in the colour that it has; b of it is about -52
less "$(part hint.png 370 240 3 2)" -25 'b of the petal'
less "$(part hint.png 350 247 4 2)" -25 'b of the petal to the left of it'
less "$(part hint.png 398 248 4 2)" -25 'b of the petal to the right of it'
less "$(moved 300 300 8)" 5 'the leaves below the flower have moved by'
less "$(moved 370 195 5)" 12 'what is above the flower has moved by'
less "$(moved 460 240 8)" 5 'what is beside the flower has moved by'
run -j 1 --point '370,240=#4f86e0@3' "$photo" one.png
cmp hint.png one.png || bad 'one thread: other bytes'
finish
