#!/bin/sh
# SPDX-License-Identifier: MIT
# common.sh - the options that all tools share, through each of them; what they mean in full is tested with cnn-denoise
. "${abs_top_srcdir:?}/tests/tools/lib.sh"
nets=$abs_top_srcdir/tests/api/data
mkdir -p in/sub/deep
"$mkpic" make in/a.png 33 21 rgb 8 10
"$mkpic" make in/sub/b.png 24 18 greya 16 10
"$mkpic" make in/sub/deep/c.jpg 30 30 rgb 8 10
"$mkpic" make in/sub/d.png 20 20 rgba 8 10
echo words >in/notes.txt
: >in/sub/empty.png
find in -type f -exec cksum {} + | sort >inputs
list='in/a.png in/sub/b.png in/sub/deep/c.jpg in/sub/d.png'
pictures() { find "$1" -type f | wc -l | tr -d ' '; }
sums() { (cd "$1" && find . -type f -exec cksum {} + | sort); }

all_of() { # TOOL OPTIONS...
  tool=$1; shift
  run() { status=$1; shift; expect "$status" "$tool" "$@"; no_litter; }
  name=$(basename "$tool")
  rm -rf all flat again part

  # ---- folders are mirrored, junk passed over, inputs left alone
  run 0 "$@" -r in -o all; says "^$name: in/notes.txt: skipped"; says "^$name: in/sub/empty.png: skipped"
  there all/a.png all/sub/b.png all/sub/deep/c.jpg all/sub/d.png; equal "$(pictures all)" 4
  sums all >whole
  run 0 "$@" in -o flat; says 'in/sub: skipped'; equal "$(pictures flat)" 1
  run 0 "$@" --quiet -r in -o all; silent
  for how in '-j 1' '-t 16 -j 3' '--memory 40M'; do
    rm -rf again; run 0 "$@" --quiet $how -r in -o again; sums again | cmp -s - whole || bad "$name $how: other results"
  done

  # ---- parts, what is there already, lists
  for k in 1 2 3; do run 0 "$@" --quiet --shard $k/3 --existing error -r in -o part; done
  sums part | cmp -s - whole || bad "$name: three shards are not the whole"
  rm part/sub/b.png; echo old >part/a.png
  run 0 "$@" --existing skip -r in -o part; says 'in/a.png: skipped: part/a.png exists'; same part/sub/b.png all/sub/b.png
  equal "$(cat part/a.png)" old
  run 1 "$@" --existing error in/a.png -o part; says 'exists already'
  run 0 "$@" --existing overwrite in/a.png -o part; same part/a.png all/a.png
  rm -rf part; printf '%s\0' $list >names
  run 0 "$@" --quiet --files-from names --null -o part; sums part/in | cmp -s - whole || bad "$name: a list gives other results"
  run 0 "$@" --quiet --suffix _x -f ppm in/a.png -o part; there part/a_x.ppm
  run 1 "$@" in/a.png in/a.png; says 'in/a.png is the input itself'
  cp in/a.png place.png; run 0 "$@" --existing overwrite -i place.png -o place.png; same place.png all/a.png

  # ---- one bad apple; what is refused
  cp -r in bad; head -c 300 in/sub/d.png >bad/torn.png; rm -rf part
  run 1 "$@" --json -r bad -o part; says "^$name: bad/torn.png: "; equal "$(pictures part)" 4; absent part/torn.png
  equal "$(grep -c '"status":"done"' out)" 4; equal "$(grep -c '"status":"failed"' out)" 1
  equal "$(grep -c '"status":"skipped"' out)" 2; prints '"input":"bad/torn.png","output":"part/torn.png","status":"failed"'
  rm -r bad
  run 1 "$@" --max-pixels 500 in/a.png never.png; says 'in/a.png: 33x21 is more than'
  run 1 "$@" in/absent.png never.png; says "^$name: in/absent.png: No such file"
  run 2 "$@" --nonsense in/a.png never.png
  run 2 "$@" in/a.png never.gif
  run 3 "$@" -m nowhere.onnx in/a.png never.png; says 'nowhere.onnx'
  absent never.png never.gif

  # ---- pipes, plans, progress
  "$tool" "$@" --quiet -f png - - <in/a.png >piped.png 2>err || bad "$name: a pipe fails"; same piped.png all/a.png
  run 0 "$@" --dry-run --json in/a.png never.png; absent never.png; prints '"status":"planned"'
  run 0 "$@" --progress json --quiet in/a.png one.png; says '"fraction":1.0000'; same one.png all/a.png
  run 0 "$@" --progress none in/a.png one.png
  run 0 "$@" -v in/a.png one.png; [ -s err ] || bad "$name -v says nothing"

  # ---- what the result is
  run 0 "$@" --depth 16 in/a.png one.png; equal "$(info one.png | cut -d' ' -f6,7)" 'bits 16'
  run 0 "$@" --depth 8 in/sub/b.png one.png; equal "$(info one.png | cut -d' ' -f6,7)" 'bits 8'
  run 0 "$@" --alpha drop in/sub/d.png one.png; equal "$(info one.png | cut -d' ' -f2-5)" 'colours 3 alpha 0'
  run 0 "$@" -q 30 in/a.png low.jpg; run 0 "$@" -q 99 in/a.png high.jpg
  [ "$(wc -c <low.jpg)" -lt "$(wc -c <high.jpg)" ] || bad "$name: -q changes nothing"
  run 0 "$@" --quiet "$fixtures/metadata.jpg" one.jpg; LC_ALL=C grep -q -a Exif one.jpg || bad "$name: EXIF was lost"
  run 0 "$@" --quiet --keep none "$fixtures/metadata.jpg" one.jpg; LC_ALL=C grep -q -a Exif one.jpg && bad "$name --keep none keeps EXIF"
  run 0 "$@" --quiet --keep none "$fixtures/turn6.png" one.png; run 0 "$@" --quiet --keep none --no-rotate "$fixtures/turn6.png" two.png
  [ "$(info one.png)" != "$(info two.png)" ] || bad "$name --no-rotate turns"
  find in -type f -exec cksum {} + | sort | cmp -s - inputs || bad "$name: an input has changed"

  # ---- questions
  run 0 --version; prints "^$name [0-9]"
  run 0 --list-models --models-dir "$nets"; prints '^identity '
  run 0 --model-info "$nets/identity.onnx"; prints '^format: onnx'
  rm -f saved.onnx; run 0 -m "$nets/identity.onnx" --save-model saved.onnx; there saved.onnx
}
fixtures=$abs_top_srcdir/tests/image/data
all_of "$denoise" -m "$nets/identity.onnx"
all_of "$upscale" -m "$nets/double.onnx" -s 1.5
all_of "$colorize" -m "$abs_top_srcdir/tests/tasks/data/colorize.onnx" --point 2,3=#203080
all_of "$inpaint" --method diffuse --mask rect:3,2,4,4
finish
